"""What is forgotten in time: reports nobody sent, and answers nobody asks for again."""

from datetime import timedelta

from helpdesk.desk import Desk
from helpdesk.people.visitors import KEPT_FOR

EVERY = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=7)

DROP_DRAFTS = "DELETE FROM drafts WHERE sent_at IS NULL AND updated_at < $1"
DROP_ANSWERS = "DELETE FROM api_answers WHERE created_at < $1"


async def sweep_forgotten(desk: Desk) -> int:
    """Once an hour. Files of dropped drafts are evidence's to sweep."""
    now = desk.clock.now()
    last = desk.parts.get("contact_swept")
    if last is not None and last <= now < last + EVERY:
        return 0
    desk.parts["contact_swept"] = now
    drafts: str = await desk.pool.execute(DROP_DRAFTS, now - KEPT_FOR)
    await desk.pool.execute(DROP_ANSWERS, now - ANSWERS_KEPT)
    return int(drafts.rpartition(" ")[2])
