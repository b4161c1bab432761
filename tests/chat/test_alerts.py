"""Known issues on open pages: everybody is told that something changed, nobody what."""

import asyncio
from uuid import uuid4

from helpdesk.alerts.commands import Details, edit_alert, resolve_alert, update_alert
from helpdesk.desk import Desk
from tests.helpdesk.alerts.build import an_alert
from tests.people import Cast

from .live import Tab, begin_chat, open_tab, tab_of

CHANGED = {"t": "changed", "s": "alerts", "ids": []}


async def told(tab: Tab, times: int) -> None:
    await tab.until(lambda _: tab.frames.count(CHANGED) >= times)


async def a_visitor(site: str) -> Tab:
    tab = await open_tab(site, "nothing=here")
    hello = await tab.until(lambda frame: frame["t"] == "hello")
    assert hello["you"] == {"id": 0, "name": "", "staff": False}
    return tab


async def test_a_visitor_hears_of_every_change_and_no_word_of_it(site: str, cast: Cast) -> None:
    tab = await a_visitor(site)
    following = await tab.follow({"alerts": 0})
    assert set(following["streams"]) == {"alerts"}
    alert = await an_alert(cast, title="Secretword", roles=("client",))
    await told(tab, 1)
    tess = await cast.actor("tess")
    async with cast.desk.transaction(tess) as tx:
        await update_alert(tx, alert.id, uuid4(), "Secretword")
    async with cast.desk.transaction(tess) as tx:
        await edit_alert(tx, alert.id, Details(title="Secretword"))
    async with cast.desk.transaction(tess) as tx:
        await resolve_alert(tx, alert.id, uuid4(), "Secretword")
    await told(tab, 4)
    assert "Secretword" not in str(tab.frames)
    assert {frame["t"] for frame in tab.frames} <= {"hello", "following", "changed", "beat"}
    await tab.leave()


async def test_the_number_tells_a_page_whether_it_shows_the_latest(site: str, cast: Cast) -> None:
    tab = await a_visitor(site)
    first = (await tab.follow({"alerts": 0}))["streams"]["alerts"]
    await an_alert(cast)
    await told(tab, 1)
    second = (await tab.follow({"alerts": 0}))["streams"]["alerts"]
    assert first != second
    assert (await tab.follow({"alerts": 0}))["streams"]["alerts"] == second
    await tab.leave()


async def test_people_follow_it_beside_their_case(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    await nina.follow({f"case:{chat.case_id}": 0, "alerts": 0})
    await an_alert(cast)
    await told(nina, 1)
    await nina.ack(await nina.say(chat, "Hello"))
    await nina.leave()


async def test_a_visitor_stays_longer_than_the_look_at_sessions(site: str, cast: Cast) -> None:
    tab = await a_visitor(site)
    await tab.follow({"alerts": 0})
    await asyncio.sleep(6)
    await an_alert(cast)
    await told(tab, 1)
    await tab.leave()


async def test_one_address_has_only_so_many_pages_without_a_session(
    site: str, desk: Desk, cast: Cast
) -> None:
    await asyncio.sleep(0.3)  # pages of the tests before are gone
    tabs = [await a_visitor(site) for _ in range(desk.settings.visitor_sockets)]
    refused = await open_tab(site, "nothing=here")
    assert await refused.closed() == 4429
    person = await open_tab(site, await cast.session("finn"))  # has room all the same
    assert (await person.follow({"alerts": 0}))["refused"] == []
    await tabs.pop().leave()
    await asyncio.sleep(0.3)
    again = await a_visitor(site)
    for tab in (*tabs, person, again):
        await tab.leave()
