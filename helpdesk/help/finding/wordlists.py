"""Groups of words that mean the same to search, as managers edit them: one group a line."""

from hashlib import sha256

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line, clean_text
from helpdesk.desk import Transaction
from helpdesk.help.models import Synonym
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

LONGEST, LONGEST_WORD, MOST_GROUPS, MOST_WORDS = 60_000, 60, 500, 30
STALE = "Somebody else changed the list. Theirs is below; bring both together and save."
LOCK = "SELECT pg_advisory_xact_lock(7263)"


class Stale(Exception):
    """Somebody else saved since the page was opened."""


def written(groups: list[list[str]]) -> str:
    return "\n".join(", ".join(words) for words in groups)


def seal(text: str) -> str:
    """Which state of the list a page shows."""
    return sha256(text.encode()).hexdigest()[:16]


def read_groups(text: str) -> list[list[str]]:
    """Raises BadText."""
    groups = []
    for number, line in enumerate(clean_text(text, LONGEST).split("\n"), 1):
        try:
            words = [clean_line(word, LONGEST_WORD).lower() for word in line.split(",")]
        except BadText as fault:
            raise BadText(f"Line {number}: {fault}") from None
        words = list(dict.fromkeys(word for word in words if word))
        if len(words) == 1:
            raise BadText(f"Line {number}: “{words[0]}” stands alone. Add a word that means it.")
        if len(words) > MOST_WORDS:
            raise BadText(f"Line {number}: {MOST_WORDS} words are the most of one group.")
        if words:
            groups.append(words)
    if len(groups) > MOST_GROUPS:
        raise BadText(f"{MOST_GROUPS} groups are the most; these are {len(groups)}.")
    return groups


async def groups_of(db: AsyncSession) -> list[list[str]]:
    query = select(Synonym).order_by(col(Synonym.id))
    return [synonym.words for synonym in (await db.exec(query)).all()]


async def set_synonyms(tx: Transaction, groups: list[list[str]], seen: str) -> None:
    """The whole list at once. Raises Stale when it is not what the editor saw."""
    connection = await tx.db.connection()
    await connection.exec_driver_sql(LOCK)
    if seal(written(await groups_of(tx.db))) != seen:
        raise Stale
    await tx.db.exec(delete(Synonym))
    tx.db.add_all(Synonym(words=words) for words in groups)


async def show(request: WebRequest) -> Response:
    return await list_page(request)


async def list_page(
    request: WebRequest, status: int = 200, typed: str | None = None, error: str = ""
) -> Response:
    async with reading(request) as db:
        groups = await groups_of(db)
    text = written(groups)
    return render(
        request,
        "editor/synonyms.html",
        status=status,
        text=text if typed is None else typed,
        theirs=text if status == 409 else "",
        seen=seal(text),
        count=len(groups),
        errors={"words": error} if error else {},
        done="Saved. Search knows them within seconds." if "done" in request.query_params else "",
    )


async def save(request: WebRequest) -> Response:
    form = await request.form(max_files=0)
    typed = str(form.get("words", "")).replace("\r\n", "\n")
    try:
        groups = read_groups(typed)
        async with transaction(request) as tx:
            await set_synonyms(tx, groups, str(form.get("seen", "")))
    except BadText as fault:
        return await list_page(request, 422, typed, str(fault))
    except Stale:
        return await list_page(request, 409, typed, STALE)
    return redirect("/desk/help/synonyms?done=1")


routes = [
    page("/desk/help/synonyms", show, can=Can.PUBLISH_ARTICLES),
    page("/desk/help/synonyms", save, can=Can.PUBLISH_ARTICLES, method="POST"),
]
