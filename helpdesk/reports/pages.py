"""The reports of a month, as pages and as files for a spreadsheet."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.desk import Desk
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, redirect, render

from .issues import top_issues
from .learning import articles, coverage, searches
from .months import Month, read_month
from .satisfaction import satisfaction
from .tables import Report, as_csv

REPORTS: Mapping[str, tuple[str, Callable[[Desk, Month], Awaitable[Report]]]] = {
    "coverage": ("Coverage", coverage),
    "articles": ("Articles", articles),
    "searches": ("Searches", searches),
    "top-issues": ("Top issues", top_issues),
    "satisfaction": ("Satisfaction", satisfaction),
}


async def index(request: WebRequest) -> Response:
    return redirect("/desk/reports/coverage")


async def short(request: WebRequest) -> Response:
    """Where somebody looks who does not know the desk's addresses."""
    return redirect(f"/desk/reports/{known(request)}")


def known(request: WebRequest) -> str:
    key: str = request.path_params["report"]
    if key not in REPORTS:
        raise HTTPException(404)
    return key


def asked_month(request: WebRequest) -> Month:
    now = request.state["desk"].clock.now()
    return read_month(request.query_params.get("month", ""), now)


async def show(request: WebRequest) -> Response:
    key, month, desk = known(request), asked_month(request), request.state["desk"]
    following = month.later(1)
    this = read_month("", desk.clock.now())
    return render(
        request,
        "reports/show.html",
        report=await REPORTS[key][1](desk, month),
        reports=[(name, title) for name, (title, _) in REPORTS.items()],
        month=month,
        before=month.later(-1),
        after=following if following <= this else None,
        months=[this.later(-number) for number in range(12)],
    )


async def download(request: WebRequest) -> Response:
    key, month = known(request), asked_month(request)
    report = await REPORTS[key][1](request.state["desk"], month)
    table = report.table(request.query_params.get("table", ""))
    name = f"{report.key}-{table.key}-{month}.csv"
    # The mark at the start tells spreadsheets that it is UTF-8.
    return Response(
        "\ufeff" + as_csv(table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


READ = Can.READ_REPORTS
routes = [
    page("/reports/{report}", short, can=READ),
    page("/desk/reports", index, can=READ),
    page("/desk/reports/{report}", show, can=READ),
    page("/desk/reports/{report}/download", download, can=READ),
]
