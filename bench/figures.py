"""Percentiles of one run, the spread of several."""

import statistics
from collections.abc import Iterable


def latencies(seconds: Iterable[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50_ms": percentile(ordered, 50) * 1e3,
        "p99_ms": percentile(ordered, 99) * 1e3,
        "worst_ms": ordered[-1] * 1e3 if ordered else float("nan"),
    }


def percentile(ordered: list[float], percent: float) -> float:
    if not ordered:
        return float("nan")
    return ordered[round(percent / 100 * (len(ordered) - 1))]


def spread(values: list[float]) -> str:
    """Median (lowest–highest)."""
    if not values:
        return "–"
    middle = statistics.median(values)
    if len(values) == 1:
        return number(middle)
    return f"{number(middle)} ({number(min(values))}–{number(max(values))})"


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
