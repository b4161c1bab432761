"""What is carried from the suggestions to the ticket."""

import pytest

from helpdesk.contact.seen import (
    MOST,
    Seen,
    met_before_filing,
    number,
    seen_in,
    seen_kept,
    with_seen,
)


def test_who_came_straight_to_the_form_carries_nothing() -> None:
    assert Seen().fields == {}
    assert Seen().stored is None
    assert seen_in({"subject": "Words"}) == seen_kept(None) == Seen()


def test_what_was_read_and_said_survives_the_form_and_the_draft() -> None:
    seen = Seen().read(7).read(9).read(7).passed(3).follows(4).none_of([9, 11], "guidance")
    assert seen_in(seen.fields) == seen
    assert seen_kept(seen.stored) == seen
    assert seen.stored == {
        "articles": [7, 9],
        "offered": [9, 11],
        "alerts": [3],
        "followed": [4],
        "helped": False,
        "type": "guidance",
    }


def test_what_solved_it_is_known_until_it_did_not_after_all() -> None:
    seen = Seen().read(9).is_solved_by(7, "guidance")
    assert seen_in(seen.fields) == seen_kept(seen.stored) == seen
    assert seen.stored == {
        "articles": [9, 7],
        "helped": True,
        "type": "guidance",
        "solved_by": 7,
    }
    assert seen.once_more() == Seen().read(9).read(7)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.5", "x", "1;2", "9" * 19, "٣", "1e3", "\0", "' OR 1=1", "0x1", " 1"]
)
def test_a_number_that_is_none_is_left_out(text: str) -> None:
    assert number(text) is None
    assert seen_in({"seen.articles": f"5 {text.strip()} 6"}).articles[:2] in ((5, 6), (5, 1))


def test_a_list_has_an_end() -> None:
    seen = seen_in({"seen.articles": " ".join(map(str, range(1, 5_000)))})
    assert seen.articles == tuple(range(1, MOST + 1))
    assert seen.read(99).articles == seen.articles


def test_a_ticket_was_solved_by_nothing() -> None:
    solved = Seen().read(1).is_solved_by(2, "guidance")
    assert met_before_filing(solved.fields) == {"articles": [1, 2]}
    none = Seen().none_of([1], "guidance")
    assert met_before_filing(none.fields) == none.stored
    assert met_before_filing({"subject": "Words"}) is None


def test_a_later_word_takes_the_place_of_the_earlier_one() -> None:
    seen = Seen().none_of([1], "guidance")
    fields = with_seen({"subject": "Words", **seen.fields}, seen.once_more())
    assert fields == {"subject": "Words", "seen.offered": "1"}


def test_a_type_that_is_no_key_is_left_out() -> None:
    assert seen_in({"seen.helped": "no", "seen.type": "<b>"}).type_key == ""
    assert seen_in({"seen.helped": "maybe"}).helped is None
