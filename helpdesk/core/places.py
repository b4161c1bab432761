"""Where embedded servers keep their files, sockets and programs, and as whom they run."""

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

SOCKET_DIRECTORY_LIMIT = 85  # bytes; the kernel allows 107 (macOS 103) with the file name
SHORT_HOME = Path("/tmp")  # the same for every process, whatever its TMPDIR says
SYSTEM_HOME = Path("/var/lib/helpdesk")
DATABASE_ACCOUNTS = ("postgres", "nobody")


class ServiceError(Exception):
    """An embedded server cannot run; the text says what to do about it."""


@dataclass(frozen=True)
class Account:
    """An account of this machine; `None` stands for the one we run as."""

    uid: int | None = None
    gid: int | None = None


def database_account(data: Path) -> Account:
    """PostgreSQL refuses to run as root, so then it runs as an account without rights."""
    if os.geteuid() != 0:
        return Account()
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in DATABASE_ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        "PostgreSQL must not run as root and this machine has neither an account 'postgres' "
        "nor 'nobody'. Start as an ordinary user, or set DATABASE_URL."
    )


def database_home(data_dir: Path) -> Path:
    """The data directory, or one under /var/lib when PostgreSQL's account cannot get there."""
    home = data_dir / "postgres"
    if can_reach(home, database_account(home)):
        return data_dir
    # The note ties the place to this data directory: deleting it gives an empty desk again.
    note = data_dir / "postgres.moved-to"
    home = Path(kept(note, lambda: str(SYSTEM_HOME / secrets.token_hex(6))))
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ServiceError(
            f"PostgreSQL's account cannot enter {data_dir}, and {home} cannot be made "
            f"({error.strerror}). Set HELPDESK_DATA_DIR to a directory everybody may enter."
        ) from error
    return home


def kept(file: Path, make: Callable[[], str]) -> str:
    """The line in a private file; made once, whoever comes first."""
    with open(file, "a+", opener=_private) as line:
        flock(line, LOCK_EX)
        line.seek(0)
        text = line.read().strip()
        if not text:
            text = make()
            line.write(f"{text}\n")
        return text


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def can_reach(path: Path, account: Account) -> bool:
    """Whether an account may pass every directory above the path."""
    if account.uid is None:
        return True
    for parent in path.parents:
        status = parent.stat()
        if account.uid == status.st_uid:
            needed = stat.S_IXUSR
        elif account.gid == status.st_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def reachable_copy(package: Path, version: str, account: Account) -> Path:
    """An installed package, or a copy of it that PostgreSQL's account can reach."""
    if can_reach(package / "inside", account):
        return package
    copies = SYSTEM_HOME / f"{package.name}-{version}"
    if not copies.exists():
        SYSTEM_HOME.mkdir(parents=True, exist_ok=True, mode=0o755)
        unfinished = Path(tempfile.mkdtemp(dir=SYSTEM_HOME, prefix=f"{copies.name}."))
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():  # its programs look for their libraries beside the package
                shutil.copytree(part, unfinished / part.name)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copies)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return copies / package.name


def socket_directory(home: Path, name: str, account: Account | None = None) -> Path:
    """A private directory whose socket paths fit the kernel's limit."""
    directory = home / name
    if len(os.fsencode(directory)) > SOCKET_DIRECTORY_LIMIT or not _takes_sockets(home):
        directory = SHORT_HOME / f"helpdesk-{key_of(home)}-{name}"
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    owners = {os.geteuid(), account.uid if account else None}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise ServiceError(f"{directory} belongs to somebody else. Remove it and start again.")
    directory.chmod(0o700)
    give_to(directory, account)
    return directory


def _takes_sockets(directory: Path) -> bool:
    """Some mounted directories (shared with another system) hold files but no sockets."""
    probe = directory / f".probe-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(probe))
        except OSError:
            return False
        probe.unlink()
    return True


def give_to(path: Path, account: Account | None) -> None:
    if account is not None and account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)


def key_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
