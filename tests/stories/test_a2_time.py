"""Stories A2.12 to A2.14, over HTTP: a new severity, one more log, and the answer, by the clock."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2
import pytest

from helpdesk.core.clock import FrozenClock
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.helpdesk.contact.reports import visiting
from tests.helpdesk.sla.build import due, owed, settled, work
from tests.helpdesk.sla.test_shown import text_of
from tests.people import Cast

TUESDAY = datetime(2026, 6, 2, 9, tzinfo=UTC)


@pytest.fixture
async def cast(cast: Cast) -> Cast:
    return await settled(cast)


async def sent(client: httpx2.AsyncClient, path: str, **data: str) -> None:
    answer = await client.post(path, data=data)
    assert answer.status_code == 303, answer.text


async def test_regraded_asked_reminded_and_answered(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    clock.set(TUESDAY)
    filed = await a_ticket(
        cast, "finn", type_key="team_app_bug", group_key="TECH", severity=4, subject="Timer stops"
    )
    await work(cast)
    desk, request = f"/desk/tickets/{filed.reference}", f"/requests/{filed.reference}"
    async with (
        await cast.browser(site, "tess") as tess,
        await visiting(cast, site, "finn") as finn,
    ):
        assert await due(cast, filed) == TUESDAY + timedelta(hours=1)
        reason = "Other people can work; there is a way around it."
        await sent(tess, f"{desk}/severity", severity="normal", reason=reason)
        await work(cast)
        assert await due(cast, filed) == TUESDAY + timedelta(hours=8)
        [told] = [
            mail for mail in await mails(cast.desk, "finn@example.com") if reason in mail.body
        ]
        assert "from Urgent to Normal" in told.body
        assert "from Urgent to Normal" in text_of((await finn.get(request)).text)

        clock.advance(hours=2)
        await sent(tess, f"{desk}/ask", piece="team_log", due="2026-06-05")
        await work(cast)
        rows = await owed(cast, filed)
        assert {rows[kind]["state"] for kind in ("first_response", "resolution")} == {"paused"}
        page = text_of((await tess.get(f"{desk}/deadlines")).text)
        assert "Paused until they answer: we wait for the user" in page
        assert "2 h of 8 working hours used, 6 h left" in page
        assert "5 Jun" in text_of((await finn.get(request)).text)
        clock.set(datetime(2026, 6, 5, tzinfo=UTC))
        await work(cast)
        reminders = [mail.subject for mail in await mails(cast.desk, "finn@example.com")]
        assert sum(subject.startswith("A reminder") for subject in reminders) == 1

        clock.set(datetime(2026, 6, 5, 16, tzinfo=UTC))
        form = {"once": str(uuid4()), "body": "Here is what the log says: …"}
        await sent(finn, f"{request}/messages", **form)
        await work(cast)
        assert await due(cast, filed) == datetime(2026, 6, 8, 10, tzinfo=UTC)  # over the weekend
    async with await cast.browser(site, "tess") as tess:
        page = text_of((await tess.get(f"{desk}/deadlines")).text)
        assert re.search(r"Paused for 3 days 5 h: we wait for the user", page), page

        shown = (await tess.get(desk)).text
        seen = re.findall(r'data-newest="(\d+)"', shown)[0]
        once = str(uuid4())
        form = {
            "mode": "reply",
            "body": "Install 8.2.1.",
            "then": "solved",
            "once": once,
            "seen": seen,
        }
        refused = await tess.post(f"{desk}/messages", data=form)
        assert refused.status_code == 422
        await sent(tess, f"{desk}/messages", **form, coverage="unique")
        await work(cast)
        assert await due(cast, filed) is None
        rows = await owed(cast, filed)
        assert {rows[kind]["state"] for kind in ("first_response", "resolution")} == {"met"}
        [solved] = [
            one for one in await mails(cast.desk, "finn@example.com") if "Did this" in one.body
        ]
        assert "reopen the request within 14 days" in solved.body
