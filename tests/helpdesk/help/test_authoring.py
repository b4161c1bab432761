"""Writing, review, publishing and keeping articles right: who may, and what is never lost."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from helpdesk.core.clock import FrozenClock
from helpdesk.core.text import BadText
from helpdesk.help.models import Article, VersionState
from helpdesk.help.writing import commands
from helpdesk.help.writing.commands import Conflict, DetailsConflict, NotAllowed, SlugTaken
from helpdesk.help.writing.jobs import sweep_old_articles
from helpdesk.mail.models import Mail
from tests.build import a_ticket
from tests.people import Cast

from .writing import BODY, a_draft, a_review, details, published, text_of, versions, wording


async def test_a_draft_is_seen_by_nobody_until_a_colleague_publishes_it(cast: Cast) -> None:
    text = await a_review(cast, "sam", "TAS")
    assert (text.title, text.html, text.search, text.published_at) == ("", "", None, None)
    async with cast.desk.transaction(await cast.actor("lena")) as tx:
        version = await commands.publish_version(tx, text.id)
    text = await text_of(cast, text.article_id)
    assert version.state == VersionState.PUBLISHED
    assert version.author_id == cast.sam.id
    assert version.reviewer_id == cast.lena.id
    assert text.title == "When will my withdrawal arrive?"
    assert "<h2 id=" in text.html
    assert text.plain.startswith("Withdrawals take two to five working days.")
    assert text.published_number == 1
    found = await cast.desk.pool.fetchval(
        "SELECT search @@ to_tsquery('help_english', 'payout & withdraw & statement')"
        " FROM article_texts WHERE id = $1",
        text.id,
    )
    assert found


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("sam", "Somebody else of your department"),
        ("pete", "department that owns"),
        ("cora", "department that owns"),
    ],
)
async def test_who_may_not_publish(cast: Cast, who: str, reason: str) -> None:
    text = await a_review(cast, "sam", "TAS")
    with pytest.raises(NotAllowed, match=reason):
        async with cast.desk.transaction(await cast.actor(who)) as tx:
            await commands.publish_version(tx, text.id)
    assert (await versions(cast, text))[0].state == VersionState.REVIEW


async def test_an_agent_publishes_what_was_sent_to_review_a_manager_anything(cast: Cast) -> None:
    text = await a_draft(cast, "sam", "TAS")
    with pytest.raises(NotAllowed, match="sent to review"):
        async with cast.desk.transaction(await cast.actor("lena")) as tx:
            await commands.publish_version(tx, text.id)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await commands.publish_version(tx, text.id)


async def test_customers_cannot_write(cast: Cast) -> None:
    given = await details(cast)
    with pytest.raises(NotAllowed):
        async with cast.desk.transaction(await cast.actor("cora")) as tx:
            await commands.create_article(tx, given, wording())
    text = await a_draft(cast)
    with pytest.raises(NotAllowed):
        async with cast.desk.transaction(await cast.actor("cora")) as tx:
            await commands.save_version(tx, text.id, text.edition, wording(body="x"))


async def test_the_second_of_two_editors_is_shown_the_words_of_the_first(cast: Cast) -> None:
    text = await a_draft(cast)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await commands.save_version(tx, text.id, text.edition, wording(body="By Tess."))
    with pytest.raises(Conflict) as conflict:
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.save_version(tx, text.id, text.edition, wording(body="By Pete."))
    assert conflict.value.theirs.body == "By Tess."
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        both = wording(body="By Tess and Pete.")
        await commands.save_version(tx, text.id, conflict.value.edition, both)
    assert (await versions(cast, text))[-1].body == "By Tess and Pete."


async def test_ten_editors_at_once_one_wins_and_nine_are_told(cast: Cast) -> None:
    text = await a_draft(cast)
    actor = await cast.actor("pete")

    async def save(number: int) -> bool:
        try:
            async with cast.desk.transaction(actor) as tx:
                await commands.save_version(tx, text.id, text.edition, wording(body=f"{number}"))
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*map(save, range(10)))) == 1
    assert len(await versions(cast, text)) == 1


async def test_the_same_words_twice_are_saved_once(cast: Cast) -> None:
    text = await published(cast)
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.save_version(tx, text.id, 0, wording(change="Nothing, really"))
    assert [version.state for version in await versions(cast, text)] == ["published"]


async def test_nobody_publishes_words_they_have_not_read(cast: Cast) -> None:
    text = await a_review(cast, "sam", "TAS")
    async with cast.desk.transaction(await cast.actor("sam")) as tx:
        await commands.save_version(tx, text.id, text.edition, wording(body="Later words"))
        await commands.send_to_review(tx, text.id)
    with pytest.raises(Conflict):
        async with cast.desk.transaction(await cast.actor("lena")) as tx:
            await commands.publish_version(tx, text.id, text.edition)


async def test_changing_what_is_in_review_makes_it_a_draft_again(cast: Cast) -> None:
    text = await a_review(cast)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        version = await commands.save_version(tx, text.id, text.edition, wording(body="New"))
    assert (version.state, version.author_id) == (VersionState.DRAFT, cast.tess.id)


async def test_an_empty_article_is_not_sent_to_review(cast: Cast) -> None:
    text = await a_draft(cast, body="")
    with pytest.raises(NotAllowed, match="summary and the text"):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.send_to_review(tx, text.id)


async def test_sending_back_tells_the_author_why(cast: Cast) -> None:
    text = await a_review(cast, "sam", "TAS")
    async with cast.desk.transaction(await cast.actor("lena")) as tx:
        await commands.send_back(tx, text.id, "Say how long it takes.")
    version = (await versions(cast, text))[0]
    assert (version.state, version.review_note) == ("draft", "Say how long it takes.")
    async with cast.desk.reading() as db:
        mail = (await db.exec(select(Mail).where(Mail.to_address == cast.sam.email))).one()
    assert "Say how long it takes." in mail.body


async def test_a_new_version_replaces_the_old_one_and_keeps_it(cast: Cast) -> None:
    text = await published(cast)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        changed = wording(body="Now it takes one day.")
        await commands.save_version(tx, text.id, text.edition, changed)
        assert (await text_of(cast, text.article_id)).plain == text.plain  # readers see the old
        await commands.publish_version(tx, text.id)
    states = [version.state.value for version in await versions(cast, text)]
    assert states == ["replaced", "published"]
    assert (await text_of(cast, text.article_id)).plain == "Now it takes one day."
    assert (await versions(cast, text))[0].body == BODY


async def test_a_dropped_draft_stays_among_the_versions(cast: Cast) -> None:
    text = await published(cast)
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.save_version(tx, text.id, text.edition, wording(body="Wrong"))
        await commands.give_up(tx, text.id, text.edition + 1)
    assert [v.state.value for v in await versions(cast, text)] == ["published", "replaced"]


async def test_an_address_belongs_to_one_article_and_stays_once_published(cast: Cast) -> None:
    text = await published(cast)
    given = await details(cast)
    with pytest.raises(SlugTaken):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.create_article(tx, given, wording())
    moved = await details(cast, slug="elsewhere")
    with pytest.raises(NotAllowed, match="address stays"):
        async with cast.desk.transaction(await cast.actor("max")) as tx:
            await commands.change_details(tx, text.article_id, 0, moved)
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        free = await commands.free_slug(tx, "When will my withdrawal arrive?")
    assert free == "when-will-my-withdrawal-arrive-2"


async def test_details_of_a_published_article_belong_to_its_department(cast: Cast) -> None:
    text = await published(cast)
    changed = await details(cast, type_keys=("refund_to_card",))
    with pytest.raises(NotAllowed):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await commands.change_details(tx, text.article_id, 0, changed)
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.change_details(tx, text.article_id, 0, changed)
    late = await details(cast, type_keys=())
    with pytest.raises(DetailsConflict):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.change_details(tx, text.article_id, 0, late)


async def test_nobody_takes_an_article_of_another_department(cast: Cast) -> None:
    text = await a_draft(cast, "sam", "TAS")
    taken = await details(cast, "PAY")
    with pytest.raises(NotAllowed, match="give it to another"):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.change_details(tx, text.article_id, 0, taken)


async def test_a_language_is_added_once(cast: Cast) -> None:
    text = await published(cast)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        spanish = await commands.add_language(
            tx, text.article_id, "es", wording(title="¿Cuándo llega mi retiro?")
        )
        assert spanish.edition == 1
    with pytest.raises(NotAllowed, match="already"):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await commands.add_language(tx, text.article_id, "es", wording())


async def test_an_archived_article_is_out_of_search_and_comes_back(cast: Cast) -> None:
    text = await published(cast)
    postings = "SELECT count(*) FROM help_postings WHERE text_id = $1"
    assert await cast.desk.pool.fetchval(postings, text.id) > 0
    with pytest.raises(NotAllowed):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await commands.archive(tx, text.article_id)
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.archive(tx, text.article_id)
    assert await cast.desk.pool.fetchval(postings, text.id) == 0
    with pytest.raises(NotAllowed, match="archived"):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.save_version(tx, text.id, text.edition, wording(body="More"))
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.unarchive(tx, text.article_id)
    assert await cast.desk.pool.fetchval(postings, text.id) > 0


async def test_too_long_an_article_is_refused_in_words(cast: Cast) -> None:
    text = await a_draft(cast)
    with pytest.raises(BadText, match="10,000 lines"):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await commands.save_version(tx, text.id, 1, wording(body="a\n" * 9_999 + "b"))


async def test_who_keeps_an_article_is_reminded_once_per_period(cast: Cast) -> None:
    clock = cast.desk.clock
    assert isinstance(clock, FrozenClock)
    text = await published(cast)
    newer = await published(cast, "sam", "TAS", slug="another", title="Another one")

    async def mails() -> list[str]:
        cast.desk.parts.pop("help.swept_at", None)
        await sweep_old_articles(cast.desk)
        query = select(Mail.to_address).where(col(Mail.subject).startswith("Please check"))
        async with cast.desk.reading() as db:
            return sorted((await db.exec(query)).all())

    assert await mails() == []
    clock.at += timedelta(days=100)
    async with cast.desk.transaction(await cast.actor("sam")) as tx:
        await commands.check_article(tx, newer.article_id)
    clock.at += timedelta(days=81)
    keepers = sorted([cast.pete.email, cast.max.email])
    assert await mails() == keepers
    clock.at += timedelta(days=5)
    assert await mails() == keepers
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await commands.check_article(tx, text.article_id)
    async with cast.desk.reading() as db:
        article = await db.get_one(Article, text.article_id)
    assert (article.checked_at, article.reminded_at) == (clock.now(), None)
    clock.at += timedelta(days=181)
    assert len(await mails()) == 6  # Max keeps both, and gets one mail for them


async def test_an_answer_becomes_a_draft_among_its_kind(cast: Cast) -> None:
    await published(cast)
    ticket = await a_ticket(cast, type_key="withdrawal_not_received", group_key="PAY")
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        article = await commands.create_article_from_answer(
            tx,
            ticket.ticket_id,
            "When will my withdrawal arrive?",
            "It is on its way.",
            cast.groups["PAY"].id,
            "withdrawal_not_received",
        )
    assert article.slug == "when-will-my-withdrawal-arrive-2"
    assert article.from_ticket_id == ticket.ticket_id
    first = await cast.desk.pool.fetchval(
        "SELECT category_id FROM articles WHERE slug = 'when-will-my-withdrawal-arrive'"
    )
    assert article.category_id == first
    [version] = await versions(cast, await text_of(cast, article.id))
    assert (version.state, version.body) == ("draft", "It is on its way.")
