"""Deadlines by a calendar: forty open hours, beside numpy's business days of the same span."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.national import days_of
from helpdesk.calendars.week import Closed, Span, Week

WORK = timedelta(hours=40)
CALLS = 20_000
Rows = list[tuple[int, str, dict[str, float]]]


def measure_hours(repeats: int, say: Callable[[str], None]) -> Rows:
    """Repeat, subject and microseconds a call; the two take turns."""
    say("hours: forty open hours of New York, bank holidays and all")
    days = days_of("US", "", date(2025, 1, 1), date(2028, 12, 31))
    lunch = tuple(span for day in range(5) for span in (Span(day, 540, 720), Span(day, 780, 1080)))
    hours = Hours((Week(ZoneInfo("America/New_York"), lunch),), tuple(Closed(day) for day in days))
    business = np.busdaycalendar(holidays=sorted(np.datetime64(day) for day in days))
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * n) for n in range(1_000)]
    numpys = [np.datetime64(at.date()) for at in starts]
    due = [hours.due_at(at, WORK) for at in starts]  # and every year is laid out

    def due_at(n: int) -> object:
        return hours.due_at(starts[n], WORK)

    def elapsed(n: int) -> object:
        return hours.elapsed(starts[n], due[n])

    def busday(n: int) -> object:
        return np.busday_offset(numpys[n], 5, roll="forward", busdaycal=business)

    rows: Rows = []
    for repeat in range(repeats):
        rows.append((repeat, "busday", {"due_us": timed(busday), "elapsed_us": timed(busday)}))
        rows.append((repeat, "helpdesk", {"due_us": timed(due_at), "elapsed_us": timed(elapsed)}))
    return rows


def timed(call: Callable[[int], object]) -> float:
    began = time.perf_counter()
    for n in range(CALLS):
        call(n % 1_000)
    return (time.perf_counter() - began) / CALLS * 1e6
