"""Keeps child processes running, and stops them all when it is told to stop or dies itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from types import FrameType

from helpdesk.core.logs import log

LIFELINE = "HELPDESK_LIFELINE"  # a pipe that ends when the supervisor does
LEAVING = 20.0  # seconds for children to finish what they do
TOO_SHORT = 5.0  # seconds; a child that lived shorter failed to start
TRIES = 5


class CannotStart(Exception):
    """A child fails at every start."""


class Supervisor:
    def __init__(self, commands: dict[str, Sequence[str]]) -> None:
        self.commands = commands
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.started_at: dict[str, float] = {}
        self.failures = dict.fromkeys(commands, 0)
        self.lifeline, self.held = os.pipe()

    def run(self) -> None:
        """Run until a signal raises SystemExit or KeyboardInterrupt in this thread."""
        try:
            for name in self.commands:
                self.start(name)
            while True:
                for name, child in list(self.children.items()):
                    if child.poll() is not None:
                        self.replace(name, child.returncode)
                time.sleep(0.1)
        finally:
            self.stop()

    def start(self, name: str) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which stops all in order.
        self.children[name] = subprocess.Popen(
            [sys.executable, "-m", "helpdesk", *self.commands[name]],
            env={**os.environ, LIFELINE: str(self.lifeline)},
            pass_fds=[self.lifeline],
            start_new_session=True,
        )
        self.started_at[name] = time.monotonic()

    def replace(self, name: str, code: int) -> None:
        lived = time.monotonic() - self.started_at[name]
        self.failures[name] = self.failures[name] + 1 if lived < TOO_SHORT else 0
        if self.failures[name] >= TRIES:
            raise CannotStart(f"The {name} process ends as soon as it starts; see its lines above.")
        log("process.restarted", name=name, code=code, lived=round(lived, 1))
        time.sleep(0.2 * self.failures[name])
        self.start(name)

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        give_up_at = time.monotonic() + LEAVING
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, give_up_at - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()


def leave_on_signals() -> None:
    """A first SIGTERM or SIGINT unwinds the program; later ones do not disturb the unwinding."""

    def leave(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(0)

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, leave)


def follow_supervisor() -> None:
    """Leave when the supervisor is gone, even if it was killed and could tell nobody."""
    lifeline = os.environ.pop(LIFELINE, "")
    if lifeline:
        Thread(target=_leave_after, args=(int(lifeline),), daemon=True).start()


def follow_parent() -> None:
    """Leave when the process that started this one is gone: a killed `make` stops nothing."""
    Thread(target=_leave_without, args=(os.getppid(),), daemon=True).start()


def _leave_without(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _leave_after(lifeline: int) -> None:
    os.read(lifeline, 1)  # returns when the last holder of the other end is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LEAVING)
    os._exit(1)
