"""Columns side by side, with a stepped line and marks over them. Pure.

Shapes lie in a box as wide as ten times the columns and 100 high; the page stretches it to the
room there is, and sets its labels beside it as text, so that they stay readable on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDE, HIGH = 10, 100
COLUMN, MARGIN = 7.0, 1.5


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    y: float
    height: float
    said: str


@dataclass(frozen=True, slots=True)
class Columns:
    title: str
    said: str  # the sentence a person would say
    top: float  # what the upper edge stands for
    columns: Sequence[Column]
    line: str  # path of the stepped line; "" without one
    marks: str  # path of short strokes, one for each column
    labels: Sequence[str]  # under the box, one for each column; "" for none

    @property
    def scale(self) -> list[str]:
        """Beside the box, from its upper edge down."""
        return [f"{self.top * part:,.{1 if self.top < 10 else 0}f}" for part in (1, 0.5, 0)]

    @property
    def width(self) -> int:
        return WIDE * len(self.columns)


def columns(
    title: str,
    said: str,
    names: Sequence[str],
    values: Sequence[float],
    line: Sequence[float] = (),
    marks: Sequence[float] = (),
    labels: int = 6,
) -> Columns:
    top = rounded(max([*values, *line, *marks, 1]))

    def y(value: float) -> float:
        return round(HIGH - HIGH * value / top, 2)

    return Columns(
        title,
        said,
        top,
        [
            Column(
                round(n * WIDE + MARGIN, 2),
                y(value),
                round(HIGH - y(value), 2),
                f"{name}: {value:g}",
            )
            for n, (name, value) in enumerate(zip(names, values, strict=True))
        ],
        stepped([y(value) for value in line]),
        " ".join(f"M{n * WIDE + 0.6:g} {y(value):g}h8.8" for n, value in enumerate(marks) if value),
        some(names, labels),
    )


def stepped(heights: Sequence[float]) -> str:
    if not heights:
        return ""
    path = [f"M0 {heights[0]:g}", f"H{WIDE}"]
    for n, (before, after) in enumerate(pairwise(heights), start=2):
        path.append((f"V{after:g}" if after != before else "") + f"H{n * WIDE}")
    return "".join(path)


def rounded(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 …"""
    unit = 1.0
    while True:
        for step in (1, 2, 5):
            if value <= step * unit:
                return step * unit
        unit *= 10


def some(names: Sequence[str], most: int) -> list[str]:
    """Names at even distances, the first always; "" for those left out."""
    step = -(-len(names) // most)
    return [name if n % step == 0 else "" for n, name in enumerate(names)]
