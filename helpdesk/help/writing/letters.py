"""Mails to those who write and keep articles."""

from helpdesk.desk import Transaction
from helpdesk.help.models import Article, ArticleVersion
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person


async def sent_back(
    tx: Transaction, author: Person, article: Article, version: ArticleVersion
) -> None:
    if author.deactivated_at is not None:
        return
    await send_mail(
        tx,
        dedupe_key=f"article_sent_back:{version.id}:{tx.now.isoformat()}",
        to_name=author.name,
        to_address=author.email,
        subject=f"Please look again: {version.title}",
        body=f"Hello {author.name},\n\n{tx.actor.name} read your article “{version.title}” and "
        f"asks for changes:\n\n{version.review_note}\n\n"
        f"It is a draft again. You find it under “Help articles” in the console.\n",
    )


async def grown_old(tx: Transaction, reader: Person, titles: list[str], key: str) -> None:
    """One mail for all of them: nobody reads twenty."""
    listed = "\n".join(f"- {title}" for title in titles)
    count = "an article" if len(titles) == 1 else f"{len(titles)} articles"
    await send_mail(
        tx,
        dedupe_key=key,
        to_name=reader.name,
        to_address=reader.email,
        subject=f"Please check {count} of the help centre",
        body=f"Hello {reader.name},\n\nnobody has checked for a while whether this is still "
        f"right:\n\n{listed}\n\nOpen “Help articles” in the console, read, and choose “Still "
        "right”, or change what is not.\n",
    )
