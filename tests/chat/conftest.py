"""Chats are tried while every department works."""

import pytest

from helpdesk.core.clock import FrozenClock
from tests.conftest import TUESDAY


@pytest.fixture
def clock(the_clock: FrozenClock) -> FrozenClock:
    """Ten in New York, where the people of Payments are."""
    the_clock.at = TUESDAY.replace(hour=14)
    return the_clock
