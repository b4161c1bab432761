"""The articles of the demonstration as they are written in files: TOML between +++, then Markdown.

`<slug>.md` is an article in English; `<slug>.es.md` is its text in another language.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FENCE = "+++\n"


@dataclass(frozen=True)
class WrittenText:
    language: str
    title: str
    summary: str
    keywords: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class WrittenArticle:
    slug: str
    category: str
    types: tuple[str, ...]
    related: tuple[str, ...]
    owner: str  # a department
    author: str  # the key of somebody of the staff
    checked: int  # days ago
    position: int
    texts: tuple[WrittenText, ...]  # English first


@cache
def written_articles() -> tuple[WrittenArticle, ...]:
    """In the order of their slugs."""
    heads: dict[str, dict[str, Any]] = {}
    texts: dict[str, list[WrittenText]] = {}
    shelf = files(__package__).joinpath("articles")
    for file in sorted(shelf.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".md"):
            continue
        slug, _, language = file.name.removesuffix(".md").partition(".")
        head, body = split(file.read_text("utf-8"))
        text = WrittenText(
            language or "en", head["title"], head["summary"], tuple(head["keywords"]), body
        )
        texts.setdefault(slug, []).append(text)
        if not language:
            heads[slug] = head
    return tuple(article(slug, heads[slug], texts[slug]) for slug in sorted(heads))


def split(source: str) -> tuple[dict[str, Any], str]:
    empty, head, body = source.split(FENCE, 2)
    assert not empty, "An article begins with its head."
    return tomllib.loads(head), body.strip() + "\n"


def article(slug: str, head: dict[str, Any], texts: list[WrittenText]) -> WrittenArticle:
    return WrittenArticle(
        slug=slug,
        category=head["category"],
        types=tuple(head["types"]),
        related=tuple(head["related"]),
        owner=head["owner"],
        author=head["author"],
        checked=head["checked"],
        position=head["position"],
        texts=tuple(sorted(texts, key=lambda text: text.language != "en")),
    )
