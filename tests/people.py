"""The cast of the tests, and how they use the desk: made by running the commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2

from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.default import default_catalogue
from helpdesk.contracts.models import Contract, Funding, Milestone, MilestoneState
from helpdesk.desk import Desk
from helpdesk.people.commands import add_company, add_person, ensure_groups
from helpdesk.people.models import Group, Person
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import SYSTEM, Actor, Role

PASSWORD = "a long sentence for the tests"


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
        return httpx2.AsyncClient(base_url=site, headers=headers, timeout=30, **options)


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


async def settle(desk: Desk) -> Cast:
    await ensure_default(desk)
    people: dict[str, Person] = {}
    async with desk.transaction(SYSTEM) as tx:
        groups = await ensure_groups(tx, default_catalogue().groups)
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
