"""Articles that nobody has checked for a while: whoever answers for them is reminded."""

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Membership, Person
from helpdesk.permissions import STAFF, SYSTEM

from . import letters

EVERY = timedelta(hours=1)
MOST = 200  # articles looked at in one go

# Once per period: not again until the article was due a second time.
GROWN_OLD = """
SELECT a.id, a.group_id, a.author_id,
    (SELECT t.title FROM article_texts t WHERE t.article_id = a.id AND t.published_at IS NOT NULL
     ORDER BY t.language <> 'en', t.id LIMIT 1) AS title
FROM articles a
WHERE a.archived_at IS NULL
    AND a.checked_at <= CAST(:now AS timestamptz) - make_interval(days => a.check_every_days)
    AND (a.reminded_at IS NULL
        OR a.reminded_at <= CAST(:now AS timestamptz) - make_interval(days => a.check_every_days))
    AND EXISTS (SELECT FROM article_texts t
        WHERE t.article_id = a.id AND t.published_at IS NOT NULL)
ORDER BY a.checked_at, a.id LIMIT :most FOR UPDATE SKIP LOCKED
"""
REMINDED = "UPDATE articles SET reminded_at = :now WHERE id = ANY(:ids)"


async def sweep_old_articles(desk: Desk) -> int:
    now = desk.clock.now()
    last = desk.parts.get("help.swept_at")
    if last is not None and last <= now < last + EVERY:
        return 0
    async with desk.transaction(SYSTEM) as tx:
        reminded = await remind(tx)
    if reminded < MOST:
        desk.parts["help.swept_at"] = now
    return reminded


async def remind(tx: Transaction) -> int:
    """One mail for everybody who answers for some of them."""
    connection = await tx.db.connection()
    found = await connection.execute(text(GROWN_OLD), {"now": tx.now, "most": MOST})
    rows = found.mappings().all()
    titles: defaultdict[int, list[str]] = defaultdict(list)
    people: dict[int, Person] = {}
    for row in rows:
        for person in await keepers(tx, row["group_id"], row["author_id"]):
            people[person.id] = person
            titles[person.id].append(row["title"])
    for id, person in people.items():
        key = f"articles_grown_old:{id}:{tx.now.isoformat()}"
        await letters.grown_old(tx, person, titles[id], key)
    ids = [row["id"] for row in rows]
    await connection.execute(text(REMINDED), {"now": tx.now, "ids": ids})
    return len(rows)


async def keepers(tx: Transaction, group_id: int | None, author_id: int | None) -> list[Person]:
    """The owning department, or the author of an article that belongs to none."""
    query = select(Person).where(col(Person.deactivated_at).is_(None))
    if group_id is not None:
        members = select(Membership.person_id).where(Membership.group_id == group_id)
        query = query.where(col(Person.id).in_(members))
    else:
        query = query.where(Person.id == author_id)
    return [person for person in (await tx.db.exec(query)).all() if STAFF & set(person.roles)]
