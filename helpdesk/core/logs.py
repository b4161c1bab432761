"""One line per event: JSON for programs, plain on a terminal.

Lines carry names, numbers and ids. What people wrote, query strings, cookies, tokens and the
values inside exceptions never get into one: nothing here writes them down.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import orjson

from helpdesk.core.settings import Settings

FIELDS = ("request_id", "method", "route", "status", "ms", "actor")  # come first, in this order
LONGEST = 200  # characters of one value
# Texts of these come from the system or from our own code, not from people.
PLAIN_ERRORS = (OSError, ImportError, AttributeError, NameError, NotImplementedError)
QUIET = {
    "uvicorn": logging.ERROR,  # its other lines hold addresses with their query strings
    "websockets": logging.ERROR,
    "arq": logging.WARNING,  # it writes down arguments and results of jobs
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "sqlalchemy": logging.WARNING,
}

OURS = ("helpdesk", "chat", "triage")

logger = logging.getLogger(OURS[0])


def configure_logs(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Send the lines of this process to a stream, in the form that suits who reads it."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLine() if stream.isatty() else JsonLine())
    handler.addFilter(worth_a_line)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def log(event: str, level: int = logging.INFO, **fields: object) -> None:
    """`log("mail.sent", mail_id=7, ms=120)`: ids and numbers, never text of people."""
    logger.log(level, event, extra={"fields": fields})


def log_failure(event: str, **fields: object) -> None:
    """As `log`, with the kind and place of the exception being handled."""
    logger.error(event, exc_info=True, extra={"fields": fields})


def worth_a_line(record: logging.LogRecord) -> bool:
    # A client sent bytes that are no text: its connection is closed, and that is all there is.
    return not str(record.msg).startswith("Invalid UTF-8 sequence")


def entries(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = vars(record) | getattr(record, "fields", {})
    known = {name: fields[name] for name in FIELDS if fields.get(name) not in (None, "")}
    others = {n: v for n, v in getattr(record, "fields", {}).items() if n not in FIELDS}
    if record.name != logger.name:
        others["logger"] = record.name
    if record.exc_info and record.exc_info[1] is not None:
        others |= failure(record.exc_info[1])
    # Of other people's programs only the pattern is kept, not what they would fill in.
    ours = record.name.split(".")[0] in OURS
    event = (record.getMessage() if ours else str(record.msg)).strip()
    return {"event": shortened(event)} | {
        name: shortened(value) for name, value in (known | others).items()
    }


def failure(error: BaseException) -> dict[str, Any]:
    """The kind of exception, where it came from, and its text only where that is ours."""
    told = {"error": type(error).__qualname__, "at": place(error.__traceback__)}
    if isinstance(error, PLAIN_ERRORS):
        told["text"] = str(error)
    if isinstance(error, BaseExceptionGroup):
        told["inner"] = ", ".join(type(inner).__qualname__ for inner in error.exceptions)
    return told


def place(trace: TracebackType | None) -> str:
    """The last calls, innermost first; lines of code would show their values."""
    frames = traceback.extract_tb(trace)[-6:]
    return " < ".join(
        f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}"
        for frame in reversed(frames)
    )


def shortened(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    limit = LONGEST * 4 if " < " in text else LONGEST
    return text if len(text) <= limit else f"{text[:limit]}…"


def instant(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": instant(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        return orjson.dumps(line | entries(record), default=str).decode()


class PlainLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = entries(record)
        event = told.pop("event")
        words = [f"{instant(record):%H:%M:%S}", record.levelname.lower(), event]
        words += [f"{name}={value}" for name, value in told.items()]
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(words))
