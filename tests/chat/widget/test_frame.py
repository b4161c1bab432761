"""Where the widget is shown, what it weighs, and that nothing but it can be framed."""

import gzip

import httpx2

from chat.widget.keys import secrets_of
from helpdesk.desk import Desk
from tests.people import Cast

from .build import SITE, Frame, a_key, a_widget, claims_for, frame_tab, sign

LIMIT = 15_000  # bytes, gzipped, of everything the widget loads


async def test_everything_it_loads_is_below_fifteen_kilobytes(site: str, cast: Cast) -> None:
    widget = await a_widget(cast)
    async with httpx2.AsyncClient(base_url=site, headers={"accept-encoding": "gzip"}) as client:
        page = await client.get(f"/widget/{widget.key}/frame")
        paths = ["/widget.js", "/widget/frame.js", "/widget/frame.css"]
        loaded = [await client.get(path) for path in paths]
    assert all(answer.headers["content-encoding"] == "gzip" for answer in loaded)
    assert all(path in page.text or path == "/widget.js" for path in paths)
    assert page.text.count("src=") + page.text.count("<link") == 2
    weight = len(gzip.compress(page.content)) + sum(
        int(answer.headers["content-length"]) for answer in loaded
    )
    assert weight < LIMIT, weight
    assert loaded[0].headers["cross-origin-resource-policy"] == "cross-origin"
    assert "import " not in loaded[1].text.split("function", 1)[0]


async def test_only_its_sites_may_frame_it_and_nothing_else_is_framed(
    site: str, cast: Cast
) -> None:
    widget = await a_widget(cast, SITE, "https://*.shop.example")
    path = f"/widget/{widget.key}/frame"
    async with await cast.browser(site) as browser:
        shown = await browser.get(path)
        policy = shown.headers["content-security-policy"]
        assert f"frame-ancestors https://*.shop.example {SITE};" in policy
        assert "x-frame-options" not in shown.headers
        assert "set-cookie" not in shown.headers
        for other in ("/chat", "/sign-in", f"/widget/{widget.key}/start", "/widget/no/frame"):
            answer = await browser.get(other)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], other
            assert answer.headers["x-frame-options"] == "DENY"


async def test_a_manager_makes_a_widget_shows_its_secret_once_and_switches_it_off(
    site: str, desk: Desk, cast: Cast
) -> None:
    async with await cast.browser(site, "max") as max_, await cast.browser(site, "pete") as pete:
        assert (await pete.get("/desk/widgets")).status_code == 403
        typed = {"name": "Market", "greeting": "Hello", "sites": "market.example"}
        wrong = await max_.post("/desk/widgets", data=typed)
        assert wrong.status_code == 422
        assert "is not the address of a site" in wrong.text
        assert 'value="Market"' in wrong.text
        made = await max_.post(
            "/desk/widgets", data=typed | {"sites": f"{SITE}\nhttps://x.example"}
        )
        board = made.headers["location"].partition("?")[0]
        page = (await max_.get(board)).text
        key = await desk.pool.fetchval("SELECT key FROM widgets")
        assert f"data-widget=&#34;{key}&#34; async&gt;&lt;/script&gt;" in page

        shown = await max_.post(f"{board}/keys", data={})
        kid = await desk.pool.fetchval("SELECT kid FROM widget_keys")
        secret = secrets_of(desk.settings.secret_key, kid)[0]
        assert secret in shown.text
        assert secret not in (await max_.get(board)).text
        wrong = await max_.post(f"{board}/keys", data={"public_key": "mine"})
        assert wrong.status_code == 422

        path = f"/widget/{key}/frame"
        assert (await pete.get(path)).status_code == 200
        await max_.post(board, data=typed | {"sites": "https://y.example"})
        assert "frame-ancestors https://y.example;" in str((await pete.get(path)).headers)
        await max_.post(f"{board}/switch", data={"on": ""})
        assert (await pete.get(path)).status_code == 404


async def test_switched_off_everybody_in_it_is_out_at_once(
    site: str, desk: Desk, cast: Cast
) -> None:
    widget = await a_widget(cast)
    key = await a_key(cast, widget)
    async with Frame(site, widget) as frame, await cast.browser(site, "max") as max_:
        await frame.identify(sign(desk, key, claims_for(desk, widget)))
        tab = await frame_tab(site, frame.session)
        await tab.until(lambda one: one["t"] == "hello")
        await tab.follow({"alerts": 0})
        await max_.post(f"/desk/widgets/{widget.id}/switch", data={"on": ""})
        assert await tab.closed() == 4401
        assert (await frame.get("start")).status_code == 404
