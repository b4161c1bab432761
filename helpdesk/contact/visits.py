"""What a visit to the report pages brings along: who, from where, which draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from starlette.responses import Response

from helpdesk.alerts.area import keys_of, told_alerts, told_cookie
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.formats import zone
from helpdesk.desk import Desk
from helpdesk.people.visitors import KEPT_FOR, keep_cookie, new_token, visitor_token
from helpdesk.permissions import Actor
from helpdesk.web import WebRequest

from .browser import LONGEST
from .commands import save_draft
from .forms import Fields, Known, chosen_type
from .queries import KeptDraft, contract_typed
from .urgency import surroundings


@dataclass
class Visit:
    request: WebRequest
    token: str  # this browser's key to its drafts
    new_token: bool
    told: frozenset[int] = frozenset()  # alerts they said just now that they are hit by

    @property
    def desk(self) -> Desk:
        return self.request.state["desk"]

    @property
    def actor(self) -> Actor:
        return self.request.state["actor"]

    @property
    def user_agent(self) -> str:
        return self.request.headers.get("user-agent", "")[:LONGEST]

    @property
    def morphs(self) -> bool:
        """The page's script asks for a part; nobody pressed a button."""
        return "x-fragment" in self.request.headers

    def remembered(self, response: Response) -> Response:
        if self.new_token:
            keep_cookie(response, self.desk.settings, self.token)
        if self.told:
            whose = keys_of(self.actor, self.token)[0]
            kept = told_cookie(whose, self.told | told_alerts(self.request))
            keep_cookie(response, self.desk.settings, kept, "alerts_told")
        return response


def visit(request: WebRequest) -> Visit:
    token = visitor_token(request)
    return Visit(request, token or new_token(), not token)


def read_id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def draft_id(values: Mapping[str, object]) -> UUID:
    """The draft that was named, or a new one."""
    return read_id(values.get("draft", "")) or uuid4()


async def known_of(visit: Visit, fields: Fields, draft: KeptDraft) -> Known:
    desk, actor = visit.desk, visit.actor
    version = await catalogue.current(desk)
    type = chosen_type(version.catalogue, fields)
    contract = await contract_typed(desk, actor, fields)
    return Known(
        actor,
        version,
        today_of(desk, actor, fields),
        contract,
        draft.files,
        visit.user_agent,
        around=await surroundings(desk, actor, type, fields, contract),
    )


async def keep_typed(visit: Visit, draft_id: UUID, fields: Fields) -> datetime | None:
    """Save the draft; when that was. None: it was sent meanwhile."""
    async with visit.desk.transaction(visit.actor) as tx:
        return await save_draft(tx, visit.token, draft_id, fields)


def today_of(desk: Desk, actor: Actor, fields: Fields) -> date:
    """Where the person is: “today” there may be tomorrow in UTC."""
    name = fields.get("time_zone", "") or actor.time_zone
    return desk.clock.now().astimezone(zone(name)).date()


def oldest_kept(visit: Visit) -> datetime:
    return visit.desk.clock.now().astimezone(UTC) - KEPT_FOR
