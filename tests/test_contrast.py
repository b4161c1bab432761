"""WCAG 2 contrast of every pair of colours the styles put together, in both themes."""

import re

import pytest

from helpdesk.core.assets import STATIC

TEXT, CONTROL = 4.5, 3.0
PLANES = ("canvas", "surface", "raised", "sunken", "hover")
SOFT = ("danger", "warn", "ok", "info", "dispute")

PAIRS: list[tuple[str, str, float]] = [
    *((ink, plane, TEXT) for ink in ("ink", "ink-2", "ink-3") for plane in PLANES),
    *(("accent-ink", plane, TEXT) for plane in (*PLANES, "accent-soft")),
    *((ink, "accent-soft", TEXT) for ink in ("ink", "ink-2", "ink-3")),
    *(("on-fill", fill, TEXT) for fill in ("accent", "accent-hover", "danger")),
    *((f"{tone}-ink", f"{tone}-soft", TEXT) for tone in SOFT),
    *((f"{tone}-ink", plane, TEXT) for tone in SOFT for plane in ("canvas", "surface", "hover")),
    *(("ink", f"{tone}-soft", TEXT) for tone in SOFT),
    *(("ink-3", f"{tone}-soft", TEXT) for tone in ("danger", "warn")),
    ("note-ink", "note", TEXT),
    ("inverse-ink", "inverse", TEXT),
    ("inverse-ink", "inverse-hover", TEXT),
    *(("control", plane, CONTROL) for plane in ("canvas", "surface", "raised", "sunken")),
    *(("accent-ink", plane, CONTROL) for plane in PLANES),  # the focus ring
    *((tone, plane, CONTROL) for tone in ("accent", "danger", "ok") for plane in PLANES[:2]),
    ("danger", "danger-soft", CONTROL),
]


def tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css" / "tokens.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", text)
    same = re.findall(r"--([\w-]+): (#\w{6});", text)
    return {name: (light, dark) for name, light, dark in found} | {
        name: (colour, colour) for name, colour in same
    }


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(theme: str) -> None:
    colours, which = tokens(), ["light", "dark"].index(theme)
    too_low = {
        f"{front} on {back}": round(ratio, 2)
        for front, back, needed in PAIRS
        if (ratio := contrast(colours[front][which], colours[back][which])) < needed
    }
    assert too_low == {}


def test_only_internal_notes_are_note_yellow() -> None:
    for path in (STATIC / "css").glob("*.css"):
        rules = re.findall(r"([^{}]+)\{([^{}]*var\(--note[^{}]*)\}", path.read_text())
        for selector, _ in rules:
            assert "note" in selector, f"{path.name}: {selector.strip()}"


def test_colours_are_named_only_in_the_tokens() -> None:
    for path in (STATIC / "css").glob("*.css"):
        if path.name == "tokens.css":
            continue
        named = set(re.findall(r"var\(--([\w-]+)", path.read_text()))
        known = set(re.findall(r"--([\w-]+):", (STATIC / "css" / "tokens.css").read_text()))
        assert named <= known, f"{path.name} uses unknown tokens: {named - known}"
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text()), path.name
