"""The dashboard, the lists behind its numbers, what they mean, and all of it as files."""

import asyncpg
from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.desk import Desk
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, render

from .asked import SEVERITY_NAMES, Asked, read_asked
from .definitions import DEFINITIONS
from .files import as_file, of_list, of_table
from .lists import UNTOLD, Listing, name_of, path_of, read_cursor, read_listing
from .parts import (
    CAUSE_NAMES,
    COVERAGES,
    PROMISES,
    Part,
    coverage,
    departments,
    promises,
    reasons,
)
from .periods import CHOICES
from .sums import CHANNELS, tally
from .tiles import Both, both, tiles
from .times import ages, course_of, hours, steps
from .words import took

OLDEST = "SELECT min(marked_at) FROM report_stale"
STATUSES = {
    "new": "New",
    "open": "Open",
    "waiting_on_user": "Waiting for the user",
    "on_hold": "On hold",
}
DETAILS = CAUSE_NAMES | COVERAGES | PROMISES | STATUSES  # no key means two things
BY_GROUP = ("arrived", "solved", "answered", "sla_met", "sla_missed")


async def parts_of(desk: Desk, asked: Asked, compared: Both) -> list[Part]:
    segments = [asked.period.segments()]
    by_group = await tally(
        desk, segments, asked.wanted, BY_GROUP, by_group=True, timed=("answered",)
    )
    course = await course_of(desk, asked)
    return [
        await hours(desk, asked, course),
        steps(asked, course),
        departments(asked, by_group),
        await ages(desk, asked),
        reasons(asked, compared.now),
        promises(asked, compared.now),
        coverage(asked, compared.now),
    ]


async def asked_of(request: WebRequest) -> Asked:
    zone = request.state["actor"].time_zone
    return await read_asked(request.state["desk"], request.query_params, zone)


async def show(request: WebRequest) -> Response:
    desk, asked = request.state["desk"], await asked_of(request)
    compared = await both(desk, asked)
    return render(
        request,
        "reports/dashboard/show.html",
        asked=asked,
        tiles=await tiles(desk, compared),
        parts=await parts_of(desk, asked, compared),
        periods=[(key, name) for key, (name, *_) in CHOICES.items()],
        severities=SEVERITY_NAMES,
        channels=CHANNELS,
        compared=DEFINITIONS["compared"],
        counted_until=await desk.pool.fetchval(OLDEST),
        weekly=await desk.pool.fetchval(WEEKLY, request.state["actor"].id),
    )


WEEKLY = "SELECT EXISTS (SELECT FROM report_readers WHERE person_id = $1)"


async def definitions(request: WebRequest) -> Response:
    return render(request, "reports/dashboard/definitions.html", definitions=DEFINITIONS)


async def listing_of(request: WebRequest) -> Listing:
    desk, zone = request.state["desk"], request.state["actor"].time_zone
    key = request.path_params["key"]
    listing = await read_listing(desk, key, request.query_params, zone)
    if listing is None:
        raise HTTPException(404)
    return listing


async def show_list(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    listing = await listing_of(request)
    after = read_cursor(request.query_params.get("after", ""))
    rows, following = await listing.page(desk, actor, after)
    here = request.url.include_query_params
    return render(
        request,
        "reports/dashboard/list.html",
        listing=listing,
        rows=[shown(row, listing) for row in rows],
        count=await listing.count(desk),
        further=after is not None,
        following=here(after=str(following)).query if following else "",
        first=request.url.remove_query_params("after").query,
        severities=SEVERITY_NAMES,
        channels=CHANNELS,
        told=[DETAILS.get(detail, detail) for detail in listing.details],
    )


def shown(row: asyncpg.Record, listing: Listing) -> dict[str, object]:
    """A row of a list, as its page shows it."""
    return {
        "at": row["at"],
        "name": name_of(row),
        "href": path_of(row),
        "deadlines": f"{path_of(row)}/deadlines" if row["has_deadline"] else "",
        "subject": row["subject"] or row["chat_subject"] or "",
        "department": row["group_name"] or "",
        "severity": SEVERITY_NAMES.get(row["severity"], ""),
        "restricted": bool(row["restricted"]),
        "merged": row["merged_into_id"] is not None,
        "detail": "" if listing.key in UNTOLD else DETAILS.get(row["detail"], row["detail"]),
        "late": row["kind"] == "sla_missed",
        "kept": row["kind"] == "sla_met",
        "took": "" if row["seconds"] is None else took(row["seconds"]),
    }


async def download_list(request: WebRequest) -> Response:
    listing = await listing_of(request)
    rows = of_list(request.state["desk"], request.state["actor"], listing)
    return as_file(f"{listing.key}-{listing.since:%Y-%m-%d}", rows, marked(request))


async def download_table(request: WebRequest) -> Response:
    desk, asked = request.state["desk"], await asked_of(request)
    parts = await parts_of(desk, asked, await both(desk, asked))
    for part in parts:
        if part.key == request.path_params["key"]:
            name = f"{part.key}-{asked.period.since:%Y-%m-%d}"
            return as_file(name, of_table(part.table), marked(request))
    raise HTTPException(404)


def marked(request: WebRequest) -> bool:
    """Whether the file begins with the mark that spreadsheets look for."""
    return request.query_params.get("mark") != "no"


READ = Can.READ_REPORTS
routes = [
    page("/desk/dashboard", show, can=READ),
    page("/desk/dashboard/definitions", definitions, can=READ),
    page("/desk/dashboard/lists/{key}", show_list, can=READ),
    page("/desk/dashboard/lists/{key}/download", download_list, can=READ),
    page("/desk/dashboard/tables/{key}/download", download_table, can=READ),
]
