"""Words that must never leave the desk, looked for in every byte that does."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlmodel import select

from chat.agents.converting import turn_into_ticket
from chat.commands import TicketWish, end
from helpdesk.alerts.commands import update_alert
from helpdesk.alerts.jobs import sweep_alerts
from helpdesk.core.clock import FrozenClock
from helpdesk.mail.message import as_message
from helpdesk.mail.models import Mail
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.tickets.assigning import assign, hand_over
from helpdesk.tickets.commands import add_note, change_severity, reply
from helpdesk.tickets.states import Severity
from helpdesk.wiring import SUBSCRIBERS, TIMERS
from tests.chat.live import open_tab, tab_of
from tests.people import Cast
from tests.test_access_matrix import CELLS, answers
from tests.world import World, build

CUSTOMERS = ("nobody", "gus", "finn", "cora", "dora", "otto")
CANARY = re.compile(r"canary[a-z]+")
PRIVATE = {"privatefinn": "finn", "privatecora": "cora"}  # in names of private pieces → the owner


@pytest.fixture
async def world(cast: Cast, site: str) -> AsyncIterator[World]:
    built = await build(cast, site)
    yield built
    await built.close()


async def live_a_little(world: World) -> None:
    """Notes wherever a note can be, and everything that sends something to customers."""
    cast, desk = world.cast, world.cast.desk
    tab = await tab_of(world.site, cast, "tess", world.chat)
    await tab.ack(await tab.say(world.chat, "canarychat", note=True))
    await tab.ack(await tab.say(world.chat, "We look into it"))
    await tab.leave()
    tickets = {"own": world.own, "hers": world.hers, "secret": world.restricted,
               "guest": world.guests}  # fmt: skip
    for name, ticket in tickets.items():
        async with desk.transaction(await cast.actor("tess")) as tx:
            await add_note(tx, ticket.ticket_id, f"canary{name}", uuid4())
            await reply(tx, ticket.ticket_id, f"Hello, this is about {name}", uuid4())
            await change_severity(tx, ticket.ticket_id, Severity.HIGH, "It is urgent for you")
    async with desk.transaction(await cast.actor("tess")) as tx:
        await assign(tx, world.own.ticket_id, cast.tess.id)
        await hand_over(tx, world.hers.ticket_id, cast.groups["PAY"].id, "canaryhandover")
    filed = await turn_into_ticket(
        desk,
        await cast.actor("tess"),
        world.chat,
        TicketWish("team_app_bug", "TECH", 1, 2, "From the chat", "What was said there"),
    )
    async with desk.transaction(await cast.actor("tess")) as tx:
        await add_note(tx, filed.ticket_id, "canaryfromchat", uuid4())
        await update_alert(tx, world.clients_alert, uuid4(), "We are still looking")
        await end(tx, world.chat.id)


async def mailed(world: World, clock: FrozenClock) -> dict[str, str]:
    """Every mail of the next days, by address, as the mail server gets it."""
    desk = world.cast.desk
    for _ in range(4):
        while await relay_once(desk, SUBSCRIBERS) or await fire_due_timers(desk, TIMERS):
            pass
        await sweep_alerts(desk)
        clock.advance(days=1)
    found: dict[str, str] = {}
    async with desk.reading() as db:
        for mail in (await db.exec(select(Mail))).all():
            if mail.to_address.endswith("@desk.example.com"):
                continue
            message = as_message(mail, desk.settings)
            text = f"{message.items()}\n{message.get_content()}"
            found[mail.to_address] = found.get(mail.to_address, "") + text
    return found


async def everything_shown(world: World, who: str) -> dict[str, str]:
    """Every page, document and file somebody gets, and every frame of their socket."""
    # A secret link shows its owner's page to whoever holds it.
    cells = [c for c in CELLS if c.who == who and c.method == "GET" and "link" not in c.object]
    found = zip(cells, await answers(world, cells), strict=True)
    shown = {str(cell): f"{answer.headers}\n{answer.text}" for cell, answer in found}
    if who in world.cookies:
        tab = await open_tab(world.site, world.cookies[who])
        following = await tab.follow(
            {f"case:{ticket.case_id}": 0 for ticket in (world.own, world.guests)}
        )
        if following["streams"]:
            newest = max(following["streams"].values())
            await tab.until(lambda frame: frame.get("n") == newest)
            await tab.leave()
        shown["socket"] = str(tab.frames)
    return shown


async def test_no_word_of_a_note_leaves_the_desk(world: World, clock: FrozenClock) -> None:
    await live_a_little(world)
    sent = {who: await everything_shown(world, who) for who in CUSTOMERS}
    for address, text in (await mailed(world, clock)).items():
        sent.setdefault(address.partition("@")[0], {})["mail"] = text
    assert "mail" in sent["finn"]
    assert "mail" in sent["cora"]
    for who, texts in sent.items():
        assert texts, who
        for place, text in texts.items():
            assert not CANARY.findall(text), (who, place)
            assert "@desk.example.com" not in text, (who, place)
            for name, owner in PRIVATE.items():
                assert who == owner or name not in text, (who, place)
            for other in {"finn", "cora", "otto", "gus"} - {who}:
                assert f"{other}@example" not in text, (who, place)


async def test_colleagues_read_what_customers_do_not(world: World) -> None:
    await live_a_little(world)
    seen = {who: str(await everything_shown(world, who)) for who in ("amy", "tess", "max")}
    words = {
        "canarypeoplesay",
        "canarychat",
        "canaryown",
        "canaryhers",
        "canaryhandover",
        "canaryfromchat",
    }
    assert words <= set(CANARY.findall(seen["amy"]))
    assert "canarysecret" not in seen["amy"]  # a restricted ticket of another department
    for who in ("tess", "max"):
        assert words | {"canarysecret"} <= set(CANARY.findall(seen[who])), who
        assert "privatefinn" in seen[who]
    # Cora's ticket was handed to another department, and her private piece went along.
    readers = {who for who, text in seen.items() if "privatecora" in text}
    assert readers == {"max"}
    assert "privatefinn" not in seen["amy"]
