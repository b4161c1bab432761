"""Hostile Markdown: whatever is written, only harmless HTML comes out, and soon."""

import contextlib
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.text import BadText
from helpdesk.help.wording import first_sentence_of, slug_of
from helpdesk.help.writing.markdown import (
    ATTRIBUTES,
    CLASSES,
    LONGEST_BODY,
    MOST_LINES,
    TAGS,
    clean_body,
    is_address,
    render_markdown,
)

PICTURE = "/help/images/" + "ab" * 32


class Strict(HTMLParser):
    """Everything that is not on the allow list."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.faults.append(f"{tag} {name}")
            if name == "href" and not is_address(value or ""):
                self.faults.append(f"{value}")
            if name == "src" and not re.fullmatch(r"/help/images/[0-9a-f]{64}", value or ""):
                self.faults.append(f"{value}")
            if name == "class" and value not in CLASSES:
                self.faults.append(f"{value}")

    def handle_comment(self, data: str) -> None:
        self.faults.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def faults(html: str) -> list[str]:
    parser = Strict()
    parser.feed(html)
    parser.close()
    return parser.faults


PIECES = st.sampled_from(
    ["<script>alert(1)</script>", "<svg/onload=x>", "[a](javascript:x)", "![a](data:image/svg)",
     "<style>*{}</style>", "<!--", "]]>", "&#x202e;", "&#106;avascript:", "**", "_", "`", "```\n",
     "\n", "\n\n", "# ", "> ", "- ", "1. ", "|a|b|\n|-|-|\n|", "<http://a.b>", "[a](<", "\\",
     "\x00", "\u202e", " onerror=x ", '"', "'", "<img src=x>", f"![b]({PICTURE})", "http://a.b/?c=d&e"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join))
def test_any_text_becomes_only_what_articles_are_made_of(text: str) -> None:
    try:
        rendered = render_markdown(text)
    except BadText:
        return
    assert faults(rendered.html) == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", rendered.html + rendered.plain)
    assert len(rendered.first_sentence) <= 241


ADDRESSES = [
    "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "java&#10;script:x",
    "&#106;avascript:alert(1)", "&#x6A;avascript:x", "javascript&colon;alert(1)", "%6aavascript:x",
    "\x01javascript:x", "vbscript:x", "data:text/html,<script>", "DATA:text/html;base64,PHN2Zz4=",
    "feed:javascript:x", "file:///etc/passwd", "blob:x", "view-source:x", "jar:x", "//evil.com",
    "/\\evil.com", "\\\\evil.com", "/\t/evil.com", "http:evil.com", "https:/evil.com", "ftp://a.b",
    "tel:+1", "mailto:", "mailto:x", "about:blank", "ws://a.b", "http://", "https:///a", "x/y",
    "javascript\u2028:x", "\u202ejavascript:x", "http:\\\\evil.com", "intent://x", "ms-word:x",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("form", ["[a]({})", "[a](<{}>)", "<{}>", "![a]({})", "[a][1]\n\n[1]: {}"])
def test_no_spelling_of_an_address_leads_out_of_the_web(address: str, form: str) -> None:
    html = render_markdown(form.format(address)).html
    assert faults(html) == []
    for href in re.findall(r'href="([^"]*)"', html):
        assert not re.match(r"(?i)\s*(java|vb|data|feed|file|blob|//|/\\)", href), href


def test_links_lead_to_the_web_a_mailbox_or_a_page_of_ours() -> None:
    html = render_markdown(
        "[w](https://a.example/b?c=1&d=2) [m](mailto:a@b.example) [p](/help/articles/x) [h](#when)"
    ).html
    assert '<a href="https://a.example/b?c=1&amp;d=2" rel="noopener nofollow ugc">w</a>' in html
    assert '<a href="mailto:a@b.example">m</a>' in html
    assert '<a href="/help/articles/x">p</a> <a href="#h-when">h</a>' in html


def test_pictures_are_ours_or_only_their_words_remain() -> None:
    shown = render_markdown(
        f"![a *map*]({PICTURE}) ![a tree](https://a.b/c.png)", {PICTURE: (4, 3)}
    )
    assert f'<img src="{PICTURE}" alt="a map" width="4" height="3" loading="lazy">' in shown.html
    assert shown.html.count("<img") == 1
    assert "a tree" in shown.html
    assert shown.plain == "a map a tree"


def test_raw_html_is_text() -> None:
    html = render_markdown("<b onclick=x>a</b>\n\n<svg><script>x</script></svg>").html
    assert "&lt;b onclick=x&gt;" in html
    assert "<svg" not in html
    assert "<script" not in html


def test_headings_begin_below_the_title_skip_nothing_and_keep_their_ids() -> None:
    rendered = render_markdown("# A\n\n#### B\n\n## A\n\n# h-a\n\n# Äpfel & <b>")
    assert [(h.level, h.id) for h in rendered.headings] == [
        (2, "h-a"), (3, "h-b"), (3, "h-a-2"), (2, "h-h-a"), (2, "h-apfel-b"),
    ]  # fmt: skip
    assert render_markdown("### Only\n\n### these").headings[0].level == 2


def test_headings_alike_have_ids_of_their_own() -> None:
    ids = [h.id for h in render_markdown("# a\n\n# a\n\n# a 2\n\n# a\n\n# !\n\n# ?").headings]
    assert len(set(ids)) == 6


def test_tables_have_headers_and_no_styles() -> None:
    html = render_markdown("| a | b |\n| :- | -: |\n| 1 | <i> |").html
    assert '<th class="align-left" scope="col">a</th>' in html
    assert '<td class="align-right">&lt;i&gt;</td>' in html
    assert "style=" not in html


def test_words_without_marks_for_search() -> None:
    rendered = render_markdown("Take **two** `steps`, e.g. these. Then wait.\n\n- one\n- [two](/x)")
    assert rendered.plain == "Take two steps, e.g. these. Then wait.\none\ntwo"
    assert rendered.first_sentence == "Take two steps, e.g. these."


def test_the_first_sentence_is_short_enough_for_a_list() -> None:
    assert first_sentence_of("Yes! It is.") == "Yes!"
    assert first_sentence_of("No end at all") == "No end at all"
    assert len(first_sentence_of("word " * 200)) <= 241
    assert slug_of("When will my Überweisung arrive?") == "when-will-my-uberweisung-arrive"


GENERATORS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "[" * n,
    "links": lambda n: "[a](" * (n // 4),
    "pictures": lambda n: "![" * (n // 2),
    "nested pictures": lambda n: "![[" * (n // 3),
    "link openers": lambda n: "[a](<" * (n // 5),
    "titles": lambda n: '[a](/b "' * (n // 8),
    "stars": lambda n: "*a " * (n // 3),
    "run of stars": lambda n: "*" * n,
    "underscores": lambda n: "_a" * (n // 2),
    "mixed emphasis": lambda n: "*_" * (n // 2),
    "uneven emphasis": lambda n: "a**b" + "c* " * (n // 3),
    "strong in weak": lambda n: "**a *b " * (n // 7),
    "tildes": lambda n: "~~a" * (n // 3),
    "backticks": lambda n: "".join("`" * (i % 200 + 1) + "a" for i in range(n // 100)),
    "fences": lambda n: "```\n" * min(MOST_LINES - 5, n // 4),
    "quotes": lambda n: ">" * n,
    "quoted lists": lambda n: ("> - " * 10 + "a\n") * min(MOST_LINES - 5, n // 42),
    "lists": lambda n: "- " * (n // 2),
    "deep lists": lambda n: "\n".join(" " * i + "* a" for i in range(int((2 * n) ** 0.5) - 5)),
    "numbers": lambda n: "1. " * (n // 3),
    "tags": lambda n: "<a " * (n // 3),
    "comments": lambda n: "<!--" * (n // 4),
    "autolinks": lambda n: "<http:" * (n // 6),
    "mail links": lambda n: "<a@" * (n // 3),
    "entities": lambda n: "&#" * (n // 2),
    "references": lambda n: "[a]: /x\n\n" + "[a]" * (n // 3 - 3),
    "wide table": lambda n: "|a" * (n // 4) + "|\n" + "|-" * (n // 4) + "|\n",
    "long table": lambda n: "a|b\n-|-\n" * min(MOST_LINES // 2 - 5, n // 8),
    "empty cells": lambda n: (
        "|a" * 18 + "|\n" + "|-" * 18 + "|\n" + "|\n" * min(1_900, n // 2 - 40)
    ),
    "headings": lambda n: "# a\n" * min(MOST_LINES - 5, n // 4),
    "lines": lambda n: "a\n" * min(MOST_LINES - 5, n // 2),
    "escapes": lambda n: "\\" * n,
    "spaces": lambda n: " " * (n - 1) + "a",
    "marks": lambda n: "é*" * (n // 2),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_no_text_takes_long(name: str) -> None:
    """Four times the text takes about four times as long, never sixteen."""
    make = GENERATORS[name]

    def seconds(size: int) -> float:
        text, best = make(size)[:size], 9.0
        for _ in range(3):
            start = time.process_time()
            with contextlib.suppress(BadText):
                render_markdown(text)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(LONGEST_BODY // 4), seconds(LONGEST_BODY)
    assert large < 2, large
    assert large < max(12 * small, 0.25), (small, large)


def test_ten_thousand_lines_are_refused_with_the_limit() -> None:
    with pytest.raises(BadText, match="2,000 lines"):
        clean_body("a\n" * 9_999 + "b")
    with pytest.raises(BadText, match="40,000"):
        clean_body("a" * (LONGEST_BODY + 1))
    assert clean_body("a\n" * (MOST_LINES - 1) + "b")


def test_a_table_without_end_is_refused() -> None:
    with pytest.raises(BadText, match="5,000 cells"):
        render_markdown("|a" * 18 + "|\n" + "|-" * 18 + "|\n" + "|\n" * 1_000)
