"""How urgent it is, in which language, and what should not be in it: while somebody writes."""

import re

from playwright.async_api import Page, expect
from sqlmodel import select

from helpdesk.tickets.models import Ticket
from tests.browser.conftest import OpenPage, faults, sideways
from tests.helpdesk.escalations.build import work
from tests.people import Cast

REPORT = "/report?service=technical_support&type=tech_unsolved"
SPANISH = "Abrí la aplicación ayer y esperaba ver mis horas, pero la página se cierra enseguida."


async def write(
    page: Page, description: str, subject: str = "The icon has the wrong colour in dark mode"
) -> None:
    await page.fill("#subject", subject)
    await page.fill("#description", description)
    await page.fill("[name='answers.articles_tried']", "Browser, cache, notifications")
    await page.fill("[name='answers.steps']", "Open the page, switch to dark mode.")


async def level(page: Page) -> str:
    return await page.locator("[name=severity]:checked").input_value()


async def test_urgent_for_a_cosmetic_fault(open_page: OpenPage, cast: Cast) -> None:
    page = await open_page("finn", REPORT, expected="422")
    await expect(page.locator("[name='answers.operating_system']")).not_to_have_value("")
    assert await level(page) == "normal"
    await write(page, "When I open the page the icon has the wrong colour. It is only cosmetic.")
    await expect(page.locator("#severity-suggested")).to_contain_text("We suggest Low.")
    assert await level(page) == "low", "whoever has not chosen goes along"
    await page.get_by_role("radio", name=re.compile("^Urgent")).check()
    await expect(page.locator("#severity-why")).to_be_visible()
    await expect(page.locator("#severity-definition")).to_contain_text(
        "Money or my account is in danger now"
    )
    await page.get_by_role("button", name="Check and send").last.click()
    await expect(page.locator("#severity_reason-error")).to_contain_text("why this is urgent")
    assert await faults(page) == []
    await page.fill("#severity_reason", "My own clients see it at a fair today.")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Sent.")
    async with cast.desk.reading() as db:
        ticket = (await db.exec(select(Ticket))).one()
    assert (ticket.severity, ticket.chosen_severity) == (4, 4)


async def test_spanish_is_welcome_and_a_card_number_is_noticed(open_page: OpenPage) -> None:
    page = await open_page("finn", REPORT, width=320)
    await write(page, f"{SPANISH} Mi tarjeta es 4539 1488 0343 6467.")
    notice = page.locator("#language-notice [lang=es]")
    await expect(notice).to_contain_text("En inglés respondemos antes")
    await expect(page.locator("#personal-notice")).to_contain_text("a card number")
    assert await sideways(page) == []
    await page.fill("#description", "I opened it yesterday and the page closes itself at once.")
    await expect(page.locator("#language-notice")).to_be_empty()
    await expect(page.locator("#personal-notice")).to_be_empty()


async def test_spanish_is_tagged_and_read_by_somebody_who_knows_it(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", REPORT)
    await write(page, SPANISH, "La factura queda vacía después de borrar la caché")
    await expect(page.locator("#language-notice")).to_contain_text("En inglés respondemos antes")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Sent.")
    await work(cast)
    tess = await open_page("tess", "/desk/search?q=lang:es")
    await tess.get_by_role("link", name=re.compile("La factura queda")).first.click()
    await expect(tess.locator("#context")).to_contain_text("Written in")
    await expect(tess.locator("#context")).to_contain_text("Spanish")


async def test_managers_change_the_rules(open_page: OpenPage) -> None:
    page = await open_page("max", "/desk/triage/severity")
    assert await faults(page) == []
    await page.get_by_role("checkbox", name="An open alert is about it").uncheck()
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.locator(".notice-ok")).to_contain_text("The draft is saved")
    await expect(page.locator("main")).to_contain_text("from one level down to off")
    await page.get_by_role("button", name="Discard the draft").click()
    await expect(page.locator("main")).to_contain_text("Version 1 is in use")
