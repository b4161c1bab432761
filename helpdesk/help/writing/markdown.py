"""Articles are written in Markdown. Here it becomes HTML that is safe to show to anybody.

Two walls: the parser knows no raw HTML and only few addresses, and whatever it writes passes an
allow list of elements and attributes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table as parse_table
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from helpdesk.core.text import BadText, clean_text
from helpdesk.help.wording import first_sentence_of, slug_of

LONGEST_BODY = 40_000  # characters; about thirty printed pages
MOST_LINES = 2_000
LONGEST_ADDRESS = 2_000
MOST_COLUMNS = 20
MOST_CELLS = 5_000  # of all tables together
MOST_IMAGES = 500  # whose size is looked up
DEEPEST = 12  # lists in quotations in lists …
HEADING = "h-"  # so that a heading's id is never one of the page's

TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr",
    "img", "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES: Final = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class", "scope"},
    "div": {"class", "tabindex"},
    "pre": {"tabindex"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}
CLASSES: Final = {"table-scroll", "align-left", "align-center", "align-right"}

_IMAGE = re.compile(r"/help/images/[0-9a-f]{64}\Z")
_IMAGE_ANYWHERE = re.compile(r"/help/images/[0-9a-f]{64}\b")
_OUTSIDE = re.compile(r"https?://[^/]", re.I)
_MAIL = re.compile(r"mailto:[^\s]+@", re.I)
_HERE = re.compile(r"(/(?![/\\])|#)")
# Entities can spell what the text was cleaned of: marks that turn text around, control characters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]"
)
_ALIGN = re.compile(r"text-align:(left|center|right)")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 2 to 6
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    plain: str  # its words, a block a line
    first_sentence: str
    headings: tuple[Heading, ...]  # for a table of contents


Sizes = Mapping[str, tuple[int, int]]  # of images, by address


def clean_body(text: str) -> str:
    """Fit to be stored. Raises BadText, in words for the author, when it is too much."""
    text = clean_text(text, LONGEST_BODY)
    lines = text.count("\n") + 1
    if lines > MOST_LINES:
        raise BadText(
            f"This is too long: {lines:,} lines. Shorten it to {MOST_LINES:,} lines "
            "or make two articles of it."
        )
    return text


def render_markdown(text: str, sizes: Sizes | None = None) -> Rendered:
    """`text` has passed clean_body. Raises BadText when its tables are too large."""
    if len(text) > LONGEST_BODY:
        raise BadText(f"This is longer than {LONGEST_BODY:,} characters.")
    env: dict[str, Any] = {"sizes": sizes or {}, "cells": 0}
    tokens = PARSER.parse(text, env)
    headings = name_headings(tokens)
    html = PARSER.renderer.render(tokens, PARSER.options, env)
    blocks = list(blocks_of(tokens))
    return Rendered(
        html=sanitise(html),
        plain="\n".join(words for _, words in blocks),
        first_sentence=first_sentence_of(
            next((words for kind, words in blocks if kind == "paragraph_open"), "")
        ),
        headings=headings,
    )


def sanitise(html: str) -> str:
    """Only the elements, attributes and addresses that articles are made of."""
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=keep_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return tidy(clean)


def image_addresses(text: str) -> list[str]:
    return [found[0] for found in islice(_IMAGE_ANYWHERE.finditer(text), MOST_IMAGES)]


def tidy(text: str) -> str:
    return _UNWANTED.sub("", text)


def keep_attribute(tag: str, name: str, value: str) -> str | None:
    """The second wall's own reading of every address and class."""
    match name:
        case "src":
            return value if _IMAGE.match(value) else None
        case "href":
            return value if is_address(value) else None
        case "class":
            return value if value in CLASSES else None
    return value


def is_address(url: str) -> bool:
    """Where a link may lead: the web, a mailbox, a page of ours, a heading of this one."""
    if len(url) > LONGEST_ADDRESS or _UNWANTED.search(url):
        return False
    return bool(_OUTSIDE.match(url) or _MAIL.match(url) or _HERE.match(url))


def name_headings(tokens: Sequence[Token]) -> tuple[Heading, ...]:
    """The highest heading in use comes directly below the title, and none skips a level."""
    opened = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    written = [int(tokens[at].tag[1]) for at in opened]
    top = min(written, default=1)
    found: list[Heading] = []
    used: set[str] = set()
    counts: dict[str, int] = {}
    for at, level in zip(opened, written, strict=True):
        level = min(level - top + 2, found[-1].level + 1 if found else 2, 6)
        words = words_of(tokens[at + 1])
        id = wanted = HEADING + (slug_of(words) or "section")
        while id in used:
            counts[wanted] = counts.get(wanted, 1) + 1
            id = f"{wanted}-{counts[wanted]}"
        used.add(id)
        tokens[at].tag = tokens[at + 2].tag = f"h{level}"
        tokens[at].attrSet("id", id)
        found.append(Heading(level, id, words))
    return tuple(found)


def blocks_of(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Kind and words of every block that has words."""
    kind = ""
    for token in tokens:
        if token.type == "inline":
            if words := words_of(token):
                yield kind, words
        elif token.type in ("fence", "code_block"):
            yield token.type, tidy(token.content).strip()
        elif token.nesting == 1:
            kind = token.type


def words_of(inline: Token) -> str:
    said = []
    for token in inline.children or ():
        if token.type in ("softbreak", "hardbreak"):
            said.append(" ")
        elif token.type == "image":
            said.append(words_of(token))
        else:
            said.append(token.content)
    return tidy("".join(said)).strip()


class Writer(RendererHTML):
    """Where our HTML differs from what the parser's own writer makes."""

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[idx]
        href = str(token.attrGet("href") or "")
        if _OUTSIDE.match(href):
            token.attrSet("rel", "noopener nofollow ugc")
        elif href.startswith("#") and not href.startswith("#" + HEADING):
            token.attrSet("href", f"#{HEADING}{href[1:]}")
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Only pictures of ours; of any other the words remain."""
        token = tokens[idx]
        source = str(token.attrGet("src") or "")
        if not _IMAGE.match(source):
            return nh3.clean_text(words_of(token))
        size = env["sizes"].get(source)
        if size is not None:
            token.attrSet("width", str(size[0]))
            token.attrSet("height", str(size[1]))
        token.attrSet("loading", "lazy")
        return super().image(tokens, idx, options, env)

    def table_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return '<div class="table-scroll" tabindex="0"><table>\n'

    def table_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</table></div>\n"

    def cell(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        if found := _ALIGN.match(str(token.attrs.pop("style", ""))):
            token.attrSet("class", f"align-{found[1]}")
        if token.tag == "th":
            token.attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)

    th_open = td_open = cell

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<pre tabindex="0"><code>{nh3.clean_text(tokens[idx].content)}</code></pre>\n'

    code_block = fence


def bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Every row is filled up to the width of the first: few lines could make many cells."""
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    if columns > MOST_COLUMNS or not parse_table(state, start, end, silent):
        return False
    if not silent:
        state.env["cells"] += columns * (state.line - start)
        if state.env["cells"] > MOST_CELLS:
            raise BadText(f"The tables are too large: {MOST_CELLS:,} cells are the most.")
    return True


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}, renderer_cls=Writer)
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("table", bounded_table, {"alt": ["paragraph", "reference"]})
    # A definition at the end could be repeated by two characters anywhere: pages without end.
    parser.disable(["reference", "html_block", "html_inline"])
    parser.validateLink = is_address  # type: ignore[method-assign]
    return parser


PARSER = make_parser()
