"""Guests: a link instead of an account, and what becomes of it when there is one."""

from uuid import uuid4

from sqlmodel import select

from helpdesk.cases.commands import join_side, open_case, post_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Event, Message, Side
from helpdesk.contact.joining import join_guest
from helpdesk.desk import Desk
from helpdesk.people.commands import add_guest_link, open_guest
from helpdesk.people.models import GuestLink, Person, Session
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.permissions import ANONYMOUS, SYSTEM, Role
from helpdesk.tickets.models import Ticket
from tests.people import PASSWORD, Cast

from .test_links import NEW
from .test_sign_in import account
from .visitors import cookie_of, mailed_path, visitor


async def guest(desk: Desk, email: str = "ida@example.com") -> tuple[Person, str]:
    async with desk.transaction(ANONYMOUS) as tx:
        return await open_guest(tx, "Ida", email)


async def test_a_guest_link_opens_the_guests_requests(desk: Desk, site: str) -> None:
    person, token = await guest(desk)
    async with visitor(site) as client:
        answer = await client.get(f"/guest/{token}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/requests")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        cookie = cookie_of(answer)
        assert (await client.get("/account", headers={"cookie": cookie})).status_code == 303
    actor = await actor_of(desk, person.id)
    assert actor.is_guest
    assert actor.roles == {Role.GUEST}


async def test_two_guests_with_one_address_see_nothing_of_each_other(desk: Desk) -> None:
    first, _ = await guest(desk)
    second, _ = await guest(desk)
    assert first.id != second.id


async def test_a_revoked_link_opens_nothing_and_ends_other_browsers(desk: Desk, site: str) -> None:
    _, token = await guest(desk)
    async with visitor(site) as client:
        here, there = [cookie_of(await client.get(f"/guest/{token}")) for _ in range(2)]
        await client.post("/guest-link/stop", headers={"cookie": here})
        assert (await client.get(f"/guest/{token}")).status_code == 404
    async with desk.reading() as db:
        assert len((await db.exec(select(Session))).all()) == 1
    assert here != there


async def test_unknown_and_revoked_links_get_the_same_answer(desk: Desk, site: str) -> None:
    _, token = await guest(desk)
    async with visitor(site) as client:
        cookie = cookie_of(await client.get(f"/guest/{token}"))
        await client.post("/guest-link/stop", headers={"cookie": cookie})
        revoked = await client.get(f"/guest/{token}")
        unknown = await client.get(f"/guest/{'x' * 43}")
    assert revoked.status_code == unknown.status_code == 404
    assert revoked.text == unknown.text


async def test_a_guest_link_does_not_sign_an_account_out(desk: Desk, site: str) -> None:
    person = await account(desk, "eva@example.com")
    _, token = await guest(desk)
    cookie = f"{desk.settings.session_cookie}={await start_session(desk, person.id)}"
    async with visitor(site, cookie=cookie) as client:
        page = await client.get(f"/guest/{token}")
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert (await client.post(f"/guest/{token}")).status_code == 303
        assert (await client.get("/account")).status_code == 303


async def case_of(desk: Desk, person: Person) -> tuple[int, int]:
    """A case with a message and a private piece of the guest's; its id and the side's."""
    actor = await actor_of(desk, person.id)
    async with desk.transaction(actor) as tx:
        case = await open_case(tx)
        side = await join_side(tx, case, actor, "guest")
        record(tx, case, "conversation.opened", Audience.SIDE, side_id=side.id)
        await post_message(tx, case, "It does not work", Audience.SIDE, side_id=side.id)
        record(tx, case, "evidence.added", Audience.PRIVATE, owner_id=person.id, label="A slip")
        return case.id, side.id


async def test_confirming_the_address_brings_the_guests_requests_along(
    desk: Desk, cast: Cast, site: str
) -> None:
    """All of the same address, none of another; nothing stays with the guest."""
    person, token = await guest(desk)
    stranger, _ = await guest(desk, "eva@example.com")
    case_id, side_id = await case_of(desk, person)
    other_case, _ = await case_of(desk, stranger)
    async with desk.transaction(SYSTEM) as tx:
        ticket = Ticket(
            case_id=case_id,
            side_id=side_id,
            requester_id=person.id,
            once=uuid4(),
            subject="It does not work at all",
            type_key="other",
            catalogue_version=1,
            group_id=cast.groups["GEN"].id,
            opened_at=tx.now,
            updated_at=tx.now,
        )
        tx.db.add(ticket)
    async with visitor(site) as client:
        cookie = cookie_of(await client.get(f"/guest/{token}"))
        await client.post("/register", data=NEW)
        path = await mailed_path(desk, "ida@example.com")
        opened = await client.post(path, data={"password": PASSWORD})
        assert opened.status_code == 303
        assert (await client.get(f"/guest/{token}")).status_code == 404
        gone = await client.get("/requests", headers={"cookie": cookie})
        assert gone.status_code == 303

    async with desk.reading() as db:
        owner = (
            await db.exec(
                select(Person).where(Person.email == NEW["email"]).where(Person.is_account)
            )
        ).one()
        side = (await db.exec(select(Side).where(Side.case_id == case_id))).one()
        assert (side.person_id, side.role) == (owner.id, "client")
        ticket = (await db.exec(select(Ticket))).one()
        assert ticket.requester_id == owner.id
        message = (await db.exec(select(Message).where(Message.case_id == case_id))).one()
        assert message.author_id == owner.id
        events = (await db.exec(select(Event).where(Event.case_id == case_id))).all()
        assert {event.owner_id for event in events} == {None, owner.id}
        assert sorted(event.seq for event in events) == [1, 2, 3, 4]
        joined = next(event for event in events if event.type == "requester.joined")
        assert joined.data == {"guest": person.public_id}
        assert (joined.audience, joined.side_id) == (Audience.SIDE, side.id)
        left = (await db.exec(select(Side).where(Side.case_id == other_case))).one()
        assert left.person_id == stranger.id


async def test_joining_a_case_one_is_on_already_leaves_one_side(desk: Desk) -> None:
    owner = await account(desk)
    person, _ = await guest(desk)
    case_id, _ = await case_of(desk, person)
    actor = await actor_of(desk, owner.id)
    async with desk.transaction(SYSTEM) as tx:
        from helpdesk.cases.queries import hold_case

        case = await hold_case(tx, case_id)
        own = await join_side(tx, case, actor, "client")
    async with desk.transaction(actor) as tx:
        old = await tx.db.get_one(Person, person.id)
        assert await join_guest(tx, old, await tx.db.get_one(Person, owner.id)) == 1
    async with desk.reading() as db:
        sides = (await db.exec(select(Side).where(Side.case_id == case_id))).all()
        assert [side.id for side in sides] == [own.id]
        message = (await db.exec(select(Message))).one()
        assert message.side_id == own.id
        links = (await db.exec(select(GuestLink))).all()
        assert all(link.revoked_at for link in links)


async def test_a_link_can_be_replaced(desk: Desk, site: str) -> None:
    person, old = await guest(desk)
    async with desk.transaction(SYSTEM) as tx:
        new = await add_guest_link(tx, person.id)
    async with visitor(site) as client:
        assert (await client.get(f"/guest/{old}")).status_code == 303
        assert (await client.get(f"/guest/{new}")).status_code == 303
