"""The policy allows no inline style and no inline script; no template may hold one."""

import re
from pathlib import Path

import pytest

from helpdesk.core.assets import STATIC
from helpdesk.web import TEMPLATES, templates

PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# Mail has no policy, and mail programs read only inline style.
SHOWN = [name for name in PAGES if not name.startswith("mail/")]


def source(name: str) -> str:
    text = (TEMPLATES / name).read_text()
    return re.sub(r"\{#.*?#\}|<!--.*?-->", "", text, flags=re.DOTALL)


def test_there_are_templates() -> None:
    assert "layouts/base.html" in PAGES


@pytest.mark.parametrize("name", PAGES)
def test_every_template_compiles(name: str) -> None:
    templates.get_template(name)


@pytest.mark.parametrize("name", SHOWN)
def test_no_template_holds_inline_style_or_script(name: str) -> None:
    text = source(name)
    assert not re.search(r"\sstyle\s*=", text), "style attribute"
    assert not re.search(r"<style\b", text), "style element"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"'{]", text), "event attribute"
    assert not re.search(r"javascript:", text), "script address"
    for attributes, inside in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in attributes, "inline script"
        assert not inside.strip(), "inline script"


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    for address in re.findall(r"<(?:script|link|img|iframe|use)\b[^>]*?(https?:)?//", source(name)):
        pytest.fail(f"{name} loads {address}")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_skips_escaping(name: str) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", source(name))


def icons() -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))


@pytest.mark.parametrize("name", PAGES)
def test_every_icon_that_is_named_exists(name: str) -> None:
    text = source(name)
    named = set(re.findall(r"\bicon\(\s*[\"']([\w-]+)[\"']", text))
    named |= set(re.findall(r"icon_name=[\"']([\w-]+)[\"']", text))
    assert named <= icons()


def test_every_refusal_has_a_page_with_a_reference() -> None:
    for status in (400, 401, 403, 404, 409, 413, 422, 429, 431, 500, 503):
        html = templates.get_template(f"errors/{status}.html").render(request_id="ref-1")
        assert "ref-1" in html
        assert re.search(r"<h1>[A-Z]", html), status


def test_styles_are_ordered_by_layers_only() -> None:
    for path in Path(STATIC / "css").glob("*.css"):
        outside = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).strip()
        assert outside.startswith("@layer"), path.name
