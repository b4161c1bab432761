"""The rooms of the web process: whose routes are served, and what each keeps running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute

import chat.afterwards
import chat.agents.board
import chat.agents.pages
import chat.agents.settings
import chat.api
import chat.console
import chat.live.poll
import chat.live.socket
import chat.pages
import chat.widget.api
import chat.widget.managing
import chat.widget.pages
import helpdesk.alerts.pages
import helpdesk.console.pages
import helpdesk.contact.alerts_api
import helpdesk.contact.api
import helpdesk.contact.help_api
import helpdesk.contact.joining
import helpdesk.contact.pages
import helpdesk.contact.preview
import helpdesk.escalations.pages
import helpdesk.evidence.pages
import helpdesk.help.finding.wordlists
import helpdesk.help.pages
import helpdesk.help.writing.editing
import helpdesk.help.writing.picturing
import helpdesk.help.writing.reviewing
import helpdesk.mail.pages
import helpdesk.managing.absences
import helpdesk.managing.calendars
import helpdesk.managing.days_off
import helpdesk.managing.pages
import helpdesk.people.pages
import helpdesk.reports.dashboard.pages
import helpdesk.reports.dashboard.weekly
import helpdesk.reports.pages
import helpdesk.sla.pages
import helpdesk.sla.promises.pages
import helpdesk.tickets.asking
import helpdesk.tickets.pages
import triage.incidents.answering
import triage.incidents.pages
import triage.learning.pages
import triage.routing.api
import triage.routing.editing
import triage.routing.pages
import triage.routing.replay.testpages
import triage.routing.running.notices
import triage.routing.running.why
import triage.severity.pages
import triage.text.pages
from chat.live.hub import chat_parts
from chat.live.poll import poll_parts
from helpdesk.calendars.commands import ensure_calendars
from helpdesk.calendars.sources import ensure_bank_holidays
from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.queries import current
from helpdesk.desk import Desk
from helpdesk.help.finding.synonyms import ensure_synonyms
from helpdesk.help.writing.categories import ensure_categories
from helpdesk.people.commands import ensure_groups
from helpdesk.permissions import SYSTEM
from helpdesk.sla.commands import ensure_policy
from helpdesk.tickets.claims import claim_earlier_tickets
from triage.severity.commands import ensure_rules
from triage.twins.vectors import vectors_ready

ROUTES: list[BaseRoute] = [
    *chat.live.socket.routes,
    *chat.live.poll.routes,
    *helpdesk.alerts.pages.routes,
    *helpdesk.console.pages.routes,
    *helpdesk.reports.dashboard.pages.routes,
    *helpdesk.reports.dashboard.weekly.routes,
    *helpdesk.reports.pages.routes,
    *helpdesk.contact.pages.routes,
    *helpdesk.contact.preview.routes,
    *helpdesk.contact.api.routes,
    *helpdesk.contact.alerts_api.routes,
    *helpdesk.contact.help_api.routes,
    *helpdesk.contact.joining.routes,
    *helpdesk.tickets.pages.routes,
    *helpdesk.sla.pages.routes,
    *helpdesk.sla.promises.pages.routes,
    *triage.routing.pages.routes,
    *triage.routing.editing.routes,
    *triage.routing.replay.testpages.routes,
    *triage.routing.running.why.routes,
    *triage.routing.running.notices.routes,
    *triage.routing.api.routes,
    *triage.incidents.pages.routes,
    *triage.learning.pages.routes,
    *triage.incidents.answering.routes,
    *triage.severity.pages.routes,
    *triage.text.pages.routes,
    *helpdesk.tickets.asking.routes,
    *helpdesk.evidence.pages.routes,
    *helpdesk.help.writing.editing.routes,
    *helpdesk.help.writing.reviewing.routes,
    *helpdesk.help.writing.picturing.routes,
    *helpdesk.help.finding.wordlists.routes,
    *chat.pages.routes,
    *chat.afterwards.routes,
    *chat.api.routes,
    *chat.widget.pages.routes,
    *chat.widget.api.routes,
    *chat.widget.managing.routes,
    *chat.console.routes,
    *chat.agents.pages.routes,
    *chat.agents.board.routes,
    *chat.agents.settings.routes,
    *helpdesk.people.pages.routes,
    *helpdesk.help.pages.routes,
    *helpdesk.escalations.pages.routes,
    *helpdesk.managing.pages.routes,
    *helpdesk.managing.calendars.routes,
    *helpdesk.managing.days_off.routes,
    *helpdesk.managing.absences.routes,
    *helpdesk.mail.pages.routes,
]


async def furnish(desk: Desk) -> None:
    """A desk without a catalogue gets the one we ship, and its departments."""
    await ensure_default(desk)
    await ensure_rules(desk)
    await ensure_policy(desk)
    catalogue = (await current(desk)).catalogue
    async with desk.transaction(SYSTEM) as tx:
        await ensure_groups(tx, catalogue.groups)
        await ensure_calendars(tx)
        await ensure_bank_holidays(tx)
        await ensure_categories(tx)
        await ensure_synonyms(tx)
        await claim_earlier_tickets(tx)


@asynccontextmanager
async def start_parts(desk: Desk) -> AsyncIterator[None]:
    """Per-process parts (the message writer, stream readers); each adds itself to desk.parts."""
    async with chat_parts(desk), poll_parts(desk), vectors_ready(desk):
        yield
