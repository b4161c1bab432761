"""Starting, finding and stopping servers that outlive the process which started them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# A shell that leaves at once: the server belongs to nobody and never becomes our zombie.
LAUNCHER = '"$@" >&2 & echo $!'


def launch(
    command: Sequence[str],
    log: Path,
    uid: int | None = None,
    gid: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start a server detached from this process and its terminal; return its process id."""
    with open(log, "ab") as output:
        answer = subprocess.run(
            ["/bin/sh", "-c", LAUNCHER, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd="/",
            env=environment,
            user=uid,
            group=gid,
            extra_groups=None if gid is None else [],
            start_new_session=True,
            check=True,
            timeout=30,
        )
    return int(answer.stdout)


def alive(pid: int, name: str) -> bool:
    """Whether a process of this name runs: the dead, zombies and reused ids do not count."""
    if pid <= 0:
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists() and _alive_without_proc(pid, name)
    except OSError:
        return False
    command, _, rest = status.partition("(")[2].rpartition(")")
    return command.startswith(name) and rest.split()[0] not in ("Z", "X")


def _alive_without_proc(pid: int, name: str) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return len(listed) == 2 and not listed[0].startswith("Z") and name in listed[1]


def stop(pid: int, name: str, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send the signals one after the other, each with its patience in seconds."""
    for number, patience in signals:
        if not alive(pid, name):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        wait_until(lambda: not alive(pid, name), patience)


def wait_until(true: Callable[[], bool], patience: float, pause: float = 0.02) -> bool:
    give_up_at = time.monotonic() + patience
    while not true():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(pause)
    return True


def tail(log: Path, lines: int = 15) -> str:
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
