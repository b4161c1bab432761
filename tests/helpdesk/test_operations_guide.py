"""The guide for operators names everything they can set or run."""

from pathlib import Path

import pytest

from helpdesk.__main__ import parser
from helpdesk.core.connections import Limits
from helpdesk.core.settings import Settings
from helpdesk.server import KEEP_ALIVE, LARGEST_FRAME

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name):
    field = Settings.model_fields[name]
    variable = field.validation_alias or f"HELPDESK_{name.upper()}"
    (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{variable}` |")]
    if isinstance(field.default, str | int | float) and field.default and name != "public_url":
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        assert f"`{shown}`" in row


def test_every_command_is_described():
    usage = parser().format_help()
    parts = ("up", "web", "worker", "migrate", "seed", "doctor", "jobs")
    for command in (*parts, "user add", "user change", "triage train"):
        assert command.split()[0] in usage
        assert f"| `helpdesk {command}" in GUIDE


def test_the_limits_are_those_of_the_code():
    limits = Limits()
    assert (limits.head_bytes, limits.cookie_bytes) == (16 * 1024, 4 * 1024)
    assert "16 KB, of it 4 KB cookies, within 10 s" in GUIDE
    assert limits.head_seconds == 10
    assert "50 a second, after a burst of 200" in GUIDE
    assert (limits.frames_per_second, limits.frame_burst) == (50, 200)
    assert LARGEST_FRAME == 64 * 1024
    assert f"{KEEP_ALIVE} s between requests" in GUIDE
