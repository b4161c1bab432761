"""Story A3.11 to A3.13 and what follows, over HTTP: asking again, a week of silence, a manager."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from helpdesk.core.clock import FrozenClock
from helpdesk.tickets.filing import Filed
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.helpdesk.contact.reports import errors_in, visiting
from tests.helpdesk.escalations.build import answered, work
from tests.people import Cast


async def request_page(cast: Cast, site: str, filed: Filed, who: str = "nina") -> str:
    async with await visiting(cast, site, who) as browser:
        return (await browser.get(f"/requests/{filed.reference}")).text


async def send(cast: Cast, site: str, who: str, path: str, data: dict[str, Any]) -> Any:
    async with await visiting(cast, site, who) as browser:
        return await browser.post(path, data={"once": str(uuid4())} | data)


async def test_a3_11_to_13_the_third_time_she_asks_it_goes_to_the_managers(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "nina")
    await work(cast)
    for hours in (0, 1, 25, 25):  # the second is inside a day, and not counted
        clock.advance(hours=hours)
        await send(cast, site, "nina", f"/requests/{filed.reference}/follow-up", {})
    await work(cast)
    async with await visiting(cast, site, "max") as max:
        queue = (await max.get("/desk/escalations?view=managers")).text
        [id] = re.findall(r"/desk/escalations/(\d+)", queue)[:1]
        panel = (await max.get(f"/desk/escalations/{id}")).text
    assert filed.reference in queue
    assert "Asked for news again and again" in panel
    assert "somebody asks for news the 3rd time" in panel
    own = await request_page(cast, site, filed)
    assert "A manager will look at it." in own
    assert "3rd" not in own, "what a rule asks is for staff"
    reason = await cast.desk.pool.fetchval(
        "SELECT data ->> 'reason' FROM events WHERE type = 'ticket.attention_raised' LIMIT 1"
    )
    assert reason == "followups>=3"


async def test_from_not_resolved_to_a_decision_with_reasons(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    contract = cast.contracts["C-1002"].id
    filed = await a_ticket(cast, "nina", contract_id=contract, description="It was never released")
    address = f"/requests/{filed.reference}"
    assert "This is not resolved" not in await request_page(cast, site, filed)
    await answered(cast, filed, "amy", "It is by design")
    assert "This is not resolved" in await request_page(cast, site, filed)
    empty = await send(cast, site, "nina", f"{address}/escalate", {"reason": " \u200b"})
    assert (empty.status_code, list(errors_in(empty.text))) == (422, ["reason"])
    await send(cast, site, "nina", f"{address}/escalate", {"reason": "It is not: see page 2"})
    await work(cast)
    assert "A manager will look at it." in await request_page(cast, site, filed)
    async with await visiting(cast, site, "amy") as amy:
        seen = (await amy.get(f"/desk/tickets/{filed.reference}")).text
        assert "Escalated to managers" in seen
        assert (await amy.get("/desk/escalations")).status_code == 403
        path = f"/desk/tickets/{filed.reference}/escalation/take"
        assert (await amy.post(path)).status_code == 409, "a manager alone owns it"
    async with await visiting(cast, site, "max") as max:
        taken = await max.post("/desk/escalations/next")
        act = taken.headers["location"].partition("?")[0]
        panel = (await max.get(act)).text
        for gathered in ("It is not: see page 2", "¥80,000", "Cora", "Waits for an answer"):
            assert gathered in panel
        assert "A manager is looking at it now." in await request_page(cast, site, filed)
        until = f"{clock.at + timedelta(days=4):%Y-%m-%dT%H:%M}"
        why = {"until": until, "extend_reason": "The bank has to answer first"}
        assert (await max.post(f"{act}/extend", data=why)).status_code == 303
        reasons = {"outcome": "partly", "reasons": "Page 2 shows half of it", "then": "solved"}
        assert (await max.post(f"{act}/decide", data=reasons)).status_code == 303
    await work(cast)
    own = await request_page(cast, site, filed)
    for told in ("The bank has to answer first", "partly in favour of your request",
                 "Page 2 shows half of it"):  # fmt: skip
        assert told in own
    told = [mail.body for mail in await mails(cast.desk, "nina@example.com")]
    assert sum("Page 2 shows half of it" in body for body in told) == 1
    # The other party of the contract has heard nothing of it.
    theirs = await a_ticket(cast, "cora", contract_id=contract)
    page = await request_page(cast, site, theirs, "cora")
    assert "half of it" not in page
    assert "escalated" not in page


async def test_an_agent_escalates_decides_below_the_managers_and_gets_it_back(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast, "nina")
    act = f"/desk/tickets/{filed.reference}"
    given = {"to_level": "2", "escalate_reason": "Odd log", "escalate_summary": "Three tries"}
    bad = await send(cast, site, "amy", f"{act}/escalate", given | {"escalate_reason": ""})
    assert (bad.status_code, "Say why it is escalated." in bad.text) == (422, True)
    assert "Three tries" in bad.text
    assert (await send(cast, site, "amy", f"{act}/escalate", given)).status_code == 303
    assert (await send(cast, site, "tess", f"{act}/escalation/take", {})).status_code == 303
    back = {"missing": "Which browser?", "whom": "department"}
    assert (await send(cast, site, "tess", f"{act}/escalation/return", back)).status_code == 303
    async with await visiting(cast, site, "amy") as amy:
        page = (await amy.get(act)).text
    assert "The escalation came back." in page
    assert "Which browser?" in page
    own = await request_page(cast, site, filed)
    for hidden in ("Odd log", "Three tries", "Which browser?"):
        assert hidden not in own
    assert "escalated HD-" in own
