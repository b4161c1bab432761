"""The report form over HTTP: what it refuses, and that nothing typed is lost."""

import asyncio

import pytest
from sqlmodel import col, select

from helpdesk.tickets.models import Ticket
from tests.helpdesk.contact.reports import (
    errors_in,
    payment,
    technical,
    typed_in,
    visiting,
    without,
)
from tests.people import Cast


async def tickets(cast: Cast) -> list[Ticket]:
    async with cast.desk.reading() as db:
        return list((await db.exec(select(Ticket).order_by(col(Ticket.id)))).all())


async def test_a_report_in_one_step_is_a_ticket(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "cora") as cora:
        answer = await cora.post("/report/send", data=technical())
        assert answer.status_code == 303, answer.text
        page = await cora.get(answer.headers["location"])
    assert page.status_code == 200
    [ticket] = await tickets(cast)
    assert f"HD-{10_000 + ticket.id}" in page.text
    assert "Technical" in page.text
    assert ticket.group_id == cast.groups["TECH"].id


async def test_the_long_way_checks_shows_and_sends(site: str, cast: Cast) -> None:
    report = payment()
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report", data={**report, "do": "check"})
        assert answer.headers["location"] == f"/report/{report['draft']}/check"
        page = await finn.get(answer.headers["location"])
        assert "Nothing has been sent yet" in page.text
        for words in (report["subject"], "Logo and brand kit", "2. Final files", "USD 500.00"):
            assert words in page.text
        assert await tickets(cast) == []
        sent = await finn.post(f"/report/{report['draft']}/send")
        assert sent.headers["location"] == f"/report/{report['draft']}/sent"
        confirmation = await finn.get(sent.headers["location"])
    [ticket] = await tickets(cast)
    assert "do not open a second ticket" in confirmation.text
    assert ticket.contract_id == cast.contracts["C-1001"].id
    assert ticket.milestone_id == cast.milestones["C-1001"][1].id
    assert ticket.answers["amount"] == {"minor": 50_000, "currency": "USD"}


MISSING = [
    ("service", payment(), ("service",)),
    ("type", payment(), ("type",)),
    ("contract", payment(), ("contract",)),
    ("milestone", payment(), ("milestone",)),
    ("subject", payment(), ("subject",)),
    ("description", payment(), ("description",)),
    ("answers.transaction_date", payment(), ("answers.transaction_date",)),
    ("answers.amount", payment(), ("answers.amount",)),
    ("answers.transaction_id", payment(), ("answers.transaction_id",)),
    ("answers.browser", technical(), ("answers.browser",)),
    ("answers.steps", technical(), ("answers.steps",)),
]


@pytest.mark.parametrize(("field", "report", "left_out"), MISSING, ids=[m[0] for m in MISSING])
async def test_a_missing_piece_is_named_and_everything_else_is_kept(
    site: str, cast: Cast, field: str, report: dict[str, str], left_out: tuple[str, ...]
) -> None:
    async with await visiting(cast, site, "finn") as finn:
        for path in ("/report", "/report/send"):
            answer = await finn.post(path, data=without(report, *left_out))
            assert answer.status_code == 422
            assert list(errors_in(answer.text)) == [field]
            assert "<title>Error: " in answer.text
            for name in {"subject", "description"} - {field}:
                if field not in ("service", "type"):
                    assert typed_in(answer.text, name) == report[name]
    assert await tickets(cast) == []


async def test_a_required_file_is_asked_for_by_its_field(site: str, cast: Cast) -> None:
    report = technical(type="team_app_bug", **{"answers.app_version": "3.4.1"})
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=report)
    assert answer.status_code == 422
    assert errors_in(answer.text) == {"evidence.team_log": "Add this: Team log file."}
    assert typed_in(answer.text, "answers.app_version") == "3.4.1"


@pytest.mark.parametrize("subject", ["bug", "x" * 121, "y" * 300])
async def test_a_subject_of_the_wrong_length_gets_advice(
    site: str, cast: Cast, subject: str
) -> None:
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=technical(subject=subject))
    assert "Summarise your question in one line" in errors_in(answer.text)["subject"]
    assert typed_in(answer.text, "subject") == subject


@pytest.mark.parametrize("length", [10, 120])
async def test_the_shortest_and_the_longest_subject_are_taken(
    site: str, cast: Cast, length: int
) -> None:
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=technical(subject="w" * length))
    assert answer.status_code == 303


async def test_a_stranger_s_contract_is_as_unknown_as_one_that_is_not_there(
    site: str, cast: Cast
) -> None:
    async with await visiting(cast, site, "otto") as otto:
        foreign = await otto.post("/report/send", data=payment(contract="C-1001"))
        nowhere = await otto.post("/report/send", data=payment(contract="C-9999"))
    assert foreign.status_code == nowhere.status_code == 422
    assert errors_in(foreign.text) == errors_in(nowhere.text)
    assert list(errors_in(foreign.text)) == ["contract"]
    assert "Logo and brand kit" not in foreign.text


async def test_a_colleague_may_report_about_the_company_s_contract(site: str, cast: Cast) -> None:
    report = payment(type="payment_dispute", **{"answers.reason": "twice"})
    async with await visiting(cast, site, "dora") as dora:
        answer = await dora.post("/report/send", data=report)
    assert answer.status_code == 303, errors_in(answer.text)


async def test_a_contract_written_by_hand_is_kept_and_not_verified(site: str, cast: Cast) -> None:
    report = payment(contract="other", contract_text="J-77 / Marta")
    async with await visiting(cast, site, "otto") as otto:
        answer = await otto.post("/report/send", data=report)
    assert answer.status_code == 303, errors_in(answer.text)
    [ticket] = await tickets(cast)
    assert (ticket.contract_id, ticket.contract_text) == (None, "J-77 / Marta")


async def test_another_contract_s_milestone_is_refused(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=payment(milestone="9"))
    assert list(errors_in(answer.text)) == ["milestone"]


async def test_severity_far_above_the_usual_asks_for_one_sentence(site: str, cast: Cast) -> None:
    report = technical(severity="urgent")
    async with await visiting(cast, site, "finn") as finn:
        refused = await finn.post("/report/send", data=report)
        assert list(errors_in(refused.text)) == ["severity_reason"]
        report["severity_reason"] = "Payday is tomorrow."
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    [ticket] = await tickets(cast)
    assert ticket.severity == 4
    assert ticket.answers["severity_reason"] == "Payday is tomorrow."


async def test_an_unknown_level_is_refused(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=technical(severity="9"))
    assert list(errors_in(answer.text)) == ["severity"]


async def test_none_with_a_reason_replaces_a_piece_that_may_be_lacking(
    site: str, cast: Cast
) -> None:
    report = without(payment(), "answers.transaction_id")
    report |= {"lacking.transaction_id": "Nothing was paid", "lacking.screenshot": "No picture"}
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report/send", data=report)
    assert answer.status_code == 303, errors_in(answer.text)
    [ticket] = await tickets(cast)
    assert ticket.answers["transaction_id"] == {"lacking": "Nothing was paid"}
    assert ticket.lacking == {"screenshot": "No picture"}


MARKUP = '<script>window.__xss=1</script>"><img src=x onerror=alert(1)> {{7*7}}'
HOSTILE = {
    "markup": MARKUP,
    "marks that turn text around": "invoice \u202egnp.exe\u202c and more text here",
    "ten thousand marks": "Zalgo" + "\u0301" * 10_000 + " writes a long enough text here",
    "nul": "a text with \0 in the middle of it, long enough",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("field", ["subject", "description", "answers.steps", "lacking.screenshot"])
async def test_hostile_text_is_defused_or_refused_beside_its_field(
    site: str, cast: Cast, field: str, kind: str
) -> None:
    text = HOSTILE[kind]
    async with await visiting(cast, site, "finn") as finn:
        answer = await finn.post("/report", data=technical(**{field: text}, do="check"))
        assert answer.status_code in (303, 422)
        if kind == "nul":
            assert list(errors_in(answer.text)) == [field]
        if answer.status_code == 303:
            answer = await finn.get(answer.headers["location"])
            assert answer.status_code == 200
            assert "\u202e" not in answer.text
        else:
            assert list(errors_in(answer.text)) == [field]
    assert "<script>window" not in answer.text
    assert "onerror=alert(1)>" not in answer.text


@pytest.mark.parametrize("field", ["service", "type", "contract", "milestone", "severity", "draft"])
async def test_hostile_values_in_choices_are_refused_without_a_crash(
    site: str, cast: Cast, field: str
) -> None:
    async with await visiting(cast, site, "finn") as finn:
        for text in (MARKUP, "\0", "x" * 5_000, "C-1001' OR 1=1 --", "٣"):
            report = technical if field == "draft" else payment
            answer = await finn.post("/report/send", data=report(**{field: text}))
            assert answer.status_code in ((303,) if field == "draft" else (422,))


async def test_twenty_submits_at_once_are_one_ticket(site: str, cast: Cast) -> None:
    report = payment()
    async with await visiting(cast, site, "finn") as finn:
        answers = await asyncio.gather(*(finn.post("/report/send", data=report) for _ in range(20)))
    assert {a.status_code for a in answers} == {303}
    assert len({a.headers["location"] for a in answers}) == 1
    assert len(await tickets(cast)) == 1


async def test_types_about_an_account_ask_to_sign_in(site: str, cast: Cast) -> None:
    report = technical(name="Gwen", email="gwen@example.org")
    async with await visiting(cast, site) as visitor:
        answer = await visitor.post("/report/send", data=report)
        assert list(errors_in(answer.text)) == ["type"]
        onward = await visitor.post("/report", data={**report, "do": "sign-in"})
    assert onward.headers["location"].startswith("/sign-in?next=%2Freport%2F")


async def test_a_service_must_be_chosen_to_go_on(site: str, cast: Cast) -> None:
    async with await visiting(cast, site) as visitor:
        first = await visitor.get("/contact")
        assert (first.status_code, errors_in(first.text)) == (200, {})
        refused = await visitor.get("/contact", params={"next": "types"})
        assert list(errors_in(refused.text)) == ["service"]
        chosen = await visitor.get("/contact", params={"service": "payments"})
    assert "/report?service=payments&amp;type=payment_dispute" in chosen.text
    assert "type=team_app_bug" not in chosen.text


async def test_changing_the_type_keeps_the_text_and_changes_the_questions(
    site: str, cast: Cast
) -> None:
    report = technical(type="team_app_bug", do="update")
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.post("/report", data=report)
    assert page.status_code == 200
    assert typed_in(page.text, "subject") == report["subject"]
    assert "Team log file" in page.text
    assert "App version" in page.text
    assert "logs must be attached" in page.text
    assert "Only you and the Technical department see it." in page.text


async def test_the_browser_is_read_from_its_header(site: str, cast: Cast) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get(
            "/report?service=technical_support&type=team_app_bug", headers={"user-agent": agent}
        )
    assert typed_in(page.text, "answers.operating_system") == "Linux"
    assert typed_in(page.text, "answers.browser") == "Firefox 141"


async def test_what_was_typed_for_a_chat_fills_the_form(site: str, cast: Cast) -> None:
    typed = {"type": "guidance", "do": "write", "description": "How do I do this? It matters."}
    async with await visiting(cast, site) as visitor:
        page = await visitor.post("/report", data=typed)
    assert page.status_code == 200
    assert errors_in(page.text) == {}
    assert typed_in(page.text, "description") == typed["description"]
