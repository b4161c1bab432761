"""The local mailbox: for admins, newest first, as plain text."""

from helpdesk.desk import Desk
from helpdesk.mail.deliver import deliver_due
from helpdesk.mail.queries import PAGE
from tests.people import Cast

from .conftest import Letterbox
from .test_delivery import mails, write


async def test_only_admins_read_the_mailbox(cast: Cast, site: str) -> None:
    await write(cast.desk)
    await deliver_due(cast.desk)
    (mail,) = await mails(cast.desk)
    for path in ("/admin/mailbox", f"/admin/mailbox/{mail.id}"):
        for who in ("cora", "finn", "amy", "mia", "max"):
            async with await cast.browser(site, who) as client:
                assert (await client.get(path)).status_code == 403, (who, path)
        async with await cast.browser(site) as client:
            assert (await client.get(path)).status_code == 303
        async with await cast.browser(site, "admin") as client:
            page = await client.get(path)
            assert page.status_code == 200
            assert "Your request" in page.text


async def test_mail_is_shown_as_text(cast: Cast, site: str) -> None:
    await write(cast.desk, subject="<b>Bold</b>", body="<script>alert(1)</script>\n  kept")
    await deliver_due(cast.desk)
    (mail,) = await mails(cast.desk)
    async with await cast.browser(site, "admin") as client:
        page = await client.get(f"/admin/mailbox/{mail.id}")
        assert "<script>alert(1)</script>" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\n  kept" in page.text
        assert "<b>Bold</b>" not in page.text
        for missing in ("/admin/mailbox/1", f"/admin/mailbox/{10**30}"):
            assert (await client.get(missing)).status_code == 404


async def test_pages_neither_repeat_nor_skip_a_mail(cast: Cast, site: str) -> None:
    for n in range(PAGE + 3):
        await write(cast.desk, key=f"mail {n}", subject=f"Number {n:03}.")
    async with await cast.browser(site, "admin") as client:
        first = await client.get("/admin/mailbox")
        await write(cast.desk, key="newer", subject="Newer")  # while somebody reads
        rows = await mails(cast.desk)
        following = f"/admin/mailbox?before={rows[3].id}"
        assert following in first.text
        second = await client.get(following)
        for n in range(PAGE + 3):
            assert (f"Number {n:03}." in first.text) != (f"Number {n:03}." in second.text), n
        for odd in ("x", "-1", "9" * 40, "%00", "1.5", "²"):
            assert (await client.get(f"/admin/mailbox?before={odd}")).status_code == 200


async def test_mail_that_went_to_its_owner_is_theirs(
    cast: Cast, site: str, posting: Desk, letterbox: Letterbox
) -> None:
    await write(posting, body="A link that opens an account")
    await deliver_due(posting)
    (mail,) = await mails(posting)
    async with await cast.browser(site, "admin") as client:
        page = await client.get(f"/admin/mailbox/{mail.id}")
    assert "A link that opens an account" not in page.text
