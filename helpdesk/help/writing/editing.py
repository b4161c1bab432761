"""Writing articles: the list, the form with its preview, and what happens when two save at once."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.text import BadText
from helpdesk.desk import Transaction
from helpdesk.evidence.intake import pieces_of
from helpdesk.evidence.sniff import Refused
from helpdesk.help.languages import LANGUAGES, direction
from helpdesk.help.sanitised import shown_html
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import commands, overview
from .articles import (
    Conflict,
    Details,
    DetailsConflict,
    NoSuchArticle,
    NotAllowed,
    SlugTaken,
    Wording,
    owns,
)
from .choices import choices_of, known_slugs, types_by_service
from .clashes import clashes, take
from .forms import PERIODS, Typed, empty_form, read_form, written_form
from .images import take_image
from .markdown import LONGEST_BODY, MOST_LINES, clean_body, render_markdown
from .opened import Opened, open_article

LARGEST_FORM = 27 * 1024 * 1024  # the largest picture, and the form around it
LARGEST_FIELD = 4 * 1024 * 1024
LARGEST_ID = 2**63 - 1
FIRST_POSITION = 100
DONE = {
    "saved": "Saved as a draft. Readers see it after it was published.",
    "review": "Sent to review. A colleague reads it and publishes it.",
    "published": "Published. Readers see it now.",
    "back": "Sent back to its author.",
    "checked": "Thank you. It is noted that somebody checked it today.",
    "archived": "Archived. Readers and search do not find it any more.",
    "unarchived": "Back from the archive.",
    "given-up": "The draft was dropped. It stays among the versions.",
}


async def index(request: WebRequest) -> Response:
    desk, query = request.state["desk"], request.query_params
    show = query.get("show", "all")
    if show not in overview.CONDITIONS:
        raise HTTPException(404)
    words = query.get("q", "")[:100].replace("\x00", "").strip()
    return render(
        request,
        "editor/index.html",
        show=show,
        q=words,
        listed=await overview.list_articles(desk, show, words, query.get("after", "")),
        counts=await overview.count_articles(desk),
        names=overview.NAMES,
        languages=LANGUAGES,
        first=not query.get("after"),
    )


async def new(request: WebRequest) -> Response:
    groups = request.state["actor"].groups
    return await form_page(request, None, language_of(request), empty_form(min(groups, default=0)))


async def edit(request: WebRequest) -> Response:
    opened = await opened_article(request)
    return await form_page(request, opened, opened.language, stands(opened))


async def save(request: WebRequest) -> Response:
    """Every button of the form, of an article that exists or of a new one."""
    form = await request.form(max_files=1, max_fields=200, max_part_size=LARGEST_FIELD)
    typed, do = read_form(form), str(form.get("do", "save"))
    opened = await opened_article(request, form) if "id" in request.path_params else None
    language = opened.language if opened else language_of(request, form)
    if do not in ("save", "review"):
        return await look(request, opened, language, typed, form, do)
    wording, details = await checked(request, opened, typed)
    if typed.errors:
        return await form_page(request, opened, language, typed, 422)
    try:
        async with transaction(request) as tx:
            if opened is None:
                id = await store_new(tx, details, wording, language, do)
            else:
                id = await store(tx, opened, typed, details, wording, do)
    except (Conflict, DetailsConflict):
        return await conflict_page(request, typed, language)
    except BadText as fault:
        typed.errors["body"] = str(fault)
    except SlugTaken:
        typed.errors["slug"] = "Another article has this address. Choose a different one."
    except NotAllowed as reason:
        typed.errors[""] = str(reason)
    else:
        done = "review" if do == "review" else "saved"
        return redirect(article_path(id, language, done=done))
    return await form_page(request, opened, language, typed, 409 if "" in typed.errors else 422)


async def checked(
    request: WebRequest, opened: Opened | None, typed: Typed
) -> tuple[Wording, Details]:
    desk = request.state["desk"]
    known = await known_slugs(desk, [part.strip() for part in typed.parts("related")])
    wording = typed.wording()
    position = opened.article.position if opened else FIRST_POSITION
    details = typed.details(await choices_of(desk), known, position)
    if opened is not None and not details.slug:
        details = replace(details, slug=opened.article.slug)
    return wording, details


async def store_new(
    tx: Transaction, details: Details, wording: Wording, language: str, do: str
) -> int:
    slug = details.slug or await commands.free_slug(tx, wording.title)
    article = await commands.create_article(tx, replace(details, slug=slug), wording, language)
    if do == "review":
        await commands.send_to_review(tx, await commands.text_id_of(tx, article.id, language))
    return article.id


async def store(
    tx: Transaction, opened: Opened, typed: Typed, details: Details, wording: Wording, do: str
) -> int:
    id = opened.article.id
    await commands.change_details(tx, id, typed.number("details_edition"), details)
    if opened.text is None:
        text_id = (await commands.add_language(tx, id, opened.language, wording)).id
    else:
        text_id = opened.text.id
        await commands.save_version(tx, text_id, typed.number("edition"), wording)
    if do == "review":
        await commands.send_to_review(tx, text_id)
    return id


async def look(
    request: WebRequest, opened: Opened | None, language: str, typed: Typed, form: FormData, do: str
) -> Response:
    """Buttons that save nothing: the preview, a picture, the other's words after a conflict."""
    status = 200
    if do == "image":
        status = await add_picture(request, typed, form)
    elif do.startswith("take:") and opened is not None:
        take([do.removeprefix("take:")], typed, stands(opened))
    clash = bool(form.get("clash")) and opened is not None
    return await form_page(request, opened, language, typed, status, clash)


async def add_picture(request: WebRequest, typed: Typed, form: FormData) -> int:
    """Without script: the picture stands at the end of the text, to be moved."""
    file = form.get("image")
    if not isinstance(file, UploadFile) or not file.filename:
        typed.errors["image"] = "Choose a picture first."
        return 422
    desk, actor = request.state["desk"], request.state["actor"]
    try:
        kept = await take_image(
            desk, actor, file.filename, pieces_of(file), client_address(request)
        )
    except Refused as reason:
        typed.errors["image"] = str(reason)
        return reason.status
    before = typed.values["body"].rstrip()
    typed.values["body"] = f"{before}\n\n![What the picture shows]({kept.address})\n".lstrip()
    return 200


async def conflict_page(request: WebRequest, typed: Typed, language: str) -> Response:
    """Theirs and mine side by side; the next save goes on from theirs."""
    opened = await opened_article(request, language=language)
    return await form_page(request, opened, language, typed, 409, clash=True)


async def form_page(
    request: WebRequest,
    opened: Opened | None,
    language: str,
    typed: Typed,
    status: int = 200,
    clash: bool = False,
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    choices = await choices_of(desk)
    found = clashes(typed, stands(opened), choices) if clash and opened else ()
    if clash and opened and status == 409:
        theirs = stands(opened)
        typed.values |= {name: theirs.values[name] for name in ("edition", "details_edition")}
    return render(
        request,
        "editor/edit.html",
        status=status,
        opened=opened,
        language=language,
        languages=LANGUAGES,
        direction=direction(language),
        values=typed.values,
        chosen_types=set(typed.types),
        errors=typed.errors,
        choices=choices,
        services=await types_by_service(desk),
        periods=PERIODS,
        clash=clash,
        clashes=found,
        preview=await preview_of(typed.values["body"]),
        owner=opened is None or owns(actor, opened.article.group_id),
        limits=(LONGEST_BODY, MOST_LINES),
        done=DONE.get(request.query_params.get("done", ""), ""),
    )


async def preview(request: WebRequest) -> Response:
    """What readers will see, while it is written."""
    form = await request.form(max_files=0, max_fields=200, max_part_size=LARGEST_FIELD)
    typed = read_form(form)
    language = language_of(request, form)
    shown = await preview_of(typed.values["body"])
    return render(
        request, "editor/preview.html", preview=shown, language=language,
        direction=direction(language),
    )  # fmt: skip


async def preview_of(body: str) -> dict[str, Any]:
    try:
        rendered = await asyncio.to_thread(render_markdown, clean_body(body))
    except BadText as fault:
        return {"html": "", "fault": str(fault)}
    return {"html": shown_html(rendered.html), "fault": ""}


def stands(opened: Opened) -> Typed:
    """The form as it would be without anything typed."""
    edition = opened.text.edition if opened.text else 0
    return written_form(opened.article, opened.start, edition)


async def opened_article(
    request: WebRequest, form: FormData | None = None, language: str = ""
) -> Opened:
    id = request.path_params["id"]
    asked = form.get("language") if form is not None else request.query_params.get("language")
    language = language or (asked if isinstance(asked, str) else "")
    if id > LARGEST_ID or (language and language not in LANGUAGES):
        raise HTTPException(404)
    try:
        return await open_article(request.state["desk"], id, language)
    except NoSuchArticle:
        raise HTTPException(404) from None


def language_of(request: WebRequest, form: FormData | None = None) -> str:
    asked = form.get("language") if form is not None else request.query_params.get("language")
    return asked if isinstance(asked, str) and asked in LANGUAGES else "en"


def article_path(id: int, language: str, **query: str) -> str:
    asked = query if language == "en" else {"language": language, **query}
    return f"/desk/help/{id}" + (f"?{urlencode(asked)}" if asked else "")


WRITE = Can.WRITE_ARTICLES
routes = [
    page("/desk/help", index, can=WRITE),
    page("/desk/help/new", new, can=WRITE),
    page("/desk/help/new", save, can=WRITE, method="POST", max_body=LARGEST_FORM),
    page("/desk/help/preview", preview, can=WRITE, method="POST", max_body=LARGEST_FIELD),
    page("/desk/help/{id:int}", edit, can=WRITE),
    page("/desk/help/{id:int}", save, can=WRITE, method="POST", max_body=LARGEST_FORM),
]
