"""A suggested type with a probability, and “not sure” when it is not."""

from typing import Any

import numpy as np
import pytest

from helpdesk.catalogue.default import default_catalogue
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk
from tests.build import a_ticket
from tests.helpdesk.contact.reports import visiting
from tests.people import Cast
from tests.triage.severity.test_severity import work
from triage.text.features import WIDTH, Matrix, Numbers, counted, features_of
from triage.text.kernel import (
    Rows,
    by_each_word,
    by_likeness,
    fitted_belief,
    from_stored,
    kernel,
    softened,
)
from triage.text.ridge import solved_by_some, spread
from triage.text.shelf import MADE, classifier_of, shipped
from triage.text.training import own_examples, train_types
from triage.text.types import Classifier, digest_of, train, written_examples

PLAIN = Settings().triage_embedder


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return shipped(PLAIN)


def test_every_type_has_examples_of_its_own() -> None:
    keys = {type.key for type in default_catalogue().types}
    said = [label for _, label in written_examples()]
    assert set(said) == keys
    assert min(said.count(key) for key in keys) >= 12
    texts = [text.casefold() for text, _ in written_examples()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("My withdrawal to the bank did not arrive yet", "withdrawal_not_received"),
        ("the tracker stops counting my time after sleep", "team_app_bug"),
        ("someone hacked my account and changed my payout method", "account_compromised"),
        ("how do i split one project into several milestones?", "guidance"),
        ("please close my account and delete my data", "account_closure"),
        ("THE SITE IS DOWN!!! error 503 on every page", "site_outage"),
    ],
)
def test_plain_words_are_understood(classifier: Classifier, text: str, key: str) -> None:
    guess = classifier.guess(text)
    assert guess is not None
    assert guess.type_key == key
    assert guess.is_sure


@pytest.mark.parametrize("text", ["qwer asdf zxcv uiop", "lorem ipsum dolor sit amet 123"])
def test_what_sounds_like_nothing_is_not_sure(classifier: Classifier, text: str) -> None:
    guess = classifier.guess(text)
    assert guess is None or not guess.is_sure


@pytest.mark.parametrize("text", ["", "bug", "12345 67890", "!!!!!!!!!!!!", "\0"])
def test_too_little_is_no_description(classifier: Classifier, text: str) -> None:
    assert classifier.guess(text) is None


@pytest.mark.parametrize("text", ["\ud800 my withdrawal is late", "<b>my</b> withdrawal\0 is late"])
def test_text_that_is_hardly_text_breaks_nothing(classifier: Classifier, text: str) -> None:
    assert classifier.guess(text) is not None


def test_a_pasted_log_is_read_no_longer_than_it_helps(classifier: Classifier) -> None:
    log = "2026-06-01 09:58:00 tracker stopped after sleep\n" * 2_000
    assert classifier.guess(log) is not None


def test_without_an_encoder_the_words_alone_decide() -> None:
    classifier, figures = train(written_examples(), None, "words")
    guess = classifier.guess("My withdrawal has not reached my bank")
    assert guess is not None
    assert guess.type_key == "withdrawal_not_received"
    assert figures["accuracy"] > 0.4
    assert figures["accuracy_when_sure"] > figures["accuracy"]


def test_a_stored_model_says_the_same() -> None:
    classifier, _ = train(written_examples(), None, "words")
    again = Classifier(from_stored(classifier.trained.stored()), None, "again")
    for text in ("I want to appeal my suspension", "refund to my credit card please"):
        one, other = classifier.ranked(text), again.ranked(text)
        assert [g.type_key for g in one] == [g.type_key for g in other]
        assert one[0].probability == pytest.approx(other[0].probability, abs=0.02)


def test_the_model_we_ship_is_of_the_examples_we_ship() -> None:
    made = from_stored(MADE.read_bytes())
    assert made.digest == digest_of(written_examples()), "run triage.text.shelf.make_shipped()"
    assert set(made.labels) == {type.key for type in default_catalogue().types}


def some_rows() -> tuple[Rows, Matrix, Numbers]:
    random = np.random.default_rng(7)
    words = random.normal(size=(24, WIDTH)).astype(np.float32)
    words[:, 3:] = 0  # so that they are near one another
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    wanted = np.full((24, 3), -1 / 3, np.float32)
    wanted[np.arange(24), words[:, :3].argmax(axis=1)] += 1
    return Rows(words), wanted, random.uniform(0.2, 0.6, 24)


def test_leaving_one_out_is_what_fitting_without_it_says() -> None:
    rows, wanted, slack = some_rows()
    _, scores = by_likeness(rows, rows, wanted, slack)
    for n in range(24):
        others = np.delete(np.arange(24), n)
        few = rows[others]
        shares, _ = by_likeness(few, few, wanted[others], slack[others])
        alone = kernel(rows[n : n + 1], few) @ shares
        assert alone[0] == pytest.approx(scores[n], abs=1e-3)


def few_to_all(rows: Rows, few: Rows, wanted: Matrix, slack: Numbers) -> tuple[Matrix, Numbers]:
    return solved_by_some(lambda part: kernel(rows[part], few), kernel(few, few), wanted, slack)


def test_compared_with_all_of_them_it_is_the_exact_solution() -> None:
    rows, wanted, slack = some_rows()
    exact, scores = by_likeness(rows, rows, wanted, slack)
    shares, found = few_to_all(rows, rows, wanted, slack)
    likeness = kernel(rows, rows)
    assert likeness @ shares == pytest.approx(likeness @ exact, abs=1e-2)
    assert found == pytest.approx(scores, abs=1e-2)


def test_words_are_weighed_the_same_by_examples_and_by_columns() -> None:
    rows, wanted, slack = some_rows()
    exact, scores = by_each_word(rows.words, wanted, slack)
    columns = np.eye(WIDTH, dtype=np.float32)
    weights, found = solved_by_some(lambda part: rows.words[part], columns, wanted, slack)
    assert rows.words @ weights == pytest.approx(rows.words @ exact, abs=1e-3)
    assert found == pytest.approx(scores, abs=1e-3)


def test_what_was_said_twice_in_the_same_words_does_no_harm() -> None:
    rows, wanted, slack = some_rows()
    twice = np.tile(np.arange(24), 2)
    _, exact = by_likeness(rows[twice], rows[twice], wanted[twice], slack[twice])
    shares, found = few_to_all(rows[twice], rows[twice], wanted[twice], slack[twice])
    assert np.abs(shares).max() < 10
    assert (found.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.95


def test_compared_with_some_it_decides_much_the_same() -> None:
    rows, wanted, slack = some_rows()
    _, exact = by_likeness(rows, rows, wanted, slack)
    some = rows[spread(wanted.argmax(axis=1), 12)]
    _, found = by_likeness(rows, some, wanted, slack)
    assert (found.argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.8


def test_of_two_judges_the_one_who_knows_is_believed() -> None:
    random = np.random.default_rng(7)
    of = random.integers(0, 3, 500)
    knows = np.eye(3)[of] + random.normal(0, 0.7, (500, 3))
    guesses = random.normal(0, 0.7, (500, 3))
    alike, words = fitted_belief(knows, guesses, of)
    assert words < alike / 5
    alike, words = fitted_belief(guesses, knows, of)
    assert alike < words / 2  # whoever compares is never silent


def test_whoever_is_compared_with_comes_from_every_class() -> None:
    of = np.array([0] * 50 + [1] * 3 + [2] * 20)
    assert np.bincount(of[spread(of, 12)]).tolist() == [5, 3, 4]
    assert spread(of, 100).tolist() == list(range(73))


def test_probabilities_add_up_however_sure_the_judges_are() -> None:
    rows = softened(np.array([[1.0, 2.0, 3.0], [1e6, -1e6, 0.0]]) * 50)
    assert rows.sum(axis=1) == pytest.approx([1, 1])


def test_features_have_unit_length_and_capitals_count_for_nothing() -> None:
    rows = features_of(["My Payment is late", "my payment IS LATE", ""])
    assert np.linalg.norm(rows[0]) == pytest.approx(1, abs=1e-5)
    assert (rows[0] == rows[1]).all()
    assert not rows[2].any()
    assert "w payment" in counted("Payment")


# On the desk


@pytest.fixture
async def ready(cast: Cast) -> None:
    """The process has its classifier: before, suggestions follow by themselves."""
    assert await classifier_of(cast.desk) is not None


async def suggestion(desk: Desk, ticket_id: int) -> Any:
    return await desk.pool.fetchrow(
        "SELECT * FROM triage_suggestions WHERE ticket_id = $1 AND kind = 'type'", ticket_id
    )


BUG: dict[str, Any] = {
    "subject": "Time tracker crashes after the update",
    "description": "The tracker of the team app crashes on start and counts no hours.",
    "type_key": "level1_tech",
}


@pytest.mark.usefixtures("ready")
async def test_an_agent_is_told_what_it_sounds_like_and_may_go_along(site: str, cast: Cast) -> None:
    filed = await a_ticket(cast, **BUG)
    await work(cast.desk)
    async with await visiting(cast, site, "amy") as amy:
        page = await amy.get(f"/desk/tickets/{filed.reference}")
        assert "It sounds like <strong>Team app / time tracker bug" in page.text
        done = await amy.post(
            f"/desk/tickets/{filed.reference}/type", data={"type": "team_app_bug"}
        )
        assert done.status_code == 303
        after = await amy.get(f"/desk/tickets/{filed.reference}")
    assert "It sounds like" not in after.text
    assert "changed what" in after.text
    kept = await suggestion(cast.desk, filed.ticket_id)
    assert (kept["value"], kept["accepted_value"]) == ("team_app_bug", "team_app_bug")
    assert kept["by_id"] == cast.amy.id
    assert 0.5 < kept["probability"] <= 1


@pytest.mark.usefixtures("ready")
async def test_or_keep_the_type_there_is(site: str, cast: Cast) -> None:
    filed = await a_ticket(cast, **BUG)
    await work(cast.desk)
    async with await visiting(cast, site, "amy") as amy:
        address = f"/desk/tickets/{filed.reference}"
        await amy.post(f"{address}/type", data={"type": "level1_tech"})
        assert "It sounds like" not in (await amy.get(address)).text
        refused = await amy.post(f"{address}/type", data={"type": "nothing"})
    assert refused.status_code == 422
    kept = await suggestion(cast.desk, filed.ticket_id)
    assert (kept["accepted_value"], kept["by_id"]) == ("level1_tech", cast.amy.id)


@pytest.mark.usefixtures("ready")
async def test_what_colleagues_settle_is_learnt_from_and_restricted_tickets_are_not(
    site: str, cast: Cast
) -> None:
    open = await a_ticket(cast, **BUG)
    hidden = await a_ticket(cast, **BUG | {"restricted": True})
    await work(cast.desk)
    assert await own_examples(cast.desk) == []
    async with await visiting(cast, site, "amy") as amy:
        for filed in (open, hidden):
            await amy.post(f"/desk/tickets/{filed.reference}/type", data={"type": "team_app_bug"})
    [(text, label)] = await own_examples(cast.desk)
    assert (label, text.startswith(BUG["subject"])) == ("team_app_bug", True)
    figures = await train_types(cast.desk)
    assert figures["own_examples"] == 1
    assert figures["examples"] == len(written_examples()) + 1


async def test_a_model_of_an_older_release_makes_room_for_the_one_we_ship(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    desk = cast.desk
    await train_types(desk)
    await desk.pool.execute("UPDATE type_models SET weights = $1", b"of another time")
    desk.parts.pop("types", None)
    classifier = await classifier_of(desk)
    assert classifier is not None
    assert classifier.version == "shipped"
    assert "train anew" in caplog.text


async def test_somebody_says_it_in_their_own_words(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "nina") as nina:
        page = await nina.get("/contact", params={"words": "my withdrawal never arrived"})
        unsure = await nina.get("/contact", params={"words": "qwer asdf zxcv uiop"})
    assert "Your words sound like" in page.text
    assert "type=withdrawal_not_received&amp;subject=my+withdrawal+never+arrived" in page.text
    assert "We are not sure" in unsure.text
