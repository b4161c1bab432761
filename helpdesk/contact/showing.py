"""The report form as a page, with everything that was typed and what is wrong with it."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5

from starlette.responses import Response

from helpdesk.alerts.area import alert_area
from helpdesk.contracts.queries import contracts_of
from helpdesk.sla.promises.shown import told_before
from helpdesk.web import reading, redirect, render

from .channels import chat_state
from .formpage import form_page, zone_options
from .forms import Fields
from .hiding import found_in
from .queries import (
    KeptDraft,
    NotYours,
    SignInAgain,
    about_person,
    find_draft,
    open_requests,
)
from .suggesting import suggestions
from .visits import Visit, known_of

Words = Mapping[str, str]  # field → what is wrong with it


async def draft_or_copy(here: Visit, id: UUID) -> KeptDraft:
    """The draft. Under the id of somebody else's, one of this person's own: as if it were free."""
    try:
        return await find_draft(here.desk, here.actor, here.token, id)
    except NotYours:
        if not here.actor.id:
            return KeptDraft(uuid4(), False, None, {}, ())
        own = uuid5(id, str(here.actor.id))
        return await find_draft(here.desk, here.actor, here.token, own)


async def opened(here: Visit) -> KeptDraft | Response:
    """The draft of the address; or where to go instead, when it was sent or needs a session."""
    id = here.request.path_params["draft"]
    try:
        draft = await draft_or_copy(here, id)
    except SignInAgain:
        return redirect(f"/sign-in?{urlencode({'next': f'/report/{id}'})}")
    if draft.ticket_id is not None:
        return redirect(f"/report/{id}/sent")
    return draft


class Loose(dict[str, str]):
    """What a template may ask for by any name: what is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


async def show(
    here: Visit,
    draft: KeptDraft,
    fields: Fields,
    errors: Words | None = None,
    restored: bool = False,
) -> Response:
    """The form with everything typed so far."""
    errors = errors or {}
    known = await known_of(here, fields, draft)
    chat = await chat_state(here.desk, here.actor.time_zone)
    async with reading(here.request) as db:
        contracts = tuple(await contracts_of(db, here.actor))
    about = await about_person(here.desk, here.actor)
    shown = form_page(fields, known, about, contracts, errors)
    promised = None
    if shown.type:
        promised = await told_before(
            here.desk, shown.group_key, shown.department, shown.level, here.actor.time_zone
        )
    response = render(
        here.request,
        "contact/report.html",
        422 if errors else 200,
        alert_area=await alert_area(here.request, compact=True),
        form=shown,
        promised=promised,
        fields=Loose(fields),
        errors=Loose(errors),
        draft=draft,
        restored=restored,
        nobody="nobody" in here.request.query_params,
        changed=restored and fields.get("catalogue", "") != str(known.version.number),
        version=known.version.number,
        limits=known.catalogue.limits,
        chat=chat,
        advice=shown.type
        and chat.advise(
            known.catalogue, shown.type, private=bool(fields.get("private") or found_in(fields))
        ),
        requests=await open_requests(here.desk, here.actor),
        zones=zone_options(),
        suggestions=await suggestions(here.request, shown.type, fields),
    )
    return here.remembered(response)
