"""Story A3.1 to A3.7: no duplicate tickets. Over HTTP: programs, and a browser without scripts."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from helpdesk.alerts.commands import alerts_changed
from helpdesk.catalogue.document import Sensitivity
from helpdesk.tickets.models import from_reference, reference
from tests.helpdesk.contact.offers import an_alert
from tests.helpdesk.contact.reports import Visiting, payment, png, visiting
from tests.helpdesk.contact.test_api import count, fields, program, ticket, upload
from tests.helpdesk.evidence.build import attach
from tests.people import Cast
from tests.triage.twins.build import forget_words, indexed
from triage.twins.indexing import index_tickets
from triage.twins.vectors import load


@pytest.fixture(autouse=True)
async def nothing_known(cast: Cast) -> None:
    """Every process remembers some words and alerts for seconds; the tables are empty."""
    forget_words(cast.desk)
    await load(cast.desk)
    cast.desk.live.deliver([alerts_changed()])


def withdrawal(**changes: Any) -> dict[str, Any]:
    """What a program sends of it."""
    return {
        "type": "payment_not_received",
        "contract": "C-1002",
        "milestone": 2,
        "subject": "Milestone 2 was approved but the payment never came",
        "description": "I handed over the files on 20 May. It was approved, but nothing was paid.",
        "answers": {
            "transaction_date": "2026-05-25",
            "amount": {"amount": "500", "currency": "JPY"},
            "transaction_id": "T-77",
        },
        **changes,
    }


def typed(**changes: str) -> dict[str, str]:
    """What she fills in."""
    report = {"contract": "C-1002", "answers.amount": "500", "answers.amount.currency": "JPY"}
    return payment(**{**report, **changes})


async def hd_20(cast: Cast, site: str) -> str:
    """Nina's open ticket, for payment_not_received, contract C-1002, transaction T-77."""
    async with await program(cast, site, "nina") as nina:
        answer = await nina.post("/api/v1/tickets", json=withdrawal())
    assert answer.status_code == 201, answer.text
    ref = str(answer.json()["reference"])
    await index_tickets(cast.desk, [from_reference(ref) or 0])
    return ref


async def links(cast: Cast) -> list[tuple[str, str, str, str]]:
    rows = await cast.desk.pool.fetch("SELECT * FROM ticket_links ORDER BY id")
    return [
        (reference(r["ticket_id"]), reference(r["other_id"]), r["kind"], r["reason"]) for r in rows
    ]


async def test_a31_a_program_is_told_before_it_files(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    async with await program(cast, site, "nina") as nina:
        body = withdrawal(subject="", description="", contract="")
        looked = await nina.post("/api/v1/tickets/preview", json=body)
        assert looked.status_code == 200, looked.text
        [twin] = looked.json()["duplicates"]
        assert (twin["ref"], twin["strength"], twin["status"]) == (ref, "strong", "new")
        assert twin["waits_for"].startswith("We have your request.")
        assert {"subject", "description", "contract"} <= looked.json()["missing"].keys()
        refused = await nina.post("/api/v1/tickets", json=withdrawal())
    assert refused.status_code == 409
    problem = refused.json()
    assert refused.headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["duplicate_of"]) == ("urn:problem:duplicate_of", ref)
    assert problem["duplicates"][0]["ref"] == ref
    assert await count(cast) == 1


async def test_a31_the_form_and_the_last_look_offer_to_add_it(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    report = typed()
    async with await visiting(cast, site, "nina") as nina:
        asked = {name: report[name] for name in ("service", "type", "answers.transaction_id")}
        part = (await nina.get("/report/suggestions", params=asked)).text
        assert f"You have told us about this: {ref}." in part
        assert f'value="add:{ref}"' in part
        page = (await nina.post("/report", data={**report, "do": "update"})).text
        assert f'btn-primary btn-lg" type="submit" name="do" value="add:{ref}"' in page
        assert "We have your request. An agent of the Payments department will read it." in page
        assert "We aim to answer within" in page
        await nina.post("/report", data={**report, "do": "check"})
        check = await nina.get(f"/report/{report['draft']}/check")
    assert check.status_code == 200
    assert f"Add this to {ref}" in check.text
    assert report["description"] in check.text
    assert "Send as a new request" in check.text


async def added(cast: Cast, ref: str) -> tuple[list[str], list[str]]:
    id = from_reference(ref)
    rows = await cast.desk.pool.fetch(
        "SELECT body FROM messages WHERE ticket_id = $1 ORDER BY id", id
    )
    files = await cast.desk.pool.fetch(
        "SELECT name FROM evidence WHERE ticket_id = $1 AND name <> ''", id
    )
    return [row["body"] for row in rows], [row["name"] for row in files]


@pytest.mark.parametrize("where", ["/report", "check"])
async def test_a32_her_text_and_file_join_it_by_the_form(site: str, cast: Cast, where: str) -> None:
    ref = await hd_20(cast, site)
    report = typed(description="It is still not there on Friday, see the picture I add.")
    file = {"evidence.bank_slip": ("slip.png", png(), "image/png")}
    async with await visiting(cast, site, "nina") as nina:
        if where == "check":
            await nina.post("/report", data={**report, "do": "check"}, files=file)
            again = [
                await nina.post(f"/report/{report['draft']}/send", data={"do": f"add:{ref}"})
                for _ in range(2)
            ]
        else:
            short = {**report, "subject": "", "answers.amount": "not a number"}
            data = {**short, "do": f"add:{ref}"}
            again = [await nina.post("/report", data=data, files=file) for _ in range(2)]
        assert [answer.status_code for answer in again] == [303, 303]
        sent = await nina.get(again[0].headers["location"])
        assert sent.status_code == 200
        assert f'Added to <span class="reference">{ref}</span>' in sent.text
        page = await nina.get(f"/requests/{ref}")
        assert "It is still not there on Friday" in page.text
    bodies, files = await added(cast, ref)
    assert len(bodies) == 2
    assert "Transaction ID: T-77" in bodies[1]
    assert files == ["slip.png"]
    assert await count(cast) == 1


async def test_a32_and_by_the_api_with_200(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    async with await program(cast, site, "nina") as nina:
        body = {
            "type": "payment_not_received",
            "description": "It is still not there on Friday.",
            "files": [await upload(nina, "slip.png", png())],
            "add_to": ref,
        }
        key = {"Idempotency-Key": str(uuid4())}
        one, two = await asyncio.gather(
            *(nina.post("/api/v1/tickets", json=body, headers=key) for _ in range(2))
        )
    assert (one.status_code, two.status_code) == (200, 200), one.text + two.text
    assert one.json()["reference"] == two.json()["reference"] == ref
    assert (await added(cast, ref)) == (
        ["I handed over the files on 20 May. It was approved, but nothing was paid.",
         "It is still not there on Friday."],
        ["slip.png"],
    )  # fmt: skip
    assert await count(cast) == 1


async def test_a33_a_double_click_is_one_ticket(site: str, cast: Cast) -> None:
    async with await program(cast, site, "nina") as nina:
        key = {"Idempotency-Key": str(uuid4())}
        pair = await asyncio.gather(
            *(nina.post("/api/v1/tickets", json=withdrawal(), headers=key) for _ in range(2))
        )
    assert [answer.status_code for answer in pair] == [201, 201]
    assert len({answer.json()["reference"] for answer in pair}) == 1
    assert await count(cast) == 1


async def test_a34_fifty_at_once_are_one_ticket_and_the_others_name_it(
    site: str, cast: Cast
) -> None:
    async with await program(cast, site, "nina") as nina:
        sends = [
            nina.post(
                "/api/v1/tickets",
                json=withdrawal(subject=f"Number {n}: the payment never came"),
                headers={"Idempotency-Key": str(uuid4())},
            )
            for n in range(50)
        ]
        answers = await asyncio.gather(*sends)
    [made] = [answer for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(refused) == 49
    assert {problem["duplicate_of"] for problem in refused} == {made.json()["reference"]}
    assert await count(cast) == 1


async def test_a34_twenty_browsers_at_once_are_one_ticket(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "nina") as nina:
        sends = [nina.post("/report/send", data=typed(milestone="2")) for _ in range(20)]
        answers = await asyncio.gather(*sends)
        assert sorted(answer.status_code for answer in answers) == [303] + 19 * [409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert "Add this to HD-" in refused.text
        assert typed()["description"] in refused.text
    assert await count(cast) == 1


async def test_a35_with_a_reason_a_new_one_is_filed_and_linked(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    async with await program(cast, site, "nina") as nina:
        blank = await nina.post("/api/v1/tickets", json=withdrawal(not_duplicate="  "))
        assert blank.status_code == 409
        body = withdrawal(not_duplicate="different withdrawal")
        made = await nina.post("/api/v1/tickets", json=body)
        assert made.status_code == 201, made.text
    other = made.json()
    assert await links(cast) == [
        (other["reference"], ref, "possible_duplicate", "different withdrawal")
    ]
    pair = await cast.desk.pool.fetch("SELECT severity, group_id FROM tickets")
    assert pair[0] == pair[1]


async def test_a35_and_on_the_page_the_reason_is_asked_for(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    report = typed()
    send = f"/report/{report['draft']}/send"
    async with await visiting(cast, site, "nina") as nina:
        await nina.post("/report", data={**report, "do": "check"})
        empty = await nina.post(send, data={"do": "despite", "despite": " "})
        assert empty.status_code == 422
        assert "Say in one sentence what is different." in empty.text
        assert report["description"] in empty.text
        sent = await nina.post(send, data={"do": "despite", "despite": "different withdrawal"})
        assert sent.status_code == 303
        page = await nina.get(sent.headers["location"])
        assert "Sent. Your reference is" in page.text
    [link] = await links(cast)
    assert link[1:] == (ref, "possible_duplicate", "different withdrawal")


async def test_a36_another_contract_is_only_a_soft_suggestion(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    body = withdrawal(contract="C-1003")
    body["answers"] = {
        **body["answers"],
        "transaction_id": "T-80",
        "amount": {"amount": "500.00", "currency": "EUR"},
    }
    async with await program(cast, site, "nina") as nina:
        looked = await nina.post("/api/v1/tickets/preview", json=body)
        [twin] = looked.json()["duplicates"]
        assert (twin["ref"], twin["strength"]) == (ref, "possible")
        made = await nina.post("/api/v1/tickets", json=body)
    assert made.status_code == 201, made.text
    assert await links(cast) == []


async def test_a37_the_other_side_files_on_the_same_case_and_neither_sees_the_other(
    site: str, cast: Cast
) -> None:
    ref = await hd_20(cast, site)
    theirs = withdrawal(subject="Canarycora: the freelancer says nothing was paid")
    async with await program(cast, site, "cora") as cora:
        looked = await cora.post("/api/v1/tickets/preview", json=theirs)
        assert looked.json()["duplicates"] == []
        assert ref not in looked.text
        made = await cora.post("/api/v1/tickets", json=theirs)
        assert made.status_code == 201, made.text
        hers = made.json()["reference"]
        wrong = await cora.post("/api/v1/tickets", json={**theirs, "add_to": ref})
        assert wrong.status_code == 422
        assert fields(wrong) == {"add_to": "This is not one of your own tickets."}
        absent = await cora.post("/api/v1/tickets", json={**theirs, "add_to": "HD-99999"})
        assert fields(absent) == fields(wrong)
    rows = await cast.desk.pool.fetch("SELECT case_id FROM tickets")
    assert rows[0] == rows[1]
    case = await cast.desk.pool.fetchval("SELECT case_id FROM tickets LIMIT 1")
    filed = type("Filed", (), {"ticket_id": from_reference(hers), "case_id": case})()
    piece = await attach(cast, site, filed, "secret.png", png(), Sensitivity.PRIVATE, "cora")
    async with await program(cast, site, "nina") as nina, await visiting(cast, site, "nina") as tab:
        assert (await nina.get(f"/api/v1/tickets/{hers}")).status_code == 404
        assert (await tab.get(f"/requests/{hers}")).status_code == 404
        assert (await tab.get(f"/evidence/{piece.id}")).status_code == 404
        own = await tab.get(f"/requests/{ref}")
        assert "Canarycora" not in own.text
        looked = await nina.post("/api/v1/tickets/preview", json=withdrawal())
        assert "Canarycora" not in looked.text
    for agent in ("pete", "amy"):
        async with await visiting(cast, site, agent) as desk:
            for one in (ref, hers):
                assert (await desk.get(f"/desk/tickets/{one}")).status_code == 200


async def test_what_is_private_is_added_for_the_department_alone(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    report = typed(private="1", description="Canarysecret: my new bank is the one in Lisbon.")
    async with await visiting(cast, site, "nina") as nina:
        await nina.post("/report", data={**report, "do": f"add:{ref}"})
        assert "Canarysecret" in (await nina.get(f"/requests/{ref}")).text
    seen = {}
    for agent in ("pete", "amy"):
        async with await visiting(cast, site, agent) as desk:
            seen[agent] = "Canarysecret" in (await desk.get(f"/desk/tickets/{ref}")).text
    assert seen == {"pete": True, "amy": False}


async def add(nina: Visiting, ref: str, report: dict[str, str]) -> Any:
    return await nina.post("/report", data={**report, "do": f"add:{ref}"})


async def test_nothing_to_add_is_asked_for(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    async with await visiting(cast, site, "nina") as nina:
        for words in ("", " ", "\u200b"):
            answer = await add(nina, ref, typed(subject=words, description=words))
            assert answer.status_code == 422, words
            assert "Say what is new, or add a file." in answer.text
        nul = await add(nina, ref, typed(description="a \0 b and some more words"))
        assert nul.status_code == 422
        for odd in ("HD-1", "HD-99999999", "", "10001 OR 1=1", "HD-٣٣٣٣٣"):
            answer = await add(nina, odd, typed())
            assert answer.status_code == 409, odd
    assert (await added(cast, ref))[0] == [withdrawal()["description"]]
    assert await count(cast) == 1


async def test_a36_the_page_offers_it_and_sends_all_the_same(site: str, cast: Cast) -> None:
    ref = await hd_20(cast, site)
    report = typed(
        contract="C-1003",
        subject="Milestone 1 was approved but the payment never came",
        **{"answers.transaction_id": "T-80", "answers.amount.currency": "EUR"},
    )
    async with await visiting(cast, site, "nina") as nina:
        asked = {name: report[name] for name in ("service", "type", "subject", "contract")}
        part = (await nina.get("/report/suggestions", params=asked)).text
        assert "It may be about one of your requests." in part
        assert f"Add this to {ref}" in part
        assert ">Check and send<" in part
        await nina.post("/report", data={**report, "do": "check"})
        check = await nina.get(f"/report/{report['draft']}/check")
        assert "Is it about one of your requests?" in check.text
        sent = await nina.post(f"/report/{report['draft']}/send")
    assert sent.status_code == 303
    assert await count(cast) == 2


async def test_three_people_at_once_are_told_of_without_a_word_of_theirs(
    site: str, cast: Cast
) -> None:
    """Nothing of a stranger: no word, no reference, no number that tells how alike."""
    told = "Several people report something like this right now."
    asked = {
        "service": "technical_support",
        "type": "tech_unsolved",
        "subject": "Invoice page stays empty after clearing the cache",
    }
    async with await program(cast, site, "nina") as nina, await visiting(cast, site) as visitor:
        before = (await nina.post("/api/v1/tickets/preview", json=ticket())).json()
        for number, who in enumerate(("finn", "otto", "omar")):
            assert told not in (await visitor.get("/report/suggestions", params=asked)).text
            words = f"Invoice page stays empty after clearing the cache canary{who}"
            body = "canarybody: I opened the invoice page and expected a list, it is empty."
            filed = await indexed(cast, who, words, body, type_key="tech_unsolved")
            assert filed.ticket_id, number
        part = (await visitor.get("/report/suggestions", params=asked)).text
        looked = await nina.post("/api/v1/tickets/preview", json=ticket())
    assert told in part
    assert looked.json()["several_report_it"] is True
    assert before == {**looked.json(), "several_report_it": False}
    for text in (part, looked.text):
        assert "canary" not in text
        assert "HD-" not in text.replace('placeholder="HD-', "")


async def test_a_known_issue_says_it_better(site: str, cast: Cast) -> None:
    cast.desk.live.deliver([alerts_changed()])
    await asyncio.sleep(0.05)
    await an_alert(cast, "Invoice page stays empty", "technical_support")
    for who in ("finn", "otto", "omar"):
        await indexed(cast, who, ticket()["subject"], type_key="tech_unsolved")
    async with await program(cast, site, "nina") as nina:
        looked = (await nina.post("/api/v1/tickets/preview", json=ticket())).json()
    assert [alert["title"] for alert in looked["alerts"]] == ["Invoice page stays empty"]
    assert looked["several_report_it"] is False


async def test_the_last_look_lets_them_follow_a_known_issue_instead(site: str, cast: Cast) -> None:
    await asyncio.sleep(0.05)
    id = await an_alert(cast)
    report = typed(subject="The payments page hangs and my payment never came")
    async with await visiting(cast, site, "nina") as nina:
        await nina.post("/report", data={**report, "do": "check"})
        look = f"/report/{report['draft']}/check"
        assert "This affects me: tell me when it is fixed" in (await nina.get(look)).text
        for _ in range(2):
            send = f"/report/{report['draft']}/send"
            answer = await nina.post(send, data={"do": f"affects:{id}"})
            assert answer.headers["location"] == look
        assert "We tell you when it is fixed. You need not send" in (await nina.get(look)).text
    assert await cast.desk.pool.fetchval("SELECT affected FROM alerts") == 1
    assert await count(cast) == 0


async def test_a_failing_engine_never_stops_a_report(
    site: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await hd_20(cast, site)

    def broken(*_: object) -> None:
        raise RuntimeError("the engine is broken")

    monkeypatch.setattr("triage.twins.candidates.read_report", broken)
    async with await visiting(cast, site, "nina") as nina:
        report = typed()
        await nina.post("/report", data={**report, "do": "check"})
        check = await nina.get(f"/report/{report['draft']}/check")
        assert f"Add this to {ref}" in check.text
        sent = await nina.post("/report/send", data=payment(contract="C-1003", **OTHER))
    assert sent.status_code == 303, sent.text


OTHER = {"answers.transaction_id": "T-80", "answers.amount.currency": "EUR"}
BODIES: list[dict[str, Any]] = [
    {"type": "payment_not_received"},
    {"type": "payment_not_received", "subject": "x"},
    {"type": "no_such_type", "subject": "Milestone 2 was approved"},
    {"type": "payment_not_received", "subject": "\u0000" * 20, "contract": "\u0000"},
    {"type": "payment_not_received", "answers": {"transaction_id": "\u0000T-77"}},
    {"type": "payment_not_received", "answers": {"transaction_id": "7" * 5_000}},
    {"type": "payment_not_received", "contract": "C-1002" * 100},
    {"type": "payment_not_received", "subject": "12345 67890 12345"},
    {"type": "payment_not_received", "subject": "日本語の件名です。支払いが届きません"},
    {"type": "payment_not_received", "description": "ERROR at line 1\n" * 6_000},
    {"type": "payment_not_received", "subject": "<b>Milestone</b> & {{ 7*7 }} %s"},
    {"type": "payment_not_received", "files": ["x"], "evidence": {"bank_slip": [str(uuid4())]}},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_whatever_is_looked_at_is_answered(
    site: str, cast: Cast, body: dict[str, Any]
) -> None:
    await hd_20(cast, site)
    async with await program(cast, site, "nina") as nina:
        answer = await nina.post("/api/v1/tickets/preview", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["missing"]
    assert await count(cast) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"type": 7}', 422),
        (b'{"type": "x", "y": 1}', 422),
    ],
)
async def test_what_is_no_ticket_is_no_preview(
    site: str, cast: Cast, body: bytes, status: int
) -> None:
    async with await program(cast, site, "nina") as nina:
        headers = {"content-type": "application/json"}
        answer = await nina.post("/api/v1/tickets/preview", content=body, headers=headers)
    assert answer.status_code == status
