"""Rules read by the worker: what they do to a ticket, once, and what is kept of it."""

from typing import Any
from uuid import uuid4

from helpdesk.catalogue import queries as catalogue
from helpdesk.tickets.assigning import hand_over
from helpdesk.tickets.commands import change_severity, follow_up
from helpdesk.tickets.states import Severity
from helpdesk.worker import work_once
from tests.build import a_ticket
from tests.people import Cast
from triage.text.commands import settle_type

from .build import a_rule, asks, do, everything, nothing, publish_rules

SPANISH = "He intentado abrir la página de los pagos varias veces y siempre me sale un error."
JAPANESE = "支払いのページを開こうとすると、毎回エラーが表示されます。確認してください。"


async def ticket(cast: Cast, id: int) -> Any:
    query = "SELECT t.*, g.key AS department FROM tickets t JOIN groups g ON g.id = t.group_id"
    return await cast.desk.pool.fetchrow(f"{query} WHERE t.id = $1", id)


async def runs(cast: Cast, id: int) -> list[Any]:
    query = "SELECT * FROM routing_runs WHERE ticket_id = $1 ORDER BY id"
    return list(await cast.desk.pool.fetch(query, id))


async def events(cast: Cast, id: int) -> list[str]:
    query = "SELECT type FROM events WHERE ticket_id = $1 ORDER BY seq"
    return [row["type"] for row in await cast.desk.pool.fetch(query, id)]


async def test_a_rule_sends_a_ticket_to_another_department_and_says_why(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Card", everything(asks("words", "credit card")), do("department", "PAY")),
        a_rule("Never", everything(asks("words", "giraffe")), do("department", "TAS")),
    )
    filed = await a_ticket(cast, subject="My credit card was charged twice")
    await work_once(cast.desk)
    assert (await ticket(cast, filed.ticket_id))["department"] == "PAY"
    [run] = await runs(cast, filed.ticket_id)
    card, never = run["trace"]
    assert (card["held"], card["why"][0]["met"]) == (True, ["credit card"])
    assert (never["held"], never["why"][0]["met"]) == (False, ["credit card"])
    assert run["effects"]["done"] == {"department": ["GEN", "PAY"]}
    assert run["facts"]["department"] == "GEN"
    assert "charged" not in str(run["facts"]) + str(run["trace"])
    assert "ticket.routed" in await events(cast, filed.ticket_id)


async def test_rules_are_read_once_for_an_event_and_never_for_what_they_did(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Up", None, do("severity", "one"), moments=("filed", "severity_changed")),
    )
    filed = await a_ticket(cast)
    for _ in range(3):
        await work_once(cast.desk)
    assert (await ticket(cast, filed.ticket_id))["severity"] == 3
    assert len(await runs(cast, filed.ticket_id)) == 1


async def test_a_person_s_change_is_a_moment_of_its_own(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Urgent", everything(asks("severity", "urgent"), asks(
            "previous_severity", "normal")), do("tag", "jumped"), moments=("severity_changed",)),
        a_rule("Again", everything(asks("follow_ups", "1")), do("tag", "asked again"),
               moments=("followed_up",)),
    )  # fmt: skip
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await change_severity(tx, filed.ticket_id, Severity.URGENT, "It is.")
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        await follow_up(tx, filed.ticket_id, "And?", uuid4())
    await work_once(cast.desk)
    tags = await cast.desk.pool.fetch("SELECT tag FROM ticket_tags ORDER BY tag")
    assert [row["tag"] for row in tags] == ["asked again", "jumped"]
    assert len(await runs(cast, filed.ticket_id)) == 3


async def test_without_rules_nothing_happens(cast: Cast) -> None:
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    assert await runs(cast, filed.ticket_id) == []


async def test_private_rows_follow_the_ticket_to_its_new_department(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Restricted", everything(asks("restricted", "yes")), do("department", "TAS")),
    )
    filed = await a_ticket(cast, restricted=True)
    await work_once(cast.desk)
    groups = await cast.desk.pool.fetch(
        "SELECT DISTINCT group_id FROM events WHERE ticket_id = $1 AND audience = 'private'",
        filed.ticket_id,
    )
    assert [row["group_id"] for row in groups] == [cast.groups["TAS"].id]


async def test_somebody_of_the_department_who_speaks_the_language_gets_it(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Spanish", everything(asks("language", "es")), do("department", "TECH"),
               do("tag", "lang=es"), do("agent", "best")),
    )  # fmt: skip
    filed = await a_ticket(cast, subject="No puedo abrir la página", description=SPANISH)
    await work_once(cast.desk)
    row = await ticket(cast, filed.ticket_id)
    assert (row["department"], row["assignee_id"]) == ("TECH", cast.tess.id)


async def test_a_ticket_in_a_language_nobody_reads_waits_in_the_queue(cast: Cast) -> None:
    await publish_rules(cast, a_rule("Any", None, do("agent", "best")))
    filed = await a_ticket(cast, subject="支払いのページが開けません", description=JAPANESE)
    await work_once(cast.desk)
    [run] = await runs(cast, filed.ticket_id)
    assert (await ticket(cast, filed.ticket_id))["assignee_id"] is None
    assert run["effects"]["done"]["agent"]["why"] == (
        "Nobody free reads ja, so it waits in the queue."
    )


async def test_a_restricted_ticket_is_never_given_to_somebody_who_may_not_see_it(
    cast: Cast,
) -> None:
    await publish_rules(
        cast,
        a_rule("To Amy", None, do("agent", str(cast.amy.id)), do(
            "notify", f"person:{cast.amy.id}", text="Look")),
    )  # fmt: skip
    restricted = await a_ticket(cast, restricted=True, group_key="TAS")
    hers = await a_ticket(cast, group_key="GEN")
    await work_once(cast.desk)
    assert (await ticket(cast, restricted.ticket_id))["assignee_id"] is None
    assert (await ticket(cast, hers.ticket_id))["assignee_id"] == cast.amy.id
    told = await cast.desk.pool.fetch("SELECT person_id, ticket_id FROM desk_notices")
    assert [tuple(row) for row in told] == [(cast.amy.id, hers.ticket_id)]


async def test_evidence_is_asked_for_once_and_managers_are_told(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Log", nothing(asks("language", "es")), do("ask", "team_log", text="With it we "
               "see the timer."), do("ask", "team_log"), do("escalate", text="Money is held")),
    )  # fmt: skip
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    asked = await cast.desk.pool.fetch("SELECT kind, asked_by_id, note FROM evidence_requests")
    assert [tuple(row) for row in asked] == [("team_log", cast.max.id, "With it we see the timer.")]
    told = await cast.desk.pool.fetch("SELECT person_id, text FROM desk_notices ORDER BY person_id")
    assert {row["person_id"] for row in told} == {cast.max.id, cast.admin.id}
    assert "ticket.escalated" in await events(cast, filed.ticket_id)
    assert await cast.desk.pool.fetchval("SELECT tag FROM ticket_tags") == "escalated"


async def test_a_rule_that_names_a_department_that_is_gone_does_the_rest(cast: Cast) -> None:
    await publish_rules(cast, a_rule("Gone", None, do("department", "DIS"), do("tag", "kept")))
    await cast.desk.pool.execute("UPDATE groups SET key = 'OLD' WHERE key = 'DIS'")
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    [run] = await runs(cast, filed.ticket_id)
    assert run["effects"]["refused"] == ["The department DIS is gone."]
    assert run["effects"]["done"]["tags"] == ["kept"]


async def test_what_a_person_did_before_the_rules_were_read_stands(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("To Payments", everything(asks("department", "GEN")), do("department", "PAY"),
               do("severity", "urgent"), do("tag", "read")),
    )  # fmt: skip
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await hand_over(tx, filed.ticket_id, cast.groups["DIS"].id, "It is theirs.")
        await change_severity(tx, filed.ticket_id, Severity.LOW, "A question only.")
    await work_once(cast.desk)
    row = await ticket(cast, filed.ticket_id)
    assert (row["department"], row["severity"]) == ("DIS", 1)
    run = (await runs(cast, filed.ticket_id))[0]
    assert run["facts"]["department"] == "GEN"  # as it was when it was filed
    assert run["effects"]["done"] == {"tags": ["read"]}
    assert len(run["effects"]["refused"]) == 2


async def test_another_type_is_a_moment_too(cast: Cast) -> None:
    await publish_rules(
        cast,
        a_rule("Scam", everything(asks("type", "hiring_scam"), asks("previous_type",
               "level1_tech")), do("department", "TAS"), moments=("type_changed",)),
    )  # fmt: skip
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        offered = (await catalogue.current(cast.desk)).catalogue
        await settle_type(tx, filed.ticket_id, "hiring_scam", offered)
    await work_once(cast.desk)
    assert (await ticket(cast, filed.ticket_id))["department"] == "TAS"


async def test_rules_go_on_when_whoever_published_them_has_left(cast: Cast) -> None:
    await publish_rules(cast, a_rule("Ask", None, do("ask", "team_log"), do("tag", "asked")))
    await cast.desk.pool.execute(
        "UPDATE people SET deactivated_at = $1 WHERE id = $2", cast.desk.clock.now(), cast.max.id
    )
    filed = await a_ticket(cast)
    await work_once(cast.desk)
    [run] = await runs(cast, filed.ticket_id)
    assert run["effects"]["done"] == {"tags": ["asked"]}
    assert "Nobody stands behind these rules" in run["effects"]["refused"][0]


async def test_a_rule_for_one_ticket_leaves_others_alone_and_works_once_however_often_woken(
    cast: Cast,
) -> None:
    await publish_rules(cast, a_rule("Cards", everything(asks("words", "card")), do(
        "notify", "department:PAY", text="A card")))  # fmt: skip
    await a_ticket(cast, subject="My card was charged")
    await a_ticket(cast, subject="The page does not open")
    for _ in range(3):
        await work_once(cast.desk)
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM routing_runs") == 2
    told = await cast.desk.pool.fetchval("SELECT count(DISTINCT ticket_id) FROM desk_notices")
    assert told == 1
