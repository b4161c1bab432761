"""Days off said by hand go before their sources, and every change is first shown as it will be."""

import re
from datetime import UTC, datetime

from helpdesk.calendars.jobs import refresh
from tests.build import a_ticket
from tests.conftest import FrozenClock
from tests.helpdesk.sla.build import due, settled, work
from tests.people import Cast

PAY = "/desk/calendars/PAY"  # Monday to Friday, 09:00 to 17:00 in New York
FRIDAY, CLOSED_FRIDAY, SHORT_FRIDAY = (
    datetime(2026, 7, 3, 20, tzinfo=UTC),
    datetime(2026, 7, 6, 20, tzinfo=UTC),
    datetime(2026, 7, 6, 16, tzinfo=UTC),
)


async def test_what_is_shown_of_days_off_is_what_becomes_of_deadlines(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await settled(cast)
    clock.set(datetime(2026, 7, 2, 20, tzinfo=UTC))  # Thursday, an hour before they close
    filed = await a_ticket(cast, "nina", group_key="PAY")
    await work(cast)
    assert await due(cast, filed) == FRIDAY
    later, earlier, none = "1 gets a later date", "1 gets an earlier date", "No open ticket gets"
    by_hand = {"first": "2026-07-03", "name": "Stocktaking"}
    async with await cast.browser(site, "max") as max:

        async def changed(path: str, form: dict[str, str], says: str, then: datetime) -> None:
            before = await due(cast, filed)
            looked = await max.post(f"{PAY}/{path}", data=form | {"do": "preview"})
            assert f"On open tickets: {says}" in looked.text
            await work(cast)
            assert await due(cast, filed) == before
            assert (await max.post(f"{PAY}/{path}", data=form)).status_code == 303
            await work(cast)
            assert await due(cast, filed) == then

        async def found(what: str) -> str:
            page = (await max.get(PAY)).text
            return str(re.findall(rf'action="{PAY}/({what})#effect"', page)[0])

        await changed("sources", {"country": "US"}, later, CLOSED_FRIDAY)
        source = await cast.desk.pool.fetchval("SELECT id FROM calendar_sources")
        await changed(await found(r"days/\d+/open"), {}, earlier, FRIDAY)
        await refresh(cast.desk, source, "")
        await work(cast)
        assert await due(cast, filed) == FRIDAY  # the country does not close it again
        await changed("days", by_hand, later, CLOSED_FRIDAY)
        await changed("days", by_hand | {"opens": "09:00", "ends": "13:00"}, earlier, SHORT_FRIDAY)
        await refresh(cast.desk, source, "")
        await changed(f"sources/{source}/remove", {}, none, SHORT_FRIDAY)
        await changed("sources", {"country": "US"}, none, SHORT_FRIDAY)
        await changed("days", by_hand, later, CLOSED_FRIDAY)
