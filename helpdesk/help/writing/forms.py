"""The editor's form: every field read, cleaned and checked; what was typed is kept."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from helpdesk.core.text import BadText, clean_line
from helpdesk.help.models import Article, ArticleVersion

from .articles import Details, Wording
from .commands import CHANGE, KEYWORD, MOST_KEYWORDS, SUMMARY, TITLE
from .markdown import clean_body

FIELDS = (
    "title", "summary", "body", "keywords", "change", "slug", "category", "group",
    "check_every_days", "related", "edition", "details_edition",
)  # fmt: skip
PERIODS = (30, 90, 180, 365)
MOST_RELATED, MOST_TYPES, LONGEST_SLUG = 10, 30, 100

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Choices:
    """What the fields may be set to."""

    categories: Mapping[int, str]
    groups: Mapping[int, str]
    types: Collection[str]


@dataclass
class Typed:
    """The form as it was filled in."""

    values: dict[str, str]
    types: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        text = self.values[name]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0

    def line(self, name: str, longest: int, missing: str = "") -> str:
        try:
            text = clean_line(self.values[name], longest)
        except BadText as fault:
            self.errors[name] = str(fault)
            return ""
        if missing and not text:
            self.errors[name] = missing
        return text

    def words(self, name: str, most: int, longest: int = KEYWORD) -> tuple[str, ...]:
        """One a line, or divided by commas."""
        try:
            words = dict.fromkeys(clean_line(part, longest) for part in self.parts(name))
        except BadText as fault:
            self.errors[name] = str(fault)
            return ()
        words.pop("", None)
        if len(words) > most:
            self.errors[name] = f"{most} are the most; these are {len(words)}."
        return tuple(words)

    def parts(self, name: str) -> list[str]:
        return re.split(r"[\n,;]", self.values[name])[:1_000]

    def wording(self) -> Wording:
        title = self.line("title", TITLE, "Give the article a title.")
        return Wording(
            title,
            self.line("summary", SUMMARY),
            self.words("keywords", MOST_KEYWORDS),
            self.body(),
            self.line("change", CHANGE),
        )

    def body(self) -> str:
        try:
            return clean_body(self.values["body"])
        except BadText as fault:
            self.errors["body"] = str(fault)
            return ""

    def details(self, choices: Choices, known: Collection[str], position: int) -> Details:
        """`known` are the addresses of other articles."""
        slug = self.line("slug", LONGEST_SLUG)
        if slug and not _SLUG.fullmatch(slug):
            self.errors["slug"] = "Use small letters, digits and hyphens: when-will-it-arrive."
        category, group = self.number("category"), self.number("group")
        if category not in choices.categories:
            self.errors["category"] = "Choose a category."
        if group and group not in choices.groups:
            self.errors["group"] = "Choose a department from the list."
        days = self.number("check_every_days")
        if not 7 <= days <= 1_000:
            self.errors["check_every_days"] = "Choose a time from the list."
        related = self.words("related", MOST_RELATED, LONGEST_SLUG)
        if missing := [one for one in related if one not in known]:
            self.errors["related"] = f"There is no article “{missing[0]}”."
        types = [key for key in dict.fromkeys(self.types) if key in choices.types]
        return Details(
            slug, category, group or None, tuple(types[:MOST_TYPES]), related, days, position
        )


def read_form(form: FormData) -> Typed:
    def text(name: str) -> str:
        value = form.get(name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    types = [value for value in form.getlist("types") if isinstance(value, str)]
    return Typed({name: text(name) for name in FIELDS}, types)


def empty_form(group_id: int | None = None) -> Typed:
    values = dict.fromkeys(FIELDS, "")
    return Typed(
        {**values, "check_every_days": "180", "group": str(group_id or ""), "edition": "0"}
    )


def written_form(article: Article, version: ArticleVersion | None, edition: int) -> Typed:
    """What stands now."""
    return Typed(
        {
            "title": version.title if version else "",
            "summary": version.summary if version else "",
            "body": version.body if version else "",
            "keywords": lines(version.keywords if version else ()),
            "change": version.change if version and version.published_at is None else "",
            "slug": article.slug,
            "category": str(article.category_id),
            "group": str(article.group_id or ""),
            "check_every_days": str(article.check_every_days),
            "related": lines(article.related),
            "edition": str(edition),
            "details_edition": str(article.edition),
        },
        list(article.type_keys),
    )


def lines(words: Iterable[str]) -> str:
    return "\n".join(words)
