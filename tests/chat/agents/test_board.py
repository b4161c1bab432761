"""What managers see of lines and agents, the alarms, and what they decide."""

from chat.agents.alarms import open_alarms, watch_lines
from chat.agents.lines import lines_now
from chat.agents.offering import give_chats
from chat.agents.queries import own_state
from chat.agents.returning import VISITOR_GONE, give_up_places
from chat.commands import claim, end
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.relay import relay_once
from helpdesk.wiring import SUBSCRIBERS
from tests.chat.live import open_tab
from tests.people import Cast

from .scene import ask, is_there, page_seen, row_of, run_line, types_of


async def test_the_board_counts_what_waits_is_served_free_and_lost_today(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    await is_there(desk, cast, "pete", capacity=2)
    await is_there(desk, cast, "amy", there=False)
    left = await ask(desk, cast, "omar")
    async with desk.transaction(await cast.actor("omar")) as tx:
        await end(tx, left.id)
    clock.advance(hours=24)  # of yesterday
    await page_seen(desk, cast, "pete", "amy")
    gone = await ask(desk, cast, "omar")
    served, _ = await ask(desk, cast, "nina"), await ask(desk, cast, "otto", group="GEN")
    async with desk.transaction(await cast.actor("omar")) as tx:
        await end(tx, gone.id)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, served.id)
    clock.advance(seconds=40)
    lines, agents = await lines_now(desk)
    pay, gen = (next(line for line in lines if line.key == key) for key in ("PAY", "GEN"))
    assert (pay.waiting, pay.served, pay.free, pay.agents, pay.abandoned) == (0, 1, 1, 1, 1)
    assert (gen.waiting, gen.longest(clock.at), gen.free, gen.agents) == (1, 40, 0, 0)
    states = [(agent.name, agent.state) for agent in agents]
    assert sorted(states) == [("Amy", "away"), ("Pete", "available")]
    async with await cast.browser(site, "max") as max_:
        page = (await max_.get("/desk/chats/board")).text
        numbers = (await max_.get("/desk/chats/board.json")).json()
    assert "Pete" in page
    assert {line["department"]: line["waiting"] for line in numbers["lines"]}["GEN"] == 1


async def test_an_alarm_is_told_once_for_each_crossing(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    await run_line(desk, cast, "PAY", waiting_alarm=2, wait_alarm=60, free_alarm=1, sound=True)
    manager = await open_tab(site, await cast.session("max"))
    await manager.follow({"chat:queue": 0})
    first, second = await ask(desk, cast, "nina"), await ask(desk, cast, "omar")

    async def look() -> set[str]:
        clock.advance(seconds=10)
        await watch_lines(desk)
        return {alarm.kind.value for alarm in await open_alarms(desk)}

    assert await look() == {"waiting", "free"}
    clock.advance(seconds=60)
    assert await look() == {"waiting", "wait", "free"}
    assert await look() == {"waiting", "wait", "free"}
    await is_there(desk, cast, "pete")
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, first.id)
        await claim(tx, second.id)
    assert await look() == set()
    await ask(desk, cast, "nina")
    await ask(desk, cast, "omar")
    assert await look() == {"waiting"}
    await manager.until(lambda f: f["t"] == "queue" and "2 people wait" in f.get("words", ""))
    rows = await desk.pool.fetch("SELECT kind FROM chat_alarms ORDER BY id")
    assert sorted(row["kind"] for row in rows) == ["free", "wait", "waiting", "waiting"]
    told = [f for f in manager.of("queue") if f["what"] == "alarm" and f["kind"] == "wait"]
    assert [(f["department"], f["sound"]) for f in told] == [("PAY", True)]
    await manager.leave()


async def test_a_visitor_who_left_without_a_word_keeps_the_place_a_while_and_is_not_given(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    chat = await ask(desk, cast)
    clock.advance(minutes=4)
    await is_there(desk, cast, "pete")
    assert await give_chats(desk) == 0
    assert await give_up_places(desk) == 0
    clock.advance(seconds=VISITOR_GONE.total_seconds())
    assert await give_up_places(desk) == 1
    row = await row_of(desk, chat)
    assert (row.abandoned_at, row.end_reason) == (clock.at, "gone")
    assert (await types_of(desk, chat))[-1] == "conversation.abandoned"
    assert await relay_once(desk, SUBSCRIBERS) > 0


async def test_managers_set_capacities_and_how_lines_are_run_and_agents_do_not(
    desk: Desk, cast: Cast, site: str
) -> None:
    line = {"offer_seconds": "30", "idle_minutes": "5", "at_once": "", "waiting_alarm": "",
            "wait_alarm": "", "free_alarm": "", "abandoned_alarm": ""}  # fmt: skip
    async with await cast.browser(site, "max") as max_, await cast.browser(site, "pete") as pete:
        assert (await pete.get("/desk/chats/settings")).status_code == 403
        who = f"/desk/chats/agents/{cast.pete.id}"
        assert (await pete.post(who, data={"capacity": "9"})).status_code == 403
        assert (await max_.post(who, data={"capacity": "7"})).status_code == 303
        assert (await max_.post(who, data={"capacity": "0"})).status_code == 422
        customer = f"/desk/chats/agents/{cast.nina.id}"
        assert (await max_.post(customer, data={"capacity": "7"})).status_code == 404
        wrong = await max_.post("/desk/chats/settings/PAY", data=line | {"offer_seconds": "x"})
        assert (wrong.status_code, "from 5 to 300" in wrong.text) == (422, True)
        saved = await max_.post("/desk/chats/settings/PAY", data=line)
        assert saved.status_code == 303
        assert (await max_.get(saved.headers["location"])).status_code == 200
        assert (await max_.post("/desk/chats/settings/NONE", data=line)).status_code == 404
    assert (await own_state(desk, cast.pete.id)).capacity == 7
    await is_there(desk, cast, "pete")
    await ask(desk, cast)
    assert await give_chats(desk) == 0  # “gives” was left out: agents take them by hand
