"""Ridge regression on one column for each class, with leave-one-out scores in closed form.

Rifkin & Lippert 2007 has the closed form; subset of regressors: Smola & Schölkopf 2000. Pure.
"""

from collections.abc import Callable

import numpy as np

from .features import Classes, Matrix, Numbers

STEADY = 1e-4  # examples that are the same twice over leave the equations without one solution
AT_ONCE = 1_000  # rows, so that memory does not grow with the examples


def aims(of: Classes, many: int) -> tuple[Matrix, Numbers]:
    """What each example should score, and how far it may stay away from it, around 1.

    Each class weighs the same, however many examples it has.
    """
    sizes = np.maximum(np.bincount(of, minlength=many), 1)
    wanted = np.full((len(of), many), -1.0 / many, np.float32)
    wanted[np.arange(len(of)), of] += 1
    return wanted, many * sizes[of] / len(of)


def spread(of: Classes, most: int) -> Classes:
    """Places of up to so many examples, the first of each class before the second of any."""
    if len(of) <= most:
        return np.arange(len(of))
    turn = np.zeros(len(of), np.int64)
    for one in np.unique(of):
        turn[of == one] = np.arange((of == one).sum())
    return np.sort(np.argsort(turn, kind="stable")[:most])


def solved_by_all(likeness: Matrix, wanted: Matrix, slack: Numbers) -> tuple[Matrix, Numbers]:
    """Shares of each example (examples × classes), and its scores had it been left out.

    `likeness` is of each example to each.
    """
    bend = likeness.copy()
    bend[np.diag_indices(len(wanted))] += slack
    inverse = np.linalg.inv(bend)
    shares = (inverse @ wanted).astype(np.float32)
    return shares, (wanted - shares / np.diag(inverse)[:, None]).astype(float)


def solved_by_some(
    likeness: Callable[[slice], Matrix], among: Matrix, wanted: Matrix, slack: Numbers
) -> tuple[Matrix, Numbers]:
    """The same by a few: examples that stand for all, or the columns of a table.

    `likeness` is of some examples to those few, `among` of those few to one another.
    """
    parts = [slice(at, at + AT_ONCE) for at in range(0, len(wanted), AT_ONCE)]
    bend = among.astype(float)
    bend[np.diag_indices(len(bend))] += STEADY
    pull = np.zeros((len(bend), wanted.shape[1]))
    for part in parts:
        rows = likeness(part).astype(float)
        weighed = rows / slack[part, None]
        bend += rows.T @ weighed
        pull += weighed.T @ wanted[part]
    inverse = np.linalg.inv(bend)
    shares = inverse @ pull
    scores = np.empty(wanted.shape)
    for part in parts:  # without itself: what it pulled is taken back
        rows = likeness(part).astype(float)
        own = ((rows @ inverse) * rows).sum(axis=1) / slack[part]
        off = (wanted[part] - rows @ shares) / np.maximum(1 - own, 1e-6)[:, None]
        scores[part] = wanted[part] - off
    return shares.astype(np.float32), scores
