"""“This affects me”: counted once, told of every update, and heard no more when they wish."""

import asyncio
import re
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from helpdesk.alerts.commands import Details, edit_alert, resolve_alert, update_alert
from helpdesk.alerts.jobs import follower_of, stop_token, sweep_alerts
from helpdesk.core.clock import FrozenClock
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

from .build import TITLE, an_alert, mails, now, shown_on, text_of

FINN = "finn@example.com"


def cookies_of(answer: httpx2.Response) -> str:
    return "; ".join(one.partition(";")[0] for one in answer.headers.get_list("set-cookie"))


async def click(client: httpx2.AsyncClient, id: int, **sent: str) -> httpx2.Response:
    return await client.post(f"/alerts/{id}/affects-me", data={"next": "/contact", **sent})


async def say(cast: Cast, id: int, body: str = "Still looking.") -> None:
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await update_alert(tx, id, uuid4(), body, None, tx.now + timedelta(minutes=30))


async def solve(cast: Cast, id: int) -> None:
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await resolve_alert(tx, id, uuid4(), "A new cable.")


async def test_a_person_is_counted_once_however_often_they_click(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn") as finn:
        answers = await asyncio.gather(*(click(finn, alert.id) for _ in range(6)))
        assert {answer.status_code for answer in answers} == {303}
        assert {answer.headers["location"] for answer in answers} == {"/contact"}
        assert (await now(cast, alert.id)).affected == 1
        page = await text_of(finn, f"/alerts/{alert.id}")
    assert "We tell you when it is solved" in page
    assert "1\xa0person said so" in page


async def test_a_visitor_is_counted_once_by_their_browser(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as first, visitor(site) as second:
        answer = await click(first, alert.id)
        kept = {"cookie": cookies_of(answer)}
        again = await first.post(f"/alerts/{alert.id}/affects-me", headers=kept)
        assert again.status_code == 303
        assert (await now(cast, alert.id)).affected == 1
        contact = (await first.get("/contact", headers=kept)).text
        assert "Counted." in contact
        await click(second, alert.id)
    assert (await now(cast, alert.id)).affected == 2


async def test_who_signs_in_after_clicking_is_still_one(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as somebody:
        kept = cookies_of(await click(somebody, alert.id))
        own = {"cookie": f"{await cast.session('finn')}; {kept}"}
        page = (await somebody.get(f"/alerts/{alert.id}", headers=own)).text
        assert "We tell you when it is solved" in page
        await somebody.post(f"/alerts/{alert.id}/affects-me", headers=own)
    assert (await now(cast, alert.id)).affected == 1
    await solve(cast, alert.id)
    await sweep_alerts(cast.desk)
    assert len(await mails(cast.desk, FINN)) == 1


async def test_the_next_person_at_the_browser_is_told_nothing_of_it(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as browser:
        kept = cookies_of(await click(browser, alert.id))
        told = [part for part in kept.split("; ") if "alerts_told" in part]
        cora = {"cookie": "; ".join([await cast.session("cora"), *told])}
        page = (await browser.get("/contact", headers=cora)).text
    assert "This affects me" in page
    assert "We tell you" not in page


async def test_a_person_gets_each_update_exactly_once(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn") as finn:
        await click(finn, alert.id)
    await say(cast, alert.id)
    await asyncio.gather(*(sweep_alerts(cast.desk) for _ in range(3)))
    await solve(cast, alert.id)
    await asyncio.gather(*(sweep_alerts(cast.desk) for _ in range(3)))
    await sweep_alerts(cast.desk)
    found = await mails(cast.desk, FINN)
    assert [mail.subject for mail in found] == [
        f"Looking for the cause: {TITLE}",
        f"Solved: {TITLE}",
    ]
    assert "Still looking." in found[0].body
    assert "Next update by 2 Jun 2026, 10:30 (UTC)" in found[0].body
    assert "A new cable." in found[1].body
    assert "Tess" not in "".join(mail.body for mail in found)


async def test_many_followers_are_told_in_batches_and_none_twice(
    cast: Cast, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.alerts.jobs.BATCH", 2)
    alert = await an_alert(cast)
    for who in ("finn", "cora", "dora", "nina", "otto"):
        async with await cast.browser(site, who) as client:
            await click(client, alert.id)
    await solve(cast, alert.id)
    await sweep_alerts(cast.desk)
    assert sorted(mail.to_address for mail in await mails(cast.desk)) == sorted(
        f"{who}@example.com" for who in ("finn", "cora", "dora", "nina", "otto")
    )


async def test_who_follows_later_is_not_told_what_they_have_read(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    alert = await an_alert(cast)
    await say(cast, alert.id)
    clock.advance(seconds=5)
    async with await cast.browser(site, "finn") as finn:
        await click(finn, alert.id)
    await sweep_alerts(cast.desk)
    assert await mails(cast.desk) == []


async def test_a_visitors_address_gets_one_mail_when_it_is_solved(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    for _ in range(2):  # two browsers name the same address
        async with visitor(site) as somebody:
            kept = {"cookie": cookies_of(await click(somebody, alert.id))}
            page = (await somebody.get(f"/alerts/{alert.id}", headers=kept)).text
            assert 'name="email"' in page
            answer = await somebody.post(
                f"/alerts/{alert.id}/affects-me",
                data={"email": "vic@example.org"},
                headers=kept,
            )
            assert answer.status_code == 303
            page = (await somebody.get(f"/alerts/{alert.id}", headers=kept)).text
            assert "One mail goes out when it is solved" in page
    await say(cast, alert.id)
    await solve(cast, alert.id)
    await sweep_alerts(cast.desk)
    (mail,) = await mails(cast.desk, "vic@example.org")
    assert mail.subject == f"Solved: {TITLE}"
    assert (await now(cast, alert.id)).affected == 2


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b@c", "x" * 300 + "@example.org", "a@example.org\nbcc: b@c.org"]
)
async def test_an_address_that_is_none_is_said_so_and_kept(
    cast: Cast, site: str, email: str
) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as somebody:
        kept = {"cookie": cookies_of(await click(somebody, alert.id))}
        answer = await somebody.post(
            f"/alerts/{alert.id}/affects-me", data={"email": email}, headers=kept
        )
    assert answer.status_code == 422
    assert 'href="#email"' in answer.text


async def test_one_address_cannot_be_named_without_end(cast: Cast, site: str) -> None:
    statuses = []
    for number in range(7):
        alert = await an_alert(cast, title=f"Issue {number}")
        async with visitor(site) as somebody:
            answer = await click(somebody, alert.id, email="vic@example.org")
            statuses.append(answer.status_code)
    assert statuses == [303] * 5 + [429] * 2


async def test_one_network_cannot_be_counted_without_end(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as somebody:
        found = [(await click(somebody, alert.id)).status_code for _ in range(61)]
    assert found == [303] * 60 + [429]


async def test_the_link_of_a_mail_ends_the_mails_after_a_click(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn") as finn:
        await click(finn, alert.id)
    await say(cast, alert.id)
    await sweep_alerts(cast.desk)
    (mail,) = await mails(cast.desk, FINN)
    link = re.search(r"/alerts/stop/\S+", mail.body)
    assert link
    async with visitor(site) as program:
        assert (await program.get(link[0])).status_code == 200
        assert (await now(cast, alert.id)).affected == 1  # looking changes nothing
        for _ in range(2):
            assert "You hear no more about it" in (await program.post(link[0])).text
    assert (await now(cast, alert.id)).affected == 0
    await solve(cast, alert.id)
    await sweep_alerts(cast.desk)
    assert len(await mails(cast.desk, FINN)) == 1


@pytest.mark.parametrize("token", ["1", "1.x", "1.1", ".", "%00", "٣.x", "a" * 3000])
async def test_a_forged_link_ends_nothing(cast: Cast, site: str, token: str) -> None:
    async with visitor(site) as somebody:
        for answer in (
            await somebody.get(f"/alerts/stop/{token}"),
            await somebody.post(f"/alerts/stop/{token}"),
        ):
            assert answer.status_code == 404
    assert follower_of(cast.desk, stop_token(cast.desk, 7)) == 7


async def test_who_is_not_affected_after_all_is_not_counted(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn") as finn:
        await click(finn, alert.id)
        for _ in range(2):
            assert (await finn.post(f"/alerts/{alert.id}/unfollow")).status_code == 303
        assert (await now(cast, alert.id)).affected == 0
        await click(finn, alert.id)
    assert (await now(cast, alert.id)).affected == 1


async def test_after_it_was_solved_there_is_nothing_to_wait_for(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    await solve(cast, alert.id)
    async with await cast.browser(site, "finn") as finn:
        answer = await click(finn, alert.id)
    assert answer.status_code == 409
    assert "nothing to wait for" in answer.text
    assert (await now(cast, alert.id)).affected == 0


async def test_who_was_hit_sees_at_the_top_that_it_is_solved_and_others_do_not(
    cast: Cast, site: str
) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as hit, visitor(site) as other:
        kept = {"cookie": cookies_of(await click(hit, alert.id))}
        await solve(cast, alert.id)
        await shown_on(other, "/contact", "No known issues")
        page = (await hit.get("/contact", headers=kept)).text
        assert "Solved:" in page
        assert TITLE in page
        assert TITLE not in await text_of(other, "/contact")


async def test_who_is_outside_by_now_hears_nothing_more(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    for who in ("finn", "cora"):
        async with await cast.browser(site, who) as client:
            await click(client, alert.id)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await edit_alert(tx, alert.id, Details(title=TITLE, roles=("client",)))
    await solve(cast, alert.id)
    await sweep_alerts(cast.desk)
    assert [mail.to_address for mail in await mails(cast.desk)] == ["cora@example.com"]


async def test_a_foreign_page_cannot_make_somebody_affected(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn", headers={"origin": "https://evil.example"}) as finn:
        assert (await click(finn, alert.id)).status_code == 403
    assert (await now(cast, alert.id)).affected == 0


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/\\evil", "x" * 9000])
async def test_nobody_is_sent_to_another_site(cast: Cast, site: str, next: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn") as finn:
        answer = await click(finn, alert.id, next=next)
    assert answer.headers["location"] == f"/alerts/{alert.id}"
