"""What the widget loads, as few bytes as it can be: one script, one style, and the launcher.

Of the scripts only comments and indentation are left out; of the tokens, those nobody uses.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpdesk.core.assets import STATIC, TYPES, Asset, pack

MODULES = ("widget-desk", "widget-line", "widget-talk", "widget-frame")
TOKEN = re.compile(r"^\s*(--[\w-]+):\s*([^;]+);", re.M)
USED = re.compile(r"var\((--[\w-]+)\)")


@dataclass(frozen=True, slots=True)
class Bundle:
    launcher: Asset
    script: Asset
    style: Asset
    build: str  # changes with any of them


@cache
def bundle() -> Bundle:
    script = "".join(joined(source("js", f"{name}.js")) for name in MODULES)
    made = [
        ("widget.js", without_comments(source("js", "widget.js"))),
        ("frame.js", script),
        ("frame.css", style()),
    ]
    digest = hashlib.sha256("".join(text for _, text in made).encode()).hexdigest()[:10]
    launcher, frame, css = (pack(text.encode(), TYPES[Path(name).suffix]) for name, text in made)
    return Bundle(launcher, frame, css, digest)


def source(kind: str, name: str) -> str:
    return (STATIC / kind / name).read_text()


def joined(module: str) -> str:
    """A module whose neighbours are in the same file."""
    lines = without_comments(module).splitlines(keepends=True)
    return "".join(line.removeprefix("export ") for line in lines if not line.startswith("import "))


def without_comments(script: str) -> str:
    """Only whole lines, and types before a value: text is never looked into."""
    script = re.sub(r"^[ \t]*//.*\n", "", script, flags=re.M)
    script = re.sub(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*\n", "", script, flags=re.M)
    script = re.sub(r"/\*\* @(?:type|param)[^*]*\*/ ?", "", script)
    return re.sub(r"^[ \t]+|\n(?=\n)", "", script, flags=re.M)


def style() -> str:
    """With the tokens it uses, and the tokens those use."""
    rules = re.sub(r"/\*.*?\*/", "", source("css", "widget.css"), flags=re.S)
    tokens = dict(reversed(TOKEN.findall(source("css", "tokens.css"))))
    wanted, used = set(USED.findall(rules)), dict[str, str]()
    while missing := wanted - used.keys():
        used |= {name: tokens[name] for name in missing}
        wanted |= set(USED.findall("".join(used.values())))
    declared = "".join(f"{name}:{' '.join(used[name].split())};" for name in sorted(used))
    packed = re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", rules)).replace(": ", ":")
    return f":root{{color-scheme:light dark;{declared}}}{packed.strip()}"
