"""The second start of `helpdesk up`: servers, migrations, web and worker, nothing to fill."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.cpu import free_port
from bench.stack import ROOT

PATIENCE = 300.0  # seconds for the first start, which makes and fills the database
Rows = list[tuple[int, str, dict[str, float]]]


def measure_start(repeats: int, say: Callable[[str], None]) -> Rows:
    """Repeat, subject and figures: `ready_s` until /readyz says yes, `cpu_s` of all processes."""
    say("start: the first one fills a desk of its own")
    with tempfile.TemporaryDirectory(prefix="helpdesk-start-") as place:
        started(Path(place))
        return [(repeat, "helpdesk", started(Path(place))) for repeat in range(repeats)]


def started(place: Path) -> dict[str, float]:
    port = free_port()
    mine = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    env = {**mine, "HELPDESK_DATA_DIR": f"{place}/data", "HELPDESK_PORT": str(port)}
    began = time.monotonic()
    with (place / "log").open("ab") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "helpdesk", "up"], env=env, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        while not answers(port):
            if up.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError((place / "log").read_text()[-2000:])
            time.sleep(0.02)
        ready = time.monotonic() - began
        main = psutil.Process(up.pid)
        everyone = (main, *main.children(recursive=True))
        return {"ready_s": ready, "cpu_s": sum(sum(one.cpu_times()[:2]) for one in everyone)}
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=1):
            return True
    except OSError:
        return False
