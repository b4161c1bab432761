"""Both channels are shown with their state, and which suits the matter better."""

from helpdesk.contact.jobs import sweep_forgotten
from helpdesk.core.clock import FrozenClock
from tests.helpdesk.contact.reports import technical, visiting
from tests.people import Cast

THERE = "INSERT INTO availability (person_id, available, seen_at) VALUES ($1, true, $2)"


async def test_a_closed_chat_says_why_and_offers_the_form(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get("/contact?service=payments")
        form = await finn.get("/report?service=payments&type=withdrawal_not_received")
    assert "Nobody is available for chat at the moment." in page.text
    assert 'href="/chat"' not in page.text
    assert "opens Tuesday 09:00 New York" in form.text
    assert 'href="/chat?type' not in form.text


async def test_an_open_chat_is_offered_where_it_suits(site: str, cast: Cast) -> None:
    for who in (cast.tess, cast.sam):
        await cast.desk.pool.execute(THERE, who.id, cast.desk.clock.now())
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get("/contact")
        bug = await finn.get("/report?service=technical_support&type=team_app_bug")
        secret = await finn.get("/report?service=trust_safety&type=security_qa_reset")
    assert 'href="/chat"' in page.text
    assert "Ticket is best: logs must be attached." in bug.text
    assert "Less suitable for this issue." in bug.text
    assert 'href="/chat?type=team_app_bug"' in bug.text
    assert "This is not handled in chat." in secret.text
    assert 'href="/chat?type' not in secret.text


async def test_what_nobody_sends_is_forgotten_after_a_month(
    site: str, cast: Cast, clock: FrozenClock
) -> None:
    report = technical()
    async with await visiting(cast, site, "finn") as finn:
        await finn.post(f"/report/{report['draft']}/save", data=report)
    cast.desk.parts.pop("contact_swept", None)
    assert await sweep_forgotten(cast.desk) == 0
    clock.advance(days=30, hours=1)
    assert await sweep_forgotten(cast.desk) == 1
