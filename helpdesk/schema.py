"""Every table of the desk, known to one metadata: what migrations are compared with."""

from sqlmodel import SQLModel

import chat.agents.models
import chat.models
import chat.rating
import chat.widget.models
import helpdesk.alerts.models
import helpdesk.calendars.models
import helpdesk.cases.models
import helpdesk.catalogue.models
import helpdesk.console.models
import helpdesk.console.replies.models
import helpdesk.contact.models
import helpdesk.contracts.models
import helpdesk.escalations.models
import helpdesk.evidence.models
import helpdesk.help.models
import helpdesk.mail.models
import helpdesk.people.models
import helpdesk.reports.counting.models
import helpdesk.sla.models
import helpdesk.sla.promises.models
import helpdesk.tickets.claims
import helpdesk.tickets.links
import helpdesk.tickets.merging
import helpdesk.tickets.models
import triage.engine.models
import triage.incidents.models
import triage.models
import triage.routing.models
import triage.severity.models
import triage.text.models
import triage.twins.models

ROOMS_WITH_TABLES = (
    helpdesk.people.models,
    helpdesk.catalogue.models,
    helpdesk.contracts.models,
    helpdesk.calendars.models,
    helpdesk.cases.models,
    helpdesk.evidence.models,
    helpdesk.sla.promises.models,
    helpdesk.tickets.models,
    helpdesk.sla.models,
    helpdesk.tickets.claims,
    helpdesk.tickets.links,
    helpdesk.tickets.merging,
    helpdesk.escalations.models,
    triage.engine.models,
    triage.models,
    triage.routing.models,
    triage.severity.models,
    triage.text.models,
    triage.twins.models,
    triage.incidents.models,
    helpdesk.mail.models,
    helpdesk.contact.models,
    helpdesk.help.models,
    helpdesk.alerts.models,
    chat.models,
    chat.agents.models,
    chat.rating,
    chat.widget.models,
    helpdesk.console.models,
    helpdesk.reports.counting.models,
    helpdesk.console.replies.models,
)

metadata = SQLModel.metadata
