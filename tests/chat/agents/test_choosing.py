"""Who is offered a chat: of all agents and all chats, not only of some."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chat.agents.choosing import PATIENCE, Candidate, Waiting, choose

START = datetime(2026, 6, 2, tzinfo=UTC)
some = st.frozensets(st.sampled_from("abc"), max_size=2)
candidates = st.builds(
    Candidate,
    id=st.integers(1, 9),
    groups=st.frozensets(st.integers(1, 3), max_size=3),
    languages=some,
    skills=some,
    takes_chats=st.booleans(),
    load=st.integers(0, 5),
    capacity=st.integers(1, 4),
    rested_since=st.none() | st.integers(0, 90).map(lambda s: START + timedelta(seconds=s)),
)
agents = st.lists(candidates, max_size=6, unique_by=lambda one: one.id)
chats = st.builds(
    Waiting,
    group_id=st.integers(1, 3),
    language=st.sampled_from(["", "a", "b"]),
    skills=some,
    waited=st.integers(0, 60).map(lambda s: timedelta(seconds=s)),
    passed=st.frozensets(st.integers(1, 9), max_size=3),
    before=st.none() | st.integers(1, 9),
)


@given(agents, chats)
def test_nobody_gets_what_they_cannot_take_and_nothing_lies_while_somebody_can(
    agents: list[Candidate], chat: Waiting
) -> None:
    able = {
        one.id
        for one in agents
        if one.takes_chats
        and chat.group_id in one.groups
        and one.load < one.capacity
        and one.id not in chat.passed
    }
    chosen = choose(agents, chat)
    assert chosen is None or chosen.id in able
    # It may wait for somebody who speaks the language, but not for long.
    assert (choose(agents, replace(chat, waited=PATIENCE)) is None) == (not able)
    if not chat.language:
        assert (chosen is None) == (not able)


@given(agents, chats)
def test_what_is_better_for_the_visitor_comes_before_what_is_fair_to_agents(
    agents: list[Candidate], chat: Waiting
) -> None:
    chat = replace(chat, waited=PATIENCE)
    chosen = choose(agents, chat)
    if chosen is None:
        return
    others = [one for one in agents if choose([one], chat) is not None]

    def good(one: Candidate) -> tuple[bool, bool, bool]:
        speaks = not chat.language or chat.language in one.languages
        return one.id == chat.before, speaks, bool(chat.skills & one.skills)

    assert good(chosen) == max(map(good, others))
    alike = [one for one in others if good(one) == good(chosen)]
    assert chosen.load / chosen.capacity == min(one.load / one.capacity for one in alike)


@given(agents, chats, st.randoms(use_true_random=False))
def test_the_order_in_which_agents_are_read_changes_nothing(
    agents: list[Candidate], chat: Waiting, chance: object
) -> None:
    shuffled = list(agents)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(agents, chat) == choose(shuffled, chat)


def test_a_speaker_with_a_full_desk_is_waited_for() -> None:
    speaker = Candidate(
        1, frozenset({1}), frozenset({"es"}), frozenset(), True, load=2, capacity=2,
        rested_since=None,
    )  # fmt: skip
    other = replace(speaker, id=2, languages=frozenset({"en"}), load=0)
    chat = Waiting(1, "es", frozenset(), timedelta(seconds=5))
    assert choose([speaker, other], chat) is None
    assert choose([other], chat) == other
    assert choose([speaker, other], replace(chat, waited=PATIENCE)) == other
