"""Searching in people's own words: unfinished, misspelt, whole sentences, other words than ours."""

import pytest

from helpdesk.desk import Desk
from helpdesk.help.finding.highlights import LONGEST, Piece, marked, telling_sentence
from helpdesk.help.finding.search import search_articles, suggest
from helpdesk.help.finding.spelling import distance
from helpdesk.help.finding.typed import take_apart
from tests.articles import publish, publish_in, put_away


async def shelf(desk: Desk) -> None:
    await publish(desk, types=("refund_to_card",))
    await publish(
        desk,
        "when-will-my-withdrawal-arrive",
        "When will my withdrawal arrive?",
        "How long each method takes.",
        "A bank transfer takes up to five working days. Weekends do not count.",
        ("payout", "cash out"),
        ("withdrawal_not_received",),
        "getting-paid",
    )
    await publish(
        desk,
        "team-app-troubleshooting",
        "Team app troubleshooting",
        "The app crashes or does not track time.",
        "Restart the app first. The log file is in the folder of the app. Take a picture of it.",
        ("time tracker",),
        ("team_app_bug",),
        "technical",
    )
    await publish(
        desk,
        "reset-your-password",
        "Reset your password",
        "You forgot how to sign in.",
        "Ask for a mail with a link. Open it, and choose a new password.",
        (),
        (),
        "account",
    )


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("refund", "refunds-to-a-card"),
        ("refunds", "refunds-to-a-card"),  # by its stem
        ("ref", "refunds-to-a-card"),  # while it is typed
        ("how do i get my refund", "refunds-to-a-card"),  # the words that say something
        ("where the hell is my withdrawal its been 6 days now", "when-will-my-withdrawal-arrive"),
        ("withdrawl", "when-will-my-withdrawal-arrive"),  # a letter is missing
        ("tema app", "team-app-troubleshooting"),  # swapped
        ("passwrod", "reset-your-password"),
        ("money back", "refunds-to-a-card"),  # a keyword
        ("cashout", "when-will-my-withdrawal-arrive"),  # a synonym
        ("cant log in", "reset-your-password"),  # not the log file
        ("LOGIN", "reset-your-password"),
    ],
)
async def test_the_right_article_comes_first(desk: Desk, words: str, first: str) -> None:
    await shelf(desk)
    found = await search_articles(desk, words)
    assert [hit.slug for hit in found][:1] == [first]


async def test_a_hit_says_what_it_answers_and_why_it_is_here(desk: Desk) -> None:
    await shelf(desk)
    [hit, *_] = await search_articles(desk, "bank transfer withdrawal")
    assert hit.answer == "A bank transfer takes up to five working days."
    assert hit.why == hit.answer
    assert [piece.text for piece in hit.highlights["why"] if piece.found] == ["bank", "transfer"]
    assert "".join(piece.text for piece in hit.highlights["title"]) == hit.title
    assert 0 < hit.score <= 1.2


async def test_only_unknown_words_are_corrected(desk: Desk) -> None:
    await shelf(desk)
    assert (await search_articles(desk, "withdrawl card")).corrected_words == {
        "withdrawl": "withdrawal"
    }
    assert (await search_articles(desk, "card")).corrected_words == {}  # though "cash" is near
    assert (await search_articles(desk, "giraffe")).hits == []


async def test_what_is_not_published_is_not_found(desk: Desk) -> None:
    article = await publish(desk)
    assert (await search_articles(desk, "refund")).hits
    await put_away(desk, article)
    assert not (await search_articles(desk, "refund")).hits
    assert await desk.pool.fetchval("SELECT count(*) FROM help_words") == 0


async def test_the_readers_language_first_and_english_rather_than_nothing(desk: Desk) -> None:
    await shelf(desk)
    article = await publish(desk, "tickets", "Ticket or chat", "Which is best.", "Write a ticket.")
    await publish_in(
        desk, article, "es", "¿Ticket o chat?", "Qué conviene.", "La contraseña no se pide nunca."
    )
    [hit] = await search_articles(desk, "contrasena", "es")  # without accents, as people type
    assert (hit.slug, hit.language, hit.title) == ("tickets", "es", "¿Ticket o chat?")
    assert hit.path == "/help/articles/tickets?language=es"
    [hit, *_] = await search_articles(desk, "chat", "es")
    assert hit.language == "es"
    [hit, *_] = await search_articles(desk, "refund", "es")
    assert (hit.slug, hit.language) == ("refunds-to-a-card", "en")
    assert not (await search_articles(desk, "contraseña", "en")).hits


async def test_suggestions_know_what_is_being_filed(desk: Desk) -> None:
    await shelf(desk)
    [hit] = await suggest(desk, "", "team_app_bug")
    assert hit.slug == "team-app-troubleshooting"
    hits = await suggest(desk, "refund has not come to my card", "withdrawal_not_received")
    assert {hit.slug for hit in hits} >= {"refunds-to-a-card", "when-will-my-withdrawal-arrive"}
    assert len(hits) <= 3
    assert await suggest(desk, "", "no_such_type") == []
    assert await suggest(desk, "xylophone") == []


@pytest.mark.parametrize(
    "words",
    ["", " ", "*", "%", "a", "& | !", "the of", "':*", "\\", "\u202e", "\u200b" * 50, "((((", "é",
     "1", "<b>", "\ud7ff", "a" * 10_000, "refund " * 3_000, "-" * 400, "x:* & y", "$1", "🦒"],
)  # fmt: skip
async def test_nothing_that_is_typed_breaks_it(desk: Desk, words: str) -> None:
    await shelf(desk)
    assert len(await search_articles(desk, words)) <= 10


def test_text_is_taken_apart_into_words_that_tell() -> None:
    typed = take_apart("I can't  find\u202e my WITHDRAWAL!!")
    assert typed.words == ("i", "cant", "find", "my", "withdrawal")
    assert [typed.words[place] for place in typed.telling] == ["find", "withdrawal"]
    assert not typed.unfinished
    assert take_apart("my withdr").unfinished
    assert not take_apart("my withdr ").unfinished
    assert take_apart("what is it").telling  # of nothing but such words, all that have letters


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("refund", "refund", 0), ("refnud", "refund", 1), ("refnd", "refund", 1), ("mony", "money", 1),
     ("recieve", "receive", 1), ("scam", "card", 3)],
)  # fmt: skip
def test_swapped_letters_are_one_error(one: str, other: str, errors: int) -> None:
    assert distance(one, other, 2) == errors


def test_what_is_marked_is_text_and_nothing_is_lost() -> None:
    text = "A <b>refund</b> takes time: refunds are slow."
    pieces = marked(text, {"refund": 0, "refunds": 0})
    assert "".join(piece.text for piece in pieces) == text
    assert Piece("refunds", True) in pieces
    assert marked("", {}) == ()


def test_a_long_sentence_is_cut_around_what_was_found() -> None:
    text = "word " * 100 + "refund " + "word " * 100
    shown = telling_sentence(text, {"refund": 0}, {0: 1.0})
    assert "refund" in shown
    assert len(shown) <= LONGEST + 4
    assert shown.startswith("… ")
    assert shown.endswith(" …")
