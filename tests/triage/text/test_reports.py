"""Reports in other languages, and with numbers nobody should read."""

import pytest

from helpdesk.core.text import BadText
from helpdesk.people.commands import change_person
from helpdesk.permissions import SYSTEM
from helpdesk.relay import relay_once
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.helpdesk.contact.reports import payment, question, technical, visiting
from tests.people import Cast
from triage.text.language import language_of

SPANISH = {
    "subject": "La aplicación se cierra sola al abrirla",
    "description": "Abrí la aplicación ayer. Esperaba ver mis horas, pero se cierra enseguida.",
}
CARD = "4539 1488 0343 6467"
IBAN = "DE89 3704 0044 0532 0130 00"


async def work(cast: Cast) -> None:
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass


async def test_a_report_in_spanish_is_welcome_and_tagged(site: str, cast: Cast) -> None:
    report = technical(**SPANISH)
    async with await visiting(cast, site, "finn") as finn:
        told = (await finn.post(f"/report/{report['draft']}/save", data=report)).json()
        assert told["language"]["code"] == "es"
        assert "En inglés respondemos antes" in told["language"]["text"]
        page = await finn.get(f"/report/{report['draft']}")
        assert 'lang="es"' in page.text
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    await work(cast)
    assert await cast.desk.pool.fetchval("SELECT language FROM tickets") == "es"
    kept = await cast.desk.pool.fetchval(
        "SELECT value FROM triage_suggestions WHERE kind = 'language'"
    )
    assert kept == "es"


async def test_agents_see_the_tag_and_find_by_it(site: str, cast: Cast) -> None:
    english = await a_ticket(cast)
    spanish = await a_ticket(cast, **SPANISH, language="es")
    hidden = await a_ticket(cast, **SPANISH, language="es", restricted=True, group_key="TAS")
    async with await visiting(cast, site, "amy") as amy:
        page = await amy.get(f"/desk/tickets/{spanish.reference}")
        found = await amy.get("/desk/search", params={"q": "lang:es"})
        narrowed = await amy.get("/desk/search", params={"q": "lang:es nothing"})
    assert "Written in</dt><dd>Spanish" in page.text
    assert spanish.reference in found.text
    assert english.reference not in found.text
    assert hidden.reference not in found.text
    assert spanish.reference not in narrowed.text


async def test_which_languages_an_agent_reads_can_be_set(cast: Cast) -> None:
    async with cast.desk.transaction(SYSTEM) as tx:
        person = await change_person(tx, "amy@desk.example.com", languages=["en", "es", "en"])
        assert person.languages == ["en", "es"]
        with pytest.raises(BadText):
            await change_person(tx, "amy@desk.example.com", languages=["Spanish"])


async def test_an_english_report_is_not_remarked_upon(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        told = (await finn.post(f"/report/{technical()['draft']}/save", data=technical())).json()
    assert told["language"] is None
    assert told["personal"] == ""


async def test_fifty_languages_can_be_sent(site: str, cast: Cast) -> None:
    text = "мой 支付 لم تصل платёж ödeme भुगतान πληρωμή התשלום 아직 ยังไม่ " * 4
    async with await visiting(cast, site, "finn") as finn:
        taken = await finn.post("/report/send", data=technical(description=text))
    assert taken.status_code == 303
    assert isinstance(language_of(text).code, str)


async def test_a_card_number_is_noticed_while_typing_and_hidden_when_stored(
    site: str, cast: Cast
) -> None:
    report = question(description=f"I want to pay with {CARD}, PIN: 4711. How do I do that?")
    async with await visiting(cast, site, "finn") as finn:
        told = (await finn.post(f"/report/{report['draft']}/save", data=report)).json()
        assert "a card number and a password or code" in told["personal"]
        check = await finn.get(f"/report/{report['draft']}/check")
        assert 'id="personal-notice"' in check.text
        assert CARD not in check.text
        taken = await finn.post(f"/report/{report['draft']}/send")
    assert taken.status_code == 303
    stored = await cast.desk.pool.fetchval("SELECT body FROM messages")
    assert stored == (
        "I want to pay with [card number ending in 6467], PIN: [password or code]. "
        "How do I do that?"
    )
    everything = await cast.desk.pool.fetch("SELECT facts::text FROM evidence")
    assert all(CARD not in row["facts"] for row in everything)


async def test_a_bank_account_that_a_trace_needs_is_private_evidence(site: str, cast: Cast) -> None:
    report = payment(description=f"Nothing was paid to {IBAN} since Monday, I expected 500.")
    async with await visiting(cast, site, "finn") as finn:
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    assert IBAN not in await cast.desk.pool.fetchval("SELECT body FROM messages")
    row = await cast.desk.pool.fetchrow(
        "SELECT sensitivity, audience, facts FROM evidence WHERE kind = 'bank_slip'"
    )
    assert row["facts"] == {"Number": IBAN}
    assert (row["sensitivity"], row["audience"]) == ("private", "private")


async def test_a_type_that_needs_none_keeps_none(site: str, cast: Cast) -> None:
    report = question(description=f"Is {IBAN} a number that you can pay out to at all?")
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report/send", data=report)
    kept = await cast.desk.pool.fetch("SELECT facts::text FROM evidence")
    assert all(IBAN not in row["facts"] for row in kept)


@pytest.mark.parametrize("field", ["subject", "severity_reason"])
async def test_other_fields_are_hidden_too(site: str, cast: Cast, field: str) -> None:
    report = technical(**{field: f"Paid with {CARD} yesterday"})
    async with await visiting(cast, site, "finn") as finn:
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    row = await cast.desk.pool.fetchrow("SELECT subject, answers::text, search::text FROM tickets")
    assert CARD not in str(dict(row))
    assert "1488" not in str(dict(row))


async def test_a_later_message_is_hidden_as_well_and_sent_twice_stored_once(
    site: str, cast: Cast
) -> None:
    filed = await a_ticket(cast)
    once = "0d9c7a0e-4f3b-5a3e-9a86-3d6f4a0c7b11"
    async with await visiting(cast, site, "finn") as finn:
        for _ in range(2):
            await finn.post(
                f"/requests/{filed.reference}/messages",
                data={"body": f"My card is {CARD}", "once": once},
            )
    rows = await cast.desk.pool.fetch("SELECT body FROM messages ORDER BY id")
    assert [row["body"] for row in rows][1:] == ["My card is [card number ending in 6467]"]


async def test_private_data_in_the_text_make_a_ticket_the_better_way(site: str, cast: Cast) -> None:
    report = question(description=f"My card is {CARD}. How do I pay with it here?")
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report", data={**report, "do": "later"})
        page = await finn.get(f"/report/{report['draft']}")
    assert "Ticket is best: private data stay with the department in charge." in page.text
