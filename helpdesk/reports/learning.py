"""Whether the help centre answers what is asked: coverage, articles, searches."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk.desk import Desk
from helpdesk.tickets.models import reference

from . import queries
from .months import Month
from .tables import Figure, Link, Report, Share, Table

VERDICTS = {
    "solved": "It solved my problem",
    "helpful": "Helpful",
    "not_helpful": "Not helpful",
}
PLACES = {"help": "help centre", "form": "report form", "chat": "chat", "desk": "desk"}


@dataclass(frozen=True)
class Named:
    """Articles by number, those that are gone left out."""

    links: Mapping[int, Link]

    def __getitem__(self, id: int) -> Link:
        return self.links.get(id, Link("An article that is gone", ""))


async def named(desk: Desk, ids: Iterable[int | None]) -> Named:
    wanted = [id for id in dict.fromkeys(ids) if id is not None]
    rows = await desk.search_pool.fetch(queries.TITLES, wanted) if wanted else []
    links = {
        row["id"]: Link(row["title"] or row["slug"], f"/help/articles/{row['slug']}")
        for row in rows
    }
    return Named(links)


async def coverage(desk: Desk, month: Month) -> Report:
    """The share of closed tickets whose answer no article has."""
    time = month.start, month.end
    marks = await desk.search_pool.fetch(queries.MARKS, *time)
    anyway = await desk.search_pool.fetch(queries.FILED_ANYWAY, *time)
    counts: Counter[str | None] = Counter()
    for row in marks:
        counts[row["coverage"]] += row["tickets"]
    unique, covered, unmarked = counts["unique"], counts["covered"], counts[None]
    marked = unique + covered
    articles = sorted(
        (row for row in marks if row["article_id"] is not None),
        key=lambda row: (-row["tickets"], row["article_id"]),
    )
    names = await named(desk, (row["article_id"] for row in (*articles, *anyway)))
    return Report(
        "coverage",
        "Coverage",
        "How much of what was asked and closed is already answered in the help centre?",
        (
            share("Unique", unique, marked),
            share("Covered", covered, marked),
            Figure("Not marked", str(unmarked), "closed by the requester, or by a program"),
        ),
        (
            Table(
                "shares",
                "Closed tickets by what the agent marked",
                ("Mark", "Tickets", "Share of the marked"),
                (
                    ("Unique", unique, Share(unique, marked)),
                    ("Covered by an article", covered, Share(covered, marked)),
                ),
            ),
            Table(
                "articles",
                "Articles that had the answer",
                ("Article", "Tickets it covers", "Share of the covered", "Met it before filing"),
                [
                    (
                        names[row["article_id"]],
                        row["tickets"],
                        Share(row["tickets"], covered),
                        row["met"],
                    )
                    for row in articles[: queries.LONGEST]
                ],
                empty="No closed ticket is marked as covered.",
            ),
            Table(
                "filed-anyway",
                "Covered tickets whose requester met the article and filed anyway",
                ("Ticket", "Subject", "Article", "How", "Closed", "Deadline"),
                [
                    (
                        Link(reference(row["id"]), f"/desk/tickets/{reference(row['id'])}"),
                        row["subject"],
                        names[row["article_id"]],
                        "opened it" if row["opened"] else "saw its title",
                        row["solved_at"],
                        why_due(row) if row["has_deadline"] else "–",
                    )
                    for row in anyway
                ],
                empty="Nobody met the article that had the answer.",
                note=f"The newest {queries.LONGEST} at most.",
            ),
        ),
    )


def why_due(row: Any) -> Link:
    return Link("Why this deadline?", f"/desk/tickets/{reference(row['id'])}/deadlines")


def share(label: str, part: int, marked: int) -> Figure:
    value = f"{Share(part, marked).percent} %" if marked else "–"
    return Figure(label, value, f"{part} of {marked} marked")


async def articles(desk: Desk, month: Month) -> Report:
    """Which articles solve problems, and which are read in vain."""
    time = month.start, month.end
    pool = desk.search_pool
    verdicts = {row["article_id"]: row for row in await pool.fetch(queries.VERDICTS, *time)}
    opened = dict(await pool.fetch(queries.OPENED, *time))
    filed = dict(await pool.fetch(queries.READ_AND_FILED, *time))
    comments = await pool.fetch(queries.COMMENTS, *time)
    covers: Counter[int] = Counter()
    for row in await pool.fetch(queries.MARKS, *time):
        if row["article_id"] is not None:
            covers[row["article_id"]] += row["tickets"]
    names = await named(
        desk, (*verdicts, *opened, *filed, *covers, *(row["article_id"] for row in comments))
    )

    def said(id: int, what: str) -> int:
        return verdicts[id][what] if id in verdicts else 0

    ranked = sorted(
        names.links,
        key=lambda id: (-said(id, "solved"), -said(id, "helpful"), -opened.get(id, 0), id),
    )
    solved = sum(said(id, "solved") for id in ranked)
    return Report(
        "articles",
        "Articles",
        "Which articles solve problems, and which are read in vain?",
        (
            Figure("Problems solved without a ticket", str(solved), "“This solved my problem”"),
            Figure("Filed after reading", str(sum(filed.get(id, 0) for id in ranked))),
        ),
        (
            Table(
                "ranking",
                "Articles by the problems they solved",
                (
                    "Article", "Problems solved", "Helpful", "Not helpful", "Opened from a search",
                    "Read, and filed anyway", "Covers closed tickets",
                ),
                [
                    (
                        names[id],
                        said(id, "solved"),
                        said(id, "helpful"),
                        said(id, "not_helpful"),
                        opened.get(id, 0),
                        filed.get(id, 0),
                        covers[id],
                    )
                    for id in ranked[: queries.LONGEST]
                ],
            ),
            Table(
                "comments",
                "What readers wrote, the newest first",
                ("When", "Article", "Said", "Words"),
                [
                    (row["at"], names[row["article_id"]], VERDICTS[row["verdict"]], row["comment"])
                    for row in comments
                ],
                empty="Nobody wrote anything.",
            ),
        ),
    )  # fmt: skip


async def searches(desk: Desk, month: Month) -> Report:
    """What was looked for and not found is what to write next, or which word to add."""
    time = month.start, month.end
    whole = await desk.search_pool.fetchrow(queries.SEARCHES, *time)
    rows = await desk.search_pool.fetch(queries.UNANSWERED, *time)
    return Report(
        "searches",
        "Searches without an answer",
        "What do people look for that no article has?",
        (
            Figure("Searches", str(whole["all"])),
            Figure("Found nothing", f"{Share(whole['unanswered'], whole['all']).percent} %"),
            Figure("Opened nothing", f"{Share(whole['unopened'], whole['all']).percent} %"),
        ),
        (
            Table(
                "unanswered",
                "Words that found nothing, the most frequent first",
                ("Words", "Times", "Last", "Where"),
                [
                    (
                        row["words"],
                        row["times"],
                        row["last"],
                        ", ".join(PLACES.get(place, place) for place in row["places"]),
                    )
                    for row in rows
                ],
                empty="Every search found something.",
            ),
        ),
    )
