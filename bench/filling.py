"""Tickets and conversations in bulk, written straight into the desk's tables."""

import asyncpg

from bench import words
from helpdesk.identity import stored_hash

AGENTS = 20
REQUESTERS = 900  # people 21 to 920

PEOPLE = """
INSERT INTO people (id, public_id, name, email, is_account, roles, language, time_zone, country,
    languages, skills, created_at, email_confirmed_at)
  SELECT n, 'u-' || n, 'Person ' || n, 'person' || n || '@example.com', true,
    CASE WHEN n = ANY ($1::bigint[]) THEN '{agent}' ELSE '{client}' END::text[],
    'en', 'UTC', '', '{}', '{}', now() - interval '1 year', now() - interval '1 year'
  FROM generate_series(1, $2::bigint) n
"""
MEMBERSHIPS = """
INSERT INTO memberships (group_id, person_id)
  SELECT g.id, n FROM groups g, unnest($1::bigint[]) n WHERE g.key = 'GEN'
"""
# Of every three open tickets one is new, one was answered, one waits for its requester.
TICKETS = """
INSERT INTO cases (id, last_seq, opened_at)
  SELECT number, 3, now() - number % 90000 * interval '1 minute' FROM seed ORDER BY number;
INSERT INTO sides (id, case_id, person_id, role)
  SELECT number, number, 21 + number % 900, 'client' FROM seed ORDER BY number;
INSERT INTO tickets (id, case_id, side_id, requester_id, once, subject, type_key,
    catalogue_version, status, severity, chosen_severity, group_id, assignee_id, restricted,
    contract_text, answers, lacking, source, follow_ups, reopenings, opened_at, updated_at,
    solved_at, search)
  SELECT s.number, s.number, s.number, 21 + s.number % 900, gen_random_uuid(), s.subject,
    'guidance', 1,
    CASE WHEN NOT s.open THEN 'solved' WHEN s.number % 3 = 0 THEN 'new'
      WHEN s.number % 3 = 1 THEN 'open' ELSE 'waiting_on_user' END,
    4 - s.severity, 4 - s.severity, g.ids[1 + s.department % cardinality(g.ids)],
    CASE WHEN s.number % 3 <> 0 THEN 1 + s.number % 20 END, false, '', '{}', '{}', 'form', 0, 0,
    c.opened_at, c.opened_at, CASE WHEN NOT s.open THEN c.opened_at + interval '1 day' END,
    to_tsvector('english', s.subject || ' ' || s.body)
  FROM seed s JOIN cases c ON c.id = s.number, (SELECT array_agg(id) AS ids FROM groups) g
  ORDER BY s.number;
INSERT INTO messages (case_id, client_id, author_id, audience, side_id, ticket_id, body, posted_at)
  SELECT number, gen_random_uuid(), 21 + number % 900, 'side', number, number, body, now()
  FROM seed ORDER BY number;
INSERT INTO messages (case_id, client_id, author_id, audience, side_id, ticket_id, body, posted_at)
  SELECT number, gen_random_uuid(), 1 + number % 20, 'side', number, number, body, now()
  FROM seed ORDER BY number;
INSERT INTO messages (case_id, client_id, author_id, audience, side_id, ticket_id, body, posted_at)
  SELECT 1, gen_random_uuid(), CASE WHEN number % 2 = 0 THEN 22 ELSE 2 END, 'side', 1, 1, body,
    now() FROM seed WHERE number <= 28 ORDER BY number;
UPDATE cases SET last_seq = 31 WHERE id = 1;
INSERT INTO events (case_id, seq, type, audience, side_id, actor_id, ticket_id, message_id, data,
    occurred_at, relayed_at)
  SELECT id, 1, 'ticket.opened', 'side', id, 21 + id % 900, id, NULL,
    jsonb_build_object('reference', 'HD-' || (id + 10000)), opened_at, opened_at FROM cases
  UNION ALL
  SELECT case_id, 1 + row_number() OVER (PARTITION BY case_id ORDER BY id), 'message.posted',
    'side', case_id, author_id, ticket_id, id, '{}', posted_at, posted_at FROM messages;
DROP TABLE seed;
"""
# Conversation n is case n; its visitor is person n, its agent is person count + n.
CONVERSATIONS = """
INSERT INTO cases (id, last_seq, opened_at) SELECT n, 1, now() FROM generate_series(1, $1) n;
INSERT INTO sides (id, case_id, person_id, role)
  SELECT n, n, n, 'client' FROM generate_series(1, $1) n;
INSERT INTO conversations (id, case_id, side_id, visitor_id, once, group_id, type_key, subject,
    status, agent_id, opened_at, claimed_at)
  SELECT n, n, n, n, gen_random_uuid(), g.id, '', 'How do I pay by card?', 'active', $1 + n,
    now(), now() FROM generate_series(1, $1) n, groups g WHERE g.key = 'GEN';
INSERT INTO events (case_id, seq, type, audience, side_id, actor_id, conversation_id, data,
    occurred_at, relayed_at)
  SELECT n, 1, 'conversation.opened', 'side', n, n, n, '{}', now(), now()
  FROM generate_series(1, $1) n;
"""
MOVE_SEQUENCES = """
DO $$ DECLARE one text; BEGIN
  FOREACH one IN ARRAY '{people,cases,sides,tickets,conversations}'::text[] LOOP
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''id''),'
      ' (SELECT coalesce(max(id), 0) + 1 FROM %I))', one, one);
  END LOOP;
END $$
"""


async def fill_tickets(connection: asyncpg.Connection, count: int, all_open: bool = False) -> None:
    await stage(connection, count, all_open)
    agents = list(range(1, AGENTS + 1))
    await fill_people(connection, agents, AGENTS + REQUESTERS)
    await connection.execute(TICKETS)
    await connection.execute(MOVE_SEQUENCES)


async def fill_conversations(connection: asyncpg.Connection, count: int) -> None:
    agents = list(range(count + 1, 2 * count + 1))
    await fill_people(connection, agents, 2 * count)
    await connection.execute(CONVERSATIONS.replace("$1", str(count)))
    await connection.execute(MOVE_SEQUENCES)


async def fill_people(connection: asyncpg.Connection, agents: list[int], count: int) -> None:
    """Everybody is signed in: the session token of person 7 is token-7."""
    await connection.execute(PEOPLE, agents, count)
    await connection.execute(MEMBERSHIPS, agents)
    now = await connection.fetchval("SELECT now()")
    later = await connection.fetchval("SELECT now() + interval '9 days'")
    await connection.copy_records_to_table(
        "sessions",
        columns=[
            "token_hash",
            "person_id",
            "created_at",
            "seen_at",
            "expires_at",
            "device",
            "address",
        ],
        records=[
            (stored_hash(f"token-{person}"), person, now, now, later, "", "")
            for person in range(1, count + 1)
        ],
    )


async def stage(connection: asyncpg.Connection, tickets: int, all_open: bool = False) -> None:
    """The table `seed`, which every subject fills its own tables from."""
    await connection.execute(
        "CREATE UNLOGGED TABLE seed (number int PRIMARY KEY, subject text, body text, "
        "department smallint, severity smallint, open boolean)"
    )
    await connection.copy_records_to_table("seed", records=words.tickets(tickets, all_open))
    await connection.execute("ANALYZE seed")
