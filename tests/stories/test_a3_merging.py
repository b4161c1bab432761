"""Story A3.8 to A3.10: an agent puts the override into HD-20, takes it back, and may not merge
two people's tickets. Over HTTP, in browsers without scripts."""

import re
from datetime import datetime, timedelta

import httpx2

from helpdesk.cases.timers import set_timer
from helpdesk.core.clock import FrozenClock
from helpdesk.relay import relay_once
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.models import from_reference
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.helpdesk.console.build import do
from tests.helpdesk.evidence.build import attach
from tests.helpdesk.tickets.together import bubbles, lines
from tests.helpdesk.tickets.together import do as run
from tests.people import Cast

from .test_a3_twins import hd_20, program, withdrawal


async def filed(cast: Cast, ref: str) -> Filed:
    id = from_reference(ref) or 0
    case_id = await cast.desk.pool.fetchval("SELECT case_id FROM tickets WHERE id = $1", id)
    return Filed(id, case_id, False)


async def override(cast: Cast, site: str) -> str:
    """A3.5: the same again, with her reason."""
    async with await program(cast, site, "nina") as nina:
        body = withdrawal(description="This is another withdrawal of the same kind, of 27 May.")
        answer = await nina.post(
            "/api/v1/tickets", json=body | {"not_duplicate": "different withdrawal"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])


async def thread(browser: httpx2.AsyncClient, address: str) -> tuple[list[str], str]:
    answer = await browser.get(address)
    if answer.status_code == 303:
        answer = await browser.get(answer.headers["location"])
    assert answer.status_code == 200, (address, answer.status_code)
    log = answer.text[answer.text.index('<ol class="log"') :]
    return bubbles(log[: log.index("</ol>")]), answer.text


async def due(cast: Cast, one: Filed) -> datetime | None:
    query = "SELECT due_at FROM timers WHERE kind = 'news' AND subject_id = $1 AND fired_at IS NULL"
    found: datetime | None = await cast.desk.pool.fetchval(query, one.ticket_id)
    return found


async def mails(cast: Cast) -> list[str]:
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    rows = await cast.desk.pool.fetch("SELECT body FROM mails ORDER BY id")
    return [row["body"] for row in rows]


async def test_a38_and_a39_the_override_is_merged_and_taken_out_again(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    twenty = await filed(cast, await hd_20(cast, site))
    clock.advance(minutes=5)
    other = await filed(cast, await override(cast, site))
    await attach(cast, site, other, "slip.txt", b"paid on Monday", who="nina")
    soon, later = clock.now() + timedelta(hours=2), clock.now() + timedelta(hours=9)
    await run(cast, "max", set_timer, twenty.case_id, "news", later, twenty.ticket_id)
    await run(cast, "max", set_timer, other.case_id, "news", soon, other.ticket_id)
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        clock.advance(minutes=5)
        words = {"once": "1d0ae0f2-8f3b-4a7e-9c55-4d1a1f5b7f10", "body": "Which bank, please?"}
        await do(pete, twenty.reference, "messages", mode="reply", **words)
        before = {
            one: (await thread(nina, f"/requests/{one.reference}"))[0] for one in (twenty, other)
        }
        told = len(await mails(cast))

        # A3.8
        clock.advance(minutes=5)
        merged = await do(pete, other.reference, "merge", other=twenty.reference)
        assert merged.status_code == 303
        said, page = await thread(nina, f"/requests/{twenty.reference}")
        words_alone = [text[:12] for text in said if not text.startswith("Nina added")]
        assert words_alone == ["I handed ove", "This is anot", "Which bank, "]
        assert "slip.txt" in page
        assert sum("one request now" in line for line in lines(page)) == 1
        old = await nina.get(f"/requests/{other.reference}")
        assert (old.status_code, old.headers["location"]) == (303, f"/requests/{twenty.reference}")
        old = await pete.get(f"/desk/tickets/{other.reference}")
        assert old.headers["location"].startswith(f"/desk/tickets/{twenty.reference}")
        staff = (await pete.get(f"/desk/tickets/{twenty.reference}")).text
        assert "added slip.txt" in staff  # with its history
        assert (await due(cast, twenty), await due(cast, other)) == (soon, None)
        [news] = (await mails(cast))[told:]
        assert f"{twenty.reference} goes on" in news

    # A3.9, six days later
    clock.advance(days=6)
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        panel = (await pete.get(f"/desk/tickets/{twenty.reference}/similar")).text
        number = re.search(r'name="merge" value="(\d+)"', panel)
        assert number
        assert (await do(pete, twenty.reference, "unmerge", merge=number[1])).status_code == 303
        for one in (twenty, other):
            said, _ = await thread(nina, f"/requests/{one.reference}")
            assert said == before[one]
            _, page = await thread(pete, f"/desk/tickets/{one.reference}")
            acts = [line for line in lines(page) if line.startswith("Pete") and "HD-" in line]
            assert [("merged" in line, "took" in line) for line in acts][-2:] == [
                (True, False),
                (False, True),
            ]
        assert (await due(cast, twenty), await due(cast, other)) == (later, soon)


async def test_a310_two_peoples_tickets_stay_two(cast: Cast, site: str) -> None:
    ninas = await filed(cast, await hd_20(cast, site))
    coras = await a_ticket(cast, "cora", contract_id=cast.contracts["C-1002"].id)
    async with await cast.browser(site, "pete") as pete:
        for one, into in ((ninas, coras), (coras, ninas)):
            refused = await do(pete, one.reference, "merge", other=into.reference)
            assert refused.status_code == 409
            why = "requesters cannot be merged; link them to the case instead"
            assert why in refused.text
    async with await cast.browser(site, "nina") as nina:
        assert (await nina.get(f"/requests/{coras.reference}")).status_code == 404
        assert (await nina.get(f"/requests/{ninas.reference}")).status_code == 200
