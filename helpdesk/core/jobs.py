"""Background jobs: async functions of (desk, event id). Safe to repeat, by receipt."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Run = Callable[[Any, int], Awaitable[None]]


@dataclass(frozen=True)
class Job:
    name: str
    run: Run


def job(run: Run) -> Job:
    """Declare a job. It is registered only by being named in wiring.py."""
    room = run.__module__.removeprefix("helpdesk.").split(".")[0]
    return Job(f"{room}.{run.__name__}", run)
