"""Whatever is merged, written, solved, linked and undone: no row is lost, and nobody reads more.

Nina and Cora are the two sides of a contract, Dora is Cora's colleague. Each word that is written
is a canary: it may be read on one thread, by one side.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from helpdesk.cases.timeline import read_page
from helpdesk.core.clock import FrozenClock
from helpdesk.evidence.commands import add_facts
from helpdesk.tickets import commands
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.links import LinkKind, link_tickets, not_the_same, unlink_tickets
from helpdesk.tickets.merging import TicketMerge, merge_tickets, unmerge
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import NotAllowed, Status, WrongMove
from tests.build import a_ticket
from tests.people import Cast

from .together import do

OWNERS = ("nina", "nina", "nina", "cora", "cora", "cora")
READERS = {"nina": "nina", "cora": "cora", "dora": "cora"}
STEP = some.tuples(
    some.sampled_from(
        ["merge"] * 5
        + ["undo"] * 3
        + ["write", "answer", "note", "fact", "solve", "reopen", "link"]
    ),
    some.integers(0, 5),
    some.integers(0, 5),
)


@dataclass
class Story:
    """What should be read where. `into` is the direct step of each merge that stands."""

    cast: Cast
    filed: list[Filed] = field(default_factory=list)
    into: dict[int, int] = field(default_factory=dict)
    merges: list[tuple[int, TicketMerge]] = field(default_factory=list)
    words: list[tuple[int, str, bool]] = field(default_factory=list)  # ticket, word, for staff

    def root(self, one: int) -> int:
        while one in self.into:
            one = self.into[one]
        return one

    def word(self, one: int, staff: bool = False) -> str:
        said = f"{'note' if staff else OWNERS[one]}-{uuid4().hex}"
        self.words.append((self.root(one), said, staff))
        return said

    def read_on(self, root: int, staff: bool) -> list[str]:
        return [w for one, w, inner in self.words if self.root(one) == root and staff >= inner]


async def begin(cast: Cast, clock: FrozenClock) -> Story:
    story = Story(cast)
    for one, who in enumerate(OWNERS):
        contract = cast.contracts["C-1002"].id if one % 3 < 2 else None
        clock.advance(minutes=1)
        word = story.word(one)
        story.filed.append(await a_ticket(cast, who, description=word, contract_id=contract))
    return story


async def take(story: Story, act: str, one: int, other: int) -> None:
    """One step; what the desk refuses leaves everything as it was."""
    before = list(story.words)
    try:
        await ACTS[act](story, one, other)
    except (NotAllowed, WrongMove):
        story.words = before


async def merge(story: Story, one: int, other: int) -> None:
    ids = story.filed[one].ticket_id, story.filed[other].ticket_id
    made = await do(story.cast, "amy", merge_tickets, *ids, "a reason")
    assert OWNERS[one] == OWNERS[other]
    assert one not in story.into
    assert other not in story.into
    story.into[one] = other
    story.merges.append((one, made))


async def undo(story: Story, one: int, other: int) -> None:
    if story.merges:
        at = one % len(story.merges)
        ticket, made = story.merges[at]
        await do(story.cast, "amy", unmerge, made.id)
        story.merges.pop(at)
        del story.into[ticket]


async def write(story: Story, one: int, other: int) -> None:
    said = (story.filed[one].ticket_id, story.word(one), uuid4())
    await do(story.cast, OWNERS[one], commands.add_message, *said)


async def answer(story: Story, one: int, other: int) -> None:
    said = (story.filed[one].ticket_id, story.word(one), uuid4())
    await do(story.cast, "amy", commands.reply, *said)


async def note(story: Story, one: int, other: int) -> None:
    said = (story.filed[one].ticket_id, story.word(one, staff=True), uuid4())
    await do(story.cast, "amy", commands.add_note, *said)


async def fact(story: Story, one: int, other: int) -> None:
    async with story.cast.desk.transaction(await story.cast.actor(OWNERS[one])) as tx:
        case, ticket = await hold_ticket(tx, story.filed[one].ticket_id, follow=True)
        label = f"{OWNERS[one]}-{uuid4().hex}"
        await add_facts(
            tx, case, kind="other", label=label, facts={}, side_id=ticket.side_id,
            ticket_id=ticket.id, group_id=ticket.group_id, owner_id=ticket.requester_id,
        )  # fmt: skip


async def solve(story: Story, one: int, other: int) -> None:
    ticket = story.filed[one].ticket_id
    await do(story.cast, "amy", commands.change_status, ticket, Status.SOLVED)


async def reopen(story: Story, one: int, other: int) -> None:
    await do(story.cast, "amy", commands.change_status, story.filed[one].ticket_id, Status.OPEN)


async def link(story: Story, one: int, other: int) -> None:
    ids = story.filed[one].ticket_id, story.filed[other].ticket_id
    if (one + other) % 3 == 0:
        await do(story.cast, "amy", unlink_tickets, *ids)
    elif (one + other) % 3 == 1:
        await do(story.cast, "amy", not_the_same, *ids)
    else:
        await do(story.cast, "amy", link_tickets, *ids, LinkKind.RELATED, "a reason")


ACTS: dict[str, Any] = {
    "merge": merge,
    "undo": undo,
    "write": write,
    "answer": answer,
    "note": note,
    "fact": fact,
    "solve": solve,
    "reopen": reopen,
    "link": link,
}


async def rows(cast: Cast) -> dict[str, set[int]]:
    tables = ("messages", "events", "evidence", "tickets")
    return {
        table: {r["id"] for r in await cast.desk.pool.fetch(f"SELECT id FROM {table}")}
        for table in tables
    }


async def check_reader(story: Story, browser: httpx2.AsyncClient, owner: str) -> None:
    """Their threads hold exactly their words in order; nothing they open holds another's."""
    pages = [(await browser.get(f"/requests?show={tab}")).text for tab in ("open", "closed")]
    for one, filed in enumerate(story.filed):
        shown = await browser.get(f"/api/v1/tickets/{filed.reference}")
        page = await browser.get(f"/requests/{filed.reference}")
        pages += [page.text, shown.text]
        if OWNERS[one] != owner:
            assert (shown.status_code, page.status_code) == (404, 404)
            continue
        root = story.root(one)
        assert page.status_code == (200 if root == one else 303)
        assert shown.json()["reference"] == story.filed[root].reference
        said = [message["body"] for message in shown.json()["messages"]]
        assert said == story.read_on(root, staff=False)
        lines = pages[0] + pages[1]
        assert (filed.reference in lines) is (root == one)
    everything = "".join(pages)
    assert "note-" not in everything
    assert ("nina-" if owner == "cora" else "cora-") not in everything


async def check_staff(story: Story, browser: httpx2.AsyncClient) -> None:
    for one, filed in enumerate(story.filed):
        page = await browser.get(f"/desk/tickets/{filed.reference}")
        root = story.root(one)
        assert page.status_code == (200 if root == one else 303)
        if root == one:
            assert all(word in page.text for word in story.read_on(root, staff=True))


async def check_numbers(story: Story) -> None:
    """Every case is still numbered without gaps."""
    for case_id in {filed.case_id for filed in story.filed}:
        page = await read_page(story.cast.desk.pool, await story.cast.actor("max"), case_id)
        assert page is not None
        assert [entry.seq for entry in page.entries] == list(range(1, len(page.entries) + 1))


@given(some.lists(STEP, min_size=4, max_size=16))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_no_row_is_lost_and_nobody_reads_more(
    cast: Cast, site: str, clock: FrozenClock, steps: list[tuple[str, int, int]]
) -> None:
    story = await begin(cast, clock)
    before = await rows(cast)
    for act, one, other in steps:
        clock.advance(minutes=1)
        await take(story, act, one, other)
        now = await rows(cast)
        assert all(before[table] <= now[table] for table in before)
        before = now
    for who, owner in READERS.items():
        async with await cast.browser(site, who) as browser:
            await check_reader(story, browser, owner)
    async with await cast.browser(site, "amy") as amy:
        await check_staff(story, amy)
    await check_numbers(story)
    await cast.desk.pool.execute("DELETE FROM triage_verdicts; DELETE FROM ticket_merges")
