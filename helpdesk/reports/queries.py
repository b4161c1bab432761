"""What reports count: each statement reads the rows of one month, by an index on their time.

A report reads every ticket, verdict or search of its month once. With tens of thousands in a
month that takes tens of milliseconds; how many there are in all does not matter. $1 and $2 are
the month's first moment and the first one after it.
"""

LONGEST = 100  # rows of a list; what counts comes first

CLOSED = "t.status IN ('solved', 'closed') AND t.solved_at >= $1 AND t.solved_at < $2"
MET = """(coalesce(t.seen -> 'articles', '[]') || coalesce(t.seen -> 'offered', '[]'))
        @> to_jsonb(t.covered_by_id)"""

MARKS = f"""
    SELECT t.coverage, t.covered_by_id AS article_id, count(*) AS tickets,
        count(*) FILTER (WHERE {MET}) AS met
    FROM tickets t WHERE {CLOSED} GROUP BY 1, 2"""

FILED_ANYWAY = f"""
    SELECT t.id, t.subject, t.covered_by_id AS article_id, t.solved_at,
        coalesce(t.seen -> 'articles', '[]') @> to_jsonb(t.covered_by_id) AS opened,
        EXISTS (SELECT FROM sla_obligations o WHERE o.ticket_id = t.id) AS has_deadline
    FROM tickets t WHERE {CLOSED} AND t.coverage = 'covered' AND {MET}
    ORDER BY t.solved_at DESC, t.id DESC LIMIT {LONGEST}"""

VERDICTS = """
    SELECT article_id, count(*) FILTER (WHERE verdict = 'solved') AS solved,
        count(*) FILTER (WHERE verdict = 'helpful') AS helpful,
        count(*) FILTER (WHERE verdict = 'not_helpful') AS not_helpful
    FROM article_verdicts WHERE at >= $1 AND at < $2 GROUP BY article_id"""

COMMENTS = f"""
    SELECT article_id, verdict, comment, at FROM article_verdicts
    WHERE at >= $1 AND at < $2 AND comment <> '' ORDER BY at DESC, id DESC LIMIT {LONGEST}"""

OPENED = """
    SELECT opened_id AS article_id, count(*) AS opened FROM help_searches
    WHERE at >= $1 AND at < $2 AND opened_id IS NOT NULL GROUP BY 1"""

# A browser may name any number as read: what is no article has no title, and falls out.
READ_AND_FILED = """
    SELECT read.id::bigint AS article_id, count(*) AS filed FROM tickets t
        CROSS JOIN LATERAL jsonb_array_elements_text(t.seen -> 'articles') AS read(id)
    WHERE t.opened_at >= $1 AND t.opened_at < $2 AND t.seen ? 'articles' GROUP BY 1"""

TITLES = """
    SELECT a.id, a.slug, (SELECT x.title FROM article_texts x WHERE x.article_id = a.id
        AND x.title <> '' ORDER BY x.language <> 'en', x.language LIMIT 1) AS title
    FROM articles a WHERE a.id = ANY($1::bigint[])"""

SEARCHES = """
    SELECT count(*) AS all, count(*) FILTER (WHERE found = 0) AS unanswered,
        count(*) FILTER (WHERE found > 0 AND opened_id IS NULL) AS unopened
    FROM help_searches WHERE at >= $1 AND at < $2"""

UNANSWERED = f"""
    SELECT lower(btrim(regexp_replace(words, '\\s+', ' ', 'g'))) AS words, count(*) AS times,
        max(at) AS last, array_agg(DISTINCT place) AS places
    FROM help_searches WHERE at >= $1 AND at < $2 AND found = 0
    GROUP BY 1 ORDER BY times DESC, last DESC LIMIT {LONGEST}"""

FILED = """
    SELECT type_key, count(*) AS tickets FROM tickets
    WHERE opened_at >= $1 AND opened_at < $2 GROUP BY 1 ORDER BY 2 DESC, 1"""

FILED_BY_MONTH = """
    SELECT to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*) AS tickets
    FROM tickets WHERE opened_at >= $1 AND opened_at < $2 AND type_key = $3 GROUP BY 1"""

RATED = """
    SELECT type_key, group_id, agent_id, count(*) AS answers, sum(score)::bigint AS points,
        count(*) FILTER (WHERE score >= 4) AS good
    FROM ticket_ratings WHERE created_at >= $1 AND created_at < $2 GROUP BY 1, 2, 3"""

CHATS_RATED = """
    SELECT type_key, group_id, agent_id, count(*) AS answers, sum(score)::bigint AS points,
        count(*) FILTER (WHERE score >= 4) AS good
    FROM chat_ratings WHERE rated_at >= $1 AND rated_at < $2 GROUP BY 1, 2, 3"""

NAMES = "SELECT id, name FROM people WHERE id = ANY($1::bigint[])"
GROUPS = "SELECT id, name FROM groups"
