"""Which alert fits what somebody types."""

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.alerts.models import Level, Stage
from helpdesk.alerts.shown import AlertShown, Reader, for_reader, matching, uses

AT = datetime(2026, 6, 2, 10, tzinfo=UTC)
MONEY = frozenset({"money_question", "withdrawal_not_received"})


def alert(**changes: Any) -> AlertShown:
    return AlertShown(
        **{
            "id": 1, "title": "Payments page is slow", "area": "payments",
            "area_title": "Payments", "level": Level.DEGRADED, "stage": Stage.INVESTIGATING,
            "words": ("spinning wheel", "loads forever"), "type_keys": frozenset(),
            "covers": MONEY, "countries": frozenset(), "roles": frozenset(),
            "app_versions": (), "starts_at": AT, "ends_at": None, "next_update_at": None,
            "updated_at": AT, "changed_at": AT, "resolved_at": None, "affected": 0,
            "last_number": 1, "latest": "x", **changes,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "type_key", "fits"),
    [
        ("payments page hangs", "money_question", True),
        ("My payment does not arrive", "withdrawal_not_received", True),
        ("there is only a SPINNING wheel", "money_question", True),
        ("the wheel", "money_question", False),
        ("where is my tax form", "money_question", False),
        ("payments page hangs", "team_app_bug", False),  # another area
        ("payments page hangs", "", True),
        ("it loads forever", "", True),
        ("page", "", False),
        ("", "money_question", False),
        ("", "", False),
        ("%_*'; --\x00" * 500, "money_question", False),
    ],
)
def test_within_its_area_its_words_decide(words: str, type_key: str, fits: bool) -> None:
    assert bool(matching([alert()], words, type_key)) is fits


def test_the_types_it_names_need_no_words_and_come_first() -> None:
    vague, named = alert(id=1), alert(id=2, title="x", type_keys=frozenset({"money_question"}))
    found = matching([vague, named], "payments", "money_question")
    assert [one.id for one in found] == [2, 1]
    assert matching([named], "", "money_question") == (named,)
    assert matching([named], "", "withdrawal_not_received") == ()


@pytest.mark.parametrize(
    ("audience", "inside", "outside"),
    [
        ({"countries": frozenset({"PT"})}, Reader(country="PT"), Reader(country="DE")),
        ({"countries": frozenset({"PT"})}, Reader(country="PT"), Reader()),
        (
            {"roles": frozenset({"client"})},
            Reader(roles=frozenset({"client"})),
            Reader(roles=frozenset({"freelancer"})),
        ),
        ({"roles": frozenset({"client"})}, Reader(roles=frozenset({"client"})), Reader()),
        ({"app_versions": ("3.2",)}, Reader(app_version="3.2.1"), Reader(app_version="3.20")),
        ({"app_versions": ("3.2",)}, Reader(is_staff=True), Reader()),
        (
            {"countries": frozenset({"PT"}), "roles": frozenset({"client"})},
            Reader(country="PT", roles=frozenset({"client"})),
            Reader(country="PT", roles=frozenset({"freelancer"})),
        ),
    ],
)
def test_an_audience_has_an_inside_and_an_outside(
    audience: dict[str, Any], inside: Reader, outside: Reader
) -> None:
    one = alert(**audience)
    assert for_reader([one], inside) == (one,)
    assert for_reader([one], outside) == ()


def test_a_version_stands_for_its_patches_only() -> None:
    assert uses("3.2", ["3.2"])
    assert uses("3.2.9", ["3.1", "3.2"])
    assert not uses("3.20", ["3.2"])
    assert not uses("", ["3.2"])
