"""What a visit to the report pages brings along: who, from where, which draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from starlette.responses import Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.core.formats import zone
from helpdesk.core.settings import Settings
from helpdesk.core.tokens import secret_token
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.web import WebRequest

from .browser import LONGEST
from .forms import Fields, Known
from .queries import KeptDraft, contract_typed

KEPT_FOR = timedelta(days=30)  # a draft, and the key that opens a visitor's


@dataclass
class Visit:
    request: WebRequest
    token: str  # this browser's key to its drafts
    new_token: bool

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
            settings = self.desk.settings
            response.set_cookie(
                cookie_name(settings),
                self.token,
                max_age=int(KEPT_FOR.total_seconds()),
                httponly=True,
                secure=settings.secure_cookies,
                samesite="lax",
            )
        return response


def cookie_name(settings: Settings) -> str:
    return "__Host-visitor" if settings.secure_cookies else "visitor"


def visit(request: WebRequest) -> Visit:
    token = request.cookies.get(cookie_name(request.state["desk"].settings), "")
    good = 20 <= len(token) <= 100 and token.isascii()
    return Visit(request, token if good else secret_token(), not good)


def read_id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def draft_id(values: Mapping[str, object]) -> UUID:
    """The draft that was named, or a new one."""
    return read_id(values.get("draft", "")) or uuid4()


async def known_of(visit: Visit, fields: Fields, draft: KeptDraft) -> Known:
    return Known(
        visit.actor,
        await catalogue.current(visit.desk),
        today_of(visit.desk, visit.actor, fields),
        await contract_typed(visit.desk, visit.actor, fields),
        draft.files,
        visit.user_agent,
    )


def today_of(desk: Desk, actor: Actor, fields: Fields) -> date:
    """Where the person is: “today” there may be tomorrow in UTC."""
    name = fields.get("time_zone", "") or actor.time_zone
    return desk.clock.now().astimezone(zone(name)).date()


def oldest_kept(visit: Visit) -> datetime:
    return visit.desk.clock.now().astimezone(UTC) - KEPT_FOR
