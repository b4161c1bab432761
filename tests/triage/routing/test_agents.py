"""Who gets a ticket: never somebody who may not see it, and always with a reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.routing.running.agents import Candidate, Need, pick_agent


def one(id: int, **more: Any) -> Candidate:
    return Candidate(id, f"Agent {id}", **{"may_see": True, **more})


candidates = st.lists(
    st.builds(
        one,
        id=st.integers(1, 99),
        may_see=st.booleans(),
        languages=st.frozensets(st.sampled_from(["en", "es", "de"])),
        skills=st.frozensets(st.sampled_from(["taxes", "timer"])),
        open_tickets=st.integers(0, 40),
        present=st.booleans(),
        absent=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda candidate: candidate.id,
)
needs = st.builds(
    Need,
    department=st.just("Payments"),
    language=st.sampled_from([None, "en", "es", "ja"]),
    skills=st.frozensets(st.sampled_from(["taxes", "timer"])),
    is_open=st.sampled_from([None, True, False]),
    urgent=st.booleans(),
)


@given(candidates, needs, st.randoms())
def test_whoever_is_chosen_may_take_it(people: list[Candidate], need: Need, random: Any) -> None:
    pick = pick_agent(people, need)
    assert pick.why.endswith(".")
    mixed = list(people)
    random.shuffle(mixed)
    assert pick_agent(mixed, need) == pick
    if pick.agent is not None:
        assert pick.agent.may_see
        assert not pick.agent.absent
        assert pick.agent.has_room
        assert need.skills <= pick.agent.skills
        assert need.is_open is not False or need.urgent


@pytest.mark.parametrize(
    ("people", "need", "chosen", "why"),
    [
        ([one(1, open_tickets=5), one(2, open_tickets=3)], {}, 2, "has 3 open of 30, out of 2"),
        ([one(1, open_tickets=5, present=True), one(2)], {}, 1, "is at the desk"),
        ([one(1, languages=frozenset({"es"}), open_tickets=9), one(2)], {"language": "es"}, 1,
         "reads es"),
        ([one(1)], {"language": "en"}, 1, "has 0 open"),
        ([one(1)], {"language": "ja"}, None, "Nobody free reads ja"),
        ([one(1)], {"skills": frozenset({"taxes"})}, None, "knows taxes"),
        ([one(1, absent=True)], {}, None, "is away"),
        ([one(1, open_tickets=30)], {}, None, "room"),
        ([one(1)], {"is_open": False}, None, "closed"),
        ([one(1)], {"is_open": False, "urgent": True}, 1, "has 0 open"),
        ([one(1, may_see=False)], {}, None, "may see it"),
        ([], {}, None, "may see it"),
    ],
)  # fmt: skip
def test_the_choice_and_its_reason(
    people: list[Candidate], need: dict[str, Any], chosen: int | None, why: str
) -> None:
    pick = pick_agent(people, Need("Payments", **need))
    assert (pick.agent.id if pick.agent else None) == chosen
    assert why in pick.why
