"""Evidence on a case, asked for and given."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from helpdesk.cases.models import Timer
from helpdesk.cases.queries import hold_case
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.clock import FrozenClock
from helpdesk.evidence import jobs
from helpdesk.evidence.commands import (
    NotAskable,
    NotYourUpload,
    add_facts,
    attach_upload,
    cancel_request,
    request_evidence,
)
from helpdesk.evidence.intake import storage_of
from helpdesk.evidence.models import EvidenceRequest
from helpdesk.evidence.queries import listing, open_requests
from helpdesk.permissions import SYSTEM
from helpdesk.relay import fire_due_timers
from helpdesk.tickets.commands import hold_ticket
from helpdesk.tickets.filing import Filed
from tests.build import a_ticket
from tests.people import Cast

from . import samples
from .build import attach, send

TIMERS = {
    "evidence_reminder": jobs.evidence_reminder,
    "evidence_overdue": jobs.evidence_overdue,
}


async def events(cast: Cast, case_id: int) -> list[tuple[str, str]]:
    rows = await cast.desk.pool.fetch(
        "SELECT type, audience FROM events WHERE case_id = $1 AND type LIKE 'evidence.%' "
        "ORDER BY seq",
        case_id,
    )
    return [(row["type"], row["audience"]) for row in rows]


async def ask(cast: Cast, ticket: Filed, days: int = 3, key: str = "team_log") -> EvidenceRequest:
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        case, row = await hold_ticket(tx, ticket.ticket_id)
        return await request_evidence(
            tx,
            case,
            ticket_id=row.id,
            side_id=row.side_id,
            kind="team_log",
            evidence_key=key,
            label="Team log",
            due_at=tx.now + timedelta(days=days),
        )


@pytest.fixture
async def ticket(cast: Cast) -> Filed:
    return await a_ticket(cast, "finn", type_key="team_app_bug", group_key="TECH")


@pytest.mark.parametrize(
    ("sensitivity", "restricted", "audience"),
    [
        (Sensitivity.SHARED, False, "everyone"),
        (Sensitivity.SUPPORT, False, "side"),
        (Sensitivity.PRIVATE, False, "private"),
        (Sensitivity.RESTRICTED, False, "private"),
        (Sensitivity.SHARED, True, "private"),
    ],
)
async def test_the_sensitivity_decides_who_hears_of_it(
    cast: Cast,
    site: str,
    ticket: Filed,
    sensitivity: Sensitivity,
    restricted: bool,
    audience: str,
) -> None:
    piece = await attach(
        cast, site, ticket, "a.log", samples.LOG, sensitivity, restricted=restricted
    )
    assert piece.audience == audience
    assert await events(cast, ticket.case_id) == [("evidence.added", audience)]


async def test_without_a_sensitivity_the_catalogue_decides(
    cast: Cast, site: str, ticket: Filed
) -> None:
    log = await attach(
        cast, site, ticket, "a.log", samples.LOG, None, kind="team_log", evidence_key="team_log"
    )
    other = await attach(cast, site, ticket, "b.log", b"other\n", None, kind="other")
    assert log.sensitivity == Sensitivity.PRIVATE
    assert other.sensitivity == Sensitivity.SUPPORT


async def test_an_upload_is_attached_once(cast: Cast, site: str, ticket: Filed) -> None:
    first = await attach(cast, site, ticket, "a.log", samples.LOG)
    assert first.upload_id is not None
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        case = await hold_case(tx, ticket.case_id)
        again = await attach_upload(
            tx,
            case,
            first.upload_id,
            kind="other",
            label="x",
            side_id=first.side_id,
            group_id=None,
            owner_id=None,
        )
    assert again.id == first.id
    assert len(await events(cast, ticket.case_id)) == 1


async def test_nobody_attaches_the_upload_of_somebody_else(
    cast: Cast, site: str, ticket: Filed
) -> None:
    async with await cast.browser(site, "finn") as finn:
        told = (await send(finn, "a.log", samples.LOG, draft=uuid4())).json()
    hers = await a_ticket(cast, "cora")
    async with cast.desk.transaction(await cast.actor("cora")) as tx:
        case, row = await hold_ticket(tx, hers.ticket_id)
        for id in (UUID(told["id"]), uuid4()):
            with pytest.raises(NotYourUpload):
                await attach_upload(
                    tx,
                    case,
                    id,
                    kind="other",
                    label="x",
                    side_id=row.side_id,
                    group_id=None,
                    owner_id=None,
                )


async def test_facts_are_a_piece_without_a_file(cast: Cast, site: str, ticket: Filed) -> None:
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        case, row = await hold_ticket(tx, ticket.ticket_id)
        piece = await add_facts(
            tx,
            case,
            kind="environment",
            label="Environment",
            facts={"System": "Windows <11>"},
            side_id=row.side_id,
            ticket_id=row.id,
        )
    async with await cast.browser(site, "finn") as finn:
        page = await finn.get(f"/evidence/{piece.id}")
    assert "Windows &lt;11&gt;" in page.text
    assert "Download" not in page.text


async def test_what_was_asked_for_lands_on_its_line_and_ends_the_timers(
    cast: Cast, site: str, ticket: Filed
) -> None:
    request = await ask(cast, ticket)
    piece = await attach(cast, site, ticket, "new.log", samples.LOG, None, evidence_key="team_log")
    assert (piece.kind, piece.label) == ("team_log", "Team log")
    assert piece.sensitivity == Sensitivity.PRIVATE
    async with cast.desk.reading() as db:
        assert await open_requests(db, ticket.ticket_id) == []
        stored = await db.get_one(EvidenceRequest, request.id)
        assert stored.evidence_id == piece.id
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NULL") == 0
    assert [type for type, _ in await events(cast, ticket.case_id)] == [
        "evidence.requested",
        "evidence.added",
        "evidence.request_fulfilled",
    ]


async def test_a_reminder_goes_out_before_the_date_and_the_date_is_noticed_once(
    cast: Cast, clock: FrozenClock, ticket: Filed
) -> None:
    await ask(cast, ticket, days=3)
    clock.advance(days=2, minutes=1)
    assert await fire_due_timers(cast.desk, TIMERS) == 1
    mail = await cast.desk.pool.fetchrow("SELECT to_address, subject FROM mails")
    assert mail["to_address"] == cast.finn.email
    assert "Team log" in mail["subject"]
    clock.advance(days=1)
    assert await fire_due_timers(cast.desk, TIMERS) == 1
    assert await fire_due_timers(cast.desk, TIMERS) == 0
    assert (await events(cast, ticket.case_id))[-1] == ("evidence.request_overdue", "side")


async def test_a_cancelled_request_says_so_and_reminds_nobody(
    cast: Cast, clock: FrozenClock, ticket: Filed
) -> None:
    request = await ask(cast, ticket)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        case, _ = await hold_ticket(tx, ticket.ticket_id)
        await cancel_request(tx, case, request.id)
        await cancel_request(tx, case, request.id)
    clock.advance(days=5)
    assert await fire_due_timers(cast.desk, TIMERS) == 0
    assert [type for type, _ in await events(cast, ticket.case_id)] == [
        "evidence.requested",
        "evidence.request_cancelled",
    ]
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM mails") == 0


async def test_a_date_that_has_passed_cannot_be_asked_for(cast: Cast, ticket: Filed) -> None:
    with pytest.raises(NotAskable):
        await ask(cast, ticket, days=0)


async def test_uploads_nobody_sent_are_swept_and_their_files_with_them(
    cast: Cast, site: str, clock: FrozenClock, ticket: Filed
) -> None:
    await attach(cast, site, ticket, "kept.log", b"kept\n")
    async with await cast.browser(site, "finn") as finn:
        await send(finn, "a.jpg", samples.jpeg_with_place(), draft=uuid4())
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM files") == 4
    hashes = [row["sha256"] for row in await cast.desk.pool.fetch("SELECT sha256 FROM files")]
    clock.advance(days=8)
    cast.desk.parts.pop("evidence_swept", None)
    assert await jobs.sweep_abandoned(cast.desk) == 3
    assert await jobs.sweep_abandoned(cast.desk) == 0
    there = [await storage_of(cast.desk).exists(sha256) for sha256 in hashes]
    assert sum(there) == 1
    async with cast.desk.reading() as db:
        (piece,) = await listing(db, await cast.actor("finn"), ticket.case_id)
    assert piece.name == "kept.log"


async def test_what_was_swept_can_be_sent_again(cast: Cast, site: str, clock: FrozenClock) -> None:
    async with await cast.browser(site, "finn") as finn:
        await send(finn, "a.log", samples.LOG, draft=uuid4())
        clock.advance(days=8)
        cast.desk.parts.pop("evidence_swept", None)
        await jobs.sweep_abandoned(cast.desk)
        clock.advance(days=-8)
        assert (await send(finn, "a.log", samples.LOG, draft=uuid4())).status_code == 201
    row = await cast.desk.pool.fetchrow("SELECT sha256 FROM files")
    assert await storage_of(cast.desk).exists(row["sha256"])


async def test_the_timers_of_a_fulfilled_request_do_nothing(
    cast: Cast, site: str, ticket: Filed
) -> None:
    request = await ask(cast, ticket)
    await attach(cast, site, ticket, "new.log", samples.LOG, None, evidence_key="team_log")
    async with cast.desk.transaction(SYSTEM) as tx:
        case = await hold_case(tx, ticket.case_id)
        timer = Timer(case_id=case.id, kind="", subject_id=request.id, due_at=tx.now)
        await jobs.evidence_overdue(tx, timer)
        await jobs.evidence_reminder(tx, timer)
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM mails") == 0
