"""What reaches whom over a socket: every stream name as everybody, while a case is busy."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import orjson
import pytest

from helpdesk.catalogue.document import Sensitivity
from helpdesk.tickets.commands import add_message, add_note, change_severity, reply
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.states import Severity
from tests.chat.live import Frame, Tab, open_tab
from tests.helpdesk.evidence import samples
from tests.helpdesk.evidence.build import attach
from tests.people import Cast
from tests.world import FAR, World, build

FINN, CORA, STAFF = {"finn"}, {"cora", "dora"}, {"amy", "tess", "max", "admin"}
OWNERS = {"tess", "max", "admin"}  # of what is private to the department

# A word that is said somewhere → who may hear it.
HEARD = {
    "finnticketword": FINN | STAFF,
    "finnchatword": FINN | STAFF,
    "finnreplyword": FINN | STAFF,
    "finnreasonword": FINN | STAFF,
    "corachatword": CORA | STAFF,
    "coraticketword": CORA | STAFF,
    "noteword": STAFF,
    "chatnoteword": STAFF,
    "secretword": {"cora"} | OWNERS,
    "secretnoteword": OWNERS,
    "privatefinnword": FINN | OWNERS,
    "privatecoraword": {"cora"} | OWNERS,
}
STRANGE = [
    "%", "_", "*", "case:%", "case:_", "case:*", "case:0", "case:-1", "case:01", "case: 1",
    "case:1 ", "case:1,2", "case:١", "case:1e3", "case:[1]", "case:../1", "case:1/../2", "case:",
    "case", "case:null", "CASE:1", "session:1", "rights:1", "presence:here", "chat:1", "ticket:1",
    "desk:*", "chat:*", "alerts:1", "alerts:", "__proto__", "' OR 1=1 --", "a" * 80,
]  # fmt: skip
FIELDS = {
    "event": {"t", "s", "n", "type", "at", "by", "aud", "side", "face", "body", "cid", "evidence",
              "text", "data"},
    "following": {"t", "streams", "refused"},
    "hello": {"t", "you", "now"},
    "presence": {"t", "s", "who"},
    "typing": {"t", "s", "by", "kind", "face"},
    "read": {"t", "s", "by", "n"},
    "line": {"t", "s", "face", "position"},
    "beat": {"t", "streams"},
    "ack": {"t", "cid", "s", "n"},
    "refused": {"t", "cid", "s", "code", "why"},
    "changed": {"t", "s", "ids"},
    "queue": {"t", "s", "ids", "what"},
}  # fmt: skip
PERSON = {"id", "name", "staff"}
PIECE = {"id", "kind", "name", "size", "media", "thumb"}
FACTS = {"reference", "old", "new", "label", "due", "request_id", "count", "group", "to",
         "escalation", "level", "because", "to_id"}  # fmt: skip


@pytest.fixture
async def world(cast: Cast, site: str) -> AsyncIterator[World]:
    built = await build(cast, site)
    yield built
    await built.close()


def may_follow(world: World) -> dict[str, set[str]]:
    shared, guests = f"case:{world.own.case_id}", f"case:{world.guests.case_id}"
    lists = {"desk", "chat:queue", "alerts"}
    return {
        "gus": {guests, "alerts"},
        "otto": {"alerts"},
        **{who: {shared, "alerts"} for who in FINN | CORA},
        **{who: {shared, guests} | lists for who in STAFF},
    }


async def test_every_name_of_a_stream_is_refused_but_ones_own(world: World) -> None:
    known = {world.own.case_id, world.guests.case_id}
    near = {number + step for number in known for step in (-1, 1, FAR)} - known
    cases = await world.cast.desk.pool.fetch("SELECT id FROM cases")
    near -= {row["id"] for row in cases}  # Otto has one of his own
    names = [f"case:{number}" for number in (*known, *near)]
    names += ["desk", "chat:queue", "alerts", *STRANGE]
    for who, own in may_follow(world).items():
        tab = await open_tab(world.site, world.cookies[who])
        following = await tab.follow(dict.fromkeys(names, 0))
        assert set(following["streams"]) == own, who
        assert set(following["refused"]) == set(names) - own, who
        await tab.leave()


async def test_without_a_session_every_name_but_one_closes_the_socket(world: World) -> None:
    names = [f"case:{world.own.case_id}", "desk", "chat:queue", *STRANGE]
    for name in names:
        tab = await open_tab(world.site, "")
        await tab.tell(t="follow", streams={"alerts": 0, name: 0})
        assert await tab.closed() == 4401, name
        assert {frame["t"] for frame in tab.frames} <= {"hello"}, name


async def test_nothing_foreign_arrives_while_a_case_is_busy(world: World) -> None:
    tabs = {}
    shared = f"case:{world.own.case_id}"
    for who, own in may_follow(world).items():
        if own:
            tabs[who] = await open_tab(world.site, world.cookies[who])
            await tabs[who].follow(dict.fromkeys((shared, "desk", "chat:queue", *own), 0))
    await asyncio.sleep(0.4)  # presence and read marks are told a little later
    await be_busy(world, tabs)
    for who, tab in tabs.items():
        last = "finnchatword last" if who == "finn" else "corachatword last"
        if who not in ("gus", "otto"):
            await tab.until(lambda frame, last=last: frame.get("body") == last, 10)
    await asyncio.sleep(0.3)
    for who, tab in tabs.items():
        check_what_came(world, who, tab.frames)
        await tab.leave()
    foreign = [frame for frame in tabs["gus"].frames if frame.get("s") == shared]
    assert foreign == []


async def be_busy(world: World, tabs: dict[str, Tab]) -> None:
    shared = f"case:{world.own.case_id}"
    for who, chat in (("finn", world.chat), ("cora", world.her_chat)):
        await tabs[who].tell(t="typing", s=shared, kind="reply", face=f"chat:{chat.id}")
        await tabs[who].tell(t="read", s=shared, n=3)
        await tabs[who].ack(await tabs[who].say(chat, f"{who}chatword"))
        # Neither writes into the other's conversation, nor into the guest's case.
        other = world.her_chat if who == "finn" else world.chat
        assert (await tabs[who].ack(await tabs[who].say(other, "x")))["code"] == "not_allowed"
        assert (await tabs[who].ack(await tabs[who].say(chat, "x", note=True)))["code"] == (
            "not_allowed"
        )
    await tabs["tess"].ack(await tabs["tess"].say(world.chat, "chatnoteword", note=True))
    await tabs["tess"].tell(t="typing", s=shared, kind="note")
    await say(world, "finn", world.own, "finnticketword")
    await say(world, "dora", world.hers, "coraticketword")
    cast = world.cast
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await reply(tx, world.own.ticket_id, "finnreplyword", uuid4())
        await add_note(tx, world.own.ticket_id, "noteword", uuid4())
        await change_severity(tx, world.own.ticket_id, Severity.LOW, "finnreasonword")
        await reply(tx, world.restricted.ticket_id, "secretword", uuid4())
        await add_note(tx, world.restricted.ticket_id, "secretnoteword", uuid4())
    await attach(cast, world.site, world.own, "privatefinnword.log", samples.LOG,
                 Sensitivity.PRIVATE)  # fmt: skip
    await attach(cast, world.site, world.hers, "privatecoraword.log", samples.LOG,
                 Sensitivity.PRIVATE, "cora")  # fmt: skip
    for who, chat in (("finn", world.chat), ("cora", world.her_chat)):
        await tabs[who].ack(await tabs[who].say(chat, f"{who}chatword last"))


async def say(world: World, who: str, ticket: Filed, body: str) -> None:
    async with world.cast.desk.transaction(await world.cast.actor(who)) as tx:
        await add_message(tx, ticket.ticket_id, body, uuid4())


def check_what_came(world: World, who: str, frames: list[Frame]) -> None:
    for frame in frames:
        assert set(frame) <= FIELDS[frame["t"]], (who, frame)
        for person in [frame.get("by"), frame.get("you"), *frame.get("who", ())]:
            assert person is None or set(person) == PERSON, (who, frame)
        assert set(frame.get("evidence", ())) <= PIECE, (who, frame)
        assert set(frame.get("data", ())) <= FACTS, (who, frame)
    told = orjson.dumps([frame for frame in frames if frame["t"] != "following"]).decode()
    for word, may_hear in HEARD.items():
        assert (word in told) == (who in may_hear), (who, word)
    people = world.cast.people
    strangers = {"finn": ("cora", "dora"), "cora": ("finn",), "dora": ("finn",)}.get(who, ())
    for stranger in strangers:
        assert people[stranger].name not in told, (who, stranger)
        assert f'"id":{people[stranger].id},' not in told, (who, stranger)
    assert "@" not in told, who  # no address of anybody
