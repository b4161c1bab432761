"""What people ask most."""

from collections import Counter

from helpdesk.catalogue.queries import current
from helpdesk.desk import Desk

from . import queries
from .months import Month
from .tables import Figure, Report, Share, Table
from .topics import SCAMS, topic_of

TREND = 6  # months


async def top_issues(desk: Desk, month: Month) -> Report:
    """Types and their groups by how many were filed; reports of scams by month."""
    filed = await desk.search_pool.fetch(queries.FILED, month.start, month.end)
    begin = month.later(1 - TREND)
    by_month = dict(
        await desk.search_pool.fetch(queries.FILED_BY_MONTH, begin.start, month.end, SCAMS)
    )
    catalogue = (await current(desk)).catalogue
    whole = sum(row["tickets"] for row in filed)
    topics: Counter[str] = Counter()
    for row in filed:
        topics[topic_of(row["type_key"])] += row["tickets"]
    months = [begin.later(number) for number in range(TREND)]
    scams = by_month.get(str(month), 0)

    def title(key: str) -> str:
        type = catalogue.type(key)
        return type.title if type else key

    return Report(
        "top-issues",
        "Top issues",
        "What do people ask most?",
        (
            Figure("Tickets filed", str(whole)),
            Figure("Scam reports", str(scams), title(SCAMS)),
        ),
        (
            Table(
                "types",
                "Types by number of tickets",
                ("Type", "Group", "Tickets", "Share"),
                [
                    (
                        title(row["type_key"]),
                        topic_of(row["type_key"]),
                        row["tickets"],
                        Share(row["tickets"], whole),
                    )
                    for row in filed
                ],
            ),
            Table(
                "groups",
                "Groups by number of tickets",
                ("Group", "Tickets", "Share"),
                [(name, count, Share(count, whole)) for name, count in topics.most_common()],
            ),
            Table(
                "scams",
                "Scam reports by month",
                ("Month", "Reports"),
                [(each.name, by_month.get(str(each), 0)) for each in reversed(months)],
            ),
        ),
    )
