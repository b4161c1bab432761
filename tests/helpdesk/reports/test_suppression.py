"""No agent's few answers can be made out, whatever is subtracted from whatever is shown."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.reports.suppression import WHOLE, Cell, Row, rows_to_show

MINIMUM = 5


def cell(type: str, group: int, agent: int | None, answers: int) -> Cell:
    return Cell(type, group, agent, answers, answers * 4, answers)


cells_of_a_desk = st.lists(
    st.builds(
        cell,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([1, 2]),
        st.sampled_from([1, 2, 3, 4, None]),
        st.integers(0, 8),
    ),
    max_size=12,
    unique_by=lambda cell: (cell.type_key, cell.group_id, cell.agent_id),
)


def vector(cells: list[Cell], row: Row) -> list[Fraction]:
    return [Fraction(row in cell.rows) for cell in cells]


def rank(rows: list[list[Fraction]]) -> int:
    """By plain elimination: another way than the one that is tested."""
    rows, found = [list(row) for row in rows], 0
    for place in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows[found:] if row[place]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found, pivot)
        for at, row in enumerate(rows):
            if at != found and row[place]:
                factor = row[place] / pivot[place]
                rows[at] = [one - factor * two for one, two in zip(row, pivot, strict=True)]
        found += 1
    return found


def answers_of(cells: list[Cell], row: Row) -> int:
    return sum(cell.answers for cell in cells if row in cell.rows)


@settings(max_examples=300)
@given(cells_of_a_desk)
def test_no_agent_with_few_answers_can_be_calculated(given_cells: list[Cell]) -> None:
    cells = [cell for cell in given_cells if cell.answers]
    shown = rows_to_show(cells, MINIMUM)
    known = [vector(cells, row) for row in shown]
    agents = {cell.agent_id for cell in cells} - {None}
    few = [("agent", id) for id in agents if answers_of(cells, ("agent", id)) < MINIMUM]
    sums = [vector(cells, row) for row in few]
    if sum(answers_of(cells, row) for row in few) < MINIMUM and sums:
        sums.append([sum(places, Fraction()) for places in zip(*sums, strict=True)])
    for hidden in sums:
        assert rank([*known, hidden]) > rank(known)
    assert not shown & set(few)
    assert all(answers_of(cells, row) >= MINIMUM for row in shown)


@given(cells_of_a_desk)
def test_where_everybody_has_enough_everything_is_shown(given_cells: list[Cell]) -> None:
    cells = [cell for cell in given_cells if cell.answers]
    shown = rows_to_show(cells, 1)
    assert shown == {row for cell in cells for row in cell.rows}


def test_when_one_agent_is_hidden_another_one_is_too() -> None:
    cells = [cell("a", 1, 1, 9), cell("a", 1, 2, 7), cell("a", 1, 3, 2)]
    shown = rows_to_show(cells, MINIMUM)
    assert {row for row in shown if row[0] == "agent"} == {("agent", 1)}
    assert {WHOLE, ("group", 1)} <= shown


def test_a_department_of_one_agent_is_hidden_with_the_agent() -> None:
    cells = [cell("a", 1, 1, 9), cell("a", 1, 2, 9), cell("b", 2, 3, 3)]
    shown = rows_to_show(cells, MINIMUM)
    assert ("group", 2) not in shown
    # 21 answers in all, less those of the other department, would be the third agent's.
    assert ("group", 1) not in shown
    assert ("type", "a") not in shown


def test_two_with_few_answers_hide_one_another() -> None:
    cells = [cell("a", 1, 1, 9), cell("a", 1, 2, 3), cell("a", 1, 3, 4)]
    assert set(rows_to_show(cells, MINIMUM)) == {
        WHOLE, ("group", 1), ("agent", 1), ("type", "a"),
    }  # fmt: skip


def test_a_desk_without_answers_shows_nothing() -> None:
    assert rows_to_show([], MINIMUM) == frozenset()
