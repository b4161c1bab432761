"""Making an account, signing in, the account page and the mailbox, in a real browser."""

from playwright.async_api import Page

from helpdesk.desk import Desk
from tests.helpdesk.people.visitors import mailed_path
from tests.people import PASSWORD, Cast

from .conftest import OpenPage, arrive


async def fill_in(page: Page) -> None:
    await page.goto("/register")
    await page.get_by_label("Name").fill("Ida Holm")
    await page.get_by_label("E-mail address").fill("ida@example.com")
    await page.get_by_label("I hire").check()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make my account").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()


async def make_account(page: Page, desk: Desk) -> None:
    await fill_in(page)
    await page.goto(await mailed_path(desk, "ida@example.com"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Confirm and sign in").click()
    await arrive(page, "**/requests")


async def test_a_stranger_makes_an_account_leaves_and_comes_back(
    open_page: OpenPage, cast: Cast
) -> None:
    for javascript in (True, False):
        page = await open_page(javascript=javascript, expected="422")
        if javascript:
            await make_account(page, cast.desk)
            await page.get_by_label("Your account, Ida Holm").click()
            await page.get_by_role("button", name="Sign out").click()
            await page.get_by_text("You are signed out.").wait_for()
        await page.goto("/account")
        await arrive(page, "**/sign-in?next=/account")
        await page.get_by_label("E-mail address").fill("ida@example.com")
        await page.get_by_label("Password").fill("not this one")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="There is a problem").wait_for()
        assert await page.title() == "Error: Sign in – Helpdesk"
        assert await page.get_by_label("E-mail address").input_value() == "ida@example.com"
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await arrive(page, "**/account")
        assert await page.get_by_text("This one").is_visible()


async def test_another_browser_is_signed_out_from_the_account_page(
    open_page: OpenPage, cast: Cast
) -> None:
    here, there = await open_page("finn", "/account"), await open_page("finn", "/account")
    await here.reload()
    await here.get_by_role("button", name="Sign out test").click()
    await here.get_by_text("That browser is signed out.").wait_for()
    await there.goto("/account")
    await arrive(there, "**/sign-in?next=/account")
