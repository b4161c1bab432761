import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.core import logs
from helpdesk.core.settings import Settings

SECRET = "what-somebody-wrote"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _other_tests_keep_their_logging() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = before, level


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    logs.configure_logs(Settings(), stream)
    return stream


def only(lines: io.StringIO) -> dict[str, object]:
    (line,) = lines.getvalue().splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_an_event_is_one_line_of_json_with_its_fields(lines):
    logs.log("request", route="/requests/{ref}", status=200, ms=1.5, actor=7, request_id="r1")
    line = only(lines)
    assert line["event"] == "request"
    assert list(line)[:2] == ["time", "level"]
    assert (line["route"], line["status"], line["actor"]) == ("/requests/{ref}", 200, 7)


def test_a_failure_tells_its_kind_and_place_but_not_its_text(lines):
    try:
        raise ValueError(SECRET)
    except ValueError:
        logs.log_failure("job.failed", job="mail")
    line = only(lines)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["at"])
    assert SECRET not in lines.getvalue()


def test_a_fault_of_the_system_is_told_in_full(lines):
    try:
        Path("/does/not/exist").read_text()
    except OSError:
        logs.log_failure("job.failed")
    assert "No such file" in str(only(lines)["text"])


def test_values_inside_other_programs_lines_are_left_out(lines):
    logging.getLogger("somelib").error("could not parse %s", SECRET)
    assert only(lines)["event"] == "could not parse %s"


def test_addresses_with_their_query_strings_are_not_logged_by_the_server(lines):
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s"', "1.2.3.4", f"/live?t={SECRET}")
    logging.getLogger("uvicorn.access").info("GET /?t=%s", SECRET)
    logging.getLogger("arq.worker").info("→ job(%s)", SECRET)
    assert lines.getvalue() == ""


def test_line_breaks_and_control_characters_cannot_fake_a_line():
    for stream in (io.StringIO(), Terminal()):
        logs.configure_logs(Settings(), stream)
        logs.log("x", name="a\nlevel=error\x1b[31m\u202e")
        assert len(stream.getvalue().splitlines()) == 1
        assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_plain_lines():
    stream = Terminal()
    logs.configure_logs(Settings(), stream)
    logs.log("request", status=200)
    assert stream.getvalue().rstrip().endswith("info request status=200")


def test_quiet_levels_are_respected(lines):
    logs.configure_logs(Settings(log_level="warning"), sys.stderr)
    logs.configure_logs(Settings(log_level="warning"), lines)
    logs.log("request", status=200)
    assert lines.getvalue() == ""
