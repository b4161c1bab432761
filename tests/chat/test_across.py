"""From another site, and from another account: nothing. From the desk's own pages: everything."""

import httpx2
import pytest
import websockets

from helpdesk.catalogue.document import Sensitivity
from tests.helpdesk.evidence import samples
from tests.helpdesk.evidence.build import attach
from tests.people import Cast
from tests.world import build

from .live import open_tab

FOREIGN = ("https://evil.example", "null", "http://localhost:1")
OWN, OTHERS = ("finn", "tess"), ("gus", "otto", "nobody")


async def test_another_site_or_account_gets_no_socket_no_transcript_and_no_file(
    cast: Cast, site: str
) -> None:
    world = await build(cast, site)
    piece = await attach(cast, site, world.own, "mine.log", samples.LOG, Sensitivity.PRIVATE)
    number = piece.id
    paths = [f"/chat/{world.chat.id}/transcript", f"/evidence/{number}"]
    stream = f"case:{world.chat.case_id}"
    async with httpx2.AsyncClient(base_url=site) as client:
        for who in OWN + OTHERS:
            cookie = world.cookies.get(who, "")
            for path in paths:
                answer = await client.get(path, headers={"cookie": cookie})
                assert (answer.status_code == 200) == (who in OWN), (who, path)
                # No page elsewhere may read it, nor show it as a part of itself.
                assert "access-control-allow-origin" not in answer.headers
                assert answer.headers["cross-origin-resource-policy"] == "same-origin"
                assert answer.headers["x-frame-options"] == "DENY"
            tab = await open_tab(site, cookie)
            if who == "nobody":
                await tab.tell(t="follow", streams={stream: 0})
                assert await tab.closed() == 4401
                continue
            assert (stream in (await tab.follow({stream: 0}))["streams"]) == (who in OWN), who
            await tab.leave()
        own = {"cookie": world.cookies["finn"]}
        for origin in FOREIGN:
            with pytest.raises(websockets.InvalidStatus):
                await open_tab(site, world.cookies["finn"], origin=origin)
            sent = own | {"origin": origin}
            assert (await client.post("/live/poll", json={}, headers=sent)).status_code == 403
            assert (await client.post(paths[0], headers=sent)).status_code == 403
        own |= {"origin": site}
        assert (await client.post("/live/poll", json={}, headers=own)).status_code == 200
    await world.close()
