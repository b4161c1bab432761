"""The meter names what a description may still lack."""

import time

import pytest

from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.document import TicketType
from triage.completeness import completeness, how_complete, what_is_missing


def type_named(key: str) -> TicketType:
    type = default_catalogue().type(key)
    assert type is not None
    return type


BUG = type_named("team_app_bug")


def missing(description: str, type: TicketType = BUG) -> list[str]:
    return [hint.key for hint in what_is_missing(description, type)]


def test_a_thin_description_is_asked_for_all_four() -> None:
    assert missing("Broken.") == ["did", "expected", "happened", "since"]
    assert how_complete("Broken.", BUG) == 0


def test_a_full_description_has_nothing_missing() -> None:
    text = (
        "I closed the lid and opened it again. Tracking should have gone on, but the app "
        "showed “paused” and counted nothing. It has been like this since 3 July."
    )
    assert missing(text) == []
    assert how_complete(text, BUG) == 1


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("When I click on Start, it spins", "did"),
        ("We then clicked Save", "did"),
        ("After restarting the app", "did"),
        ("It was supposed to be blue", "expected"),
        ("We had agreed on ten pages", "expected"),
        ("An error comes up", "happened"),
        ("The page doesn't load", "happened"),
        ("The page won’t load", "happened"),
        ("Two days ago", "since"),
        ("On 2026-07-03", "since"),
        ("On the 3rd of July", "since"),
        ("At 14:05", "since"),
    ],
)
def test_a_cue_in_plain_english_is_understood(text: str, cue: str) -> None:
    assert cue not in missing(text)


def test_hints_are_asked_for_only_where_the_type_wants_them() -> None:
    assert missing("How do I split a project?", type_named("guidance")) == []
    assert missing("Nothing", type_named("account_compromised")) == []


def test_every_hint_says_what_to_add() -> None:
    for hint in what_is_missing("", BUG):
        assert hint.label
        assert hint.text.startswith("Say ")


@pytest.mark.parametrize("piece", ["step ", "i aaaa ", "for aaa ", "when a", "last ", "1"])
def test_long_hostile_text_does_not_keep_the_server_busy(piece: str) -> None:
    started = time.perf_counter()
    what_is_missing(piece * (20_000 // len(piece)), BUG)
    assert time.perf_counter() - started < 10


FULL = (
    "I closed the lid and opened it again. Tracking should have gone on, but the app showed an"
    " error. Since 3 July."
)


def test_what_the_type_asks_for_is_asked_for_by_name() -> None:
    needed = completeness(BUG, FULL)
    assert [hint.text for hint in needed.hints] == [
        "Still to answer: Version of the app.".replace(
            "Version of the app", label_of("app_version")
        ),
        f"Still to answer: {label_of('steps')}.",
        "Still to add: Team log file.",
    ]
    assert 0 < needed.share < 1


def label_of(key: str) -> str:
    question = BUG.question(key)
    assert question is not None
    return question.label.rstrip("?")


def test_with_everything_there_nothing_is_asked_for() -> None:
    needed = completeness(BUG, FULL, ["app_version", "steps"], ["team_log"])
    assert (needed.hints, needed.percent) == ((), 100)


def test_another_language_is_not_searched_for_english_words() -> None:
    text = "Cerré la tapa y la volví a abrir. Debía seguir contando, pero no cuenta nada."
    needed = completeness(BUG, text, ["app_version", "steps"], ["team_log"], in_english=False)
    assert (needed.hints, needed.percent) == ((), 100)
    assert completeness(BUG, "", in_english=False).share < 0.2


@pytest.mark.parametrize("type", default_catalogue().types, ids=lambda type: type.key)
def test_every_type_begins_empty_and_can_be_completed(type: TicketType) -> None:
    answered = [question.key for question in type.questions]
    present = [item.key for item in type.evidence]
    assert completeness(type, "").share == 0
    assert completeness(type, FULL, answered, present).percent == 100
