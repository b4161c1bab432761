"""What moves a severity, and what never does."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.document import TicketType
from triage.severity.facts import Around, Facts, MilestoneFacts, facts_of, working_days
from triage.severity.rules import Rules, default_rules
from triage.severity.weighing import Suggestion, line_from, suggest_severity
from triage.severity.words import plain_words

RULES = default_rules()
CATALOGUE = default_catalogue()
NOW = datetime(2026, 6, 2, 10, tzinfo=UTC)  # a Tuesday
SWEARING = st.sampled_from(["fucking", "damn", "bloody", "shit", "idiots", "WTF"])
MARKS = st.sampled_from(["!", "!!!", "?!?!", "…", " ???", "😡", ":("])


def type_named(key: str) -> TicketType:
    type = CATALOGUE.type(key)
    assert type is not None
    return type


def weighed(
    key: str, description: str = "", answers: dict[str, Any] | None = None, rules: Rules = RULES,
    **around: Any,
) -> Suggestion:  # fmt: skip
    known = Around(NOW, **around)
    return suggest_severity(
        facts_of(type_named(key), "", description, answers or {}, known, rules), rules
    )


def counted(suggestion: Suggestion) -> list[str]:
    return [line.key for line in suggestion.counted]


def milestone(state: str = "submitted", minor: int = 50_000, **more: Any) -> MilestoneFacts:
    values: dict[str, Any] = {"due_on": None, "state_since": None, "chosen": True, **more}
    return MilestoneFacts(minor, state, **values)


@pytest.mark.parametrize("type", CATALOGUE.types, ids=lambda type: type.key)
def test_without_any_signal_a_type_keeps_its_usual_level(type: TicketType) -> None:
    assert weighed(type.key).level == type.severity
    assert weighed(type.key).reasons == ()


@pytest.mark.parametrize(
    ("key", "answers", "level"),
    [
        ("registration_problem", {"starts_soon": "yes"}, 3),
        ("registration_problem", {"starts_soon": "no"}, 1),
        ("account_closure", {"security_fear": "yes"}, 3),
        ("account_closure", {"blockers": "open"}, 1),
        ("suspension_appeal", {"pressing": "money"}, 4),
        ("security_qa_reset", {"takeover_signs": "yes"}, 4),
        ("private_matter", {"already_public": "yes"}, 3),
        ("withdrawal_not_received", {"details_changed": "not_by_me"}, 4),
        ("withdrawal_not_received", {"method": "bank", "transaction_date": "2026-05-28"}, 1),
        ("withdrawal_not_received", {"method": "wallet", "transaction_date": "2026-05-28"}, 2),
        ("withdrawal_not_received", {"method": "bank", "transaction_date": "2026-05-04"}, 3),
        ("refund_to_card", {"special": "twice"}, 3),
        ("payment_dispute", {"reason": "not_authorised"}, 4),
        ("deposit_problem", {"freelancer_waits": "yes"}, 4),
        ("deposit_problem", {"freelancer_waits": "no"}, 2),
        ("cancellation", {"agrees": "both"}, 1),
        ("milestone_not_released", {"contract_ended": "refund"}, 4),
        ("work_quality_dispute", {"changes_requested": "no"}, 1),
        ("breach_of_contract", {"misused": "yes"}, 4),
        ("unpaid_no_escrow", {"promised": "yes"}, 2),
        ("agreed_action_not_done", {"due_on": "2026-06-20"}, 2),
        ("hiring_scam", {"money_at_risk": "yes"}, 4),
        ("hiring_scam", {"money_at_risk": "no"}, 2),
        ("hiring_problem", {"starts_on": "2026-06-03"}, 3),
        ("policy_violation_report", {"what_kind": "threat"}, 4),
        ("abuse_or_harassment", {"threat": "yes"}, 4),
        ("team_app_bug", {"cannot_log_time": "no"}, 3),
        ("level1_tech", {"blocks": "yes"}, 3),
        ("tech_unsolved", {"what_is_lost": "money"}, 3),
    ],
)
def test_each_type_has_signals_of_its_own(key: str, answers: dict[str, str], level: int) -> None:
    assert weighed(key, answers=answers).level == level


def test_a_deadline_counts_in_its_last_48_hours_only() -> None:
    def due(day: int) -> Suggestion:
        step = milestone("funded", due_on=date(2026, 6, day))
        return weighed("guidance", milestones=(step,), currency="USD", in_escrow=True)

    assert [due(day).level for day in (1, 2, 3, 4, 5)] == [1, 2, 2, 1, 1]


def test_money_above_the_limit_of_its_currency_raises_once() -> None:
    steps = (milestone("funded", 600_000),)
    held = weighed("cancellation", milestones=steps, currency="USD", in_escrow=True)
    asked = {"amount": "6000", "amount.currency": "USD"}
    both = weighed("payment_not_received", "", asked, milestones=steps, currency="USD",
                   in_escrow=True)  # fmt: skip
    assert (held.level, both.level) == (3, 3)
    assert weighed("payment_not_received", answers={"amount": "4999", "amount.currency": "USD"}
                   ).level == 2  # fmt: skip
    yen = {"amount": {"minor": 600_000, "currency": "JPY"}}
    assert weighed("payment_not_received", answers=yen).level == 2, "stored answers, other limit"


def test_a_release_that_failed_is_our_fault_and_urgent() -> None:
    late = milestone(state_since=date(2026, 5, 10))
    running = milestone(state_since=date(2026, 5, 25))
    assert weighed("payment_not_received", milestones=(late,)).level == 4
    assert weighed("payment_not_received", milestones=(running,)).level == 1
    soon = milestone(state_since=date(2026, 5, 20))
    assert weighed("work_quality_dispute", milestones=(soon,)).level == 3


@pytest.mark.parametrize(
    ("around", "rule"),
    [
        ({"follow_ups": 3}, "third_follow_up"),
        ({"reopenings": 2}, "second_reopening"),
        ({"reporters": 5}, "several_reporters"),
        ({"alert": True}, "known_issue"),
    ],
)
def test_what_happened_around_it_counts(around: dict[str, Any], rule: str) -> None:
    assert counted(weighed("team_app_bug", **around)) == [rule]


def test_one_less_does_not_count() -> None:
    assert weighed("team_app_bug", follow_ups=2, reopenings=1, reporters=4).level == 2


def test_an_outage_that_many_report_is_urgent_unless_it_is_known() -> None:
    assert weighed("site_outage", reporters=5).level == 4
    assert weighed("site_outage", alert=True).level == 2


def test_signals_add_up_and_stop_at_the_ends() -> None:
    many = {"follow_ups": 3, "reopenings": 2, "reporters": 9}
    assert weighed("team_app_bug", **many).level == 4
    assert weighed("level1_tech", "only a typo", alert=True).level == 1


def test_a_cosmetic_fault_is_low() -> None:
    found = weighed("team_app_bug", "The icon has the wrong colour in dark mode. It is cosmetic.")
    assert (found.level, counted(found)) == (1, ["only_looks_wrong"])
    assert found.reasons == ("It looks wrong, but nothing is lost.",)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("I am locked out of my account", "access_lost"),
        ("I can’t sign in since this morning", "access_lost"),
        ("The deadline is tomorrow", "deadline_soon"),
        ("Somebody else is using my account!", "money_in_danger"),
    ],
)
def test_words_have_weight(words: str, rule: str) -> None:
    assert rule in counted(weighed("guidance", words))


@pytest.mark.parametrize(
    "words",
    ["I am not locked out", "The deadline was met long ago", "My logo is a button", "account"],
)
def test_a_not_takes_them_back_and_single_weak_words_are_too_little(words: str) -> None:
    assert counted(weighed("team_app_bug", words)) == []


SENTENCES = st.lists(
    st.sampled_from(
        [*(phrase for lexicon in RULES.words.values() for phrase in lexicon.phrases),
         "I am", "not", "the app", "stopped", "straße", "since Monday", "I can't", "café"]
    ),
    max_size=12,
)  # fmt: skip


@given(SENTENCES, st.sampled_from([type.key for type in CATALOGUE.types]), st.data())
def test_capitals_marks_and_swearing_never_change_it(
    words: list[str], key: str, data: st.DataObject
) -> None:
    loud: list[str] = []
    for word in " ".join(words).split():
        word = data.draw(st.sampled_from([word, word.upper(), word.title()]))
        loud += data.draw(st.lists(SWEARING, max_size=2))
        loud.append(word + data.draw(st.one_of(st.just(""), MARKS)))
    calm = weighed(key, " ".join(words))
    assert weighed(key, " ".join(loud) + "!!!") == calm


@given(st.text(max_size=300))
def test_any_text_in_capitals_is_the_same_text(text: str) -> None:
    assert weighed("team_app_bug", text.upper()).level == weighed("team_app_bug", text).level


def test_nothing_of_who_somebody_is_can_be_an_input() -> None:
    inputs = {condition.fact for rule in RULES.rules for condition in rule.conditions}
    never = ("rating", "score", "reputation", "feedback", "spend", "spent", "plan", "tone",
             "capital", "language", "country", "role", "company")  # fmt: skip
    assert not [name for name in inputs if any(word in name for word in never)]
    assert set(Around.__dataclass_fields__) == {
        "now", "currency", "in_escrow", "milestones", "alert", "reporters", "same_named",
        "earlier_same", "on_contract", "follow_ups", "reopenings",
    }  # fmt: skip


def test_the_trace_lists_every_rule_of_the_type_with_its_values() -> None:
    found = weighed("team_app_bug", "a typo", {"cannot_log_time": "no"}, follow_ups=1)
    assert [line.key for line in found.trace] == [r.key for r in RULES.about("team_app_bug")]
    lines = {line.key: line for line in found.trace}
    assert lines["hours_cannot_be_logged"].values == {"answer_cannot_log_time": "no"}
    assert lines["third_follow_up"].values == {"follow_ups": 1}
    assert lines["third_follow_up"].holds is False
    words = lines["only_looks_wrong"].values["words_cosmetic"]
    assert words == {"found": {"typo": 1.0}, "weight": 1.0, "needed": 1.0}
    assert tuple(line_from(line.stored) for line in found.trace) == found.trace


def test_a_rule_that_is_switched_off_is_told_and_has_no_effect() -> None:
    off = RULES.model_copy(
        update={
            "rules": tuple(
                rule.model_copy(update={"on": rule.key != "third_follow_up"})
                for rule in RULES.rules
            )
        }
    )
    found = weighed("team_app_bug", rules=off, follow_ups=3)
    assert found.level == 2
    line = next(line for line in found.trace if line.key == "third_follow_up")
    assert (line.holds, line.counts) == (True, False)


def test_facts_kept_as_json_weigh_the_same() -> None:
    known = Around(NOW, follow_ups=3, milestones=(milestone(),), currency="USD", in_escrow=True)
    facts = facts_of(type_named("cancellation"), "", "deadline is tomorrow",
                     {"work_state": "submitted"}, known, RULES)  # fmt: skip
    stored = facts.stored
    again = Facts(stored["type"], stored["usual"], stored["values"])
    assert suggest_severity(again, RULES) == suggest_severity(facts, RULES)


def test_answers_that_are_private_or_written_freely_are_no_inputs() -> None:
    answers = {"quote": "canary", "card_last4": "4242", "threat": "yes", "thread": "canary"}
    facts = facts_of(type_named("abuse_or_harassment"), "canary", "canary", answers,
                     Around(NOW), RULES)  # fmt: skip
    assert "canary" not in str(facts.stored)
    assert "4242" not in str(facts.stored)


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 5, 29), date(2026, 6, 1), 1),  # Friday to Monday
        (date(2026, 5, 29), date(2026, 5, 31), 0),
        (date(2026, 5, 25), date(2026, 6, 1), 5),
        (date(2026, 6, 1), date(2026, 6, 1), 0),
    ],
)
def test_weekends_are_no_working_days(since: date, until: date, days: int) -> None:
    assert working_days(since, until) == days


def test_only_words_are_read() -> None:
    assert plain_words("I CAN’T sign in!!! damn") == ["i", "cannot", "sign", "in"]
