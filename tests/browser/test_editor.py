"""The article editor in a real browser: preview, pasted pictures, two who save at once."""

import base64

from playwright.async_api import expect

from helpdesk.help.writing import commands
from tests.helpdesk.evidence import samples
from tests.helpdesk.help.writing import (
    a_draft,
    a_review,
    details,
    published,
    text_of,
    versions,
    wording,
)
from tests.people import Cast

from .conftest import OpenPage, faults

PASTE = """([field, bytes]) => {
  const data = new DataTransfer();
  const raw = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  data.items.add(new File([raw], "shot.png", { type: "image/png" }));
  const kind = { clipboardData: data, bubbles: true, cancelable: true };
  const event = new ClipboardEvent("paste", kind);
  document.querySelector(field).dispatchEvent(event);
}"""


async def test_writing_an_article_with_a_preview_and_a_pasted_picture(
    cast: Cast, open_page: OpenPage
) -> None:
    await a_draft(cast, slug="another-one", title="Another one")
    page = await open_page("sam", "/desk/help")
    await page.get_by_role("link", name="New article").click()
    await page.get_by_label("Title").fill("Is this message a scam?")
    await expect(page.locator("#slug")).to_have_attribute("placeholder", "is-this-message-a-scam")
    await page.get_by_label("Summary").fill("Signs of a scam, and what to do.")
    await page.locator("#body").fill("Never pay to get work.\n\n## Signs\n\n<script>x</script>")
    preview = page.locator("#preview")
    await expect(preview.get_by_role("heading", name="Signs")).to_be_visible()
    await expect(preview).to_contain_text("<script>x</script>")
    await page.evaluate(PASTE, ["#body", base64.b64encode(samples.png()).decode()])
    await expect(page.locator("#picture-state")).to_contain_text("The picture is in the text.")
    await page.keyboard.type("A scam message")  # over the selected words
    await expect(preview.get_by_role("img", name="A scam message")).to_be_visible()
    await page.get_by_label("Category").select_option("Safety")
    await page.get_by_label("Scam: somebody cheated or disappeared").check()
    await page.get_by_role("button", name="Save and send to review").click()
    await expect(page.get_by_role("status").first).to_contain_text("Sent to review")
    await page.get_by_role("link", name="Review", exact=True).click()
    await expect(page.get_by_text("Somebody else of your department")).to_be_visible()

    lena = await open_page("lena", "/desk/help?show=review")
    await lena.get_by_role("link", name="Is this message a scam?").click()
    await lena.get_by_role("link", name="Open the review").click()
    await lena.get_by_role("button", name="Publish").click()
    await expect(lena.get_by_role("status").first).to_contain_text("Readers see it now")
    await lena.get_by_role("link", name="As readers see it").click()
    await expect(lena.get_by_role("img", name="A scam message")).to_be_visible()


async def test_two_editors_at_once_see_both_and_bring_them_together(
    cast: Cast, open_page: OpenPage
) -> None:
    text = await a_draft(cast)
    path = f"/desk/help/{text.article_id}"
    tess = await open_page("tess", path)
    pete = await open_page("pete", path, expected="409")
    await tess.locator("#body").fill("Three days, says Tess.")
    await tess.get_by_label("Title").fill("How long does a withdrawal take?")
    await tess.get_by_role("button", name="Save the draft").click()
    await expect(tess.get_by_role("status").first).to_contain_text("Saved")
    await pete.locator("#body").fill("Four days, says Pete.")
    await pete.get_by_role("button", name="Save the draft").click()
    clash = pete.get_by_role("region", name="Somebody else saved this article")
    await expect(clash).to_contain_text("Three days, says Tess.")
    await expect(clash).to_contain_text("Four days, says Pete.")
    await expect(pete.locator("#body")).to_have_value("Four days, says Pete.")
    await clash.locator("summary").last.click()
    assert await faults(pete) == []
    await pete.set_viewport_size({"width": 1440, "height": 900})
    await pete.get_by_role("button", name="Take theirs: Title").click()
    await expect(pete.get_by_label("Title")).to_have_value("How long does a withdrawal take?")
    await expect(pete.locator("#body")).to_have_value("Four days, says Pete.")
    await pete.locator("#body").fill("Three or four days, say Tess and Pete.")
    await pete.get_by_role("button", name="Save the draft").click()
    await expect(pete.get_by_role("status").first).to_contain_text("Saved")
    [version] = await versions(cast, text)
    assert version.title == "How long does a withdrawal take?"
    assert version.body == "Three or four days, say Tess and Pete."


async def test_every_page_of_the_editor_is_for_everybody(cast: Cast, open_page: OpenPage) -> None:
    text = await published(cast, body="Short.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```\ncode\n```")
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.save_version(tx, text.id, text.edition, wording(body="Longer.\n\n- one"))
        await commands.send_to_review(tx, text.id)
    review = await a_review(cast, "sam", "TAS", slug="another", title="Another one")
    assert (await text_of(cast, review.article_id)).edition == 2
    page = await open_page("max")
    place = f"/desk/help/{text.article_id}"
    # The other pages are visited by test_every_page.py.
    for path in (place, f"{place}/review", f"{place}?language=ar"):
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.goto(path)
        assert await faults(page) == [], path


async def test_all_of_it_works_without_scripts(cast: Cast, open_page: OpenPage) -> None:
    await details(cast)  # makes the categories
    page = await open_page("pete", "/desk/help/new", javascript=False)
    await page.get_by_label("Title").fill("How fees work")
    await page.locator("#body").fill("## Fees\n\nTen percent.")
    await page.get_by_role("button", name="Show it").click()
    await expect(page.locator("#preview").get_by_role("heading", name="Fees")).to_be_visible()
    picture = {"name": "fees.png", "mimeType": "image/png", "buffer": samples.png()}
    await page.locator("#image").set_input_files(files=[picture])  # type: ignore[list-item]
    await page.get_by_role("button", name="Add it to the text").click()
    await expect(page.locator("#preview").get_by_role("img")).to_be_visible()
    await page.get_by_label("Category").select_option(index=1)
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved")
    await expect(page.get_by_role("heading", name="How fees work")).to_be_visible()
