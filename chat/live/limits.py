"""What one tab, and everybody at one address together, may ask of a process."""

import asyncio
from dataclasses import dataclass

from helpdesk.core.settings import Settings

BYTES_A_FRAME = 2_048  # a frame counts once, and once more for each of these in it
CONNECT_BURST, FRAME_BURST = 20, 10  # seconds' worth that may come at once


class Budget:
    """A bucket of tokens that fills with time: so many at once, so many per second."""

    __slots__ = ("at", "burst", "rate", "tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.tokens = burst
        self.at = asyncio.get_running_loop().time()

    def take(self, cost: float = 1.0, now: float = 0.0) -> bool:
        """`now` is the loop's time, for whoever knows it."""
        now = now or asyncio.get_running_loop().time()
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    @property
    def full(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self.tokens + (now - self.at) * self.rate >= self.burst

    @property
    def wait(self) -> float:
        """Seconds until the next token."""
        return max(0.0, (1 - self.tokens) / self.rate)


def weight(text: str) -> float:
    return 1 + len(text) / BYTES_A_FRAME


@dataclass(slots=True)
class Address:
    """One customer of a provider, with any number of tabs."""

    connects: Budget
    frames: Budget
    open: int = 0
    visitors: int = 0  # of these, tabs of somebody without a session


class Addresses:
    """Forgotten once nothing is open and nothing is owed."""

    MOST_IDLE = 10_000

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.known: dict[str, Address] = {}

    def of(self, name: str) -> Address:
        found = self.known.get(name)
        if found is None:
            if len(self.known) >= self.MOST_IDLE:
                self.forget_idle()
            connects = self.settings.live_connects_per_second
            frames = self.settings.live_frames_per_second
            found = self.known[name] = Address(
                Budget(connects, connects * CONNECT_BURST), Budget(frames, frames * FRAME_BURST)
            )
        return found

    def forget_idle(self) -> None:
        self.known = {
            name: one for name, one in self.known.items() if one.open or not one.connects.full
        }

    def admits(self, address: Address, visitor: bool) -> bool:
        """Whether there is room for one more tab."""
        if not address.connects.take() or address.open >= self.settings.live_sockets:
            return False
        return not visitor or address.visitors < self.settings.visitor_sockets
