"""Who may do what. The whole policy is on this page; who sees which row is cases/queries.py."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    GUEST = "guest"
    CLIENT = "client"
    FREELANCER = "freelancer"
    AGENT = "agent"
    MEDIATOR = "mediator"
    ARBITRATOR = "arbitrator"
    MANAGER = "manager"
    ADMIN = "admin"


class Can(StrEnum):
    VISIT = "site:visit"  # anybody, signed in or not
    TEST = "site:test"  # test mode only: the settable clock
    USE_ACCOUNT = "account:use"
    OPEN_TICKET = "ticket:open"
    FOLLOW_REQUESTS = "request:follow"
    START_CHAT = "chat:start"
    WORK_TICKETS = "ticket:work"
    WORK_CHATS = "chat:work"
    SUPERVISE_CHATS = "chat:supervise"  # the live board, lines and capacities; look on, take over
    WRITE_NOTE = "case:note"
    READ_ALL_CASES = "case:read-all"
    READ_EVIDENCE = "evidence:read"  # of the cases a person may see
    READ_ALL_PRIVATE = "evidence:read-all"
    WRITE_ARTICLES = "article:write"
    PUBLISH_ARTICLES = "article:publish"  # any; agents publish a colleague's in their department
    POST_ALERTS = "alert:post"
    READ_REPORTS = "report:read"
    MANAGE_WIDGETS = "widget:manage"  # where the chat is shown on other sites, and their keys
    MANAGE_TRIAGE = "triage:manage"  # the rules of severity and routing
    MANAGE_SLA = "sla:manage"  # what is owed and by when
    MANAGE_REPLIES = "reply:manage"  # canned ones of everybody and of every department
    DECIDE_ESCALATIONS = "escalation:decide"  # own and decide at the level of managers
    MANAGE_HOURS = "hours:manage"  # calendars of departments, absences of others
    READ_MAILBOX = "mail:read"
    MANAGE_PEOPLE = "people:manage"


VISITOR = {Can.VISIT, Can.TEST, Can.OPEN_TICKET, Can.START_CHAT}
GUEST = VISITOR | {Can.FOLLOW_REQUESTS, Can.READ_EVIDENCE}
CUSTOMER = GUEST | {Can.USE_ACCOUNT}
AGENT = {
    Can.VISIT,
    Can.TEST,
    Can.USE_ACCOUNT,
    Can.WORK_TICKETS,
    Can.WORK_CHATS,
    Can.WRITE_NOTE,
    Can.READ_ALL_CASES,
    Can.READ_EVIDENCE,
    Can.WRITE_ARTICLES,
    Can.POST_ALERTS,
}
MANAGER = AGENT | {
    Can.READ_ALL_PRIVATE,
    Can.PUBLISH_ARTICLES,
    Can.READ_REPORTS,
    Can.MANAGE_HOURS,
    Can.DECIDE_ESCALATIONS,
    Can.MANAGE_TRIAGE,
    Can.MANAGE_SLA,
    Can.MANAGE_WIDGETS,
    Can.MANAGE_REPLIES,
    Can.SUPERVISE_CHATS,
}
ADMIN = MANAGER | {Can.READ_MAILBOX, Can.MANAGE_PEOPLE}

GRANTS: dict[Role, set[Can]] = {
    Role.GUEST: GUEST,
    Role.CLIENT: CUSTOMER,
    Role.FREELANCER: CUSTOMER,
    Role.AGENT: AGENT,
    Role.MEDIATOR: AGENT,
    Role.ARBITRATOR: AGENT,
    Role.MANAGER: MANAGER,
    Role.ADMIN: ADMIN,
}
STAFF = frozenset({Role.AGENT, Role.MEDIATOR, Role.ARBITRATOR, Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. Made from a session row; `id` 0 is nobody (a visitor, or the system)."""

    id: int = 0
    name: str = ""
    email: str = ""
    roles: frozenset[Role] = frozenset()
    groups: frozenset[int] = frozenset()  # departments the person belongs to
    company_id: int | None = None
    language: str = "en"
    country: str = ""
    time_zone: str = "UTC"
    session_id: int | None = None
    is_system: bool = field(default=False)

    @property
    def is_staff(self) -> bool:
        return not self.roles.isdisjoint(STAFF)

    @property
    def is_guest(self) -> bool:
        return self.roles == {Role.GUEST}

    @property
    def is_signed_in(self) -> bool:
        return bool(self.id) and not self.is_guest


ANONYMOUS = Actor()
SYSTEM = Actor(name="Helpdesk", is_system=True, roles=frozenset({Role.MANAGER}))


def allowed(actor: Actor, can: Can) -> bool:
    if not actor.roles:
        return can in VISITOR
    return any(can in GRANTS[role] for role in actor.roles)
