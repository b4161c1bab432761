"""The cast of the tests, and how they use the desk: made by running the commands."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
from sqlmodel import SQLModel, select

from helpdesk.calendars.commands import ensure_calendars
from helpdesk.calendars.models import Calendar, WorkingWeek
from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.default import default_catalogue
from helpdesk.contracts.models import Contract, Funding, Milestone, MilestoneState
from helpdesk.desk import Desk
from helpdesk.people.commands import add_company, add_person, ensure_groups
from helpdesk.people.models import Company, Group, Membership, Person
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import SYSTEM, Actor, Role

PASSWORD = "a long sentence for the tests"
# Sites of tests speak plain http: reading the authorities again for each client takes 30 ms.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Cast:
    """Everybody by first name: `cast.finn` is a Person, `await cast.actor("finn")` an Actor."""

    desk: Desk
    people: dict[str, Person]
    groups: dict[str, Group]
    contracts: dict[str, Contract]
    milestones: dict[str, list[Milestone]]

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def actor(self, name: str) -> Actor:
        return await actor_of(self.desk, self.people[name].id)

    async def session(self, name: str) -> str:
        """A signed-in browser's cookie, as a header value."""
        token = await start_session(self.desk, self.people[name].id, device="test")
        return f"{self.desk.settings.session_cookie}={token}"

    async def browser(self, site: str, name: str = "", **options: Any) -> httpx2.AsyncClient:
        """A client signed in as `name`, or nobody. Closing it is the test's business."""
        headers = {"origin": site, **options.pop("headers", {})}
        if name:
            headers["cookie"] = await self.session(name)
        return httpx2.AsyncClient(
            base_url=site, headers=headers, timeout=30, verify=NO_TLS, **options
        )


STAFF: Sequence[tuple[str, list[Role], list[str], list[str]]] = [
    ("amy", [Role.AGENT], ["GEN"], ["en"]),
    ("pete", [Role.AGENT], ["PAY"], ["en"]),
    ("tess", [Role.AGENT], ["TECH"], ["en", "es"]),
    ("sam", [Role.AGENT], ["TAS"], ["en"]),
    ("lena", [Role.AGENT], ["TAS"], ["en", "de"]),
    ("mia", [Role.MEDIATOR], ["DIS"], ["en"]),
    ("ari", [Role.ARBITRATOR], ["DIS"], ["en"]),
    ("max", [Role.MANAGER], ["GEN", "TECH", "PAY", "TAS", "DIS"], ["en"]),
    ("admin", [Role.ADMIN], ["GEN"], ["en"]),
]
CUSTOMERS: Sequence[tuple[str, Role, str | None]] = [
    ("cora", Role.CLIENT, "Acme"),
    ("dora", Role.CLIENT, "Acme"),
    ("omar", Role.CLIENT, None),
    ("finn", Role.FREELANCER, None),
    ("nina", Role.FREELANCER, None),
    ("otto", Role.FREELANCER, None),
]


MODELS: Sequence[type[SQLModel]] = (
    Company, Group, Calendar, WorkingWeek, Person, Membership, Contract, Milestone,
)  # fmt: skip
KEPT = "cast of the tests"


async def settle(desk: Desk) -> Cast:
    """Made by the commands once; from then on the same rows again, in a fifth of the time."""
    await ensure_default(desk)
    if KEPT in desk.parts:
        return await settle_again(desk, desk.parts[KEPT])
    cast = await settle_first(desk)
    async with desk.reading() as db:
        desk.parts[KEPT] = [
            (model, row.model_dump())
            for model in MODELS
            for row in (await db.exec(select(model))).all()
        ]
    return cast


async def settle_again(desk: Desk, kept: Sequence[tuple[type[SQLModel], dict[str, Any]]]) -> Cast:
    """Under new numbers: what a process still knows by number is about nobody of this test."""
    made: dict[type[SQLModel], list[Any]] = {model: [] for model in MODELS}
    numbers: dict[tuple[str, int], int] = {}
    for model, known in kept:
        if "id" in known:
            numbers[str(model.__tablename__), known["id"]] = 0
    tables = [table for table, _ in numbers]
    new = await desk.pool.fetch(
        "SELECT nextval(t || '_id_seq') AS id FROM unnest($1::text[]) WITH ORDINALITY u(t, n)"
        " ORDER BY n",
        tables,
    )
    numbers = {old: row["id"] for old, row in zip(numbers, new, strict=True)}
    for model, known in kept:
        made[model].append(model(**renumbered(model, known, numbers)))
    async with desk.transaction(SYSTEM) as tx:
        for rows in made.values():
            tx.db.add_all(rows)
            await tx.db.flush()
    names = {contract.id: contract.reference for contract in made[Contract]}
    milestones: dict[str, list[Milestone]] = {name: [] for name in names.values()}
    for milestone in made[Milestone]:
        milestones[names[milestone.contract_id]].append(milestone)
    return Cast(
        desk,
        {person.name.lower(): person for person in made[Person]},
        {group.key: group for group in made[Group]},
        {contract.reference: contract for contract in made[Contract]},
        milestones,
    )


def renumbered(
    model: type[SQLModel], known: dict[str, Any], numbers: dict[tuple[str, int], int]
) -> dict[str, Any]:
    values = dict(known)
    for column in SQLModel.metadata.tables[str(model.__tablename__)].columns:
        tables = [key.column.table.name for key in column.foreign_keys]
        tables += [column.table.name] if column.name == "id" else []
        for table in tables:
            if values[column.name] is not None:
                values[column.name] = numbers[table, values[column.name]]
    return values


async def settle_first(desk: Desk) -> Cast:
    people: dict[str, Person] = {}
    async with desk.transaction(SYSTEM) as tx:
        groups = await ensure_groups(tx, default_catalogue().groups)
        await ensure_calendars(tx)
        acme = await add_company(tx, "Acme")
        for name, role, company in CUSTOMERS:
            people[name] = await add_person(
                tx,
                email=f"{name}@example.com",
                name=name.title(),
                roles=[role],
                company_id=acme.id if company else None,
            )
        for name, roles, members, languages in STAFF:
            people[name] = await add_person(
                tx,
                email=f"{name}@desk.example.com",
                name=name.title(),
                roles=roles,
                groups=members,
                languages=languages,
            )
        contracts, milestones = await make_contracts(tx, people)
    return Cast(desk, people, groups, contracts, milestones)


async def make_contracts(
    tx: Any, people: dict[str, Person]
) -> tuple[dict[str, Contract], dict[str, list[Milestone]]]:
    plans = [
        ("C-1001", "Logo and brand kit", "cora", "finn", "USD", Funding.ESCROW, 50_000),
        ("C-1002", "Japanese translation", "cora", "nina", "JPY", Funding.ESCROW, 80_000),
        ("C-1003", "Old web shop", "omar", "nina", "EUR", Funding.NONE, 120_000),
    ]
    contracts: dict[str, Contract] = {}
    milestones: dict[str, list[Milestone]] = {}
    for ref, title, client, freelancer, currency, funding, amount in plans:
        contract = Contract(
            reference=ref,
            title=title,
            client_id=people[client].id,
            freelancer_id=people[freelancer].id,
            currency=currency,
            funding=funding,
            started_on=date(2026, 5, 4),
            created_at=tx.now,
        )
        tx.db.add(contract)
        await tx.db.flush()
        rows = [
            Milestone(
                contract_id=contract.id,
                position=position,
                title=name,
                amount_minor=amount,
                state=state,
            )
            for position, (name, state) in enumerate(
                [
                    ("Sketches", MilestoneState.PAID),
                    ("Final files", MilestoneState.SUBMITTED),
                    ("Brand guide", MilestoneState.PLANNED),
                ],
                start=1,
            )
        ]
        tx.db.add_all(rows)
        await tx.db.flush()
        contracts[ref], milestones[ref] = contract, rows
    return contracts, milestones
