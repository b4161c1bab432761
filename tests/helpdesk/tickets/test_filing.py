"""Filing: one statement, one ticket, one case with gap-free numbers."""

import asyncio
from uuid import uuid4

from sqlmodel import col, select

from helpdesk.cases.models import Audience, Case, Event, Message, Side
from helpdesk.desk import Desk
from helpdesk.tickets.filing import Piece, file_ticket
from helpdesk.tickets.models import Ticket, from_reference, reference
from tests.build import a_filing, a_ticket
from tests.people import Cast


async def test_a_filed_ticket_has_a_case_a_side_its_text_and_numbered_events(cast: Cast) -> None:
    filed = await a_ticket(cast, "finn")
    async with cast.desk.reading() as db:
        ticket = await db.get_one(Ticket, filed.ticket_id)
        case = await db.get_one(Case, ticket.case_id)
        side = await db.get_one(Side, ticket.side_id)
        message = (await db.exec(select(Message).where(Message.case_id == case.id))).one()
        query = select(Event).where(Event.case_id == case.id).order_by(col(Event.seq))
        events = (await db.exec(query)).all()
    assert (side.person_id, side.role) == (cast.finn.id, "freelancer")
    assert message.body.startswith("I opened the page")
    assert [(e.seq, e.type) for e in events] == [(1, "ticket.opened"), (2, "message.posted")]
    assert case.last_seq == 2
    assert {e.audience for e in events} == {Audience.SIDE}


async def test_the_same_form_sent_twenty_times_at_once_is_one_ticket(cast: Cast) -> None:
    finn, filing = await cast.actor("finn"), a_filing()
    filed = await asyncio.gather(*(file_ticket(cast.desk, finn, filing) for _ in range(20)))
    assert len({each.ticket_id for each in filed}) == 1
    assert sum(not each.repeated for each in filed) == 1
    async with cast.desk.reading() as db:
        assert len((await db.exec(select(Case))).all()) == 1


async def test_both_parties_of_a_contract_who_file_at_once_meet_on_one_case(cast: Cast) -> None:
    contract = cast.contracts["C-1001"].id
    for _ in range(5):
        first, second = await asyncio.gather(
            a_ticket(cast, "cora", contract_id=contract),
            a_ticket(cast, "finn", contract_id=contract),
        )
        assert first.case_id == second.case_id
        assert first.ticket_id != second.ticket_id
    async with cast.desk.reading() as db:
        case = (await db.exec(select(Case))).one()
        seqs = (await db.exec(select(Event.seq).order_by(col(Event.seq)))).all()
    assert list(seqs) == list(range(1, case.last_seq + 1))


async def test_facts_come_as_evidence_with_their_own_audience(cast: Cast) -> None:
    pieces = [
        Piece("environment", "environment", "System", facts={"os": "Windows 11"}),
        Piece("slip", "bank_slip", "Bank slip", "private", facts={"note": "by post"}),  # type: ignore[arg-type]
    ]
    filed = await a_ticket(cast, "nina", pieces=pieces)
    async with cast.desk.reading() as db:
        query = select(Event).where(Event.case_id == filed.case_id, Event.type == "evidence.added")
        audiences = [e.audience for e in (await db.exec(query.order_by(col(Event.seq)))).all()]
        case = await db.get_one(Case, filed.case_id)
    assert audiences == [Audience.SIDE, Audience.PRIVATE]
    assert case.last_seq == 4


async def test_a_restricted_ticket_is_private_to_its_department(cast: Cast) -> None:
    filed = await a_ticket(cast, "nina", group_key="TAS", restricted=True)
    async with cast.desk.reading() as db:
        events = (await db.exec(select(Event).where(Event.case_id == filed.case_id))).all()
    assert {e.audience for e in events} == {Audience.PRIVATE}
    assert {e.group_id for e in events} == {cast.groups["TAS"].id}
    assert {e.owner_id for e in events} == {cast.nina.id}


async def test_two_people_may_use_the_same_once(cast: Cast) -> None:
    once = uuid4()
    first = await a_ticket(cast, "finn", once=once)
    second = await a_ticket(cast, "nina", once=once)
    assert first.ticket_id != second.ticket_id


def test_a_reference_reads_back_and_nonsense_does_not() -> None:
    assert from_reference(reference(7)) == 7
    assert from_reference("hd-10007") == 7
    for nonsense in ("", "HD-", "HD-1", "x", "HD-٣٣٣", "HD-9" * 20, "10007; DROP"):
        assert from_reference(nonsense) is None


async def test_the_list_of_the_desk_is_told(cast: Cast, desk: Desk) -> None:
    told = []
    stop = desk.live.follow("desk", told.append)
    filed = await a_ticket(cast)
    stop()
    assert [envelope.frame["ids"] for envelope in told] == [[filed.ticket_id]]
