"""Each rule reads as one plain sentence, always the same; versions differ in sentences."""

import pytest
from hypothesis import given, settings

from triage.routing.logic.actions import Action
from triage.routing.logic.rules import Mode, Rule
from triage.routing.logic.sentences import Names, differences, sentence

from .build import a_rule, anything, asks, do, everything, group, key, nothing
from .test_engine import some_rules

NAMES = Names(
    {"bug": "A bug in the app"},
    {"PAY": "Payments", "GEN": "General"},
    {"7": "Pete Russo"},
    {"es": "Spanish", "pt": "Portuguese"},
    {"team_log": "Log of the app"},
)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (asks("type", "bug"), "it is about “A bug in the app”"),
        (asks("type", "gone"), "it is about ““gone”, which is gone”"),
        (asks("severity", "high"), "its severity is at least High"),
        (asks("severity", "normal", op="most"), "its severity is at most Normal"),
        (asks("language", "es", "pt", "unknown"),
         "its language is Spanish, Portuguese or not known"),
        (asks("words", "card", "refund*"), "it says “card” or “refund*”"),
        (asks("contract", "none"), "it names no contract"),
        (asks("contract", "running", "ended"), "it names a running contract or an ended contract"),
        (asks("contract_id", "C-1001"), "its contract is C-1001"),
        (asks("amount", "100050", unit="USD"), "the amount is at least USD 1,000.50"),
        (asks("amount", "5000", unit="JPY", op="most"), "the amount is at most JPY 5,000"),
        (asks("role", "client", "guest"), "the requester is a client or a guest"),
        (asks("company", "Acme"), "the requester works for “Acme”"),
        (asks("department", "PAY"), "it is with Payments"),
        (asks("load", "40", unit="PAY"), "Payments has at least 40 open tickets"),
        (asks("load", "1000", op="most"), "its department has at most 1,000 open tickets"),
        (asks("weekday", "sat", "sun"), "it is Saturday or Sunday where its department is"),
        (asks("hour", "20", "6", unit="Asia/Tokyo"), "it is from 20:00 to 06:00 in Tokyo"),
        (asks("open", "no", unit="PAY"), "Payments is closed"),
        (asks("previous_severity", "low"), "its severity was Low"),
        (asks("previous_department", "GEN"), "it was with General"),
        (asks("follow_ups", "3"), "it was asked about again at least 3 times"),
        (asks("source", "chat"), "it came by a chat"),
        (asks("restricted", "no"), "it is not restricted"),
        (asks("tag", "VIP "), "it has the tag “vip”"),
        (anything(asks("tag", "a"), asks("tag", "b")),
         "(it has the tag “a” or it has the tag “b”)"),
        (nothing(asks("tag", "a")), "it is not so that (it has the tag “a”)"),
    ],
)  # fmt: skip
def test_a_condition_reads_plainly(condition: object, said: str) -> None:
    rule = a_rule("R", everything(condition))  # type: ignore[arg-type]
    assert sentence(rule, NAMES) == f"When a ticket is filed and {said}: add the tag “seen”."


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (do("department", "PAY"), "send it to Payments"),
        (do("department", "OLD"), "send it to “OLD”, which is gone"),
        (do("agent", "best"), "assign it to whoever fits best"),
        (do("agent", "7"), "assign it to Pete Russo"),
        (do("skill", "Taxes"), "it needs somebody who knows “taxes”"),
        (do("severity", "one"), "raise its severity by one level"),
        (do("severity", "urgent"), "raise its severity to Urgent at least"),
        (do("notify", "managers", by="mail", text=" Look "),
         "tell the managers by mail, saying “Look”"),
        (do("notify", "department:PAY"), "tell Payments"),
        (do("ask", "team_log"), "ask for Log of the app"),
        (do("escalate", text="Money"), "escalate it to the managers, saying “Money”"),
    ],
)  # fmt: skip
def test_an_action_reads_plainly(action: Action, said: str) -> None:
    assert sentence(a_rule("R", None, action), NAMES) == f"When a ticket is filed: {said}."


def test_moments_several_actions_and_the_end_are_said() -> None:
    rule = a_rule(
        "R",
        None,
        do("tag", "a"),
        do("tag", "b"),
        do("department", "GEN"),
        moments=("followed_up", "filed"),
        mode=Mode.STOP,
    )
    assert sentence(rule, NAMES) == (
        "When a ticket is filed or is followed up: add the tag “a”, add the tag “b” and send it "
        "to General. Later rules are not read."
    )


@settings(max_examples=60)
@given(some_rules())
def test_every_rule_has_one_sentence_and_always_the_same(rule: Rule) -> None:
    said = sentence(rule, NAMES)
    assert said == sentence(Rule.model_validate_json(rule.model_dump_json()), NAMES)
    assert said.startswith("When a ticket ")
    assert "\n" not in said


def test_what_a_version_changed_is_said_in_sentences() -> None:
    one, two, three = (a_rule(name, key=key(n)) for n, name in enumerate(("A", "B", "C"), 1))
    changed = a_rule("B", everything(asks("tag", "x")), key=key(2))
    off = one.model_copy(update={"on": False, "name": "Ah"})
    new = a_rule("D", None, do("department", "PAY"), key=key(4))
    assert differences([one, two, three], [changed, off, new], NAMES) == [
        "“C” was removed.",
        "“B” said: When a ticket is filed: add the tag “seen”. It now says: When a ticket is "
        "filed and it has the tag “x”: add the tag “seen”.",
        "“A” is now called “Ah”.",
        "“Ah” was switched off.",
        "“D” was added: When a ticket is filed: send it to Payments.",
        "The order is now “B”, “Ah”, then “D”.",
    ]
    assert differences([one, two], [one, two], NAMES) == []


def test_brackets_stand_where_it_would_be_unclear_without() -> None:
    deep = everything(
        asks("tag", "a"),
        anything(asks("tag", "b"), group("all", asks("tag", "c"), asks("tag", "d"))),
    )
    assert sentence(a_rule("R", deep), NAMES).startswith(
        "When a ticket is filed and it has the tag “a” and (it has the tag “b” or (it has the tag "
        "“c” and it has the tag “d”)):"
    )
