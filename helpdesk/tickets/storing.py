"""The statement that stores a report: case, side, ticket, first message, evidence and events."""

import re
from functools import cache
from typing import NamedTuple

from .claims import ALL_CLAIMED, CLAIMED
from .models import FIRST_NUMBER

# What a statement below is given, by name; see `statement`.
GIVEN = {
    "requester": "bigint",
    "once": "uuid",
    "held_case": "bigint",
    "contract": "bigint",
    "now": "timestamptz",
    "company": "bigint",
    "role": "text",
    "subject": "text",
    "type_key": "text",
    "version": "integer",
    "severity": "smallint",
    "group_key": "text",
    "restricted": "boolean",
    "milestone": "bigint",
    "contract_text": "text",
    "answers": "jsonb",
    "lacking": "jsonb",
    "source": "text",
    "conversation": "bigint",
    "description": "text",
    "audience": "text",
    "relayed": "text[]",
    "pieces": "jsonb",
    "draft": "uuid",
    "seen": "jsonb",
    "chosen": "smallint",
    "language": "text",
    "about": "text[]",
    "despite": "boolean",
}
EARLIER_ONE = """earlier AS (
    SELECT t.id, t.case_id FROM tickets t
    WHERE t.requester_id = given.requester AND t.once = given.once
)"""
HELD_CASE = """the_case AS (
    SELECT id, last_seq AS start FROM cases
    WHERE id = given.held_case AND NOT EXISTS (SELECT FROM earlier) {unless} FOR NO KEY UPDATE
), counted AS (
    UPDATE cases SET last_seq = c.start + 2 + jsonb_array_length(given.pieces)
    FROM the_case c WHERE cases.id = c.id
)"""
NEW_CASE = """the_case AS (
    INSERT INTO cases (contract_id, last_seq, opened_at)
    SELECT given.contract, 2 + jsonb_array_length(given.pieces), given.now
    WHERE NOT EXISTS (SELECT FROM earlier) {unless}
    RETURNING id, 0 AS start
)"""
HAS_DRAFT = """AND NOT EXISTS (SELECT FROM drafts WHERE id = given.once)
    AND NOT EXISTS (SELECT FROM uploads WHERE draft_id = given.once)"""
TICKET = """the_side AS (
    INSERT INTO sides (case_id, person_id, company_id, role)
    SELECT id, given.requester, given.company, given.role FROM the_case
    ON CONFLICT (case_id, person_id) DO UPDATE SET role = sides.role
    RETURNING id
), the_ticket AS (
    INSERT INTO tickets (
        case_id, side_id, requester_id, once, subject, type_key, catalogue_version, status,
        severity, chosen_severity, group_id, restricted, contract_id, milestone_id,
        contract_text, answers, lacking, source, follow_ups, reopenings, opened_at, updated_at,
        conversation_id, seen, language, search)
    SELECT c.id, s.id, given.requester, given.once, given.subject, given.type_key, given.version,
        'new', given.severity, given.chosen, g.id, given.restricted, given.contract,
        given.milestone, given.contract_text, given.answers, given.lacking, given.source, 0, 0,
        given.now, given.now, given.conversation, given.seen, given.language,
        to_tsvector('english', given.subject || ' ' || given.description)
    FROM the_case c, the_side s, groups g WHERE g.key = given.group_key
    RETURNING id, side_id, group_id
), the_message AS (
    INSERT INTO messages (
        case_id, client_id, author_id, audience, side_id, ticket_id, body, posted_at)
    SELECT c.id, given.once, given.requester, given.audience, t.side_id, t.id, given.description,
        given.now
    FROM the_case c, the_ticket t
    RETURNING id
)"""
EVIDENCE = """the_evidence AS (
    INSERT INTO evidence (
        case_id, upload_id, kind, evidence_key, label, sensitivity, audience, side_id, group_id,
        owner_id, ticket_id, name, size, media_type, file_id, original_id, thumbnail_id, facts,
        added_by_id, added_at)
    SELECT c.id, p.upload_id, p.kind, p.evidence_key, p.label, p.sensitivity, p.audience,
        t.side_id, t.group_id, given.requester, t.id, coalesce(u.name, ''), coalesce(u.size, 0),
        coalesce(u.media_type, ''), u.file_id, u.original_id, u.thumbnail_id, p.facts,
        given.requester, given.now
    FROM the_case c CROSS JOIN the_ticket t
    CROSS JOIN jsonb_to_recordset(given.pieces) AS p(
        upload_id uuid, kind text, evidence_key text, label text, sensitivity text,
        audience text, facts jsonb)
    LEFT JOIN uploads u ON u.id = p.upload_id
    RETURNING id, label, audience
), taken AS (
    UPDATE uploads SET attached_at = given.now
    FROM jsonb_to_recordset(given.pieces) AS p(upload_id uuid)
    WHERE uploads.id = p.upload_id
)"""
TOLD = f"""told AS (
    SELECT 1 AS n, 'ticket.opened' AS type, given.audience AS audience, NULL::bigint AS message_id,
        NULL::bigint AS evidence_id,
        jsonb_build_object('reference', 'HD-' || (t.id + {FIRST_NUMBER - 1})) AS data
    FROM the_ticket t
    UNION ALL
    SELECT 2, 'message.posted', given.audience, m.id, NULL, '{{}}' FROM the_message m"""
TOLD_OF = ("ticket.opened", "message.posted", "evidence.added")
TOLD_OF_EVIDENCE = """
    UNION ALL
    SELECT 2 + row_number() OVER (ORDER BY id), 'evidence.added', audience, NULL, id,
        jsonb_build_object('label', label)
    FROM the_evidence"""
EVENTS = """the_events AS (
    INSERT INTO events (
        case_id, seq, type, audience, side_id, group_id, owner_id, actor_id, ticket_id,
        message_id, evidence_id, data, occurred_at, relayed_at)
    SELECT c.id, c.start + e.n, e.type, e.audience, t.side_id,
        CASE WHEN e.audience = 'private' THEN t.group_id END,
        CASE WHEN e.audience = 'private' THEN given.requester END,
        given.requester, t.id, e.message_id, e.evidence_id, e.data, given.now,
        CASE WHEN NOT (e.type = ANY(given.relayed)) THEN given.now END
    FROM the_case c, the_ticket t, told e
)"""
DRAFT = """sent AS (
    UPDATE drafts SET sent_at = given.now, updated_at = given.now, ticket_id = the_ticket.id
    FROM the_ticket WHERE drafts.id = given.draft
)"""
ANSWER = """
SELECT id, case_id, 0 AS start, NULL::bigint AS side_id, NULL::bigint AS group_id, true AS repeated
FROM earlier
UNION ALL
SELECT t.id, c.id, c.start, t.side_id, t.group_id, false FROM the_ticket t, the_case c
"""


class Statement(NamedTuple):
    sql: str
    names: tuple[str, ...]  # of what it is given, in this order


@cache
def statement(on_case: bool, with_pieces: bool, undrafted: bool, claiming: bool) -> Statement:
    """Only the parts this report needs: most bring no files, claim nothing and begin a case.

    `given.subject` becomes a parameter of its type, in every place the same one.
    """
    unless = HAS_DRAFT if undrafted else ""
    case = (HELD_CASE if on_case else NEW_CASE).format(
        unless=f"{unless} {ALL_CLAIMED}" if claiming else unless
    )
    told = TOLD + (TOLD_OF_EVIDENCE if with_pieces else "") + "\n)"
    parts = [EARLIER_ONE]
    parts += [CLAIMED.format(unless=unless)] if claiming else []
    parts += [case, TICKET]
    parts += [EVIDENCE] if with_pieces else []
    parts += [told, EVENTS] if undrafted else [told, EVENTS, DRAFT]
    sql = "WITH " + ", ".join(parts) + ANSWER
    names = tuple(dict.fromkeys(re.findall(r"\bgiven\.(\w+)", sql)))

    def parameter(found: re.Match[str]) -> str:
        return f"${names.index(found[1]) + 1}::{GIVEN[found[1]]}"

    return Statement(re.sub(r"\bgiven\.(\w+)", parameter, sql), names)
