"""Rules for programs: a draft replaced at once, every mistake named, nothing broken stored."""

from typing import Any

import orjson
import pytest

from tests.people import Cast
from triage.routing.logic.rules import MOST_RULES
from triage.routing.queries import standing

from .build import a_rule, asks, do, everything, key, publish_rules

RULE = a_rule("Cards", everything(asks("words", "card")), do("department", "PAY"), key=key(1))
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE tickets; --",
    "{{ 12345679 * 9 }}",
    "(a+)+$",
    "\u202eevil",
    "😀 emoji",
    "%s %d {by}",
]


def document(**changes: Any) -> dict[str, Any]:
    return {**RULE.model_dump(mode="json"), **changes}


async def send(cast: Cast, site: str, rules: Any, who: str = "max", **more: Any) -> Any:
    now = (await standing(cast.desk)).seen
    async with await cast.browser(site, who) as browser:
        return await browser.put("/desk/rules.json", json={"seen": now, "rules": rules, **more})


async def test_rules_are_read_sent_and_read_again(cast: Cast, site: str) -> None:
    await publish_rules(cast, RULE)
    async with await cast.browser(site, "max") as browser:
        told = (await browser.get("/desk/rules.json")).json()
        assert told["sentences"] == [
            "When a ticket is filed and it says “card”: send it to Payments."
        ]
        told["rules"][0]["name"] = "Cards and more"
        body = {"seen": told["seen"], "rules": told["rules"]}
        answer = await browser.put("/desk/rules.json", json=body)
        assert answer.status_code == 200, answer.text
        again = (await browser.get("/desk/rules.json")).json()
        assert again["draft"] is True
        assert again["rules"][0]["name"] == "Cards and more"
        stale = await browser.put("/desk/rules.json", json=body)
        assert stale.status_code == 409
    async with await cast.browser(site, "amy") as browser:  # agents read what is in use
        told = (await browser.get("/desk/rules.json")).json()
        assert (told["draft"], told["rules"][0]["name"]) == (False, "Cards")
    assert (await send(cast, site, [], who="amy")).status_code == 403


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"name": ""}, "rules.0.name"),
        ({"name": "x" * 121}, "rules.0.name"),
        ({"then": []}, "rules.0.then"),
        ({"mode": "perhaps"}, "rules.0.mode"),
        ({"key": "not one"}, "rules.0.key"),
        ({"surprise": 1}, "rules.0.surprise"),
        ({"when": {"moments": [], "condition": {"join": "all", "of": []}}}, "rules.0.when.moments"),
        ({"then": [{"do": "explode"}]}, "rules.0.then.0.do"),
        ({"then": [{"do": "department", "value": ""}]}, "rules.0.then.0"),
    ],
)
async def test_a_mistake_is_named_by_its_place(
    cast: Cast, site: str, rule: dict[str, Any], field: str
) -> None:
    answer = await send(cast, site, [document(**rule)])
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await standing(cast.desk)).edition == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b'{"rules": {}}', b'{"rules": []}', b'{"seen": 3, "rules": []}',
     b'{"seen": "0.0", "rules": [null]}', b'{"seen": "0.0", "rules": ["x"]}', b"\xff\xfe",
     b'{"seen": "0.0", "rules": [{"name": "a\\u0000b"}]}', b"[" * 5000],
)  # fmt: skip
async def test_what_is_no_document_is_refused(cast: Cast, site: str, body: bytes) -> None:
    async with await cast.browser(site, "max") as browser:
        answer = await browser.put("/desk/rules.json", content=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_groups_a_hundred_deep_are_refused_politely(cast: Cast, site: str) -> None:
    deep: dict[str, Any] = {"join": "all", "of": []}
    for _ in range(100):
        deep = {"join": "all", "of": [deep]}
    answer = await send(cast, site, [document(when={"moments": ["filed"], "condition": deep})])
    assert answer.status_code == 422


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_words_are_words(cast: Cast, site: str, text: str) -> None:
    rule = a_rule(text, everything(asks("company", text)), do("notify", "managers", text=text))
    answer = await send(cast, site, [rule.model_dump(mode="json")])
    assert answer.status_code == 200, answer.text
    async with await cast.browser(site, "max") as browser:
        for path in ("/desk/rules", f"/desk/rules/{rule.key}"):
            page = await browser.get(path)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert "111111111" not in page.text


async def test_a_thousand_rules_are_stored_shown_and_checked(cast: Cast, site: str) -> None:
    rules = [a_rule(f"Rule {n}", everything(asks("tag", f"t{n}"))) for n in range(MOST_RULES)]
    slim = [
        {"name": rule.name, "when": {"condition": {"of": [
            {"about": "tag", "op": "among", "values": [f"t{n}"]}]}},
         "then": [{"do": "tag", "value": "x"}]}
        for n, rule in enumerate(rules)
    ]  # fmt: skip
    assert len(orjson.dumps(slim)) < 256 * 1024
    answer = await send(cast, site, slim)
    assert answer.status_code == 200, answer.text
    async with await cast.browser(site, "max") as browser:
        page = await browser.get("/desk/rules")
        assert "1,000\u00a0rules" in page.text
        assert "Rule 99<" in page.text
        assert "Rule 999<" in (await browser.get("/desk/rules?from=900")).text
    assert (await send(cast, site, [*slim, slim[0]])).status_code == 422


async def test_the_same_key_twice_is_refused(cast: Cast, site: str) -> None:
    answer = await send(cast, site, [document(), document()])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "rules.1.key", "message": "Another rule has this key."}
    ]


async def test_a_rule_that_names_what_is_gone_is_stored_and_not_published(
    cast: Cast, site: str
) -> None:
    answer = await send(
        cast, site, [document(then=[{"do": "agent", "value": "999999"}, {"do": "department",
                                                                        "value": "OLD"}])]
    )  # fmt: skip
    assert answer.status_code == 200
    [finding] = answer.json()["findings"]
    assert finding["level"] == "error"
    assert "“OLD” and an agent who has left" in finding["text"] or "agent" in finding["text"]
    async with await cast.browser(site, "max") as browser:
        seen = (await standing(cast.desk)).seen
        refused = await browser.post("/desk/rules/publish", data={"seen": seen})
    assert refused.status_code == 422
    assert "which is gone" in refused.text
