"""The first thing an agent reads about a case."""

from types import SimpleNamespace
from typing import Any

from helpdesk.console.summary import summary

TICKET: dict[str, Any] = {
    "requester": "Nina",
    "group_name": "Payments",
    "assignee": None,
    "status": "waiting_on_user",
    "contract": "C-1002",
    "contract_title": "Handbook",
    "follow_ups": 2,
}


def test_it_says_whose_turn_it_is_what_is_there_and_what_is_missing() -> None:
    said = summary(TICKET, 1, ["piece"], [SimpleNamespace(label="Bank slip")])
    assert said == (
        "Nina asked Payments; we wait for the user, and nobody owns it. "
        "On the case: 1 other ticket and 1 piece of evidence. About contract C-1002, Handbook. "
        "Still missing: Bank slip. Asked again 2 times."
    )


def test_what_is_not_there_is_not_mentioned() -> None:
    plain = TICKET | {"contract": None, "follow_ups": 0, "assignee": "Pete", "status": "new"}
    assert summary(plain, 0, [], []) == (
        "Nina asked Payments; nobody has answered yet, and Pete owns it."
    )
