"""For agents: similar tickets of everybody they may see, with how likely it is and why."""

from collections.abc import AsyncIterator

import pytest

from tests.people import Cast
from triage.twins.candidates import asked_for, search
from triage.twins.indexing import report_of
from triage.twins.rarity import BUDGET, rarest
from triage.twins.similar import ASKED, similar_tickets
from triage.twins.vectors import load

from .build import LATE, TIMER, WITHDRAWAL, forget_words, indexed


@pytest.fixture(autouse=True, params=["with vectors", "by words alone"])
async def vectors(request: pytest.FixtureRequest, cast: Cast) -> AsyncIterator[bool]:
    forget_words(cast.desk)
    if request.param == "with vectors":
        await load(cast.desk)
    else:
        cast.desk.parts["vectors"] = (False, float("inf"))
    yield request.param == "with vectors"
    forget_words(cast.desk)


async def found(cast: Cast, agent: str, id: int) -> list[int]:
    return [one.ticket_id for one in await similar_tickets(cast.desk, await cast.actor(agent), id)]


async def test_similar_tickets_of_anybody_are_found(cast: Cast, vectors: bool) -> None:
    first = await indexed(cast, "nina", WITHDRAWAL)
    second = await indexed(cast, "finn", "Withdrawal has still not arrived on my account")
    third = await indexed(cast, "otto", LATE)
    await indexed(cast, "cora", TIMER, body="The log says that it was suspended.")
    got = await found(cast, "amy", first.ticket_id)
    assert got[0] == second.ticket_id
    assert (third.ticket_id in got) or not vectors


async def test_a_shared_transaction_leads_there_whatever_the_words(cast: Cast) -> None:
    paid = {"answers": {"transaction_id": "WD-90017"}}
    first = await indexed(cast, "nina", WITHDRAWAL, **paid)
    other = await indexed(
        cast, "finn", "Something else entirely", body="No idea what it is.", **paid
    )
    row = await cast.desk.pool.fetchrow(ASKED, first.ticket_id)
    asked = await asked_for(cast.desk, report_of(row))
    similar = await search(cast.desk, await cast.actor("amy"), asked, 5)
    assert other.ticket_id in [one.ticket_id for one in similar]


async def test_restricted_tickets_are_for_their_department(cast: Cast) -> None:
    secret = await indexed(cast, "nina", WITHDRAWAL, restricted=True, group_key="PAY")
    asked = await indexed(cast, "finn", WITHDRAWAL)
    seen = {
        who: secret.ticket_id in await found(cast, who, asked.ticket_id)
        for who in ("amy", "tess", "pete", "max")
    }
    assert seen == {"amy": False, "tess": False, "pete": True, "max": True}


def test_rare_keys_stay_within_their_budget_and_identifiers_come_first() -> None:
    counts = {"page": 90_000, "withdrawal": 250, "lisbon": 40, "#contract:C-1": 200, "odd": 1}
    keys = [*counts, "never-seen"]
    assert rarest(counts, keys) == ["#contract:C-1", "odd", "lisbon"]
    assert sum(counts[key] for key in rarest(counts, keys)) <= BUDGET
    assert rarest({}, keys) == []
