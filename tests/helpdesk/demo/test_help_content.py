"""The articles we ship: complete, findable, and leading only to what there is."""

import re
from pathlib import Path

import pytest

import helpdesk
from helpdesk.catalogue.default import default_catalogue
from helpdesk.demo.library import (
    WrittenArticle,
    WrittenText,
    written_articles,
)
from helpdesk.demo.people import STAFF
from helpdesk.help.writing.categories import DEFAULT as CATEGORIES
from helpdesk.help.writing.markdown import render_markdown

ARTICLES = written_articles()
SLUGS = {article.slug for article in ARTICLES}
TYPES = {type.key: type for type in default_catalogue().types}
TEXTS = [(article, text) for article in ARTICLES for text in article.texts]
NAMES = [f"{article.slug}.{text.language}" for article, text in TEXTS]
LINK = re.compile(r"\]\(([^)\s]*)\)")
PAGES = {
    "/help", "/alerts", "/alerts/feed.atom", "/contact", "/requests", "/register", "/account",
    "/reset-password",
}  # fmt: skip
every_text = pytest.mark.parametrize(("article", "text"), TEXTS, ids=NAMES)


def test_every_type_has_an_article() -> None:
    answered = {key for article in ARTICLES for key in article.types}
    assert answered == TYPES.keys()


def test_the_pages_everybody_needs_are_there() -> None:
    assert {
        "tickets-or-live-chat",
        "what-to-have-at-hand",
        "before-you-open-a-dispute",
        "how-severity-works",
        "following-up-without-waiting-longer",
        "escrow-and-the-14-day-release",
        "status-and-alerts",
    } <= SLUGS


@pytest.mark.parametrize("article", ARTICLES, ids=sorted(SLUGS))
def test_an_article_stands_on_a_shelf_and_belongs_to_somebody(article: WrittenArticle) -> None:
    staff = {key: role for key, _, role, *_ in STAFF}
    assert article.category in {category.key for category in CATEGORIES}
    assert article.owner in {group.key for group in default_catalogue().groups}
    assert article.author in staff
    assert article.checked >= 0
    assert article.types
    assert article.texts[0].language == "en"
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", article.slug)


@pytest.mark.parametrize("article", ARTICLES, ids=sorted(SLUGS))
def test_related_articles_exist(article: WrittenArticle) -> None:
    assert article.related
    assert article.slug not in article.related
    assert len(set(article.related)) == len(article.related)
    assert set(article.related) <= SLUGS


@every_text
def test_a_text_has_a_readable_length(article: WrittenArticle, text: WrittenText) -> None:
    assert len(text.title) <= 80
    assert 40 <= len(text.summary) <= 300
    assert 10 <= len(text.keywords) <= 20
    assert len({word.casefold() for word in text.keywords}) == len(text.keywords)
    assert 250 <= len(text.body.split()) <= 620


@every_text
def test_a_text_answers_in_its_first_sentence(article: WrittenArticle, text: WrittenText) -> None:
    first = text.body.splitlines()[0]
    assert not first.startswith(("#", "|", "-"))
    assert first.endswith(".")
    assert 60 <= len(render_markdown(text.body).first_sentence) <= 240


@every_text
def test_every_link_leads_somewhere(article: WrittenArticle, text: WrittenText) -> None:
    for address in LINK.findall(text.body):
        if address.startswith("/help/articles/"):
            assert address.removeprefix("/help/articles/") in SLUGS - {article.slug}, address
        elif address.startswith("/report?type="):
            assert address.removeprefix("/report?type=") in TYPES, address
        elif address.startswith("/chat?type="):
            channel = TYPES[address.removeprefix("/chat?type=")].channel
            assert channel != "ticket_only", address
        else:
            assert address in PAGES, address


@every_text
def test_nothing_written_is_lost_on_the_page(article: WrittenArticle, text: WrittenText) -> None:
    html = render_markdown(text.body).html
    assert html.count("<a ") == len(LINK.findall(text.body))
    assert html.count("<h2") == text.body.count("\n## ")
    assert ("<table" in html) == ("| --- |" in text.body)


@pytest.mark.parametrize("article", ARTICLES, ids=sorted(SLUGS))
def test_whom_an_article_does_not_help_it_leads_on(article: WrittenArticle) -> None:
    body = article.texts[0].body
    assert "(/report?type=" in body or "(/contact)" in body or "(/requests)" in body
    if len(article.types) == 1 and article.types != ("guidance",):
        assert f"(/report?type={article.types[0]})" in body


def test_icons_of_the_shelves_are_in_the_sprite() -> None:
    sprite = Path(helpdesk.__file__).with_name("static").joinpath("icons.svg").read_text("utf-8")
    for category in CATEGORIES:
        assert f'id="{category.icon}"' in sprite


def test_no_two_articles_say_the_same_title() -> None:
    titles = [text.title for _, text in TEXTS]
    assert len(set(titles)) == len(titles)


def test_three_articles_are_there_in_spanish() -> None:
    assert sum(text.language == "es" for _, text in TEXTS) == 3
