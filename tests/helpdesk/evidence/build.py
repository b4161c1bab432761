"""Cases with sides, and uploads through the door that browsers use."""

from typing import Any
from uuid import UUID, uuid4

import httpx2

from helpdesk.catalogue.document import Sensitivity
from helpdesk.evidence.commands import attach_upload
from helpdesk.evidence.models import Evidence
from helpdesk.tickets.commands import hold_ticket
from helpdesk.tickets.filing import Filed
from tests.people import Cast


async def send(
    browser: httpx2.AsyncClient, name: str, content: bytes, **fields: Any
) -> httpx2.Response:
    fields.setdefault("id", str(uuid4()))
    return await browser.post(
        "/uploads",
        data={key: str(value) for key, value in fields.items()},
        files={"file": (name, content)},
        headers={"accept": "application/json"},
    )


async def attach(
    cast: Cast,
    site: str,
    ticket: Filed,
    name: str,
    content: bytes,
    sensitivity: Sensitivity | None = Sensitivity.SUPPORT,
    who: str = "finn",
    **options: Any,
) -> Evidence:
    """A file on a ticket, uploaded by a person and attached by the command."""
    async with await cast.browser(site, who) as browser:
        answer = await send(browser, name, content, case=ticket.case_id)
        assert answer.status_code == 201, answer.text
    return await attach_upload_of(
        cast, ticket, answer.json()["id"], name, who, sensitivity=sensitivity, **options
    )


async def attach_upload_of(
    cast: Cast, ticket: Filed, upload_id: str, label: str, who: str = "finn", **options: Any
) -> Evidence:
    actor = await cast.actor(who)
    async with cast.desk.transaction(actor) as tx:
        case, row = await hold_ticket(tx, ticket.ticket_id)
        return await attach_upload(
            tx,
            case,
            UUID(upload_id),
            **{
                "kind": "other",
                "label": label,
                "side_id": row.side_id,
                "group_id": row.group_id,
                "owner_id": actor.id,
                "ticket_id": row.id,
                **options,
            },
        )
