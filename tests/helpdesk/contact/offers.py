"""Articles and known issues that a report may meet on its way."""

from collections.abc import Sequence
from uuid import uuid4

from sqlmodel import select

from helpdesk.alerts.commands import Details as AlertDetails
from helpdesk.alerts.commands import post_alert
from helpdesk.help.models import ArticleText
from helpdesk.help.writing.commands import (
    Details,
    Wording,
    create_article,
    ensure_categories,
    publish_version,
    send_to_review,
)
from tests.people import Cast


async def an_article(
    cast: Cast,
    slug: str,
    title: str,
    body: str,
    types: Sequence[str] = (),
    keywords: Sequence[str] = (),
    published: bool = True,
) -> int:
    """Written by Tess, published by Max."""
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        shelves = await ensure_categories(tx)
        details = Details(slug, shelves["technical"].id, cast.groups["TECH"].id, tuple(types))
        wording = Wording(title, f"About: {title}", tuple(keywords), body)
        article = await create_article(tx, details, wording)
        query = select(ArticleText.id).where(ArticleText.article_id == article.id)
        text_id = (await tx.db.exec(query)).one()
        await send_to_review(tx, text_id)
    if published:
        async with cast.desk.transaction(await cast.actor("max")) as tx:
            await publish_version(tx, text_id)
    return article.id


TRACKER = (
    "The tracker stops when the computer sleeps. Switch sleep off while you track.\n\n"
    "## Where the log is\n\nOpen the menu, then Help, then Show log.\n"
)
MILESTONES = (
    "You can split a project into milestones at any time. Each has its own amount.\n\n"
    "## How\n\nOpen the contract and choose Add a milestone.\n"
)
CLOSING = "Settle what is open first. A closed account cannot be opened again.\n"


async def some_articles(cast: Cast) -> dict[str, int]:
    return {
        "tracker": await an_article(
            cast, "tracker-stops", "The tracker stops or loses time", TRACKER,
            ["team_app_bug"], ["sleep", "hibernate", "timer"],
        ),
        "milestones": await an_article(
            cast, "milestones", "Split a project into milestones", MILESTONES,
            ["guidance"], ["parts", "instalments"],
        ),
        "closing": await an_article(
            cast, "closing", "Closing your account: what must be settled first", CLOSING,
            ["account_closure"], ["delete account"],
        ),
    }  # fmt: skip


async def an_alert(cast: Cast, title: str = "Payments page is slow", area: str = "payments") -> int:
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        details = AlertDetails(title=title, area=area, words=("payments page hangs",))
        alert = await post_alert(tx, uuid4(), details, "Pages of payments take a minute to load.")
        return alert.id
