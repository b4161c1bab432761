"""The demonstration has rules with a history, and every ticket can say why it is where it is."""

from helpdesk.demo import seed
from helpdesk.demo.burst import REPORTS
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from triage.routing.commands import ask_replay
from triage.routing.logic.lint import lint
from triage.routing.queries import names_of, standing, versions
from triage.routing.replay.testing import test_next as run_next_test


async def test_six_rules_in_two_versions_that_really_ran(desk: Desk) -> None:
    await seed(desk, tickets=40)
    now = await standing(desk)
    assert (now.version, now.edition, len(now.rules)) == (2, 0, 6)
    assert [row["rules"] for row in await versions(desk)] == [6, 4]
    assert lint(now.rules, await names_of(desk)) == []
    assert await desk.pool.fetchval("SELECT count(*) FROM routing_runs") == 40 + len(REPORTS)
    async with desk.transaction(SYSTEM) as tx:
        await ask_replay(tx, 30)
    assert await run_next_test(desk) == 1
    result = await desk.pool.fetchval("SELECT result FROM routing_replays")
    assert result["changed"] == 0
    assert result["agreed"] == result["checked"] >= 40


async def test_a_burst_is_proposed_to_the_managers(desk: Desk) -> None:
    await seed(desk, tickets=20)
    [incident] = await desk.pool.fetch("SELECT * FROM incidents")
    assert (incident["state"], incident["tickets"], incident["people"]) == ("proposed", 7, 7)
