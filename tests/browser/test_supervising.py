"""A visitor, an agent, a colleague and a manager in one chat: every button, live at all of them,
and what is said inside stays inside."""

from playwright.async_api import Page, expect

from helpdesk.desk import Desk
from tests.chat.agents.scene import is_there
from tests.chat.live import begin_chat
from tests.people import Cast

from .conftest import NARROW, OpenPage, arrive, axe, sideways
from .test_desk_at_work import live_now
from .test_widget import Heard

DROP = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["canary of a file"], "canary.txt", { type: "text/plain" }));
  const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector(".composer").dispatchEvent(drop);
}"""
FORM = "/report?type=account_closure"


async def by_name(page: Page, words: str) -> None:
    """As the palette finds it."""
    await page.keyboard.press("Control+k")
    await page.fill("#palette-words", words)
    await expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text(words)
    await page.keyboard.press("Enter")


async def choose(page: Page, menu: str, button: str) -> None:
    await page.locator(f"#thread-head summary:is([aria-label='{menu}'], :text('{menu}'))").click()
    await page.locator("#thread-head .menu-items").get_by_role("button", name=button).click()
    await expect(page.locator("#thread-head details[open]")).to_have_count(0)


async def test_a_manager_looks_on_whispers_and_takes_over_and_a_chat_ends_for_its_tone(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    for name in ("pete", "max"):
        await is_there(desk, cast, name)
    chat = await begin_chat(desk, cast, "nina")
    nina = await open_page("nina")
    heard = Heard(nina)
    await nina.goto(f"/chat/{chat.id}")
    pete, max_, tess = [
        await open_page(who, f"/desk/chats/{chat.id}", expected="409")
        for who in ("pete", "max", "tess")
    ]
    for page in (nina, pete, max_, tess):
        await live_now(page)
    log, seen_by_agent = nina.locator("#log"), pete.locator(".log")

    await by_name(max_, "Look on")
    await expect(max_.get_by_role("button", name="Stop looking on")).to_be_visible()
    await expect(pete.locator("#thread-head")).to_contain_text("Max looks on")
    await by_name(max_, "Whisper to Pete")
    box = max_.locator(".composer textarea")
    await expect(box).to_be_focused()
    assert await axe(max_) == []
    await box.press_sequentially("canary: ask for the date")
    await box.press("Enter")
    whisper = seen_by_agent.locator(".msg", has_text="canary: ask for the date")
    await expect(whisper).to_have_attribute("data-kind", "note")
    await expect(whisper).to_contain_text("Max whispered to Pete")
    await expect(max_.locator(".log .msg", has_text="canary: ask")).to_have_count(1)
    # Whoever only looks on does not answer by mistake.
    await max_.locator(".composer-tab", has_text="Reply").click()
    await box.fill("A word of mine")
    await box.press("Enter")
    await expect(max_.locator("#just-wrote")).to_contain_text("This chat is with Pete")
    await max_.locator(".composer-tab", has_text="Whisper").click()
    await box.fill("canary: half a whisper")

    await tess.get_by_role("button", name="Write along").click()
    await expect(log).to_contain_text("Tess joined the chat as well")
    await expect(pete.locator("#thread-head")).to_contain_text("Tess writes along")
    await tess.get_by_role("button", name="Leave").click()
    await expect(log).to_contain_text("Tess left the chat to Pete")

    # A note stays one, whatever happens around it meanwhile; so does its file.
    await pete.locator(".composer-tab", has_text="Note").click()
    await choose(pete, "More", "Ask for a civil tone")
    await expect(log).to_contain_text("asks for a civil tone")
    await choose(pete, "More", "Close my account for good")
    card = log.locator(".evidence", has_text="Close my account for good")
    await expect(card.locator("a")).to_have_attribute("href", FORM)
    await expect(seen_by_agent).to_contain_text("Only by request, never in a chat")
    await pete.evaluate(DROP)
    added = seen_by_agent.locator(".msg", has_text="canary.txt")
    await expect(added).to_have_attribute("data-kind", "note")

    # Theirs now: a whisper that was begun does not become a reply.
    await by_name(max_, "Take it over")
    await expect(log).to_contain_text("Max took the chat over from Pete")
    await expect(nina.locator("#agent")).to_have_text("Max")
    await expect(pete.locator("#thread-head")).to_contain_text("With Max")
    await expect(max_.locator(".composer-tab", has_text="Whisper")).to_be_hidden()
    await expect(max_.get_by_role("radio", name="Note")).to_be_checked()
    await box.press("Enter")
    half = seen_by_agent.locator(".msg", has_text="canary: half a whisper")
    await expect(half).to_have_attribute("data-kind", "note")

    await max_.get_by_role("link", name="Hand over").click()
    await max_.get_by_label("Why").select_option("knows")
    await max_.get_by_label("To", exact=True).select_option(f"agent:{cast.pete.id}")
    await max_.get_by_label("What they should know").fill("canary: she waits since Monday")
    await max_.get_by_role("button", name="Hand over").click()
    await arrive(max_, f"**/desk/chats/{chat.id}")
    await expect(log).to_contain_text("Max handed the chat to Pete")
    await expect(nina.locator("#agent")).to_have_text("Pete")
    await expect(seen_by_agent).to_contain_text("canary: she waits since Monday")

    await pete.locator("#thread-head summary", has_text="End chat").click()
    assert await axe(pete) == []
    await pete.set_viewport_size({"width": NARROW, "height": 640})
    assert await sideways(pete) == []
    await pete.keyboard.press("Escape")
    await choose(pete, "End chat", "Insults")
    await expect(nina.get_by_text("This chat has ended.")).to_be_visible()
    for page in (pete, max_, tess):
        await expect(page.locator("#thread-foot")).to_contain_text("This chat ended")
    await nina.reload()
    await expect(log).to_contain_text("The chat ends because of its tone")
    texts = await heard.all()
    assert "Max handed the chat to Pete" in texts
    assert "canary" not in texts
    assert "looks on" not in texts
    flagged = "SELECT end_reason FROM conversations WHERE flagged_at IS NOT NULL"
    assert await desk.pool.fetchval(flagged) == "conduct"
