"""What counting reads and writes."""

# Types of events that facts are made of; what they mean is in facts.py.
COUNTED = (
    "ticket.status_changed",
    "ticket.closed",
    "ticket.handed_over",
    "ticket.routed",
    "ticket.severity_changed",
    "conversation.claimed",
    "conversation.left_line",
    "conversation.ended",
    "sla.met",
    "sla.breached",
    "escalation.raised",
)
# With these, what facts are made of beside events may have changed.
MARKING = (
    *COUNTED,
    "ticket.opened",
    "message.posted",
    "ticket.coverage_marked",
    "ticket.rated",
    "ticket.merged_away",
    "ticket.restored",
    "conversation.opened",
)

# The receipt with its effect: a job that runs again changes nothing. Of what is written on a
# ticket only its first answer counts. Merged tickets move along without an event of their own.
MARK = """
    WITH one AS (
        SELECT e.case_id FROM events e LEFT JOIN tickets t ON t.id = e.ticket_id
        WHERE e.id = $1 AND (e.type <> 'message.posted' OR t.first_answered_at = e.occurred_at)
        UNION
        SELECT m.case_id FROM events e JOIN tickets m ON m.merged_into_id = e.ticket_id
        WHERE e.id = $1 AND e.type IN ('ticket.handed_over', 'ticket.routed')
    ), marked AS (
        INSERT INTO report_stale (case_id, marked_at) SELECT case_id, $3 FROM one
        ON CONFLICT DO NOTHING
    )
    INSERT INTO receipts (event_id, job, done_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

TAKE_STALE = """
    DELETE FROM report_stale WHERE case_id IN (
        SELECT case_id FROM report_stale ORDER BY marked_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING case_id"""

CASES = "SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2"

TICKETS = """
    SELECT id, case_id, source, status, severity, group_id, opened_at, first_answered_at,
        solved_at, coverage
    FROM tickets WHERE case_id = ANY($1::bigint[]) ORDER BY id"""
CONVERSATIONS = """
    SELECT id, case_id, group_id, opened_at FROM conversations
    WHERE case_id = ANY($1::bigint[]) ORDER BY id"""
RATINGS = """
    SELECT r.ticket_id, r.score, r.group_id, r.created_at
    FROM ticket_ratings r JOIN tickets t ON t.id = r.ticket_id
    WHERE t.case_id = ANY($1::bigint[])"""
CAUSES = "SELECT id, cause FROM escalations WHERE id = ANY($1::bigint[])"
EVENTS = f"""
    SELECT case_id, ticket_id, conversation_id, type, data, occurred_at FROM events
    WHERE case_id = ANY($1::bigint[]) AND type IN ({", ".join(f"'{type}'" for type in COUNTED)})
    ORDER BY case_id, seq"""
FACTS = "SELECT * FROM report_facts WHERE case_id = ANY($1::bigint[]) ORDER BY case_id, id"

ADD_FACTS = """
    INSERT INTO report_facts (case_id, kind, detail, at, group_id, severity, channel, seconds,
        ticket_id, conversation_id)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[],
        $6::smallint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])"""

KEY = "grain, group_id, severity, channel, kind, start, detail"
KEYS = f"""unnest($1::text[], $2::bigint[], $3::smallint[], $4::text[], $5::text[],
        $6::timestamptz[], $7::text[]) k({KEY})"""
PACKED = f"""
    SELECT s.* FROM {KEYS} JOIN report_sums s USING ({KEY})"""
ADD_SUMS = f"""
    INSERT INTO report_sums AS s ({KEY}, count, spread, hours)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::text[], $5::text[],
        $6::timestamptz[], $7::text[], $8::bigint[], $9::bytea[], $10::bytea[])
    ON CONFLICT ({KEY}) DO UPDATE
    SET count = s.count + excluded.count, spread = coalesce(excluded.spread, s.spread),
        hours = coalesce(excluded.hours, s.hours)"""
DROP_EMPTY = f"""
    DELETE FROM report_sums s USING {KEYS}
    WHERE s.count = 0 AND (s.grain, s.group_id, s.severity, s.channel, s.kind, s.start, s.detail)
        = (k.grain, k.group_id, k.severity, k.channel, k.kind, k.start, k.detail)"""
