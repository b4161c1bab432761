"""Keys and rings of one's own, the palette, colleagues named in a note, and what pages are told."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.console.mentions import named, ways_to_name
from helpdesk.console.settings import known_keys
from helpdesk.core.clock import FrozenClock
from helpdesk.relay import relay_once
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.chat.live import begin_chat, tab_of
from tests.people import Cast

from .build import say

JSON = {"accept": "application/json"}
KEYS = {f"key{number}": key for number, key in enumerate(known_keys())}


async def settings(browser: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await browser.get("/desk/settings", headers=JSON)).json()
    return found


def field(key: str) -> str:
    return next(name for name, usual in KEYS.items() if usual == key)


async def test_keys_and_rings_are_kept_per_person(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "pete") as pete:
        usual = await settings(amy)
        changed = KEYS | {field("n"): "b", field("g c"): "", "waiting_notice": "1"}
        changed |= {"quiet_from": "18:00", "quiet_until": "08:30"}
        assert (await amy.post("/desk/settings", data=changed)).status_code == 303
        await amy.post("/desk/settings/keys", data={"off": "1"})
        now = await settings(amy)
        assert await settings(pete) == usual
    assert usual["rings"]["offered"] == {"sound": True, "notice": True}
    assert (now["keys"], now["off"]) == ({"n": "b", "g c": ""}, True)
    assert now["rings"]["waiting"] == {"sound": False, "notice": True}
    assert now["quiet"] == ["18:00", "08:30"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({field("n"): "j"}, "“Next in the list” already"),
        ({field("n"): "no"}, "One key, or two"),
        ({field("n"): "g"}, "begins like"),
        ({"quiet_from": "18:00"}, "both times, or none"),
        ({"quiet_from": "late"}, "as 18:30"),
    ],
)
async def test_a_key_that_cannot_be_told_apart_is_refused_beside_its_field(
    cast: Cast, site: str, wrong: dict[str, str], said: str
) -> None:
    async with await cast.browser(site, "amy") as amy:
        page = await amy.post("/desk/settings", data=KEYS | wrong)
        assert (page.status_code, said in page.text) == (422, True)
        assert (await settings(amy))["keys"] == {}


async def test_the_palette_finds_what_one_may_see(cast: Cast, site: str) -> None:
    open_one = await a_ticket(cast, subject="Canary of the timer")
    secret = await a_ticket(
        cast,
        subject="Canary in the dark",
        group_key="TAS",
        restricted=True,
        type_key="abuse_or_harassment",
    )
    chat = await begin_chat(cast.desk, cast, "nina")

    async def finds(browser: httpx2.AsyncClient, words: str) -> set[str]:
        found = (await browser.get("/desk/palette", params={"q": words})).json()["found"]
        return {one["href"] for one in found}

    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "sam") as sam:
        assert await finds(amy, "canary") == {f"/desk/tickets/{open_one.reference}"}
        assert await finds(amy, secret.reference) == set()
        assert await finds(sam, secret.reference) == {f"/desk/tickets/{secret.reference}"}
        assert await finds(amy, "nin") == {f"/desk/chats/{chat.id}"}
        assert await finds(amy, "%") == await finds(amy, "__") == set()


@given(st.permutations(["amy", "Amy Walker", "pete", "Zoë"]), st.text("@ .,\n", max_size=3))
def test_whoever_is_named_is_found_by_first_name_whole_name_or_mailbox(
    order: list[str], between: str
) -> None:
    people = [
        {"id": 1, "name": "Amy Walker", "mailbox": "amy"},
        {"id": 2, "name": "Pete Russo", "mailbox": "pete"},
        {"id": 3, "name": "Zoë Bell", "mailbox": "zbell"},
        {"id": 4, "name": "Pete Marsh", "mailbox": "marsh"},
    ]
    ways = ways_to_name(people)
    note = f" {between.replace('@', '')}".join(f"@{name}" for name in order)
    assert set(named(note, ways)) == {1, 2, 3}
    assert named("mail pete@example.com or @nobody", ways) == []


async def test_a_note_tells_those_it_names_who_may_see_the_ticket(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, group_key="TAS", restricted=True, type_key="abuse_or_harassment")
    before = clock.now().isoformat()
    clock.advance(seconds=1)
    async with await cast.browser(site, "sam") as sam:
        said = await say(sam, filed.reference, "@lena and @amy, and @sam: look", "note")
        assert said.status_code == 303
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    told = {}
    for who in ("lena", "amy", "sam"):
        async with await cast.browser(site, who) as browser:
            counts = await browser.get("/desk/counts", params={"since": before})
            told[who] = [one["body"] for one in counts.json()["rings"]]
    assert told == {"lena": ["Sam names you in a note."], "amy": [], "sam": []}


async def test_a_note_in_a_chat_without_a_ticket_tells_those_it_names(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    before = clock.now().isoformat()
    clock.advance(seconds=1)
    tab = await tab_of(site, cast, "pete", chat)
    await tab.ack(await tab.say(chat, "@amy, @pete and @nina: have you seen this?", note=True))
    await tab.leave()
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    for who, told in (("amy", 1), ("pete", 0), ("tess", 0)):
        async with await cast.browser(site, who) as browser:
            counts = await browser.get("/desk/counts", params={"since": before})
            rings = [(one["body"], one["href"]) for one in counts.json()["rings"]]
            assert rings == [("Pete names you in a note.", f"/desk/chats/{chat.id}")] * told
            listed = (await browser.get("/desk/notices")).text
            assert listed.count(f'href="/desk/chats/{chat.id}"') == told
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM desk_notices") == 1


async def test_pages_are_told_what_may_ring_once_and_for_ones_departments(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "amy") as amy:
        first = (await pete.get("/desk/counts")).json()
        clock.advance(seconds=5)
        waiting = await begin_chat(cast.desk, cast, "omar", agent="")
        clock.advance(seconds=5)
        later = (await pete.get("/desk/counts", params={"since": first["now"]})).json()
        again = (await pete.get("/desk/counts", params={"since": later["now"]})).json()
        hers = (await amy.get("/desk/counts", params={"since": first["now"]})).json()
        odd = (await pete.get("/desk/counts", params={"since": "yesterday"})).json()
        clock.advance(seconds=timedelta(hours=1).total_seconds())
        old = (await pete.get("/desk/counts", params={"since": first["now"]})).json()
    assert [own["face"] for own in first["own"]] == [f"chat:{chat.id}"]
    assert first["rings"] == again["rings"] == hers["rings"] == odd["rings"] == old["rings"] == []
    assert [(one["kind"], one["href"]) for one in later["rings"]] == [
        ("waiting", f"/desk/chats/{waiting.id}")
    ]
