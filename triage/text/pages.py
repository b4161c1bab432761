"""An agent accepts a suggested type, or keeps the one there is."""

from starlette.responses import Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import find_ticket, id_named
from helpdesk.web import Problem, WebRequest, page, reading, redirect, transaction

from .commands import NoSuchType, settle_type


async def settle(request: WebRequest) -> Response:
    id = id_named(request.path_params["ref"])
    form = await request.form(max_files=0, max_fields=5)
    async with reading(request) as db:
        ticket = await find_ticket(db, request.state["actor"], id)
    version = await catalogue.version(request.state["desk"], ticket.catalogue_version)
    try:
        async with transaction(request) as tx:
            await settle_type(tx, id, str(form.get("type", ""))[:40], version.catalogue)
    except NoSuchType:
        raise Problem(422, "Choose a type from the list") from None
    return redirect(f"/desk/tickets/{reference(id)}")


routes = [page("/desk/tickets/{ref}/type", settle, Can.WORK_TICKETS, "POST")]
