"""The second pair of eyes: review, publishing, the versions and what changed between them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.help.languages import LANGUAGES, direction
from helpdesk.help.models import ArticleVersion, VersionState
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import commands
from .articles import Conflict, NotAllowed, owns, why_not_publish
from .diff import Line, compare
from .editing import DONE, article_path, opened_article, preview_of
from .opened import Opened

STATES = {
    VersionState.DRAFT: "Draft",
    VersionState.REVIEW: "In review",
    VersionState.PUBLISHED: "Published",
    VersionState.REPLACED: "Replaced",
}
CHANGED = "Somebody changed this article after you opened the page. Read it again first."


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    lines: tuple[Line, ...]


async def review(request: WebRequest) -> Response:
    return await review_page(request, await opened_article(request))


async def review_page(
    request: WebRequest, opened: Opened, status: int = 200, typed: str = "", **errors: str
) -> Response:
    version, actor = opened.working, request.state["actor"]
    if version is None or opened.text is None:
        return redirect(article_path(opened.article.id, opened.language))
    author, group = version.author_id, opened.article.group_id
    return render(
        request,
        "editor/review.html",
        status=status,
        opened=opened,
        version=version,
        language=opened.language,
        languages=LANGUAGES,
        direction=direction(opened.language),
        preview=await preview_of(version.body),
        changes=await changes(opened.published, version) if opened.published else [],
        why_not=why_not_publish(actor, group, author, version.state),
        note=typed,
        errors=errors,
    )


async def decide(request: WebRequest) -> Response:
    """Publish it, or send it back with words."""
    form = await request.form(max_files=0)
    opened = await opened_article(request, form)
    if opened.text is None:
        raise HTTPException(404)
    if opened.working is None:
        raise HTTPException(409)  # somebody else decided
    id, text_id, language = opened.article.id, opened.text.id, opened.language
    asked = str(form.get("edition", ""))
    edition = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else -1
    do, note = form.get("do"), str(form.get("note", ""))
    try:
        if do == "publish":
            async with transaction(request) as tx:
                await commands.publish_version(tx, text_id, edition)
        else:
            note = clean_text(note, commands.REVIEW_NOTE)
            if is_blank(note):
                raise BadText("Say what should be changed.")
            async with transaction(request) as tx:
                await commands.send_back(tx, text_id, note)
    except BadText as fault:
        return await review_page(request, opened, 422, note, note=str(fault))
    except (Conflict, NotAllowed) as reason:
        said = CHANGED if isinstance(reason, Conflict) else str(reason)
        again = await opened_article(request, language=language)
        return await review_page(request, again, 409, note, action=said)
    return redirect(article_path(id, language, done="published" if do == "publish" else "back"))


Command = Callable[[Transaction, Opened], Awaitable[object]]


async def give_up(tx: Transaction, opened: Opened) -> None:
    if opened.text is not None:
        await commands.give_up(tx, opened.text.id, opened.text.edition)


MOVES: dict[str, Command] = {
    "checked": lambda tx, opened: commands.check_article(tx, opened.article.id),
    "archived": lambda tx, opened: commands.archive(tx, opened.article.id),
    "unarchived": lambda tx, opened: commands.unarchive(tx, opened.article.id),
    "given-up": give_up,
}


async def move(request: WebRequest) -> Response:
    """Still right, archive, out of the archive, drop the draft."""
    form = await request.form(max_files=0)
    opened = await opened_article(request, form)
    do = str(form.get("do", ""))
    if do not in MOVES:
        raise HTTPException(422)
    try:
        async with transaction(request) as tx:
            await MOVES[do](tx, opened)
    except (NotAllowed, Conflict) as reason:
        return await versions_page(request, opened, 409, CHANGED if isinstance(
            reason, Conflict) else str(reason))  # fmt: skip
    return redirect(article_path(opened.article.id, opened.language, done=do))


async def versions(request: WebRequest) -> Response:
    return await versions_page(request, await opened_article(request))


async def versions_page(
    request: WebRequest, opened: Opened, status: int = 200, fault: str = ""
) -> Response:
    """All of them, and what changed between two: by default the newest and the one before."""
    new = chosen(request, opened, "to", 0)
    old = chosen(request, opened, "from", 1)
    return render(
        request,
        "editor/versions.html",
        status=status,
        opened=opened,
        language=opened.language,
        languages=LANGUAGES,
        direction=direction(opened.language),
        states=STATES,
        old=old,
        new=new,
        changes=await changes(old, new) if old and new else [],
        owner=owns(request.state["actor"], opened.article.group_id),
        fault=fault,
        done=DONE.get(request.query_params.get("done", ""), ""),
    )


def chosen(request: WebRequest, opened: Opened, name: str, place: int) -> ArticleVersion | None:
    asked = request.query_params.get(name, "")
    if asked:
        plain = asked.isascii() and asked.isdigit() and len(asked) < 10
        found = opened.version(int(asked)) if plain else None
        if found is None:
            raise HTTPException(404)
        return found
    return opened.versions[place] if place < len(opened.versions) else None


async def changes(old: ArticleVersion, new: ArticleVersion) -> list[Part]:
    """Field by field; only those that differ."""
    pairs = {
        "Title": (old.title, new.title),
        "Summary": (old.summary, new.summary),
        "Words people use": ("\n".join(old.keywords), "\n".join(new.keywords)),
        "Text": (old.body, new.body),
    }
    parts = [Part(label, await asyncio.to_thread(compare, *both)) for label, both in pairs.items()]
    return [part for part in parts if part.lines]


WRITE = Can.WRITE_ARTICLES
routes = [
    page("/desk/help/{id:int}/review", review, can=WRITE),
    page("/desk/help/{id:int}/review", decide, can=WRITE, method="POST"),
    page("/desk/help/{id:int}/state", move, can=WRITE, method="POST"),
    page("/desk/help/{id:int}/versions", versions, can=WRITE),
]
