"""Which rows about satisfaction may be shown, so that nobody with few answers can be made out.

An agent with fewer answers than the minimum is not shown; and neither is any other row from which
that agent's figure could be calculated, by taking rows of agents, departments, types and the
whole from one another. Every row is a sum of cells (type, department, agent), so what can be
calculated from the rows shown is their span: a row is shown if afterwards no protected sum is in
it. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_PRIME = 2**61 - 1  # sums of ones: what is independent here is independent

Row = tuple[str, object]  # ("agent", 7), ("group", 2), ("type", "guidance") or WHOLE
WHOLE: Row = ("whole", None)


@dataclass(frozen=True, slots=True)
class Cell:
    """Answers about one type, of one department and agent."""

    type_key: str
    group_id: int
    agent_id: int | None
    answers: int
    points: int  # the sum of the scores
    good: int  # answers of the two best steps

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows it is part of."""
        agent: tuple[Row, ...] = (("agent", self.agent_id),) if self.agent_id is not None else ()
        return (WHOLE, ("group", self.group_id), *agent, ("type", self.type_key))


Vector = dict[int, int]


@dataclass
class Span:
    """Everything that sums of rows can make, in echelon form."""

    rows: dict[int, Vector] = field(default_factory=dict)

    def rest(self, vector: Vector) -> Vector:
        """What the rows cannot make of it; nothing if they make all of it."""
        left = dict(vector)
        while left and (row := self.rows.get(first := min(left))) is not None:
            factor = left[first]
            for place, value in row.items():
                left[place] = (left.get(place, 0) - factor * value) % _PRIME
                if not left[place]:
                    del left[place]
        return left

    def add(self, vector: Vector) -> int | None:
        """Where it begins, to take it away again; None when it says nothing new."""
        left = self.rest(vector)
        if not left:
            return None
        first = min(left)
        scale = pow(left[first], -1, _PRIME)
        self.rows[first] = {place: value * scale % _PRIME for place, value in left.items()}
        return first


ORDER = {"whole": 0, "group": 1, "agent": 2, "type": 3}  # what is told first, if not all can be


def rows_to_show(cells: Sequence[Cell], minimum: int) -> frozenset[Row]:
    vectors: dict[Row, Vector] = {}
    answers: dict[Row, int] = {}
    for place, cell in enumerate(cells):
        if cell.answers:
            for row in cell.rows:
                vectors.setdefault(row, {})[place] = 1
                answers[row] = answers.get(row, 0) + cell.answers
    protected = protected_sums(vectors, answers, minimum)
    span, shown = Span(), set()
    for row in sorted(vectors, key=lambda row: (ORDER[row[0]], -answers[row], str(row[1]))):
        if answers[row] < minimum:
            continue
        added = span.add(vectors[row])
        if added is not None and not all(span.rest(one) for one in protected):
            del span.rows[added]
            continue
        shown.add(row)
    return frozenset(shown)


def protected_sums(
    vectors: dict[Row, Vector], answers: dict[Row, int], minimum: int
) -> list[Vector]:
    """Each agent with few answers; and all of them together, while even that is few."""
    few = [row for row in vectors if row[0] == "agent" and answers[row] < minimum]
    sums = [vectors[row] for row in few]
    if len(few) > 1 and sum(answers[row] for row in few) < minimum:
        sums.append(together(sums))
    return sums


def together(vectors: Iterable[Vector]) -> Vector:
    return {place: 1 for vector in vectors for place in vector}
