"""Files of models inside installed packages, read as data and only if they are the very ones."""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from triage.engine.embedders import CannotLoad


def verified_file(package: str, path: str, sha256: str) -> bytes:
    """Raises CannotLoad when the package or file is missing or the content is another."""
    try:
        place = Path(str(distribution(package).locate_file(path)))
        content = place.read_bytes()
    except PackageNotFoundError as fault:
        raise CannotLoad(f"the package {package} is not installed") from fault
    except OSError as fault:
        raise CannotLoad(f"{path} of {package} cannot be read: {fault.strerror}") from fault
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CannotLoad(f"{path} of {package} is not the file it should be ({len(content)} bytes)")
    return content
