"""Somebody with a browser without scripts: opens pages, fills in what is there, presses buttons."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.helpdesk.contact.reports import Visiting, visiting
from tests.people import Cast

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
Pairs = list[tuple[str, str]]


@dataclass
class Form:
    action: str
    method: str
    fields: Pairs = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)  # of each select and radio group

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            offered = self.choices.get(name)
            assert offered is None or value in offered, f"{name}: {value} is not among {offered}"
            there = {known for known, _ in self.fields} | self.choices.keys()
            assert name in there, f"{name} is not among {sorted(there)}"
            self.fields = [pair for pair in self.fields if pair[0] != name] + [(name, value)]


@dataclass
class Press:
    """A button or a link, by the words on it."""

    words: str
    form: Form | None
    attributes: dict[str, str]


class Page(HTMLParser):
    """What somebody can read, follow, fill in and press."""

    def __init__(self, answer: httpx2.Response) -> None:
        super().__init__()
        self.answer = answer
        self.address = str(answer.url)
        self.forms: list[Form] = []
        self.buttons: list[Press] = []
        self.links: list[Press] = []
        self._open: list[Press] = []  # buttons, links and text areas whose words follow
        self._words: list[str] = []
        self._select = ""
        self.feed(answer.text)
        self.text = re.sub(r"\s+", " ", "".join(self._words))

    @property
    def form(self) -> Form | None:
        return self.forms[-1] if self.forms else None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in given}
        if tag == "form":
            self.forms.append(Form(has.get("action", ""), has.get("method", "get").lower()))
        elif tag == "input":
            self._field(has)
        elif tag == "select":
            self._select = has.get("name", "")
            self._offer(self._select)
        elif tag == "option":
            self._offer(self._select, has.get("value", ""))
            if "selected" in has and self.form:
                self.form.fields.append((self._select, has.get("value", "")))
        elif tag in ("a", "button", "textarea"):
            self._open.append(Press("", self.form, has))
        elif tag not in VOID:
            self._words.append(" ")

    def _field(self, has: dict[str, str]) -> None:
        kind, name = has.get("type", "text"), has.get("name", "")
        if not name or self.form is None or kind == "file":
            return
        if kind == "radio":
            self._offer(name, has.get("value", "on"))
        if kind not in ("radio", "checkbox") or "checked" in has:
            self.form.fields.append((name, has.get("value", "on" if kind == "checkbox" else "")))
        elif kind == "checkbox":
            self._offer(name, has.get("value", "on"))

    def _offer(self, name: str, value: str | None = None) -> None:
        if self.form is not None:
            offered = self.form.choices.setdefault(name, [])
            if value is not None:
                offered.append(value)

    def handle_data(self, words: str) -> None:
        self._words.append(words)
        for one in self._open:
            one.words += words

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.form and self._select not in dict(self.form.fields):
            self.form.fields.append((self._select, self.form.choices[self._select][0]))
        if tag in ("a", "button", "textarea") and self._open:
            one = self._open.pop()
            if tag == "textarea" and one.form and "name" in one.attributes:
                one.form.fields.append((one.attributes["name"], one.words.removeprefix("\n")))
            if tag != "textarea":
                one.words = " ".join(one.words.split())
                (self.links if tag == "a" else self.buttons).append(one)

    def typed(self, name: str) -> str:
        """What stands in a field."""
        return next(value for form in self.forms for key, value in form.fields if key == name)

    def form_with(self, name: str) -> Form:
        found = [
            form
            for form in self.forms
            if name in form.choices or name in (known for known, _ in form.fields)
        ]
        assert found, f"{self.address} asks for no {name}"
        return found[0]

    def offers(self, words: str) -> bool:
        return any(matches(one, words) for one in (*self.buttons, *self.links))

    def part(self, id: str) -> str:
        """The source from the element with this id to the next landmark or the page's end."""
        return self.answer.text.partition(f'id="{id}"')[2].partition("\n</section>")[0]

    @property
    def description(self) -> str:
        found = re.search(r'<meta name="description" content="([^"]*)"', self.answer.text)
        return unescape(found[1]) if found else ""

    @property
    def suggested(self) -> list[str]:
        """Titles of the articles that may answer it."""
        opened = [one for one in self.buttons if one.attributes.get("id", "").startswith("read-")]
        return [one.words for one in opened]

    def rows(self, table: str) -> list[list[str]]:
        """The words of a table's cells."""
        body = self.answer.text.partition(f'id="{table}"')[2].partition("</tbody>")[0]
        return [
            [
                unescape(re.sub(r"<[^>]+>", "", cell)).replace("\xa0", " ").strip()
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
            ]
            for row in re.findall(r"<tr>(.*?)</tr>", body.partition("<tbody>")[2], re.S)
        ]


def matches(one: Press, words: str) -> bool:
    return words in one.words or words in one.attributes.get("aria-label", "")


class Reader:
    """One person at one browser, and the page that is open."""

    def __init__(self, browser: Visiting) -> None:
        self.browser = browser
        self.page: Page

    async def open(self, path: str) -> Page:
        return await self._follow(await self.browser.get(path))

    async def follow(self, words: str) -> Page:
        link = self._only(self.page.links, words)
        return await self.open(urljoin(self.page.address, link.attributes["href"]))

    def fill(self, **values: str) -> None:
        """In the form that asks for the first of them."""
        self.page.form_with(next(iter(values))).fill(**values)

    async def press(self, words: str) -> Page:
        button = self._only(self.page.buttons, words)
        form, has = button.form, button.attributes
        assert form is not None, f"{words} belongs to no form"
        fields = [*form.fields, *([(has["name"], has.get("value", ""))] if "name" in has else [])]
        address = urljoin(self.page.address, has.get("formaction") or form.action)
        if form.method == "get":
            return await self._follow(await self.browser.get(address, params=fields))
        sent: dict[str, Any] = {}
        for name, value in fields:
            sent.setdefault(name, []).append(value)
        headers = {"referer": self.page.address}
        return await self._follow(await self.browser.post(address, data=sent, headers=headers))

    def _only(self, found: list[Press], words: str) -> Press:
        there = [one for one in found if matches(one, words)]
        assert there, f"“{words}” is not on {self.page.address}: {[one.words for one in found]}"
        return there[0]

    async def _follow(self, answer: httpx2.Response) -> Page:
        for _ in range(5):
            if answer.status_code not in (302, 303, 307):
                break
            answer = await self.browser.get(
                urljoin(str(answer.url), answer.headers["location"]),
                headers={"referer": str(answer.url)},
            )
        assert answer.status_code == 200, (answer.url, answer.status_code)
        self.page = Page(answer)
        return self.page

    @property
    def path(self) -> str:
        return urlsplit(self.page.address).path


async def reader(cast: Cast, site: str, who: str = "") -> Reader:
    return Reader(await visiting(cast, site, who))
