"""One desk with one of everything, and everybody who might reach for it."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from chat.commands import Opening, claim, open_conversation
from chat.models import Conversation
from chat.widget.models import Widget
from helpdesk.alerts.commands import affects_me
from helpdesk.alerts.jobs import stop_token
from helpdesk.catalogue.document import Sensitivity
from helpdesk.console.replies.commands import Wording, write_reply
from helpdesk.console.replies.doing import Doing
from helpdesk.console.replies.models import Reach
from helpdesk.contact.commands import save_draft
from helpdesk.escalations.commands import take as take_escalation
from helpdesk.escalations.raising import Raising, escalate
from helpdesk.escalations.states import Cause, Level
from helpdesk.evidence.commands import request_evidence
from helpdesk.evidence.models import Evidence
from helpdesk.help.models import Article
from helpdesk.identity import stored_hash
from helpdesk.mail.commands import send_mail
from helpdesk.people.commands import create_api_token, open_guest
from helpdesk.people.links import CONFIRM, RESET, issue_link
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import ANONYMOUS, SYSTEM
from helpdesk.sla.owing.keeping import rework
from helpdesk.tickets.commands import change_status, hold_ticket
from helpdesk.tickets.filing import Filed, file_ticket
from helpdesk.tickets.rating import issue_rating_link
from helpdesk.tickets.states import Status
from tests.articles import publish
from tests.build import a_filing, a_ticket
from tests.chat.widget.build import a_widget
from tests.helpdesk.alerts.build import an_alert
from tests.helpdesk.evidence import samples
from tests.helpdesk.evidence.build import attach, send
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast
from tests.triage.routing.build import a_rule, asks, do, everything, publish_rules
from triage.incidents.models import Incident, IncidentTicket
from triage.routing.commands import ask_replay
from triage.routing.replay.testing import test_next

# Finn and Cora are the two sides of a contract, Dora is Cora's colleague, Otto a stranger. Gus
# is a guest with a request of his own. Amy answers another department than the one that owns
# the tickets; Tess belongs to that one.
ACTORS = ("nobody", "gus", "finn", "cora", "dora", "otto", "amy", "tess", "max", "admin")
RULES_VERSION = 71_000
FAR = 900_000  # added to a number: nothing has such a one


@dataclass
class World:
    cast: Cast
    site: str
    cookies: dict[str, str]
    own: Filed  # Finn's
    hers: Filed  # Cora's, on the same case
    restricted: Filed  # Cora's too, for the department only
    guests: Filed  # Gus's
    log: Evidence  # Finn's, for both his side and staff
    picture: Evidence
    private: Evidence  # Finn's, for him and the department
    her_private: Evidence
    chat: Conversation  # Finn's, with Tess
    her_chat: Conversation  # Cora's, with Tess, on the shared case
    guest_token: str
    draft: UUID  # Finn's
    upload: UUID  # Finn's, a picture nobody has attached
    asked: int  # a piece that Finn was asked for, on his ticket
    asked_restricted: int
    mail: int
    session: int  # one of Finn's
    api_token: int
    article: Article  # published
    alert: int  # a known issue, for everybody
    clients_alert: int
    alert_token: str  # of a mail to Cora about it
    rating_token: str  # of a request of Otto's that is solved
    reset_token: str  # Otto's
    confirm_token: str
    rule: UUID  # of routing, in use
    rules_test: int  # on history, asked for by Max
    incident: int  # proposed, of Finn's request alone
    reply: int  # canned, of everybody
    her_reply: int  # Amy's own
    escalation: int  # of Cora's request, at the level of managers; Max has it
    widget: Widget  # of a site of nobody's
    browsers: dict[str, httpx2.AsyncClient] = field(default_factory=dict)  # of ACTORS

    def __post_init__(self) -> None:
        for who in ACTORS:
            self.browsers[who] = visitor(self.site, self.cookies.get(who, ""))

    async def close(self) -> None:
        for client in self.browsers.values():
            await client.aclose()


async def build(cast: Cast, site: str) -> World:
    desk = cast.desk
    await number_from(cast, 71_000)
    contract = cast.contracts["C-1001"].id
    team = {"contract_id": contract, "type_key": "team_app_bug", "group_key": "TECH"}
    own = await a_ticket(cast, "finn", subject="Timer stops after sleep", **team)
    hers = await a_ticket(cast, "cora", subject="The logo files are late", **team)
    restricted = await a_ticket(
        cast, "cora", subject="Somebody used my card", restricted=True, **team
    )
    for filed in (own, hers, restricted):
        async with desk.transaction(SYSTEM) as tx:
            await rework(tx, filed.ticket_id)
    log = await attach(cast, site, own, "team.log", samples.LOG)
    picture = await attach(cast, site, own, "screen.png", samples.png())
    private = await attach(
        cast, site, own, "privatefinn.png", samples.png(50, 20), Sensitivity.PRIVATE
    )
    her_private = await attach(
        cast, site, hers, "privatecora.png", samples.png(20, 50), Sensitivity.PRIVATE, "cora"
    )
    chat = await begin(cast, "finn", own)
    her_chat = await begin(cast, "cora", hers)
    async with desk.transaction(ANONYMOUS) as tx:
        gus, guest_token = await open_guest(tx, "Gus", "gus@example.com")
    guests = await file_ticket(desk, await actor_of(desk, gus.id), a_filing())
    draft, upload = uuid4(), uuid4()
    finn = await cast.actor("finn")
    async with desk.transaction(finn) as tx:
        await save_draft(tx, "", draft, {"subject": "Half a sentence about a timer"})
    async with await cast.browser(site, "finn") as browser:
        answer = await send(browser, "loose.png", samples.png(33, 22), id=upload)
        assert answer.status_code == 201, answer.text
    session = await start_session(desk, cast.finn.id, device="another one")
    async with desk.transaction(finn) as tx:
        await create_api_token(tx, "a program")
        _, reset_token = await issue_link(tx, cast.otto.id, RESET)
        _, confirm_token = await issue_link(tx, cast.otto.id, CONFIRM)
    async with desk.transaction(SYSTEM) as tx:
        await send_mail(tx, "one", "Finn", "finn@example.com", "A mail", "Its text")
    cookies = {who: await cast.session(who) for who in ACTORS if who in cast.people}
    name = desk.settings.session_cookie
    cookies["gus"] = f"{name}={await start_session(desk, gus.id, device='test')}"
    return World(
        cast,
        site,
        cookies,
        own,
        hers,
        restricted,
        guests,
        log,
        picture,
        private,
        her_private,
        chat,
        her_chat,
        guest_token,
        draft,
        upload,
        await ask(cast, own),
        await ask(cast, restricted),
        await newest(cast, "mails"),
        await id_of_session(cast, session),
        await newest(cast, "api_tokens"),
        await publish(desk, types=["level1_tech"]),
        *await two_alerts(cast),
        await rating_link(cast),
        reset_token,
        confirm_token,
        *await routing(cast),
        await an_incident(cast, own),
        await a_reply(cast, "max", Reach.EVERYBODY),
        await a_reply(cast, "amy", Reach.MINE),
        await an_escalation(cast, hers),
        await a_widget(cast),
    )


async def a_reply(cast: Cast, who: str, reach: Reach) -> int:
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        return (await write_reply(tx, Wording("hello", reach, None, "Hello", Doing()))).id


async def an_incident(cast: Cast, ticket: Filed) -> int:
    now = cast.desk.clock.now()
    async with cast.desk.transaction(SYSTEM) as tx:
        incident = Incident(
            area="technical_support",
            words=["timer"],
            tickets=1,
            people=1,
            expected=0.1,
            chance=1e-7,
            first_at=now,
            last_at=now,
            proposed_at=now,
        )
        tx.db.add(incident)
        await tx.db.flush()
        tx.db.add(
            IncidentTicket(
                incident_id=incident.id,
                ticket_id=ticket.ticket_id,
                person_id=cast.finn.id,
                joined_at=now,
            )
        )
        return incident.id


async def an_escalation(cast: Cast, ticket: Filed) -> int:
    async with cast.desk.transaction(SYSTEM) as tx:
        raising = Raising(Cause.TIME, Level.MANAGER, "it is late")
        made = await escalate(tx, ticket.ticket_id, raising)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await take_escalation(tx, made.id)
    return made.id


async def routing(cast: Cast) -> tuple[UUID, int]:
    """One rule in use, and a test of it on an empty past."""
    rule = a_rule("Cards", everything(asks("words", "card")), do("department", "PAY"))
    await publish_rules(cast, rule)
    await cast.desk.pool.execute("UPDATE routing_rulesets SET version = $1", RULES_VERSION)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        replay = await ask_replay(tx, 30)
    await test_next(cast.desk)
    return rule.key, replay.id


async def two_alerts(cast: Cast) -> tuple[int, int, str]:
    alert = await an_alert(cast, words=("canarypeoplesay",))
    clients = await an_alert(cast, title="Only for clients", roles=("client",))
    async with cast.desk.transaction(await cast.actor("cora")) as tx:
        await affects_me(tx, clients.id)
    return alert.id, clients.id, stop_token(cast.desk, await newest(cast, "alert_followers"))


async def rating_link(cast: Cast) -> str:
    filed = await a_ticket(cast, "otto", subject="Solved already")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await change_status(tx, filed.ticket_id, Status.SOLVED)
        return await issue_rating_link(tx, filed.ticket_id)


async def begin(cast: Cast, visitor: str, ticket: Filed) -> Conversation:
    async with cast.desk.transaction(await cast.actor(visitor)) as tx:
        opening = Opening(
            uuid4(), "TECH", "About the timer", f"{visitor} says hello", ticket_id=ticket.ticket_id
        )
        chat = await open_conversation(tx, opening)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        return await claim(tx, chat.id)


async def ask(cast: Cast, ticket: Filed) -> int:
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        case, row = await hold_ticket(tx, ticket.ticket_id)
        request = await request_evidence(
            tx,
            case,
            ticket_id=row.id,
            side_id=row.side_id,
            kind="team_log",
            evidence_key="team_log",
            label="Another log",
            due_at=tx.now + timedelta(days=3),
        )
        return request.id


async def number_from(cast: Cast, first: int) -> None:
    """Numbers that nothing else on a page looks like, so that `plain` can take them out."""
    for table in ("tickets", "cases", "evidence", "conversations", "mails", "sessions",
                  "api_tokens", "evidence_requests", "alerts", "articles",
                  "routing_replays", "incidents", "escalations", "canned_replies",
                  "widgets"):  # fmt: skip
        await cast.desk.pool.execute(
            f"SELECT setval('{table}_id_seq', greatest(nextval('{table}_id_seq'), $1))", first
        )


async def newest(cast: Cast, table: str) -> int:
    return int(await cast.desk.pool.fetchval(f"SELECT max(id) FROM {table}"))


async def id_of_session(cast: Cast, token: str) -> int:
    query = "SELECT id FROM sessions WHERE token_hash = $1"
    return int(await cast.desk.pool.fetchval(query, stored_hash(token)))


def plain(answer: httpx2.Response, *names: object) -> tuple[Any, ...]:
    """An answer without what must differ: its own reference, and what was asked for."""
    text = answer.text.replace(answer.headers["x-request-id"], "")
    headers = dict(answer.headers)
    location = headers.pop("location", "")
    for name in ("x-request-id", "date", "content-length"):
        headers.pop(name, None)
    for name in sorted(map(str, names), key=len, reverse=True):
        whole = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
        text, location = re.sub(whole, "NAME", text), re.sub(whole, "NAME", location)
    return answer.status_code, location, headers, text
