"""Story A2.7 and A2.8, A3.11 and A3.13, over HTTP: how urgent, in which language, asking again."""

from datetime import timedelta
from uuid import uuid4

from helpdesk.core.clock import FrozenClock
from helpdesk.relay import relay_once
from helpdesk.tickets.models import reference
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.helpdesk.contact.reports import errors_in, technical, visiting
from tests.people import Cast


async def work(cast: Cast) -> None:
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass


async def test_a2_7_urgent_for_a_cosmetic_fault(site: str, cast: Cast) -> None:
    report = technical(
        severity="urgent",
        subject="The logo has the wrong colour in dark mode",
        description="I opened the page yesterday. The logo has the wrong colour, it is cosmetic.",
    )
    async with await visiting(cast, site, "finn") as finn:
        nudge = await finn.post("/report/send", data=report)
        assert list(errors_in(nudge.text)) == ["severity_reason"]
        assert "Urgent means: “Money or my account is in danger now" in nudge.text
        assert "We suggest Low." in nudge.text
        report["severity_reason"] = "A hundred guests see it at our fair today."
        assert (await finn.post("/report/send", data=report)).status_code == 303
    await work(cast)
    id = await cast.desk.pool.fetchval("SELECT id FROM tickets")
    async with await visiting(cast, site, "tess") as tess:
        page = (await tess.get(f"/desk/tickets/{reference(id)}")).text
    assert "Why Low?" in page
    assert "A hundred guests see it at our fair today." in page


async def test_a2_8_spanish_is_tagged_and_goes_to_somebody_who_reads_it(
    site: str, cast: Cast
) -> None:
    report = technical(
        subject="La factura queda vacía después de borrar la caché",
        description="Abrí la página de facturas ayer y esperaba una lista, pero está vacía.",
    )
    async with await visiting(cast, site, "finn") as finn:
        told = (await finn.post(f"/report/{report['draft']}/save", data=report)).json()
        assert told["language"]["text"].startswith("En inglés respondemos antes")
        assert (await finn.post("/report/send", data=report)).status_code == 303
    await work(cast)
    row = await cast.desk.pool.fetchrow("SELECT id, language FROM tickets")
    assert row["language"] == "es"
    async with await visiting(cast, site, "tess") as tess:
        found = (await tess.get("/desk/search", params={"q": "lang:es"})).text
    assert reference(row["id"]) in found


async def test_a3_11_and_13_asking_again(site: str, cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast, "nina")
    address = f"/requests/{filed.reference}"

    async def ask() -> str:
        async with await visiting(cast, site, "nina") as nina:
            await nina.post(f"{address}/follow-up", data={"once": str(uuid4())})
            return (await nina.get(address)).text

    first = await ask()
    assert "You asked for news 1 time." in first
    assert "a new request would not be faster" in first
    assert "We aim to answer within" in first
    again = await ask()
    assert "You asked for news 1 time." in again, "a message, and not counted"
    assert again.count("Is there any news?") == first.count("Is there any news?") + 1
    for _ in range(2):
        clock.at += timedelta(hours=25)
        await ask()
    await work(cast)
    reason = await cast.desk.pool.fetchval(
        "SELECT data ->> 'reason' FROM events WHERE type = 'ticket.attention_raised'"
    )
    assert reason == "followups>=3"
    async with await visiting(cast, site, "amy") as amy:
        page = (await amy.get(f"/desk/tickets/{filed.reference}")).text
    assert "needs a manager’s attention" in page
    async with await visiting(cast, site, "nina") as nina:
        own = (await nina.get(address)).text
    assert "needs a manager" not in own
