"""/desk/calendars: when departments work, days off, and what a change does to open tickets."""

from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.calendars import shown
from helpdesk.calendars.commands import (
    NoSuchCalendar,
    save_week,
    withdraw_week,
)
from helpdesk.calendars.forms import (
    MOST,
    TypedDays,
    TypedWeek,
    read_week,
    week_shown,
)
from helpdesk.calendars.hours import Hours
from helpdesk.calendars.national import supported
from helpdesk.calendars.queries import look_again
from helpdesk.calendars.said import WEEKDAYS, clock
from helpdesk.calendars.week import ALWAYS, Week
from helpdesk.catalogue.countries import COUNTRIES
from helpdesk.core.text import BadText
from helpdesk.permissions import Can, allowed
from helpdesk.sla.effects import Effect, effect_of
from helpdesk.web import WebRequest, page, redirect, render, transaction

LIST = "/desk/calendars"
ONE = f"{LIST}/{{key}}"
DONE = {
    "week": "Saved. It holds from the date you chose; what was before stays as it was.",
    "withdrawn": "Withdrawn. The week before it goes on.",
    "days": "Saved. These days are closed.",
    "shorter": "Saved. These days are shorter.",
    "open": "Saved. The day is as in every week again.",
    "source": "Saved. Its days are on the list.",
    "feed": "Saved. The feed is fetched within seconds, and then four times a day.",
    "removed": "Removed, with its days to come.",
}


async def index(request: WebRequest) -> Response:
    found = await shown.departments(request.state["desk"])
    return render(request, "managing/calendars.html", departments=found)


async def department_of(request: WebRequest) -> shown.Department:
    found = await shown.department(request.state["desk"], request.path_params["key"])
    if found is None:
        raise HTTPException(404)
    return found


async def show(request: WebRequest) -> Response:
    return await calendar(request, await department_of(request))


async def calendar(
    request: WebRequest,
    one: shown.Department,
    status: int = 200,
    week: TypedWeek | None = None,
    days: TypedDays | None = None,
    errors: dict[str, str] | None = None,
    effect: Effect | None = None,
    about: str = "week",
    new_hours: Hours | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """`effect`: of what is about to be changed (`week`, `days` or `country`; `day 7`, `source 7`
    or `week 7` of what is taken back), with its hours."""
    desk = request.state["desk"]
    holds = one.hours.week_at(desk.clock.now())
    return render(
        request,
        "managing/calendar.html",
        status,
        one=one,
        week=week or week_shown(str(holds.zone), holds.spans),
        always=set(week.spans if week else holds.spans) == set(ALWAYS),
        weeks=await shown.weeks(desk, one),
        days=days or TypedDays(),
        days_off=await shown.days_off(desk, one),
        sources=await shown.sources(desk, one),
        countries=[(code, COUNTRIES.get(code, code)) for code in supported()],
        zones=shown.zone_choices(week.zone if week else str(holds.zone)),
        weekdays=WEEKDAYS,
        clock=clock,
        most=MOST,
        may_change=allowed(request.state["actor"], Can.MANAGE_HOURS),
        errors={**(week.errors if week else {}), **(days.errors if days else {}), **(errors or {})},
        effect=effect,
        about=about,
        preview=shown.next_change(new_hours, desk.clock.now()) if new_hours else None,
        typed=typed or {},
        done=DONE.get(request.query_params.get("done", ""), ""),
    )


def done(request: WebRequest, one: shown.Department, what: str) -> Response:
    look_again(request.state["desk"])
    return redirect(f"{LIST}/{one.key}?done={what}")


async def week(request: WebRequest) -> Response:
    """First what it would do, then the same form again to save it."""
    one, desk = await department_of(request), request.state["desk"]
    form = await request.form(max_files=0, max_fields=400)
    typed = read_week(form, desk.clock.now())
    if typed.errors or typed.starts is None:
        return await calendar(request, one, 422, typed)
    if form.get("do") != "save":
        new = Week(ZoneInfo(typed.zone), typed.spans, typed.starts)
        hours = shown.changed(one.hours, new)
        effect = await effect_of(desk, one.id, hours)
        return await calendar(request, one, week=typed, effect=effect, new_hours=hours)
    async with transaction(request) as tx:
        await save_week(tx, one.id, typed.zone, typed.spans, typed.starts, typed.note)
    return done(request, one, "week")


async def withdraw(request: WebRequest) -> Response:
    one, desk = await department_of(request), request.state["desk"]
    id = request.path_params["id"]
    if (await request.form(max_files=0, max_fields=10)).get("do") == "preview":
        rows = [row for row in await shown.weeks(desk, one) if row.id == id]
        if not rows or rows[0].state != "coming":
            return redirect(f"{LIST}/{one.key}#weeks")
        hours = shown.without_week(one.hours, rows[0].since)
        effect = await effect_of(desk, one.id, hours)
        return await calendar(request, one, effect=effect, about=f"week {id}", new_hours=hours)
    try:
        async with transaction(request) as tx:
            await withdraw_week(tx, one.id, id)
    except NoSuchCalendar:
        raise HTTPException(404) from None
    except BadText as fault:
        return await calendar(request, one, 409, errors={"weeks": str(fault)})
    return done(request, one, "withdrawn")


READ, CHANGE = Can.WORK_TICKETS, Can.MANAGE_HOURS
routes = [
    page(LIST, index, READ),
    page(ONE, show, READ),
    page(f"{ONE}/week", week, CHANGE, "POST"),
    page(f"{ONE}/weeks/{{id:int}}/withdraw", withdraw, CHANGE, "POST"),
]
