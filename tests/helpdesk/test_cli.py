"""The command line, run as people and process managers run it."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Machine:
    """A place to run commands with its own data directory and port, and almost no environment."""

    def __init__(self, place: Path) -> None:
        self.data = place / "data"
        self.log = place / "log"
        self.port = free_port()
        self.started: list[subprocess.Popen[bytes]] = []

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HELPDESK_DATA_DIR": str(self.data),
            "HELPDESK_PORT": str(self.port),
            "HELPDESK_DEMO_TICKETS": "5",
            **more,
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "helpdesk", *arguments],
            env=self.environment(**environment),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "helpdesk", *arguments],
                env=self.environment(),
                cwd="/",
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.started.append(child)
        return child

    def wait_ready(self, patience: float = 120) -> float:
        """Seconds until /readyz says yes."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            if self.status("/readyz") == 200:
                return time.monotonic() - began
            assert self.started[-1].poll() is None, self.log.read_text()[-3000:]
            time.sleep(0.05)
        raise AssertionError(self.log.read_text()[-3000:])

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this data directory."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("HELPDESK_DATA_DIR") == str(self.data)
                if process.status() != psutil.STATUS_ZOMBIE and (
                    mine or str(self.data) in " ".join(process.cmdline())
                ):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def wait_empty(self, patience: float = 120) -> None:
        give_up_at = time.monotonic() + patience
        while left := self.processes():
            assert time.monotonic() < give_up_at, [process.cmdline() for process in left]
            time.sleep(0.1)

    def stop(self) -> None:
        for child in self.started:
            if child.poll() is None:
                child.terminate()
                child.wait(60)
        self.started.clear()
        self.wait_empty()


@pytest.fixture(autouse=True)
def _each_test_ends_with_nothing_running(machine: Machine) -> Iterator[None]:
    yield
    machine.stop()


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="desk-", dir="/tmp") as place:
        Path(place).chmod(0o711)
        yield Machine(Path(place))


def test_a_first_start_killed_among_its_demo_data_is_begun_anew(machine):
    first = machine.start("up")
    until = time.monotonic() + 60
    while not (machine.data / "demo.unfinished").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.5)
    first.kill()
    first.wait()
    filled = machine.run("seed")
    assert filled.returncode == 0, filled.stderr
    assert "Filling the empty desk" in filled.stdout
    assert "Demo sign-ins" in filled.stdout


def test_up_starts_everything_and_says_where_and_who(machine):
    up = machine.start("up")
    machine.wait_ready()
    said = machine.log.read_text()
    assert f"http://localhost:{machine.port}" in said
    assert "Demo sign-ins" in said
    assert len(re.findall(r"\S+@\S+\s+\S.*\(.+\)", said)) >= 4
    up.send_signal(signal.SIGINT)
    assert up.wait(40) == 0
    machine.wait_empty()


def test_a_second_start_finds_everything_in_place(machine):
    before = len(machine.log.read_text())
    machine.start("up")
    machine.wait_ready()
    said = machine.log.read_text()[before:]
    assert f"http://localhost:{machine.port}" in said
    assert "Filling" not in said


def test_a_killed_child_is_replaced(machine):
    up = machine.start("up")
    machine.wait_ready()
    children = psutil.Process(up.pid).children()
    assert len(children) == 2
    for child in children:
        child.kill()
    time.sleep(0.5)
    machine.wait_ready(60)
    up.terminate()
    assert up.wait(40) == 0
    machine.wait_empty()


def test_after_killing_the_whole_the_next_start_recovers(machine):
    up = machine.start("up")
    machine.wait_ready()
    up.kill()
    up.wait()
    machine.start("up")
    machine.wait_ready(60)
    for process in machine.processes():
        process.kill()
    machine.started[-1].wait()
    up = machine.start("up")
    machine.wait_ready(60)
    up.terminate()
    assert up.wait(40) == 0
    machine.wait_empty()


def test_several_web_processes_share_a_port(machine):
    web = machine.start("web", "--workers", "2")
    machine.wait_ready()
    assert len(psutil.Process(web.pid).children()) == 2
    psutil.Process(web.pid).children()[0].kill()
    time.sleep(0.3)
    machine.wait_ready(60)
    web.terminate()
    assert web.wait(40) == 0
    machine.wait_empty()


def test_a_taken_port_is_named(machine):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", machine.port))
        taken.listen()
        result = machine.run("web")
    assert result.returncode == 1
    assert f"port {machine.port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_migrate_is_repeatable(machine):
    for _ in range(2):
        result = machine.run("migrate")
        assert result.returncode == 0, result.stderr


def test_an_account_can_be_made(machine):
    new = ["--email", "zoe.new@example.com", "--name", "Zoe", "--role", "admin"]
    made = machine.run("user", "add", *new, "--password", "correct horse battery staple")
    assert made.returncode == 0, made.stderr
    again = machine.run("user", "add", *new, "--password", "correct horse battery staple")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


def test_the_doctor_finds_a_healthy_desk_healthy(machine):
    result = machine.run("doctor")
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert any(line.startswith("warn") and "mail" in line for line in lines)
    for part in ("database", "migrations", "valkey", "storage", "clock", "disk", "secret key"):
        assert any(line.startswith("ok") and part in line for line in lines), part


def test_the_doctor_says_what_to_do_about_faults(machine):
    result = machine.run(
        "doctor",
        HELPDESK_SMTP_URL=f"smtp://127.0.0.1:{free_port()}",
        HELPDESK_SECRET_KEY="short",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}",
    )
    assert result.returncode == 1
    faults = [line for line in result.stdout.splitlines() if line.startswith("fault")]
    assert {line.split()[1] for line in faults} == {"valkey", "mail", "secret"}
    assert "HELPDESK_SMTP_URL" in result.stdout


def test_an_outside_database_without_secret_key_is_refused(machine):
    for command in ("up", "web", "worker", "migrate", "doctor"):
        result = machine.run(command, DATABASE_URL="postgres://desk@127.0.0.1:1/desk")
        assert result.returncode == 1
        assert "HELPDESK_SECRET_KEY" in result.stderr + result.stdout
        assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_named(machine):
    result = machine.run("worker", HELPDESK_PORT="many")
    assert result.returncode == 2
    assert "port" in result.stderr
