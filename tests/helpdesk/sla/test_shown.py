"""What agents see of what is owed: in lists, on the ticket, and how the time was counted."""

import re
from datetime import UTC, datetime

from helpdesk.core.clock import FrozenClock
from tests.build import a_ticket
from tests.people import Cast

from .build import settled, work


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


async def test_lists_and_the_ticket_show_what_is_due_and_why(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await settled(cast)
    clock.set(datetime(2026, 6, 5, 20, 40, tzinfo=UTC))  # Friday, 16:40 in New York
    money = await a_ticket(
        cast, "nina", group_key="PAY", severity=3, subject="My money is not here"
    )
    other = await a_ticket(cast, "nina", subject="Another one, of General")
    await work(cast)
    clock.set(datetime(2026, 6, 8, 13, 30, tzinfo=UTC))
    async with await cast.browser(site, "pete") as pete:
        listed = (await pete.get("/desk?view=due")).text
        first, second = listed.index(other.reference), listed.index(money.reference)
        assert first < second  # due on Saturday, and so late; the money on Monday
        assert 'class="due due-danger"' in listed
        assert 'aria-label="Time used, 20 %"' in listed  # 20 minutes and 30 of four hours
        page = text_of((await pete.get(f"/desk/tickets/{money.reference}")).text)
        assert "First answer 3 h left" in page
        lines = text_of((await pete.get(f"/desk/tickets/{money.reference}/deadlines")).text)
    for said in (
        "Whoever files a high ticket has a first answer within 4 working hours",
        "Fri 5 Jun 16:40 New York It was filed",
        "Fri 5 Jun 16:40 New York–17:00 Open 20 min",
        "Fri 5 Jun 17:00 New York Closed until Mon 8 Jun 09:00 New York",
        "Mon 8 Jun 09:00 New York–12:40 Open 3 h 40 min",
        "Mon 8 Jun 12:40 New York Due: 4 working hours are counted",
        "50 min of 4 working hours used, 3 h 10 min left",
    ):
        assert said in lines, lines
    async with await cast.browser(site, "nina") as nina:
        assert (await nina.get(f"/desk/tickets/{money.reference}/deadlines")).status_code == 403
