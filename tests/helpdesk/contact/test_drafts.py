"""Reports that are not sent yet: kept, restored with their files, and nobody else's."""

import asyncio
import re
from uuid import uuid4

from sqlmodel import col, select

from helpdesk.contact.models import Draft
from helpdesk.core.clock import FrozenClock
from helpdesk.evidence.models import Evidence, Upload
from helpdesk.people.models import Person
from helpdesk.tickets.models import Ticket
from tests.helpdesk.contact.reports import (
    LOG,
    Visiting,
    errors_in,
    png,
    question,
    technical,
    typed_in,
    visiting,
)
from tests.people import Cast


async def count(cast: Cast, table: type) -> int:
    async with cast.desk.reading() as db:
        return len((await db.exec(select(table))).all())


async def with_log(browser: Visiting, report: dict[str, str]) -> None:
    files = {"evidence.team_log": ("team.log", LOG, "text/plain")}
    answer = await browser.post("/report", data={**report, "do": "update"}, files=files)
    assert answer.status_code == 200
    assert "team.log" in answer.text


def bug(**changes: str) -> dict[str, str]:
    return technical(type="team_app_bug", **{"answers.app_version": "3.4.1", **changes})


async def test_a_saved_draft_is_back_on_return(site: str, cast: Cast) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        saved = await finn.post(f"/report/{report['draft']}/save", data=report)
        assert saved.json()["saved"].startswith("2026-06-02T10:00")
        back = await finn.get("/report?type=team_app_bug")
        assert back.headers["location"] == f"/report/{report['draft']}"
        page = await finn.get(back.headers["location"])
    assert "Draft from" in page.text
    assert typed_in(page.text, "subject") == report["subject"]


async def test_files_posted_with_the_form_survive_a_refusal(site: str, cast: Cast) -> None:
    report = bug(subject="bug")
    files = [
        ("evidence.team_log", ("team.log", LOG, "text/plain")),
        ("evidence.screenshot", ("wrong.png", png(), "image/png")),
        ("evidence.screenshot", ("virus.png", b"MZ\x90\x00" + bytes(400), "image/png")),
    ]
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report", data={**report, "do": "check"}, files=files)
        assert answer.status_code == 422
        assert set(errors_in(answer.text)) == {"subject", "evidence.screenshot"}
        assert "“virus.png”: This looks like" in answer.text
        assert "team.log" in answer.text
        again = await finn.post("/report", data={**bug(draft=report["draft"]), "do": "check"})
        assert again.status_code == 303, errors_in(again.text)
        shown = await finn.get(again.headers["location"])
        assert "team.log" in shown.text
        await finn.post(f"/report/{report['draft']}/send")
    async with cast.desk.reading() as db:
        pieces = (await db.exec(select(Evidence).order_by(col(Evidence.id)))).all()
    named = {piece.evidence_key: piece for piece in pieces}
    assert named["team_log"].audience == "private"
    assert named["screenshot"].name == "wrong.png"
    assert named["environment"].facts["Operating system"] == "Windows 11"


async def test_the_same_file_posted_twice_is_kept_once(site: str, cast: Cast) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        await with_log(finn, report)
        await with_log(finn, report)
    assert await count(cast, Upload) == 1


async def test_a_file_can_be_taken_away_again(site: str, cast: Cast) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        await with_log(finn, report)
        async with cast.desk.reading() as db:
            [upload] = (await db.exec(select(Upload))).all()
        page = await finn.post("/report", data={**report, "do": f"remove:{upload.id}"})
    assert "team.log" not in page.text.split("Where do we answer")[0].split("Checklist")[1]
    assert await count(cast, Upload) == 0


async def test_discarding_a_draft_takes_its_files_along(site: str, cast: Cast) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        await with_log(finn, report)
        answer = await finn.post(f"/report/{report['draft']}/discard")
        assert answer.status_code == 303
        page = await finn.get(answer.headers["location"])
        assert page.status_code == 200
        assert (await finn.get(f"/report/{report['draft']}")).status_code == 404
    assert await count(cast, Upload) == 0


async def test_nobody_sees_or_sends_somebody_else_s_draft(site: str, cast: Cast) -> None:
    report = bug()
    path = f"/report/{report['draft']}"
    async with await visiting(cast, site, "finn") as finn:
        await finn.post(f"{path}/save", data=report)
    for who in ("nina", "cora", ""):
        async with await visiting(cast, site, who) as other:
            assert (await other.get(path)).status_code == 404
            assert (await other.get(f"{path}/check")).status_code == 404
            assert (await other.post(f"{path}/send")).status_code == 404
            sent = await other.get(f"{path}/sent")
            assert sent.status_code == 404
    assert await count(cast, Ticket) == 0


async def test_somebody_else_s_draft_and_one_that_never_was_answer_the_same(
    site: str, cast: Cast
) -> None:
    report = bug(description="What Finn wrote, and nobody else may change.")
    async with await visiting(cast, site, "finn") as finn:
        await with_log(finn, report)
        await finn.post(f"/report/{report['draft']}/save", data=report)
    for who in ("nina", ""):
        answers = []
        for id in (report["draft"], str(uuid4())):
            async with await visiting(cast, site, who) as other:
                typed = bug(draft=id, description="What somebody else wrote, at some length.")
                saved = await other.post(f"/report/{id}/save", data=typed)
                sent = await other.get(f"/report/{id}/sent")
                gone = await other.post(f"/report/{id}/discard")
                told = (saved.status_code, saved.json(), sent.status_code, sent.text[:40])
                answers.append((*told, gone.status_code, gone.headers["location"]))
        assert answers[0] == answers[1]
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get(f"/report/{report['draft']}")
    assert typed_in(page.text, "description") == report["description"]
    assert await count(cast, Upload) == 1


async def test_what_one_types_under_a_foreign_id_becomes_a_draft_of_one_s_own(
    site: str, cast: Cast
) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        await finn.post(f"/report/{report['draft']}/save", data=report)
    hers = {**report, "subject": "Nina signed in on this computer and went on typing"}
    async with await visiting(cast, site, "nina") as nina:
        for _ in range(2):
            saved = await nina.post(f"/report/{report['draft']}/save", data=hers)
            assert saved.json()["saved"]
        page = await nina.get((await nina.get("/report")).headers["location"])
    assert typed_in(page.text, "subject") == hers["subject"]
    assert await count(cast, Draft) == 2


async def test_a_draft_sent_from_another_tab_shows_its_confirmation(site: str, cast: Cast) -> None:
    report = technical()
    path = f"/report/{report['draft']}"
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report", data={**report, "do": "check"})
        first = await finn.post(f"{path}/send")
        for answer in (
            await finn.post(f"{path}/send"),
            await finn.post("/report/send", data=report),
            await finn.post("/report", data={**report, "do": "check"}),
            await finn.get(path),
            await finn.get(f"{path}/check"),
        ):
            assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/sent")
        told = await finn.post(f"{path}/save", data=report)
    assert first.headers["location"] == f"{path}/sent"
    assert (told.status_code, told.json()["go"]) == (409, f"{path}/sent")
    assert await count(cast, Ticket) == 1


async def test_a_draft_of_an_older_catalogue_is_checked_against_today_s(
    site: str, cast: Cast
) -> None:
    report = technical(catalogue="0", type="a_type_that_was_dropped")
    async with await visiting(cast, site, "finn") as finn:
        await finn.post(f"/report/{report['draft']}/save", data=report)
        page = await finn.get(f"/report/{report['draft']}")
        assert "The form has changed since you began" in page.text
        answer = await finn.get(f"/report/{report['draft']}/check")
    assert answer.status_code == 422
    assert list(errors_in(answer.text)) == ["type"]


async def test_text_sent_after_the_session_ended_waits_behind_the_sign_in(
    site: str, cast: Cast, clock: FrozenClock
) -> None:
    report = technical()
    path = f"/report/{report['draft']}"
    async with await visiting(cast, site, "finn") as finn:
        await finn.get("/report?new=1")
        await finn.post("/report", data={**report, "do": "update"})
        session = cast.desk.settings.session_cookie
        finn.kept.pop(session)  # it expired
        changed = {**report, "description": "Everything I have typed since then, at length."}
        files = {"evidence.screenshot": ("late.png", png(), "image/png")}
        answer = await finn.post("/report", data={**changed, "do": "check"}, files=files)
        assert answer.headers["location"] == f"/sign-in?next=%2Freport%2F{report['draft']}"
        # Without signing in nothing of it is shown, not even to this browser.
        assert (await finn.get(path)).headers["location"].startswith("/sign-in")
        finn.kept |= (await visiting(cast, site, "finn")).kept
        page = await finn.get(path)
    assert typed_in(page.text, "description") == changed["description"]
    assert "late.png" in page.text


async def test_what_a_visitor_began_goes_along_when_they_sign_in(site: str, cast: Cast) -> None:
    report = technical(do="sign-in")
    async with await visiting(cast, site) as browser:
        await browser.get("/report")
        await browser.post("/report", data=report)
        browser.kept |= (await visiting(cast, site, "finn")).kept
        page = await browser.get(f"/report/{report['draft']}")
        assert typed_in(page.text, "subject") == report["subject"]
        sent = await browser.post("/report/send", data=technical(draft=report["draft"]))
    assert sent.status_code == 303
    async with cast.desk.reading() as db:
        [ticket] = (await db.exec(select(Ticket))).all()
    assert ticket.requester_id == cast.finn.id


async def test_drafts_older_than_a_month_are_not_offered(
    site: str, cast: Cast, clock: FrozenClock
) -> None:
    report = bug()
    async with await visiting(cast, site, "finn") as finn:
        await finn.post(f"/report/{report['draft']}/save", data=report)
    clock.advance(days=31)
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get("/report?type=team_app_bug")
    assert page.status_code == 200


async def test_a_guest_files_with_a_file_and_follows_it_from_there(site: str, cast: Cast) -> None:
    report = question()
    async with await visiting(cast, site) as guest:
        await guest.get("/report?service=customer_service&type=guidance")
        files = {"files": ("picture.png", png(), "image/png")}
        answer = await guest.post("/report", data={**report, "do": "check"}, files=files)
        assert answer.status_code == 303, errors_in(answer.text)
        shown = await guest.get(answer.headers["location"])
        assert "gwen@example.org" in shown.text
        assert "picture.png" in shown.text
        sent = await guest.post(f"/report/{report['draft']}/send")
        page = await guest.get(sent.headers["location"])
        assert re.search(r"HD-\d{5,}", page.text)
        assert "gwen@example.org" in page.text
    async with await visiting(cast, site) as stranger:
        assert (await stranger.get(f"/report/{report['draft']}/sent")).status_code == 404
    rows = await cast.desk.pool.fetch("SELECT to_address, body FROM mails")
    assert [row["to_address"] for row in rows] == ["gwen@example.org"]
    assert "/guest/" in rows[0]["body"]


async def test_a_guest_s_twenty_submits_are_one_ticket_of_one_guest(site: str, cast: Cast) -> None:
    report = question()
    before = await count(cast, Person)
    async with await visiting(cast, site) as guest:
        await guest.get("/report")
        answers = await asyncio.gather(
            *(guest.post("/report/send", data=report) for _ in range(20))
        )
    assert {answer.status_code for answer in answers} == {303}
    assert await count(cast, Ticket) == 1
    assert await count(cast, Person) == before + 1


async def test_a_guest_must_say_who_they_are(site: str, cast: Cast) -> None:
    async with await visiting(cast, site) as guest:
        nobody = await guest.post("/report/send", data=question(name="", email=""))
        wrong = await guest.post("/report/send", data=question(email="not an address"))
    assert list(errors_in(nobody.text)) == ["name", "email"]
    assert list(errors_in(wrong.text)) == ["email"]
