"""The board: seconds to post, every fault beside its field, nothing typed is lost."""

from uuid import uuid4

import httpx2
import pytest
from sqlmodel import func, select

from helpdesk.alerts.models import Alert
from tests.people import Cast

from .build import BODY, TITLE, an_alert, form, now, text_of

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}\u202e{% raw %}"


async def posted(cast: Cast) -> int:
    async with cast.desk.reading() as db:
        return (await db.exec(select(func.count()).select_from(Alert))).one()


@pytest.fixture
async def tess(cast: Cast, site: str):
    async with await cast.browser(site, "tess") as client:
        yield client


async def test_five_fields_make_an_alert(cast: Cast, tess: httpx2.AsyncClient) -> None:
    sent = form()
    answers = [await tess.post("/desk/alerts", data=sent) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await posted(cast) == 1
    assert TITLE in await text_of(tess, "/desk/alerts")
    assert TITLE in await text_of(tess, answers[0].headers["location"])
    assert (await tess.get("/admin/alerts")).headers["location"] == "/desk/alerts"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "\u200b"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * 2001}, "body"),
        ({"body": "a\0b"}, "body"),
        ({"level": "catastrophe"}, "level"),
        ({"area": "nowhere"}, "area"),
        ({"next": ""}, "next"),  # an alert without an end, and without a promise
        ({"next": "at", "next_at": ""}, "next"),
        ({"next": "at", "next_at": "2026-06-02T09:00"}, "next_at"),  # has passed
        ({"next": "at", "next_at": "soon"}, "next_at"),
        ({"next": "at", "next_at": "9999-12-31T23:59"}, "next_at"),
        ({"next": "at", "next_at": "0001-01-01T00:00"}, "next_at"),
        ({"starts_at": "2026-06-05T10:00"}, "starts_at"),  # nobody plans that it breaks
        ({"starts_at": "2025-06-05T10:00"}, "starts_at"),
        ({"ends_at": "2026-06-05T10:00"}, "ends_at"),
        ({"level": "maintenance", "ends_at": "2026-06-02T08:00"}, "ends_at"),
        (
            {"level": "notice", "starts_at": "2026-06-05T10:00", "ends_at": "2026-06-04T10:00"},
            "ends_at",
        ),
        ({"countries": ["PT", "ZZ"]}, "countries"),
        ({"roles": ["admin"]}, "roles"),
        ({"type_keys": ["no_such_type"]}, "type_keys"),
        ({"words": ",".join(f"word {n}" for n in range(21))}, "words"),
        ({"words": "x" * 41}, "words"),
        ({"app_versions": "3" * 21}, "app_versions"),
    ],
)  # fmt: skip
async def test_a_fault_is_named_at_its_field_and_the_text_stays(
    cast: Cast, tess: httpx2.AsyncClient, changes: dict[str, object], field: str
) -> None:
    answer = await tess.post("/desk/alerts", data=form(**{"words": "keepthisword", **changes}))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    if "words" not in changes:
        assert "keepthisword" in answer.text
    if "title" not in changes:
        assert TITLE in answer.text
    if "body" not in changes:
        assert BODY in answer.text
    assert await posted(cast) == 0


async def test_planned_work_needs_neither_promise_nor_end(
    cast: Cast, tess: httpx2.AsyncClient
) -> None:
    sent = form(level="maintenance", next="at", starts_at="2026-06-03T02:00")
    assert (await tess.post("/desk/alerts", data=sent)).status_code == 303
    sent = form(
        level="maintenance", next="30", starts_at="2026-06-03T02:00", ends_at="2026-06-03T04:00"
    )
    answer = await tess.post("/desk/alerts", data=sent)
    alert = await now(cast, int(answer.headers["location"].rpartition("/")[2]))
    assert alert.next_update_at is None  # half an hour from now it has not even begun


async def test_times_are_those_of_the_agents_clock(cast: Cast, tess: httpx2.AsyncClient) -> None:
    await cast.desk.pool.execute(
        "UPDATE people SET time_zone = 'America/New_York' WHERE id = $1", cast.tess.id
    )
    answer = await tess.post("/desk/alerts", data=form(next="at", next_at="2026-06-02T08:00"))
    alert = await now(cast, int(answer.headers["location"].rpartition("/")[2]))
    assert alert.next_update_at is not None
    assert alert.next_update_at.isoformat() == "2026-06-02T12:00:00+00:00"


async def test_update_solve_and_reopen_by_their_forms(cast: Cast, tess: httpx2.AsyncClient) -> None:
    alert = await an_alert(cast)
    address = f"/desk/alerts/{alert.id}"
    sent = {"once": str(uuid4()), "body": "A cable.", "stage": "identified", "next": "60"}
    for _ in range(2):
        assert (await tess.post(f"{address}/updates", data=sent)).status_code == 303
    assert (await now(cast, alert.id)).last_number == 2
    solved = {"once": str(uuid4()), "body": ""}
    assert (await tess.post(f"{address}/resolve", data=solved)).status_code == 303
    back = {"once": str(uuid4()), "body": "It is back.", "next": "30"}
    assert (await tess.post(f"{address}/reopen", data=back)).status_code == 303
    page = await text_of(tess, address)
    for words in ("A cable.", "This is solved.", "It is back."):
        assert words in page


async def test_an_update_after_it_was_solved_is_refused_with_the_text_kept(
    cast: Cast, tess: httpx2.AsyncClient
) -> None:
    alert = await an_alert(cast)
    address = f"/desk/alerts/{alert.id}"
    await tess.post(f"{address}/resolve", data={"once": str(uuid4()), "body": ""})
    sent = {"once": str(uuid4()), "body": "keepthisword", "next": "30"}
    answer = await tess.post(f"{address}/updates", data=sent)
    assert answer.status_code == 409
    assert "This alert is solved, so nothing was posted." in answer.text
    assert "keepthisword" in answer.text
    assert f'action="{address}/reopen"' in answer.text
    assert "keepthisword" not in await text_of(tess, f"/alerts/{alert.id}")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body": ""}, "body"),
        ({"next": ""}, "next"),
        ({"stage": "resolved"}, "stage"),
        ({"stage": "x"}, "stage"),
        ({"once": "x"}, ""),
    ],
)
async def test_an_update_names_its_faults(
    cast: Cast, tess: httpx2.AsyncClient, changes: dict[str, str], field: str
) -> None:
    alert = await an_alert(cast)
    sent = {"once": str(uuid4()), "body": "keepthisword", "stage": "identified", "next": "30"}
    answer = await tess.post(f"/desk/alerts/{alert.id}/updates", data=sent | changes)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    if field:
        assert f'id="{field}"' in answer.text
    if "body" not in changes:
        assert "keepthisword" in answer.text
    assert (await now(cast, alert.id)).last_number == 1


async def test_the_form_to_put_it_right_is_filled_and_saves(
    cast: Cast, tess: httpx2.AsyncClient
) -> None:
    alert = await an_alert(cast, words=("hangs",), countries=("PT", "ES"))
    page = await text_of(tess, f"/desk/alerts/{alert.id}")
    assert 'value="hangs"' in page
    assert 'value="PT" checked' in page
    sent = {"title": "Other words", "area": "", "level": "outage", "countries": ["DE"]}
    answer = await tess.post(f"/desk/alerts/{alert.id}/edit", data=sent)
    assert answer.status_code == 303
    after = await now(cast, alert.id)
    assert (after.title, after.area, after.countries) == ("Other words", "", ["DE"])
    answer = await tess.post(f"/desk/alerts/{alert.id}/edit", data=sent | {"title": ""})
    assert answer.status_code == 422


async def test_hostile_text_is_shown_as_text_everywhere(
    cast: Cast, tess: httpx2.AsyncClient
) -> None:
    sent = form(title=HOSTILE, body=HOSTILE * 3, words=HOSTILE[:30])
    answer = await tess.post("/desk/alerts", data=sent)
    address = answer.headers["location"]
    number = address.rpartition("/")[2]
    for path in ("/desk/alerts", address, "/alerts", f"/alerts/{number}", "/alerts/area",
                 "/alerts/feed.atom", "/api/v1/alerts"):  # fmt: skip
        text = await text_of(tess, path)
        if path.startswith("/api"):
            continue  # JSON, and said to be
        assert "<script>alert" not in text, path
        assert "alert(1)" in text, path
        assert "49" not in text.partition("alert(1)")[2][:60], path


@pytest.mark.parametrize("id", ["0", "999999", str(2**63), str(2**70)])
async def test_what_is_not_there_is_not_found(tess: httpx2.AsyncClient, id: str) -> None:
    assert (await tess.get(f"/desk/alerts/{id}")).status_code == 404
    assert (await tess.get(f"/alerts/{id}")).status_code == 404
    for verb in ("updates", "resolve", "reopen", "edit"):
        answer = await tess.post(f"/desk/alerts/{id}/{verb}", data={"once": str(uuid4())})
        assert answer.status_code == 404
