"""The people of the demonstration: the cast of our stories, and a crowd around them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from helpdesk.contracts.models import Contract, Funding, Milestone, MilestoneState
from helpdesk.desk import Transaction
from helpdesk.people.commands import add_company, add_person
from helpdesk.people.models import Person
from helpdesk.permissions import Role

PASSWORD = "try the helpdesk"  # for the named people of the demonstration only

CUSTOMERS = [
    ("cora", "Cora Lindqvist", [Role.CLIENT], "Europe/Stockholm", "SE", "Acme"),
    ("dora", "Dora Mensah", [Role.CLIENT], "Africa/Accra", "GH", "Acme"),
    ("omar", "Omar Haddad", [Role.CLIENT], "Africa/Casablanca", "MA", ""),
    ("finn", "Finn O’Connor", [Role.FREELANCER], "Europe/Dublin", "IE", ""),
    ("nina", "Nina Petrova", [Role.FREELANCER], "Europe/Sofia", "BG", ""),
    ("otto", "Otto Brandt", [Role.CLIENT, Role.FREELANCER], "Europe/Berlin", "DE", ""),
]
STAFF = [
    ("amy", "Amy Walker", Role.AGENT, ["GEN"], ["en"], ["guidance", "level1"], "Europe/London"),
    ("pete", "Pete Russo", Role.AGENT, ["PAY"], ["en", "it"], ["withdrawals"], "America/New_York"),
    ("tess", "Tess Álvarez", Role.AGENT, ["TECH"], ["en", "es"], ["team app"], "Europe/Madrid"),
    ("sam", "Sam Okafor", Role.AGENT, ["TAS"], ["en"], ["takeover"], "Africa/Lagos"),
    ("lena", "Lena Vogt", Role.AGENT, ["TAS"], ["en", "de"], ["appeals"], "Europe/Vienna"),
    ("mia", "Mia Santos", Role.MEDIATOR, ["DIS"], ["en", "pt"], ["mediation"], "Europe/Lisbon"),
    ("ari", "Ari Cohen", Role.ARBITRATOR, ["DIS"], ["en"], ["arbitration"], "Asia/Jerusalem"),
    (
        "max",
        "Max Keller",
        Role.MANAGER,
        ["GEN", "TECH", "PAY", "TAS", "DIS"],
        ["en", "de"],
        [],
        "Europe/Zurich",
    ),
    ("admin", "Ada Novak", Role.ADMIN, ["GEN"], ["en"], [], "UTC"),
]
FIRST = [
    "Amara",
    "Bela",
    "Chen",
    "Dmitri",
    "Elif",
    "Farid",
    "Grete",
    "Hugo",
    "Ines",
    "Jonas",
    "Kiran",
    "Luca",
    "Mei",
    "Noor",
    "Olga",
    "Pablo",
    "Quynh",
    "Rosa",
    "Sofia",
    "Tariq",
    "Uma",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zoe",
]
LAST = [
    "Abe",
    "Berg",
    "Costa",
    "Diaz",
    "Eriksen",
    "Farouk",
    "Garcia",
    "Hansen",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lopez",
    "Martin",
    "Nguyen",
    "Obi",
    "Prati",
    "Quist",
    "Rao",
    "Silva",
    "Tanaka",
    "Ueda",
    "Varga",
    "Weiss",
    "Yilmaz",
    "Zhang",
]
ZONES = ["Europe/Lisbon", "Asia/Tokyo", "America/Sao_Paulo", "Asia/Kolkata", "Europe/Warsaw"]
TITLES = [
    "Logo and brand kit",
    "Online shop redesign",
    "Translation of a handbook",
    "Product photos",
    "Bookkeeping for a bakery",
    "Mobile application prototype",
    "Data clean-up",
    "Podcast editing",
    "Newsletter texts",
    "Booking page",
]


@dataclass
class Company:
    """Everybody the demonstration knows, and the contracts between them."""

    people: dict[str, Person] = field(default_factory=dict)
    crowd: list[Person] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    milestones: dict[int, list[Milestone]] = field(default_factory=dict)


def address(key: str, staff: bool) -> str:
    return f"{key}@{'desk.' if staff else ''}example.com"


def sign_ins() -> list[tuple[str, str, str]]:
    """What `helpdesk up` prints: e-mail, password, what the person is."""
    customers = [
        (address(key, False), PASSWORD, " and ".join(roles))
        for key, _, roles, *_ in CUSTOMERS[:1] + CUSTOMERS[3:5]
    ]
    staff = [
        (address(key, True), PASSWORD, f"{role}, {', '.join(groups)}")
        for key, _, role, groups, *_ in STAFF
        if key in ("amy", "pete", "tess", "sam", "max", "admin")
    ]
    return customers + staff


async def make_people(tx: Transaction, random: Random) -> Company:
    company = Company()
    acme = await add_company(tx, "Acme")
    for key, name, roles, zone, country, employer in CUSTOMERS:
        company.people[key] = await add_person(
            tx,
            email=address(key, False),
            name=name,
            roles=roles,
            password=PASSWORD,
            company_id=acme.id if employer else None,
            time_zone=zone,
            country=country,
        )
    for key, name, role, groups, languages, skills, zone in STAFF:
        company.people[key] = await add_person(
            tx,
            email=address(key, True),
            name=name,
            roles=[role],
            password=PASSWORD,
            groups=groups,
            languages=languages,
            skills=skills,
            time_zone=zone,
        )
    for number in range(40):
        first, last = random.choice(FIRST), random.choice(LAST)
        person = await add_person(
            tx,
            email=f"{first}.{last}.{number}@example.net".lower(),
            name=f"{first} {last}",
            roles=[Role.CLIENT if number % 2 else Role.FREELANCER],
            time_zone=random.choice(ZONES),
        )
        company.crowd.append(person)
    await make_contracts(tx, random, company)
    return company


async def make_contracts(tx: Transaction, random: Random, company: Company) -> None:
    people = company.people
    told = [
        ("C-1001", "Logo and brand kit", "cora", "finn", "USD", Funding.ESCROW, 50_000),
        ("C-1002", "Handbook in Japanese", "cora", "nina", "JPY", Funding.ESCROW, 80_000),
        ("C-1003", "Web shop of 2019", "omar", "nina", "EUR", Funding.NONE, 120_000),
        ("C-2001", "Online shop redesign", "dora", "finn", "USD", Funding.ESCROW, 50_000),
        ("C-2002", "Checkout page", "cora", "finn", "USD", Funding.ESCROW, 50_000),
    ]
    for reference, title, client, freelancer, currency, funding, amount in told:
        await add_contract(
            tx,
            random,
            company,
            reference,
            title,
            (people[client].id, people[freelancer].id),
            (currency, funding, amount),
        )
    clients = [p for p in company.crowd if Role.CLIENT in p.roles]
    freelancers = [p for p in company.crowd if Role.FREELANCER in p.roles]
    for number in range(30):
        await add_contract(
            tx,
            random,
            company,
            f"C-{3001 + number}",
            random.choice(TITLES),
            (random.choice(clients).id, random.choice(freelancers).id),
            (random.choice(["USD", "EUR", "GBP"]), Funding.ESCROW, random.randrange(8, 120) * 1000),
        )


async def add_contract(
    tx: Transaction,
    random: Random,
    company: Company,
    reference: str,
    title: str,
    parties: tuple[int, int],
    terms: tuple[str, Funding, int],
) -> None:
    currency, funding, amount = terms
    today: date = tx.now.date()
    contract = Contract(
        reference=reference,
        title=title,
        client_id=parties[0],
        freelancer_id=parties[1],
        currency=currency,
        funding=funding,
        started_on=today - timedelta(days=random.randrange(20, 200)),
        created_at=tx.now,
    )
    tx.db.add(contract)
    await tx.db.flush()
    steps = [
        ("First draft", MilestoneState.PAID),
        ("Final files", MilestoneState.SUBMITTED),
        ("Handover", MilestoneState.PLANNED),
    ]
    rows = [
        Milestone(
            contract_id=contract.id,
            position=position,
            title=name,
            amount_minor=amount,
            state=state if funding == Funding.ESCROW else MilestoneState.PLANNED,
            due_on=today + timedelta(days=14 * position - 21),
        )
        for position, (name, state) in enumerate(steps, start=1)
    ]
    tx.db.add_all(rows)
    await tx.db.flush()
    company.contracts.append(contract)
    company.milestones[contract.id] = rows
