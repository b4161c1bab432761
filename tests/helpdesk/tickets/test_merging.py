"""Two tickets of one requester become one, and two again: nothing is lost on the way."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from helpdesk.cases.queries import NoSuchCase
from helpdesk.cases.timers import set_timer
from helpdesk.core.clock import FrozenClock
from helpdesk.evidence.commands import request_evidence
from helpdesk.relay import relay_once
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.merging import merge_tickets, unmerge
from helpdesk.tickets.queries import AlreadyMerged, hold_ticket
from helpdesk.tickets.states import NotAllowed, Status
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.people import Cast

from .together import do, lines, merge, pair, row, said, say, undo


async def due(cast: Cast, filed: Filed, kind: str) -> object:
    query = """SELECT due_at FROM timers WHERE case_id = $1 AND kind = $2 AND subject_id = $3
        AND fired_at IS NULL"""
    return await cast.desk.pool.fetchval(query, filed.case_id, kind, filed.ticket_id)


async def set_due(cast: Cast, filed: Filed, kind: str, at: object) -> None:
    await do(cast, "max", set_timer, filed.case_id, kind, at, filed.ticket_id)


async def test_messages_of_both_are_read_in_the_order_of_time(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    for who, filed, words in (
        ("nina", first, "one"),
        ("amy", second, "two"),
        ("nina", second, "three"),
        ("pete", first, "four"),
    ):
        clock.advance(minutes=5)
        await say(cast, who, filed, words)
    clock.advance(minutes=5)
    await merge(cast, second, first)
    clock.advance(minutes=5)
    await say(cast, "nina", first, "five")
    async with await cast.browser(site, "nina") as nina:
        assert (await said(nina, first))[2:] == ["one", "two", "three", "four", "five"]
        assert await said(nina, second) == await said(nina, first)
        page = (await nina.get(f"/requests/{first.reference}")).text
    told = f"Pete merged {second.reference} into {first.reference}: they are one request now"
    assert lines(page).count(told) == 1
    assert sum("merged" in line for line in lines(page)) == 1


async def test_the_merged_one_takes_no_work_and_the_other_goes_on(cast: Cast) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    assert ((await row(cast, first))["status"], (await row(cast, second))["status"]) == (
        Status.NEW,
        Status.MERGED,
    )
    for command, arguments in (
        (commands.reply, ("To nobody", uuid4())),
        (commands.add_note, ("A note", uuid4())),
        (commands.change_status, (Status.SOLVED,)),
        (assigning.claim, ()),
        (assigning.assign, (cast.pete.id,)),
    ):
        with pytest.raises(AlreadyMerged, match=f"was merged into {first.reference}"):
            await do(cast, "pete", command, second.ticket_id, *arguments)
    taken = await do(cast, "amy", assigning.take_next)
    assert taken.id == first.ticket_id
    assert await do(cast, "amy", assigning.take_next) is None


async def test_what_is_written_to_the_old_reference_arrives_on_the_other(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    await say(cast, "nina", second, "Sent from an old page")
    assert await do(cast, "nina", commands.follow_up, second.ticket_id, "Any news?", uuid4())
    assert (await row(cast, first))["follow_ups"] == 1
    async with await cast.browser(site, "nina") as nina:
        assert (await said(nina, first))[-2:] == ["Sent from an old page", "Any news?"]


async def test_a_message_repeated_across_the_merge_is_stored_once(cast: Cast) -> None:
    first, second = await pair(cast)
    once = uuid4()
    await do(cast, "nina", commands.add_message, second.ticket_id, "Only once", once)
    await merge(cast, second, first)
    await do(cast, "nina", commands.add_message, second.ticket_id, "Only once", once)
    assert (
        await cast.desk.pool.fetchval("SELECT count(*) FROM messages WHERE body = 'Only once'") == 1
    )


async def test_undone_each_has_what_belonged_to_it_and_the_rest_stays(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    await say(cast, "amy", second, "On the second")
    await do(cast, "amy", commands.change_status, second.ticket_id, Status.SOLVED)
    clock.advance(hours=1)
    async with await cast.browser(site, "nina") as nina:
        before = await said(nina, first), await said(nina, second)
        was = dict(await row(cast, second))
        merged = await merge(cast, second, first)
        await say(cast, "nina", first, "After the merge")
        await do(cast, "pete", assigning.claim, first.ticket_id)
        clock.advance(days=6)
        await undo(cast, merged)
        assert await said(nina, first) == [*before[0], "After the merge"]
        assert await said(nina, second) == before[1]
        page = (await nina.get(f"/requests/{second.reference}")).text
    assert [line for line in lines(page) if second.reference in line and "Pete" in line] == [
        f"Pete merged {second.reference} into {first.reference}: they are one request now",
        f"Pete took {second.reference} out of {first.reference} again",
    ]
    now = dict(await row(cast, second))
    assert now.pop("updated_at") != was.pop("updated_at")
    assert now == was


async def test_after_seven_days_it_stays_one(cast: Cast, clock: FrozenClock) -> None:
    first, second = await pair(cast)
    merged = await merge(cast, second, first)
    clock.advance(days=7, seconds=1)
    with pytest.raises(NotAllowed, match="7 days"):
        await undo(cast, merged)
    clock.advance(seconds=-1)
    await undo(cast, merged)
    with pytest.raises(NotAllowed, match="undone already"):
        await undo(cast, merged)


async def test_what_is_due_first_stays_due_and_each_gets_its_own_back(
    cast: Cast, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    soon, later = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=8)
    for kind, ones, others in (("a", later, soon), ("b", soon, later), ("c", None, soon)):
        if ones:
            await set_due(cast, first, kind, ones)
        await set_due(cast, second, kind, others)
    merged = await merge(cast, second, first)
    assert [await due(cast, first, kind) for kind in "abc"] == [soon, soon, soon]
    assert [await due(cast, second, kind) for kind in "abc"] == [None, None, None]
    await undo(cast, merged)
    assert [await due(cast, first, kind) for kind in "abc"] == [later, soon, None]
    assert [await due(cast, second, kind) for kind in "abc"] == [soon, later, soon]


async def test_a_solved_ticket_is_not_closed_by_the_clock_of_one_merged_into_it(
    cast: Cast, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    await do(cast, "amy", commands.change_status, second.ticket_id, Status.SOLVED)
    closing = await due(cast, second, "close_ticket")
    merged = await merge(cast, second, first)
    assert await due(cast, first, "close_ticket") is None
    await undo(cast, merged)
    assert await due(cast, second, "close_ticket") == closing


async def test_what_is_still_asked_for_is_asked_on_the_one_that_goes_on(
    cast: Cast, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    at = clock.now() + timedelta(days=3)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        case, ticket = await hold_ticket(tx, second.ticket_id)
        asked = await request_evidence(
            tx, case, ticket_id=ticket.id, side_id=ticket.side_id, kind="other", label="A slip",
            due_at=at, evidence_key="slip",
        )  # fmt: skip
    where = "SELECT case_id, ticket_id, side_id FROM evidence_requests WHERE id = $1"
    timers = "SELECT DISTINCT case_id FROM timers WHERE subject_id = $1 AND kind LIKE 'evidence%'"

    async def places() -> tuple[tuple[int, ...], list[int]]:
        place = tuple((await cast.desk.pool.fetchrow(where, asked.id)).values())
        return place, [r["case_id"] for r in await cast.desk.pool.fetch(timers, asked.id)]

    before = await places()
    merged = await merge(cast, second, first)
    side = (await row(cast, first))["side_id"]
    assert await places() == ((first.case_id, first.ticket_id, side), [first.case_id])
    await undo(cast, merged)
    assert await places() == before


async def test_the_requester_is_told_once_by_one_mail(cast: Cast) -> None:
    first, second = await pair(cast)
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    await cast.desk.pool.execute("DELETE FROM mails")
    merged = await merge(cast, second, first)
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    [mail] = await cast.desk.pool.fetch("SELECT * FROM mails")
    assert mail["to_address"] == "nina@example.com"
    assert f"[{first.reference}]" in mail["subject"]
    assert f"{first.reference} goes on" in mail["body"]
    await undo(cast, merged)
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM mails") == 2


async def test_what_must_stay_apart_is_refused_with_the_reason(
    cast: Cast, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    coras = await a_ticket(cast, "cora")
    with pytest.raises(NotAllowed) as refusal:
        await merge(cast, coras, first)
    words = "different requesters cannot be merged; link them to the case instead"
    assert str(refusal.value) == words
    dispute = await a_ticket(cast, "nina", type_key="scope_dispute")
    restricted = await a_ticket(cast, "nina", restricted=True)
    elsewhere = await a_ticket(cast, "nina", restricted=True, group_key="TAS")
    solved, closed = await a_ticket(cast, "nina"), await a_ticket(cast, "nina")
    await do(cast, "max", commands.change_status, solved.ticket_id, Status.SOLVED)
    await do(cast, "max", commands.change_status, closed.ticket_id, Status.SOLVED)
    await cast.desk.pool.execute(
        "UPDATE tickets SET status = 'closed' WHERE id = $1", closed.ticket_id
    )
    for one, into, why in (
        (first, first, "into itself"),
        (dispute, first, "Disputes"),
        (first, dispute, "Disputes"),
        (restricted, first, "restricted"),
        (first, restricted, "restricted"),
        (restricted, elsewhere, "different departments"),
        (closed, first, "is closed"),
        (first, closed, "is closed"),
        (first, solved, "is solved and"),
    ):
        with pytest.raises(NotAllowed, match=why):
            await merge(cast, one, into, "max")
    await merge(cast, second, first)
    for one, into in ((second, first), (first, second), (solved, second)):
        with pytest.raises(AlreadyMerged):
            await merge(cast, one, into)
    await merge(cast, solved, first)  # as it is, the other way round


async def test_only_staff_who_may_see_both_merge(cast: Cast) -> None:
    first, second = await pair(cast)
    with pytest.raises(NotAllowed, match="Only agents"):
        await do(cast, "nina", merge_tickets, second.ticket_id, first.ticket_id)
    hidden = await pair(cast, "finn", restricted=True, group_key="TAS")
    with pytest.raises(NoSuchCase):
        await merge(cast, *hidden, "amy")
    merged = await merge(cast, *hidden, "sam")
    with pytest.raises(NoSuchCase):
        await undo(cast, merged, "amy")
    with pytest.raises(NotAllowed, match="Only agents"):
        await do(cast, "finn", unmerge, merged.id)
    await undo(cast, merged, "sam")


async def test_a_chain_is_read_on_its_end_and_comes_apart_in_any_order(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    third = await a_ticket(cast, "nina", description="third-words " * 4)
    into_second = await merge(cast, third, second)
    into_first = await merge(cast, second, first)
    assert (await row(cast, third))["merged_into_id"] == first.ticket_id
    async with await cast.browser(site, "nina") as nina:
        assert len(await said(nina, third)) == 3
        await undo(cast, into_second)
        assert len(await said(nina, third)) == 1
        assert len(await said(nina, first)) == 2
        await undo(cast, into_first)
        assert [len(await said(nina, each)) for each in (first, second, third)] == [1, 1, 1]
        again = await merge(cast, third, second)
        back = await merge(cast, second, first)
        await undo(cast, back)
        assert (await row(cast, third))["merged_into_id"] == second.ticket_id
        await undo(cast, again)


async def test_a_ticket_handed_over_takes_merged_ones_of_its_department_along(cast: Cast) -> None:
    first, second = await pair(cast, restricted=True, group_key="TAS")
    merged = await merge(cast, second, first, "sam")
    await do(cast, "sam", assigning.hand_over, first.ticket_id, cast.groups["PAY"].id, "Yours")
    left = "SELECT count(*) FROM events WHERE group_id = $1 AND ticket_id = ANY($2)"
    ids = [first.ticket_id, second.ticket_id]
    assert await cast.desk.pool.fetchval(left, cast.groups["TAS"].id, ids) == 0
    assert (await row(cast, second))["group_id"] == cast.groups["PAY"].id
    await undo(cast, merged, "pete")


async def test_of_two_agents_who_merge_both_ways_at_once_one_is_told(cast: Cast) -> None:
    for _ in range(5):
        first, second = await pair(cast)
        answers = await asyncio.gather(
            merge(cast, first, second, "amy"),
            merge(cast, second, first, "pete"),
            return_exceptions=True,
        )
        refused = [one for one in answers if isinstance(one, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], AlreadyMerged), refused
        states = {(await row(cast, one))["status"] for one in (first, second)}
        assert states == {Status.NEW, Status.MERGED}


async def test_a_message_sent_while_two_tickets_are_merged_is_never_lost(
    cast: Cast, site: str
) -> None:
    for number in range(6):
        first, second = await pair(cast)
        older, newer = (first, second) if number % 2 else (second, first)
        words = [f"crossing {number}.{each}" for each in range(4)]
        answers = await asyncio.gather(
            *(say(cast, "nina", newer, each) for each in words[:2]),
            merge(cast, newer, older),
            *(say(cast, "nina", newer, each) for each in words[2:]),
            return_exceptions=True,
        )
        kept = [w for w, a in zip(words[:2] + words[2:], answers[:2] + answers[3:], strict=True)
                if not isinstance(a, BaseException)]  # fmt: skip
        for answer in answers:
            assert (
                answer is None
                or not isinstance(answer, BaseException)
                or isinstance(answer, AlreadyMerged)
            ), answer
        async with await cast.browser(site, "nina") as nina:
            shown = await said(nina, newer)
        assert set(kept) <= set(shown)
        assert kept  # a refusal is the exception


async def test_many_at_once_never_wait_for_each_other_for_ever(cast: Cast, site: str) -> None:
    """Merges both ways, undoing, writing and linking at the same time: all end, none is lost."""
    tickets = [*await pair(cast), *await pair(cast)]
    rounds = 6
    kept: list[str] = []
    for number in range(rounds):
        standing = await cast.desk.pool.fetch(
            "SELECT id FROM ticket_merges WHERE undone_at IS NULL"
        )
        words = [f"word {number}.{each}" for each in range(6)]
        work = [
            merge(cast, tickets[number % 4], tickets[(number + 1) % 4], "amy"),
            merge(cast, tickets[(number + 1) % 4], tickets[number % 4], "pete"),
            merge(cast, tickets[(number + 2) % 4], tickets[number % 4], "max"),
            merge(cast, tickets[3 - number % 4], tickets[(number + 2) % 4], "tess"),
            *(do(cast, "amy", unmerge, one["id"]) for one in standing),
            *(say(cast, "nina", tickets[each % 4], said) for each, said in enumerate(words)),
        ]
        answers = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 30)
        for answer in answers:
            assert not isinstance(answer, BaseException) or isinstance(answer, NotAllowed), answer
        told = answers[-len(words) :]
        kept += [said for said, answer in zip(words, told, strict=True) if answer is None]
    assert len(kept) > rounds
    stored = "SELECT count(DISTINCT body) FROM messages WHERE body = ANY($1)"
    assert await cast.desk.pool.fetchval(stored, kept) == len(kept)
    async with await cast.browser(site, "nina") as nina:
        shown: set[str] = set()
        for one in tickets:
            shown |= set(await said(nina, one))
    assert set(kept) <= shown
    astray = """SELECT count(*) FROM tickets t WHERE (t.status = 'merged') <> EXISTS (
        SELECT FROM ticket_merges m WHERE m.ticket_id = t.id AND m.undone_at IS NULL)
        OR (t.merged_into_id IS NULL) = (t.status = 'merged')
        OR EXISTS (SELECT FROM tickets o WHERE o.id = t.merged_into_id AND o.status = 'merged')"""
    assert await cast.desk.pool.fetchval(astray) == 0
