"""Publishing the catalogue. A version never changes; a newer one follows it."""

from sqlalchemy import text
from sqlmodel import func, select

from helpdesk.desk import Desk, Transaction

from .default import default_catalogue
from .document import Catalogue
from .models import StoredCatalogue
from .queries import look_again

ONE_PUBLISHER = text("LOCK TABLE catalogue_versions IN SHARE ROW EXCLUSIVE MODE")
# As text: the pool would encode a jsonb argument a second time.
FIRST = """
INSERT INTO catalogue_versions (number, document, note, published_at)
SELECT 1, $1::text::jsonb, $2, $3 WHERE NOT EXISTS (SELECT FROM catalogue_versions)
ON CONFLICT (number) DO NOTHING
"""


async def publish(tx: Transaction, document: Catalogue, note: str) -> StoredCatalogue:
    """The next number. Other processes use it within a few seconds."""
    await (await tx.db.connection()).execute(ONE_PUBLISHER)
    newest = (await tx.db.exec(select(func.max(StoredCatalogue.number)))).one()
    stored = StoredCatalogue(
        number=(newest or 0) + 1,
        document=document.model_dump(mode="json"),
        note=note,
        published_at=tx.now,
        published_by_id=tx.actor.id or None,
    )
    tx.db.add(stored)
    await tx.db.flush()
    return stored


async def ensure_default(desk: Desk) -> None:
    """Store the catalogue we ship as version 1, unless the desk has one."""
    document = default_catalogue().model_dump_json()
    await desk.pool.execute(
        FIRST, document, "The catalogue this desk starts with", desk.clock.now()
    )
    look_again(desk)
