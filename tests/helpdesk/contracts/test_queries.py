"""Whose contract is whose, asked in two ways that must agree."""

import pytest

from helpdesk.contracts.queries import contracts_of, own_contract
from helpdesk.permissions import ANONYMOUS
from tests.people import Cast

OWN = {
    "cora": {"C-1001", "C-1002"},
    "dora": {"C-1001", "C-1002"},  # a colleague of Cora's
    "finn": {"C-1001"},
    "nina": {"C-1002", "C-1003"},
    "omar": {"C-1003"},
    "otto": set(),
}


@pytest.mark.parametrize("who", OWN)
async def test_the_list_and_the_single_look_up_agree(cast: Cast, who: str) -> None:
    actor = await cast.actor(who)
    async with cast.desk.reading() as db:
        listed = {contract.reference: contract for contract in await contracts_of(db, actor)}
    assert listed.keys() == OWN[who]
    for reference in cast.contracts:
        assert await own_contract(cast.desk, actor, reference) == listed.get(reference)


async def test_each_side_sees_the_other_by_name(cast: Cast) -> None:
    seen = {}
    for who in ("dora", "finn"):
        contract = await own_contract(cast.desk, await cast.actor(who), "c-1001")
        assert contract is not None
        seen[who] = (contract.role, contract.other)
        assert [milestone.position for milestone in contract.milestones] == [1, 2, 3]
    assert seen == {"dora": ("client", "Finn"), "finn": ("freelancer", "Cora")}


async def test_nobody_has_no_contracts(cast: Cast) -> None:
    async with cast.desk.reading() as db:
        assert await contracts_of(db, ANONYMOUS) == []
    assert await own_contract(cast.desk, ANONYMOUS, "C-1001") is None
