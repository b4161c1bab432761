"""Rules of the house that no single test of a room would notice being broken."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.cases.events import EVENT_TYPES, sentence
from helpdesk.core.settings import Settings
from helpdesk.web import TEMPLATES, templates
from helpdesk.wiring import SUBSCRIBERS, TIMERS

HOME = Path(__file__).parents[1]
PRODUCT = sorted(
    path for room in ("helpdesk", "chat", "triage") for path in (HOME / room).rglob("*.py")
)
# A status changes only here, where the move is checked and recorded.
MOVERS = {
    ("helpdesk/tickets/commands.py", "move"),
    ("helpdesk/tickets/merging.py", "merge_tickets"),
    ("helpdesk/tickets/merging.py", "unmerge"),
    ("chat/commands.py", "claim"),
    ("chat/commands.py", "end"),
    ("chat/agents/returning.py", "put_back"),
}
# They keep HTML that templates wrote, and nothing else may call itself HTML.
KEEPERS = {"helpdesk/console/written.py", "helpdesk/core/macros.py", "helpdesk/web.py"}
WRITTEN = (
    "sanitise(",
    "row",
    "template.render(",
    "templates.get_template(",
    "module.timeline_event(",
    "self.macro(",
    "'\\n'",
)
WORDS = {"by": "Amy", "label": "a log", "due": "1 July", "reference": "HD-10001", "old": "a",
         "new": "b", "to": "Pete", "other": "HD-10002", "reason": "money is held",
         "because": "It is late.", "days": 7, "percent": 75, "what": "answer",
         "group": "Payments", "hours": 8}  # fmt: skip


def relative(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_imports_point_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_module_reads_the_clock() -> None:
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    for path in PRODUCT:
        if relative(path) != "helpdesk/core/clock.py":
            for line, name in calls(path):
                ends = ".".join(name.split(".")[-2:])
                assert ends not in readers, f"{relative(path)}:{line}"


def test_the_database_s_clock_decides_nothing() -> None:
    for path in [*PRODUCT, *(HOME / "alembic").rglob("*.py")]:
        found = re.search(r"(?<![.\w])now\(\)|CURRENT_TIMESTAMP", path.read_text())
        assert found is None, relative(path)


# They keep what escaping templates have written, and nothing else.
KEEPERS = {
    "helpdesk/web.py",
    "helpdesk/core/macros.py",
    "helpdesk/console/written.py",
    "helpdesk/help/sanitised.py",
}


def test_only_what_a_template_wrote_skips_escaping() -> None:
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Markup":
                assert relative(path) in KEEPERS, f"{relative(path)}:{node.lineno}"
                [given] = map(ast.unparse, node.args)
                assert given.startswith(WRITTEN), f"{relative(path)}:{node.lineno}: {given}"
        assert "autoescape=False" not in path.read_text(), relative(path)
    for path in TEMPLATES.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert not re.search(r"\|\s*safe\b|autoescape\s+false", text), relative(path)


@pytest.mark.parametrize("name", sorted(templates.list_templates()))
def test_every_template_can_be_read(name: str) -> None:
    templates.get_template(name)


def test_a_status_changes_where_moves_are_checked() -> None:
    found = set()
    for path in PRODUCT:
        for scope in ast.walk(ast.parse(path.read_text())):
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                names = {"ticket", "conversation", "row"}
                for node in ast.walk(scope):
                    stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
                    if stored and node.attr == "status" and ast.unparse(node.value) in names:
                        found.add((relative(path), scope.name))
        written = r"UPDATE\s+(tickets|conversations)\b[^;]*?\bSET\b[^;]*?\bstatus\b"
        assert not re.search(written, path.read_text(), re.I), relative(path)
    assert found == MOVERS


def test_commands_know_no_http() -> None:
    for path in PRODUCT:
        if path.name in ("commands.py", "states.py", "queries.py", "filing.py", "jobs.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                name = getattr(node, "module", None) or ""
                if isinstance(node, ast.ImportFrom):
                    assert not name.startswith(("starlette", "helpdesk.web")), relative(path)


@pytest.mark.parametrize("type", EVENT_TYPES)
def test_every_event_reads_as_a_sentence(type: str) -> None:
    shown = sentence(type, WORDS, "Amy")
    assert "{" not in shown
    assert shown == sentence(type, WORDS, "Amy").strip()
    assert re.match(r"[A-Za-z]", shown)


def test_every_event_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]+?) \|", (HOME / "docs/events.md").read_text(), re.M)
    assert dict(rows) == EVENT_TYPES


def test_every_recorded_type_exists_and_is_recorded_somewhere() -> None:
    text = "\n".join(path.read_text() for path in PRODUCT)
    for type in EVENT_TYPES:
        assert text.count(f'"{type}"') + text.count(f"'{type}'") >= 2, f"{type} never happens"
    assert set(SUBSCRIBERS) <= set(EVENT_TYPES)
    assert len({job.name for jobs in SUBSCRIBERS.values() for job in jobs}) == len(
        {job.run for jobs in SUBSCRIBERS.values() for job in jobs}
    )


def test_every_timer_that_is_set_has_somebody_who_hears_it() -> None:
    text = "\n".join(path.read_text() for path in PRODUCT)
    kinds = set(re.findall(r'set_timers?\(\s*tx,\s*[\w.]+,\s*"(\w+)"', text))
    assert kinds == set(TIMERS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    alias = Settings.model_fields[name].validation_alias
    variable = str(alias) if alias else f"HELPDESK_{name.upper()}"
    assert f"`{variable}`" in (HOME / "docs/operations.md").read_text()


def text_files() -> Iterator[Path]:
    ours = ["helpdesk", "chat", "triage", "templates", "alembic", "tests", "docs", "bench", ".ci"]
    for place in ours:
        yield from (path for path in (HOME / place).rglob("*") if path.is_file())
    yield from (path for path in HOME.iterdir() if path.is_file() and path.name != ".git")


def test_the_project_speaks_of_itself_only() -> None:
    """Nothing refers to where, by whom, or with what it was written."""
    words = ["../" + "shared", "/" + "work/", "/tmp" + "/b/", "sub" + "agent", "Cla" + "ude",
             "Anth" + "ropic", "the " + "lead", "other " + "helper", "brief" + ".md",
             "(Lead" + ":"]  # fmt: skip
    pattern = re.compile("|".join(map(re.escape, words)))
    for path in text_files():
        if "__pycache__" in path.parts or path.suffix in (".png", ".ico", ".woff2", ".pyc"):
            continue
        found = pattern.search(path.read_text(errors="replace"))
        assert found is None, f"{relative(path)}: {found and found[0]}"


def test_rooms_use_the_fixed_names() -> None:
    banned = re.compile(r"\b(utils?|helpers?|managers?|base|misc|common)\.py$")
    assert not [relative(path) for path in PRODUCT if banned.search(path.name)]
