"""What readers say about an article: one opinion each, which a later one replaces."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete

from helpdesk.desk import Desk, Transaction

from .models import ArticleVerdict, Verdict

COMMENT = 1_000
SAID = "SELECT verdict, comment FROM article_verdicts WHERE article_id = $1 AND reader = $2"


@dataclass(frozen=True, slots=True)
class Said:
    verdict: Verdict
    comment: str


async def give_verdict(
    tx: Transaction,
    article_id: int,
    reader: bytes,
    verdict: Verdict,
    comment: str = "",
    type_key: str = "",
    draft_id: UUID | None = None,
) -> None:
    """A verdict without words leaves the words that were given with the same verdict before."""
    row = {
        "article_id": article_id,
        "reader": reader,
        "verdict": verdict,
        "comment": comment,
        "type_key": type_key,
        "draft_id": draft_id,
        "at": tx.now,
    }
    statement = insert(ArticleVerdict).values(row)
    given = statement.excluded
    same = (col(ArticleVerdict.verdict) == given.verdict) & (given.comment == "")
    kept = case((same, col(ArticleVerdict.comment)), else_=given.comment)
    changed = {name: given[name] for name in row} | {"comment": kept}
    connection = await tx.db.connection()
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["article_id", "reader"], set_=changed)
    )


async def withdraw_solved(tx: Transaction, article_id: int, reader: bytes) -> None:
    """It had not solved the problem after all."""
    await tx.db.exec(
        delete(ArticleVerdict).where(
            col(ArticleVerdict.article_id) == article_id,
            col(ArticleVerdict.reader) == reader,
            col(ArticleVerdict.verdict) == Verdict.SOLVED,
        )
    )


async def said_by(desk: Desk, article_id: int, reader: bytes | None) -> Said | None:
    row = await desk.pool.fetchrow(SAID, article_id, reader) if reader else None
    return Said(Verdict(row["verdict"]), row["comment"]) if row else None
