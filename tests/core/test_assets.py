import gzip
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from helpdesk.core.assets import STATIC, Assets, accepts_gzip, asset, static_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "static" / "css").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("not for you")
    (tmp_path / "static" / "css" / "a.css").write_text("a { color: red }\n" * 100)
    (tmp_path / "static" / "mark.svg").write_text("<svg/>")
    (tmp_path / "static" / ".hidden").write_text("no")
    return tmp_path / "static"


def client_of(app: Any) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", app=app)]))


def test_a_file_of_this_build_is_kept_forever(folder: Path) -> None:
    assets = Assets(folder)
    answer = client_of(assets).get(assets.url("css/a.css"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_older_build_gets_todays_file_but_does_not_keep_it(folder: Path) -> None:
    answer = client_of(Assets(folder)).get("/static/0000000000/css/a.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_the_address_changes_when_any_file_changes(folder: Path) -> None:
    before = Assets(folder).url("css/a.css")
    (folder / "mark.svg").write_text("<svg id='new'/>")
    assert Assets(folder).url("css/a.css") != before


def test_packed_bytes_go_only_to_those_who_take_them(folder: Path) -> None:
    assets = Assets(folder)
    url, plain = assets.url("css/a.css"), (folder / "css" / "a.css").read_bytes()
    client = client_of(assets)
    with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain
    unpacked = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in unpacked.headers
    assert unpacked.content == plain
    assert unpacked.headers["vary"] == "Accept-Encoding"


def test_offers_of_gzip_are_read_with_their_weights() -> None:
    assert accepts_gzip("br, gzip;q=0.5")
    assert accepts_gzip("*")
    assert not accepts_gzip("gzip;q=0, br")
    assert not accepts_gzip("")


def test_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    assets = Assets(folder)
    client = client_of(assets)
    first = client.get("/static/old/css/a.css")
    again = client.get("/static/old/css/a.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "x/../secret.txt",
        "x/../../secret.txt",
        "../secret.txt",
        "x/css/../../secret.txt",
        "x//etc/passwd",
        "x/css/a.css/",
        "x/css",
        "x/css\\a.css",
        "x/.hidden",
        "x/css/a.css\x00",
        "x",
        "",
    ],
)
def test_nothing_outside_the_folder_can_be_named(folder: Path, path: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/static/{path}",
        "root_path": "/static",
        "headers": [],
    }
    assert Assets(folder).answer(scope).status_code == 404


def test_only_reading_is_allowed(folder: Path) -> None:
    assets = Assets(folder)
    client = client_of(assets)
    assert client.post(assets.url("mark.svg")).status_code == 405
    head = client.head(assets.url("mark.svg"))
    assert (head.status_code, head.content) == (200, b"")


def test_a_misspelt_file_fails_while_the_page_is_made() -> None:
    with pytest.raises(LookupError, match="no such static file"):
        asset("css/misspelt.css")


def test_every_file_of_the_product_is_served() -> None:
    client = client_of(static_app)
    for path in STATIC.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            url = asset(path.relative_to(STATIC).as_posix())
            assert client.get(url).content == path.read_bytes()
