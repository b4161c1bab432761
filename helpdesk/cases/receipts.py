"""A job's effect and its receipt are one transaction, so a repeated job does nothing."""

from helpdesk.desk import Transaction

from .models import Receipt


async def already_done(tx: Transaction, event_id: int, job: str) -> bool:
    """Write the receipt, or say that there is one."""
    if await tx.db.get(Receipt, (event_id, job)):
        return True
    tx.db.add(Receipt(event_id=event_id, job=job, done_at=tx.now))
    await tx.db.flush()
    return False
