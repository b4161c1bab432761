"""The pages of the rules: who may, what is kept, and two editors who never overwrite each other."""

import asyncio
import re
from typing import Any

import httpx2
import pytest

from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.worker import work_once
from tests.build import a_ticket
from tests.people import Cast
from triage.routing.commands import save_rule
from triage.routing.queries import standing
from triage.routing.replay.testing import test_next as run_next_test

from .build import a_rule, asks, do, everything, key, publish_rules

CARD = a_rule(
    "Cards to Payments",
    everything(asks("words", "card")),
    do("department", "PAY"),
    key=key(1),
)
SPANISH = a_rule("Spanish", everything(asks("language", "es")), do("tag", "es"), key=key(2))
FORM = {
    "name": "Large sums",
    "moments": "filed",
    "g.0.join": "all",
    "k.0.0": "test",
    "t.0.0.about": "amount",
    "t.0.0.op": "least",
    "t.0.0.values": "1,000.50",
    "t.0.0.unit": "USD",
    "k.0.1": "group",
    "g.0.1.join": "none",
    "k.0.1.0": "test",
    "t.0.1.0.about": "type",
    "t.0.1.0.values": "payment_dispute",
    "a.0": "1",
    "a.0.do": "department",
    "a.0.value": "PAY",
    "mode": "stop",
    "on": "1",
    "do": "save",
}
SAID = (
    "When a ticket is filed and the amount is at least USD 1,000.50 and it is not so that (it is "
    "about “I question a charge”): send it to Payments. Later rules are not read."
)


async def seen(cast: Cast) -> str:
    return (await standing(cast.desk)).seen


async def write(browser: httpx2.AsyncClient, cast: Cast, **changes: Any) -> httpx2.Response:
    form = {**FORM, "seen": await seen(cast), **changes}
    return await browser.post("/desk/rules/new", data=form)


async def test_a_manager_writes_a_rule_and_reads_it_as_a_sentence(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "max") as browser:
        answer = await write(browser, cast)
        assert answer.status_code == 303, answer.text
        page = await browser.get("/desk/rules")
    assert SAID in page.text.replace("&#34;", '"')
    assert "Draft, not in use yet" in page.text


async def test_agents_read_what_is_in_use_and_change_nothing(cast: Cast, site: str) -> None:
    await publish_rules(cast, CARD)
    async with await cast.browser(site, "max") as browser:
        assert (await write(browser, cast)).status_code == 303
    async with await cast.browser(site, "amy") as browser:
        page = await browser.get("/desk/rules")
        assert page.status_code == 200
        assert "Cards to Payments" in page.text
        assert "Large sums" not in page.text
        assert "/move" not in page.text
        for path in ("/desk/rules/new", f"/desk/rules/{key(1)}/move", "/desk/rules/publish"):
            assert (await browser.post(path, data={})).status_code == 403
        assert (await browser.get(f"/desk/rules/{key(1)}")).status_code == 403
    async with await cast.browser(site, "finn") as browser:
        assert (await browser.get("/desk/rules")).status_code == 403


async def test_a_mistake_is_named_with_its_field_and_everything_is_kept(
    cast: Cast, site: str
) -> None:
    async with await cast.browser(site, "max") as browser:
        answer = await write(browser, cast, **{"t.0.0.values": "a lot <b>", "name": "Große"})
        assert answer.status_code == 422
        assert 'href="#t.0.0.values"' in answer.text
        assert "a lot &lt;b&gt;" in answer.text
        assert 'value="Große"' in answer.text
        assert "payment_dispute" in answer.text
        empty = await write(browser, cast, **{"a.0.value": "", "name": " "})
    assert empty.status_code == 422
    assert "Choose a department." in empty.text
    assert "Give the rule a name" in empty.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"t.0.0.unit": "ZZZ"}, "t.0.0.values"),
        ({"t.0.0.about": "horoscope"}, "t.0.0.about"),
        ({"g.0.join": "perhaps"}, "g.0.join"),
        ({"moments": "tomorrow"}, "moments"),
        ({"a.0.do": "explode"}, "a.0.value"),
        ({"name": "x" * 200}, "name"),
        ({"a.0.do": "escalate"}, "a.0.text"),
        ({"t.0.0.values": ""}, "t.0.0.values"),
    ],
)
async def test_nonsense_from_a_form_is_refused_by_its_field(
    cast: Cast, site: str, changes: dict[str, str], field: str
) -> None:
    async with await cast.browser(site, "max") as browser:
        answer = await write(browser, cast, **changes)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert (await standing(cast.desk)).edition == 0


async def test_without_scripts_parts_are_added_and_removed_by_round_trips(
    cast: Cast, site: str
) -> None:
    async with await cast.browser(site, "max") as browser:
        added = await write(browser, cast, do="add-group:0.1")
        assert added.status_code == 200
        assert 'name="g.0.1.1.join"' in added.text
        assert 'value="1,000.50"' in added.text
        deepest = added.text.count('value="add-group:')
        assert deepest == 2  # the third level offers no fourth
        removed = await write(browser, cast, do="remove:0.0")
        assert "1,000.50" not in removed.text
        assert 'name="g.0.0.join"' in removed.text
        action = await write(browser, cast, do="add-action")
        assert 'name="a.1.do"' in action.text
    assert (await standing(cast.desk)).edition == 0


async def test_two_editors_never_overwrite_each_other(cast: Cast, site: str) -> None:
    await publish_rules(cast, CARD, SPANISH)
    old = await seen(cast)
    async with await cast.browser(site, "max") as one, await cast.browser(site, "admin") as other:
        assert (await write(one, cast)).status_code == 303
        answer = await other.post(
            f"/desk/rules/{key(1)}", data={**FORM, "seen": old, "name": "Mine, not theirs"}
        )
        assert answer.status_code == 409
        assert "Mine, not theirs" in answer.text
        assert "Cards to Payments" in (await other.get("/desk/rules")).text
        gone = await other.post(f"/desk/rules/{key(2)}/remove", data={"seen": old})
        assert gone.status_code == 409
        for path in ("publish", "discard", "versions/1/restore"):
            refused = await other.post(f"/desk/rules/{path}", data={"seen": old})
            assert refused.status_code == 409, path
        # Having read it, they put theirs in.
        again = re.search(r'name="seen" value="([\d.]+)"', answer.text)
        assert again is not None
        saved = await other.post(
            f"/desk/rules/{key(1)}", data={**FORM, "seen": again[1], "name": "Mine, not theirs"}
        )
        assert saved.status_code == 303
    names = [rule.name for rule in (await standing(cast.desk)).rules]
    assert names == ["Mine, not theirs", "Spanish", "Large sums"]


async def test_the_order_is_changed_by_buttons_and_published_as_a_version(
    cast: Cast, site: str
) -> None:
    await publish_rules(cast, CARD, SPANISH)
    async with await cast.browser(site, "max") as browser:
        path = f"/desk/rules/{key(2)}"
        moved = await browser.post(f"{path}/move", data={"seen": await seen(cast), "by": "-1"})
        assert moved.status_code == 303
        off = await browser.post(f"{path}/switch", data={"seen": await seen(cast), "on": ""})
        assert off.status_code == 303
        done = await browser.post(
            "/desk/rules/publish", data={"seen": await seen(cast), "note": "Spanish first"}
        )
        assert done.status_code == 303
        version = await browser.get("/desk/rules/versions/2")
        assert "“Spanish” was switched off." in version.text
        assert "The order is now “Spanish”, then “Cards to Payments”." in version.text
        assert "Spanish first" in (await browser.get("/desk/rules/versions")).text
        back = await browser.post("/desk/rules/versions/1/restore", data={"seen": await seen(cast)})
        assert back.status_code == 303
    now = await standing(cast.desk)
    assert now.version == 2
    assert [(rule.name, rule.on) for rule in now.rules] == [
        ("Cards to Payments", True),
        ("Spanish", True),
    ]


async def test_rules_that_fight_cannot_be_published_and_say_why(cast: Cast, site: str) -> None:
    to_pay = {"k.0.0": "test", "t.0.0.about": "department", "t.0.0.values": "DIS",
              "t.0.0.op": "among", "k.0.1": "", "a.0.value": "PAY", "mode": "go_on"}  # fmt: skip
    to_dis = {**to_pay, "t.0.0.values": "PAY", "a.0.value": "DIS", "name": "To disputes"}
    async with await cast.browser(site, "max") as browser:
        assert (await write(browser, cast, **to_pay)).status_code == 303
        assert (await write(browser, cast, **to_dis)).status_code == 303
        answer = await browser.post("/desk/rules/publish", data={"seen": await seen(cast)})
    assert answer.status_code == 422
    assert "undo each other" in answer.text
    assert (await standing(cast.desk)).version == 0


async def test_a_test_on_history_is_asked_for_watched_and_read(cast: Cast, site: str) -> None:
    await publish_rules(cast, SPANISH)
    filed = [await a_ticket(cast, subject=f"My card was charged {n} times") for n in range(30)]
    async with await cast.browser(site, "max") as browser:
        assert (await write(browser, cast, **{
            "t.0.0.about": "words", "t.0.0.values": "card, cards", "k.0.1": "",
        })).status_code == 303  # fmt: skip
        cast.desk.clock.advance(hours=1)  # type: ignore[attr-defined]
        asked = await browser.post("/desk/rules/tests", data={"days": "30"})
        path = asked.headers["location"]
        assert "It begins in a moment." in (await browser.get(path)).text
        assert await run_next_test(cast.desk) == 1
        page = await browser.get(path)
        assert "From where to where" in page.text
        assert filed[0].reference in page.text
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert following is not None
        second = await browser.get(path + following[1].replace("&amp;", "&"))
        assert filed[29].reference in second.text
        assert filed[0].reference not in second.text
        cell = await browser.get(f"{path}?was=GEN&becomes=PAY")
        assert filed[0].reference in cell.text
        assert (await browser.get(f"{path}?was=GEN&becomes=TAS")).text.count("HD-") == 0
        assert "30 tickets would differ" in (await browser.get("/desk/rules")).text.replace(
            "\u00a0", " "
        )
    async with await cast.browser(site, "amy") as browser:
        assert (await browser.get(path)).status_code == 403
    async with await cast.browser(site, "max") as browser:
        assert (await browser.get("/desk/rules/tests/999999")).status_code == 404


async def test_why_did_i_get_this_is_told_to_those_who_may_see_the_ticket(
    cast: Cast, site: str
) -> None:
    await publish_rules(cast, CARD, SPANISH)
    filed = await a_ticket(cast, subject="My card was charged", restricted=True)
    await work_once(cast.desk)
    path = f"/desk/tickets/{filed.reference}/why"
    async with await cast.browser(site, "pete") as browser:
        page = await browser.get(path)
        assert page.status_code == 200
        assert "Sent from General to Payments." in page.text
        assert "it says “card”" in page.text
        assert "1 rule did not match" in page.text.replace("\u00a0", " ")
    async with await cast.browser(site, "amy") as browser:
        assert (await browser.get(path)).status_code == 404
        assert (await browser.get("/desk/tickets/HD-99999/why")).status_code == 404
    async with await cast.browser(site, "finn") as browser:
        assert (await browser.get(path)).status_code == 403


async def test_notices_are_their_owner_s_alone(cast: Cast, site: str) -> None:
    tell = do("notify", "department:PAY", text="Look at the sum")
    await publish_rules(cast, a_rule("Tell", None, tell))
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    async with await cast.browser(site, "pete") as browser:
        page = await browser.get("/desk/notices")
        assert "Look at the sum" in page.text
        assert filed.reference in page.text
        assert (await browser.post("/desk/notices")).status_code == 303
        assert "New" not in (await browser.get("/desk/notices")).text
    async with await cast.browser(site, "amy") as browser:
        assert "Look at the sum" not in (await browser.get("/desk/notices")).text


async def test_a_notice_about_what_became_restricted_elsewhere_is_not_shown(
    cast: Cast, site: str
) -> None:
    await publish_rules(cast, a_rule("Tell", None, do("notify", "department:PAY", text="Look")))
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    await cast.desk.pool.execute(
        "UPDATE tickets SET restricted = true WHERE id = $1", filed.ticket_id
    )
    async with await cast.browser(site, "pete") as browser:
        assert filed.reference not in (await browser.get("/desk/notices")).text
    async with await cast.browser(site, "max") as browser:
        assert filed.reference in (await browser.get("/desk/notices")).text


async def test_of_two_who_save_at_the_same_instant_one_is_told(cast: Cast) -> None:
    await publish_rules(cast, CARD)
    old, actor = await seen(cast), await cast.actor("max")

    async def save(name: str) -> bool:
        try:
            async with cast.desk.transaction(actor) as tx:
                await save_rule(tx, old, a_rule(name))
        except EditedMeanwhile:
            return False
        return True

    saved = await asyncio.gather(*(save(f"Rule {n}") for n in range(6)))
    assert sum(saved) == 1
    assert len((await standing(cast.desk)).rules) == 2
