"""How long somebody waits: a range that holds for most, and nothing where nobody can say."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chat.agents.waits import FEWEST, Line, erlang, wait_of

lines = st.builds(
    Line,
    place=st.integers(1, 60),
    free=st.integers(0, 20),
    slots=st.integers(1, 40),
    chats=st.integers(FEWEST, 200),
    pickup=st.floats(0, 3_600),
    handling=st.floats(1, 7_200),
)


@given(lines)
def test_a_range_has_two_ends_words_and_grows_with_the_place(line: Line) -> None:
    found = wait_of(line)
    assert found is not None
    assert 0 <= found.low <= found.high
    assert any(word in found.words for word in ("minute", "hour"))
    behind = wait_of(Line(line.place + 1, line.free, line.slots, 5, line.pickup, line.handling))
    assert behind is not None
    assert behind.low >= found.low
    assert behind.high >= found.high


@given(st.integers(-3, FEWEST - 1), st.integers(-1, 0))
def test_without_agents_or_a_past_nothing_is_said(chats: int, slots: int) -> None:
    assert wait_of(Line(1, 0, 1, chats, 10.0, 300.0)) is None
    assert wait_of(Line(1, 0, slots, 50, 10.0, 300.0)) is None


def test_three_of_five_wait_within_the_range() -> None:
    """Three servers that are always busy, chats of exponential length: the fourth in line."""
    random, inside, rounds = Random(7), 0, 4_000
    found = wait_of(Line(4, 0, 3, 50, 0.0, 600.0))
    assert found is not None
    for _ in range(rounds):
        waited = sum(random.expovariate(3 / 600.0) for _ in range(4))
        inside += found.low <= waited <= found.high - 60
    assert 0.57 < inside / rounds < 0.63
    assert abs(erlang(0.5, 30) - 29.67) < 0.05
