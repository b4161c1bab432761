"""File names from outside. They are shown and offered for saving, and never open anything here."""

import re
import unicodedata

from helpdesk.core.text import MARKS_PER_CHARACTER

LONGEST = 255  # bytes
LONGEST_EXTENSION = 20

_KEY = re.compile(r"[\w.-]{1,60}", re.ASCII)
_STREAM = re.compile(r"(:+\$[a-z_]+)+$", re.IGNORECASE)  # a second stream of a Windows file
_ILLEGAL = re.compile(r'[<>:"|?*]')
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_DEVICES = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$", re.IGNORECASE)


def clean_key(key: str) -> str:
    """A line of a checklist, as catalogues name them; nothing for any other text."""
    return key if _KEY.fullmatch(key) else ""


def clean_name(name: str) -> str:
    """One plain name: no path, no unseen characters, nothing a system would take for a device."""
    name = name[:4_000].encode("utf-8", "replace").decode()
    name = unicodedata.normalize("NFKC", _few_marks(_seen(name)))
    name = _few_marks(_seen(name))  # normalising may have made new ones
    name = re.split(r"[\\/]", name)[-1]
    name = _ILLEGAL.sub("_", _STREAM.sub("", name))
    name = re.sub(r"\s+", " ", name).strip(" .") or "file"
    stem, dot, rest = name.partition(".")
    if _DEVICES.match(stem.strip()):
        name = f"_{stem}{dot}{rest}"
    return _fitting(name)


def extension_of(name: str) -> str:
    """The last ending, in lower case; a number behind it (`team.log.3`) does not count."""
    parts = name.lower().split(".")
    while len(parts) > 2 and re.fullmatch(r"[0-9_-]+", parts[-1]):
        parts.pop()
    return parts[-1][:LONGEST_EXTENSION] if len(parts) > 1 else ""


def _seen(name: str) -> str:
    return "".join(c for c in name if c == " " or unicodedata.category(c) not in _UNSEEN)


def _few_marks(name: str) -> str:
    kept, marks = [], 0
    for character in name:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= MARKS_PER_CHARACTER:
            kept.append(character)
    return "".join(kept)


def _fitting(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room = LONGEST - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + extension
