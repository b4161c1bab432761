"""An answer says what happens next, who does it and by when; the date is kept in mind."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.calendars.queries import hours_of
from helpdesk.core.clock import FrozenClock
from helpdesk.tickets.next_step import LONGEST, closing, in_words, read_step
from tests.build import a_ticket
from tests.helpdesk.console.build import say, ticket
from tests.helpdesk.escalations.build import notices, work
from tests.people import Cast

STEPS = "SELECT e.*, m.body FROM events e JOIN messages m ON m.id = e.message_id WHERE type = $1"
MAILS = "SELECT body FROM mails WHERE body LIKE '%answered your request%' ORDER BY id DESC LIMIT 1"


async def steps(cast: Cast) -> list[Any]:
    return list(await cast.desk.pool.fetch(STEPS, "ticket.next_step"))


async def test_a_next_step_is_read_below_its_answer_on_the_reader_s_clock(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    """Story A2.14."""
    await cast.desk.pool.execute(
        "UPDATE people SET time_zone = 'America/New_York' WHERE id = $1", cast.nina.id
    )
    filed = await a_ticket(cast, "nina", group_key="PAY")
    day = clock.now().date() + timedelta(days=2)
    said = {"next_step": "We ask the bank for the trace", "next_by": day.isoformat()}
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        assert (await say(pete, filed.reference, "We look", **said)).status_code == 303
        [step] = await steps(cast)
        until = closing(await hours_of(cast.desk, "PAY"), day)
        assert step["data"]["until"] == until.isoformat()
        theirs = (await nina.get(f"/requests/{filed.reference}")).text
        words = in_words(step["data"], step["body"], "America/New_York")
        assert "Next step: We ask the bank for the trace. We do this by" in words
        assert words in theirs
        page = (await pete.get(f"/desk/tickets/{filed.reference}")).text
        assert in_words(step["data"], step["body"], "UTC", staff=True) in page
        assert "Next step by" in page  # beside the deadline: what they were told last
        api = (await nina.get(f"/api/v1/tickets/{filed.reference}")).json()["messages"]
        assert api[-1]["next_step"]["what"] == "We ask the bank for the trace"
        assert (api[-1]["next_step"]["who"], api[0]["next_step"]) == ("us", None)
        await say(pete, filed.reference, "Nothing new", next_step="You wait", next_who="you")
        assert (
            "You wait. You do this; when is not known yet."
            in (await nina.get(f"/requests/{filed.reference}")).text
        )
    await work(cast)
    assert "You wait. You do this" in await cast.desk.pool.fetchval(MAILS)


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"next_step": "x" * (LONGEST + 1)}, 422),
        ({"next_step": "x" * 100_000}, 422),
        ({"next_by": "2026-12-01"}, 422),
        ({"next_step": "It", "next_by": "soon"}, 422),
        ({"next_step": "It", "next_who": "nobody"}, 422),
        ({"next_step": "It", "next_by": "2020-01-01"}, 409),
        ({"next_step": "It", "next_by": "9999-12-31"}, 409),
        ({"next_step": "  ", "next_by": ""}, 303),
    ],
)
async def test_a_step_that_cannot_be_kept_stores_nothing_and_loses_no_word(
    cast: Cast, site: str, typed: dict[str, str], status: int
) -> None:
    filed = await a_ticket(cast, "nina", group_key="PAY")
    async with await cast.browser(site, "pete") as pete:
        answer = await say(pete, filed.reference, "A long reply", **typed)
    assert answer.status_code == status
    assert await steps(cast) == []
    if status != 303:
        assert "A long reply" in answer.text
        assert (await ticket(cast, filed.ticket_id))["first_answered_at"] is None


async def test_whoever_has_the_ticket_is_reminded_until_somebody_answers(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed, quiet = await a_ticket(cast, "nina"), await a_ticket(cast, "finn")
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    async with await cast.browser(site, "amy") as amy:
        for one in (filed, quiet):
            await say(amy, one.reference, "We look", next_step="The lab answers", next_by=day)
        await say(amy, quiet.reference, "The lab has answered")
    [until] = {datetime.fromisoformat(one["data"]["until"]) for one in await steps(cast)}
    await work(cast)
    assert await notices(cast, "amy") == []
    clock.set(until - timedelta(hours=3))
    await work(cast)
    [near] = await notices(cast, "amy")
    assert "the next step they were told is due" in near
    clock.set(until + timedelta(minutes=1))
    for _ in range(2):
        await work(cast)
    assert ["was due" in one for one in await notices(cast, "amy")] == [False, True]
    async with await cast.browser(site, "nina") as nina:
        assert "needs its next step" not in (await nina.get(f"/requests/{filed.reference}")).text


def test_an_empty_form_says_nothing() -> None:
    assert read_step({}) == (None, {})
    assert read_step({"next_who": "us", "next_step": "\u200b"}) == (None, {})
    step, errors = read_step({"next_step": "Call", "next_by": "2026-06-03"})
    assert (step is not None and step.day, errors) == (date(2026, 6, 3), {})
    assert in_words({"who": "other", "until": None}, "Call!", "UTC").endswith("not known yet.")
