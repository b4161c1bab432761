"""What people read about the language they wrote in."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .language import Language

ENGLISH = "English gets a faster answer; other languages are fine."
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@dataclass(frozen=True)
class Notice:
    code: str
    name: str  # of the language, in English
    text: str  # in that language

    @property
    def direction(self) -> str:
        return "rtl" if self.code in RIGHT_TO_LEFT else "ltr"


def notice_for(language: Language) -> Notice | None:
    """None for English, and where nobody can tell."""
    if not language.is_other:
        return None
    known = _written().get(language.code, {})
    return Notice(language.code, name_of(language.code), known.get("text", ENGLISH))


def name_of(code: str) -> str:
    return _written().get(code, {}).get("name", code)


@cache
def _written() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("notices.toml").read_text("utf-8"))
