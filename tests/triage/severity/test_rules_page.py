"""Managers change the rules: a draft, tried on history, published; who changed what."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.build import a_ticket
from tests.helpdesk.contact.reports import Visiting, visiting
from tests.people import Cast
from tests.triage.severity.test_severity import work
from triage.severity import queries
from triage.severity.queries import look_again, rules_in_use
from triage.severity.rules import default_rules

BOARD = "/desk/triage/severity"


@pytest.fixture(autouse=True)
async def forgotten_again(
    site: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """No process remembers the rules of a test."""
    monkeypatch.setattr(queries, "FRESH", 0.0)
    yield
    await cast.desk.pool.execute("DELETE FROM severity_rules")
    await queries.rules_in_use(cast.desk)
    async with await visiting(cast, site) as nobody:
        await nobody.get("/report?type=guidance")


COSMETIC = "It is only a typo, a cosmetic matter, since Monday."


def all_of_it(page: str) -> dict[str, str]:
    """The form as a browser would send it unchanged."""
    data = {"seen": re.findall(r'name="seen" value="([^"]*)"', page)[-1]}
    for rule in default_rules().rules:
        row = page[page.index(f'id="rule-{rule.key}"') :]
        if re.search(rf'name="on\.{rule.key}" value="1" checked', row):
            data[f"on.{rule.key}"] = "1"
        chosen = re.search(r'<option value="(\w+)" selected>', row)
        assert chosen is not None
        data[f"effect.{rule.key}"] = chosen[1]
    return data


async def board(browser: Visiting) -> dict[str, str]:
    return all_of_it((await browser.get(BOARD)).text)


async def publish(browser: Visiting, **more: str) -> httpx2.Response:
    page = (await browser.get(BOARD)).text
    seen = re.findall(r'name="seen" value="([^"]*)"', page)[0]
    return await browser.post(f"{BOARD}/publish", data={"seen": seen, **more})


async def level_of(cast: Cast, **changes: Any) -> int:
    filed = await a_ticket(cast, description=COSMETIC, type_key="tech_unsolved",
                           group_key="TECH", **changes)  # fmt: skip
    look_again(cast.desk)
    await work(cast.desk)
    return int(await cast.desk.pool.fetchval(
        "SELECT suggested FROM severity_traces WHERE ticket_id = $1", filed.ticket_id
    ))  # fmt: skip


async def test_a_draft_decides_nothing_until_it_is_published(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "max") as boss:
        form = await board(boss)
        del form["on.only_looks_wrong"]
        saved = await boss.post(BOARD, data=form)
        assert saved.headers["location"] == f"{BOARD}?done=saved"
        assert await level_of(cast) == 1
        page = (await boss.get(f"{BOARD}?try=1")).text
        assert "Max changed “It only looks wrong”" in page
        assert re.search(r"<strong>1\s*ticket</strong> of 1", page.replace("\u00a0", " "))
        published = await publish(boss, note="Cosmetic faults matter to us")
        assert published.headers["location"] == f"{BOARD}?done=published"
        assert await level_of(cast) == 2
        after = (await boss.get(BOARD)).text
    assert "Version 2 is in use" in after
    assert "Cosmetic faults matter to us" in after
    assert "one level down" in after


async def test_an_effect_can_be_weighted(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "max") as boss:
        form = await board(boss) | {"effect.only_looks_wrong": "up_two"}
        await boss.post(BOARD, data=form)
        await publish(boss)
    assert await level_of(cast) == 4
    look_again(cast.desk)
    assert (await rules_in_use(cast.desk)).number == 2


async def test_two_who_edit_at_once_do_not_overwrite_each_other(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "max") as one, await visiting(cast, site, "admin") as two:
        first, second = await board(one), await board(two)
        await one.post(BOARD, data=first | {"effect.known_issue": "down_two"})
        crossed = await two.post(BOARD, data=second | {"effect.known_issue": "up"})
    assert crossed.status_code == 409
    assert "Somebody else changed this meanwhile" in crossed.text


async def test_what_is_not_in_the_list_is_refused(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "max") as boss:
        form = await board(boss) | {"effect.known_issue": "sideways"}
        refused = await boss.post(BOARD, data=form)
        same = await boss.post(BOARD, data=await board(boss))
        nothing = await publish(boss)
    assert refused.status_code == 422
    assert same.headers["location"] == f"{BOARD}?done=same"
    assert nothing.status_code == 409


async def test_a_draft_can_be_thrown_away(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "max") as boss:
        await boss.post(BOARD, data=await board(boss) | {"effect.known_issue": "up"})
        await boss.post(f"{BOARD}/discard")
        assert "Version 1 is in use" in (await boss.get(BOARD)).text


async def test_agents_have_no_business_there(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "amy") as amy:
        assert (await amy.get(BOARD)).status_code == 403
        assert (await amy.post(BOARD)).status_code == 403
