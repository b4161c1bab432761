"""Thirty days of tickets and chats, in the order of time, through the same commands as ever."""

import tomllib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from importlib.resources import files
from random import Random
from typing import Any
from uuid import UUID

from chat.commands import Opening, claim, end, open_conversation
from chat.models import Conversation
from chat.rating import rate_chat
from helpdesk.calendars.queries import hours_of
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience
from helpdesk.cases.queries import hold_case
from helpdesk.catalogue.document import Catalogue, Sensitivity, TicketType
from helpdesk.catalogue.queries import CatalogueVersion, current
from helpdesk.contracts.models import Contract
from helpdesk.core.clock import FrozenClock
from helpdesk.core.formats import money
from helpdesk.desk import Desk
from helpdesk.evidence.commands import request_evidence
from helpdesk.evidence.intake import receive
from helpdesk.people.models import Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import Actor
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.claims import about_of
from helpdesk.tickets.coverage import mark_coverage
from helpdesk.tickets.filing import Filed, Filing, Piece, file_ticket
from helpdesk.tickets.next_step import Doer, NextStep
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.rating import rate
from helpdesk.tickets.states import Coverage, Severity, Status

from .answers import answers_for
from .files import screenshot, team_log
from .lines import open_lines
from .opinions import Opinions
from .people import Company
from .routing import read_rules_for

STORIES: dict[str, list[dict[str, Any]]] = tomllib.loads(
    files(__package__).joinpath("stories.toml").read_text("utf-8")
)
AGENTS = {"GEN": ["amy"], "PAY": ["pete"], "TECH": ["tess"], "TAS": ["sam", "lena"]}
LEVELS = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
SCORES = (5, 4, 5, 3, 5, 4, 2)
FILES = 24  # tickets that come with real files; making pictures takes time


class Play:
    def __init__(
        self,
        desk: Desk,
        clock: FrozenClock,
        now: datetime,
        random: Random,
        company: Company,
        articles: dict[str, int],
    ) -> None:
        self.desk, self.clock, self.now = desk, clock, now
        self.random, self.company = random, company
        self.files_left = FILES
        self.opinions = Opinions(random, articles)

    async def run(self, tickets: int) -> None:
        version = await current(self.desk)
        start = self.clock.now()
        span = (self.now - start - timedelta(hours=1)).total_seconds()
        moments = sorted(self.random.random() ** 0.7 * span for _ in range(tickets))
        chats = max(3, tickets // 12)
        for number, seconds in enumerate(moments):
            self.clock.at = start + timedelta(seconds=seconds)
            story = STORIES["story"][number % len(STORIES["story"])]
            await self.one_ticket(version, story)
            if number % max(1, tickets // chats) == 0:
                await self.one_chat(STORIES["chat"][number % len(STORIES["chat"])])
        await self.chats_now()

    # Tickets

    async def one_ticket(self, version: CatalogueVersion, story: dict[str, Any]) -> None:
        type = version.catalogue.by_key[story["type"]]
        contract, person = self.who(story.get("who", "any"))
        filing = await self.filing(version, type, story, contract, person)
        actor = await actor_of(self.desk, person.id)
        filed = await file_ticket(self.desk, actor, filing)
        await read_rules_for(self.desk, filed.ticket_id)
        await self.work(filed, type, filing.group_key, story, person)

    def who(self, who: str) -> tuple[Contract, Person]:
        """A party of some contract; the named people of our stories turn up more often."""
        known = self.company.contracts[:5]
        contract = self.random.choice(
            known if self.random.random() < 0.2 else self.company.contracts
        )
        side = who if who != "any" else self.random.choice(["client", "freelancer"])
        id = contract.client_id if side == "client" else contract.freelancer_id
        return contract, self.person(id)

    def person(self, id: int) -> Person:
        everybody = [*self.company.people.values(), *self.company.crowd]
        return next(person for person in everybody if person.id == id)

    async def filing(
        self,
        version: CatalogueVersion,
        type: TicketType,
        story: dict[str, Any],
        contract: Contract,
        person: Person,
    ) -> Filing:
        words = self.words(contract, person)
        about = type.contract.value != "none"
        milestone = self.company.milestones[contract.id][1] if about else None
        answers, facts = answers_for(type, self.random, self.clock.now().date(), contract.currency)
        once = self.uuid()
        pieces, lacking = await self.pieces(version.catalogue, type, person, facts, once)
        return Filing(
            once=once,
            subject=story["subject"].format_map(words)[:120],
            description=story["text"].format_map(words),
            type_key=type.key,
            group_key=type.group_for(answers),
            catalogue_version=version.number,
            severity=LEVELS[story.get("severity", "normal")],
            restricted=type.is_restricted,
            contract_id=contract.id if about else None,
            milestone_id=milestone.id if milestone else None,
            answers=answers,
            lacking=lacking,
            pieces=pieces,
            seen=self.opinions.seen(type.key),
            about=about_of(contract.id if about else None, answers),
            despite="It is about another part of the work than the one before.",
        )

    def words(self, contract: Contract, person: Person) -> dict[str, str]:
        client = contract.client_id == person.id
        other = self.person(contract.freelancer_id if client else contract.client_id)
        day = self.clock.now() - timedelta(days=self.random.randrange(1, 6))
        amount = self.company.milestones[contract.id][1].amount_minor
        return {
            "contract": contract.reference,
            "title": contract.title,
            "other": other.name,
            "amount": money(amount, contract.currency),
            "day": f"{day:%A}",
            "name": person.name.split()[0],
        }

    async def pieces(
        self,
        catalogue: Catalogue,
        type: TicketType,
        person: Person,
        facts: dict[str, dict[str, Any]],
        draft_id: UUID,
    ) -> tuple[list[Piece], dict[str, str]]:
        pieces: list[Piece] = []
        lacking: dict[str, str] = {}
        for kind, told in facts.items():
            pieces.append(Piece("", kind, kind.replace("_", " ").capitalize(), facts=told))
        for item in type.evidence:
            if item.made_by_us:
                continue
            wanted = item.required or self.random.random() < 0.4
            if wanted and self.files_left > 0 and item.kind in ("team_log", "screenshot"):
                self.files_left -= 1
                upload = await self.upload(person, item.kind, item.key, draft_id)
                level = Sensitivity(item.sensitivity)
                pieces.append(Piece(item.key, item.kind, item.label, level, upload))
            elif item.required:
                lacking[item.key] = "I could not save it any more."
        return pieces, lacking

    async def upload(self, person: Person, kind: str, key: str, draft_id: UUID) -> UUID:
        name, data = team_log(self.random) if kind == "team_log" else screenshot(self.random)

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        upload = await receive(
            self.desk,
            upload_id=self.uuid(),
            owner=await actor_of(self.desk, person.id),
            draft_id=draft_id,
            evidence_key=key,
            name=name,
            chunks=chunks(),
        )
        return upload.id

    async def work(
        self,
        filed: Filed,
        type: TicketType,
        group: str,
        story: dict[str, Any],
        person: Person,
    ) -> None:
        """Older tickets are mostly solved; the newest have not been read."""
        age = self.now - self.clock.now()
        fate = self.random.random()
        if age < timedelta(hours=10) and fate < 0.8:
            return
        agent = await self.agent(group)
        await self.later(minutes=self.random.randrange(10, 400))
        if not await self.at_work(group, filed):
            return
        if self.random.random() < 0.08 and type.severity < Severity.URGENT:
            async with self.desk.transaction(agent) as tx:
                await commands.change_severity(
                    tx, filed.ticket_id, Severity.HIGH, "A deadline hangs on it, so it goes first."
                )
        if note := story.get("note"):
            async with self.desk.transaction(agent) as tx:
                await commands.add_note(tx, filed.ticket_id, note, self.uuid())
        old = age > timedelta(days=3)
        if fate < 0.12 and not old:
            return
        if fate < (0.04 if old else 0.3):
            await self.ask(filed, agent, type)
            return
        solved = old or (fate < 0.6 and age > timedelta(days=1))
        words = {"other": "the other side", "amount": "the amount", "name": person.name.split()[0]}
        async with self.desk.transaction(agent) as tx:
            await commands.reply(
                tx,
                filed.ticket_id,
                f"Hello {words['name']},\n\n{story['answer'].format_map(words)}",
                self.uuid(),
                Status.SOLVED if solved else Status.OPEN,
                step=None if solved else self.next_step(filed),
            )
            if solved:
                article = self.opinions.covered_by(type.key)
                mark = Coverage.COVERED if article else Coverage.UNIQUE
                await mark_coverage(tx, filed.ticket_id, mark, article)
        if solved:
            await self.say_how_it_was(filed, person)
        if fate > 0.9 and not old:
            await self.later(minutes=self.random.randrange(60, 2000))
            async with self.desk.transaction(await actor_of(self.desk, person.id)) as tx:
                await commands.follow_up(tx, filed.ticket_id, "Is there any news?", self.uuid())

    def next_step(self, filed: Filed) -> NextStep | None:
        """With some answers that settle nothing yet."""
        day = (self.clock.now() + timedelta(days=4)).date()
        return {
            0: NextStep("We look it up in the records and write to you", Doer.US, day),
            1: NextStep("The bank answers our question", Doer.OTHER),
        }.get(filed.ticket_id % 4)

    async def at_work(self, group: str, filed: Filed) -> bool:
        """Whether the department works again before now; then it is that moment."""
        opens = (await hours_of(self.desk, group)).starts_at(self.clock.now())
        if opens is None or opens >= self.now:
            return False
        if opens > self.clock.now():
            self.clock.at = opens
            await self.later(minutes=filed.ticket_id * 7 % 180)
        return True

    async def say_how_it_was(self, filed: Filed, person: Person) -> None:
        if (said := self.opinions.rating()) is None:
            return
        await self.later(minutes=self.random.randrange(20, 900))
        async with self.desk.transaction(await actor_of(self.desk, person.id)) as tx:
            await rate(tx, filed.ticket_id, *said)

    async def ask(self, filed: Filed, agent: Any, type: TicketType) -> None:
        item = next((item for item in type.evidence if not item.made_by_us), None)
        async with self.desk.transaction(agent) as tx:
            case, ticket = await hold_ticket(tx, filed.ticket_id)
            await request_evidence(
                tx,
                case,
                ticket_id=ticket.id,
                side_id=ticket.side_id,
                kind=item.kind if item else "other",
                evidence_key=item.key if item else "",
                label=item.label if item else "A screenshot of the page",
                note="With it we can answer at once.",
                due_at=self.now + timedelta(days=3),
            )
            assigning.assign_to(tx, case, ticket, agent.id, agent.name)
            commands.move(tx, case, ticket, Status.WAITING_ON_USER)

    async def agent(self, group: str) -> Any:
        names = AGENTS.get(group, ["mia"])
        return await actor_of(self.desk, self.company.people[self.random.choice(names)].id)

    # Chats

    async def one_chat(self, story: dict[str, Any]) -> None:
        version = await current(self.desk)
        type = version.catalogue.by_key[story["type"]]
        _, person = self.who("any")
        visitor = await actor_of(self.desk, person.id)
        agent = await self.agent(type.group)
        conversation = await self.ask_in_chat(story, person)
        await self.later(minutes=1)
        async with self.desk.transaction(agent) as tx:
            await claim(tx, conversation.id)
        await self.talk(conversation, person, agent, story["lines"][1:])
        async with self.desk.transaction(visitor) as tx:
            await end(tx, conversation.id)
        # Two of three answer when they are asked how it was.
        if conversation.id % 3:
            async with self.desk.transaction(visitor) as tx:
                await rate_chat(tx, conversation.id, SCORES[conversation.id % len(SCORES)])

    async def chats_now(self) -> None:
        """What somebody who opens the console finds going on: two who wait, one who is answered."""
        stories = STORIES["chat"]
        visitors = iter(self.random.sample(self.company.crowd, 3))
        for story, minutes in ((stories[0], 11), (stories[2], 4)):
            self.clock.at = self.now - timedelta(minutes=minutes)
            await self.ask_in_chat(story, next(visitors))
        self.clock.at = self.now - timedelta(minutes=6)
        story, person = stories[1], next(visitors)
        conversation = await self.ask_in_chat(story, person)
        agent = await actor_of(self.desk, self.company.people["tess"].id)
        await self.later(minutes=1)
        async with self.desk.transaction(agent) as tx:
            await claim(tx, conversation.id)
        # The last word is the visitor's: it is the desk's turn.
        await self.talk(conversation, person, agent, story["lines"][1:3])
        await open_lines(self.desk, self.company, self.now)

    async def ask_in_chat(self, story: dict[str, Any], person: Person) -> Conversation:
        type = (await current(self.desk)).catalogue.by_key[story["type"]]
        first = story["lines"][0].format(name=person.name.split()[0])
        opening = Opening(self.uuid(), type.group, story["subject"], first, type.key)
        async with self.desk.transaction(await actor_of(self.desk, person.id)) as tx:
            return await open_conversation(tx, opening)

    async def talk(
        self, conversation: Conversation, person: Person, agent: Actor, lines: list[str]
    ) -> None:
        """In turn, the agent first."""
        visitor = await actor_of(self.desk, person.id)
        for number, line in enumerate(lines):
            await self.later(seconds=self.random.randrange(8, 70))
            async with self.desk.transaction(visitor if number % 2 else agent) as tx:
                case = await hold_case(tx, conversation.case_id)
                await post_message(
                    tx,
                    case,
                    line.format(name=person.name.split()[0]),
                    Audience.SIDE,
                    side_id=conversation.side_id,
                    conversation_id=conversation.id,
                    client_id=self.uuid(),
                )

    # Time and chance

    async def later(self, **delta: float) -> None:
        """Never past the present: what would happen tomorrow happens a moment before now."""
        last = self.now - timedelta(seconds=1)
        self.clock.at = min(self.clock.at + timedelta(**delta), max(last, self.clock.at))

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)
