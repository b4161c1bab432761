"""Days off of a department: by hand, of a country, from a feed; first with their effect."""

from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.calendars import shown
from helpdesk.calendars.commands import NoSuchCalendar, close_days, open_days
from helpdesk.calendars.forms import read_closed
from helpdesk.calendars.national import NoSuchCountry, days_of, supported
from helpdesk.calendars.sources import LONGEST, BadSource, add_country, add_feed, remove_source
from helpdesk.permissions import Can
from helpdesk.sla.effects import effect_of
from helpdesk.web import WebRequest, page, transaction

from .calendars import ONE, calendar, department_of, done


async def close(request: WebRequest) -> Response:
    one, desk = await department_of(request), request.state["desk"]
    form, now = await request.form(max_files=0, max_fields=10), desk.clock.now()
    typed = read_closed(form, now)
    if typed.days is None:
        return await calendar(request, one, 422, days=typed)
    if form.get("do") == "preview":
        first, last = typed.days
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        hours = shown.with_days_off(one.hours, days, now, typed.but)
        effect = await effect_of(desk, one.id, hours)
        return await calendar(
            request, one, days=typed, effect=effect, about="days", new_hours=hours
        )
    async with transaction(request) as tx:
        await close_days(tx, one.id, *typed.days, typed.name, typed.but)
    return done(request, one, "shorter" if typed.but else "days")


async def reopen(request: WebRequest) -> Response:
    one, desk = await department_of(request), request.state["desk"]
    id = request.path_params["id"]
    if await previewed(request):
        rows = [row for row in await shown.days_off(desk, one) if row["id"] == id]
        hours = shown.without_days(one.hours, rows, desk.clock.now())
        effect = await effect_of(desk, one.id, hours)
        return await calendar(request, one, effect=effect, about=f"day {id}", new_hours=hours)
    async with transaction(request) as tx:
        await open_days(tx, one.id, [id])
    return done(request, one, "open")


async def previewed(request: WebRequest) -> bool:
    return (await request.form(max_files=0, max_fields=10)).get("do") == "preview"


async def add_source(request: WebRequest) -> Response:
    one = await department_of(request)
    form = await request.form(max_files=0, max_fields=10)
    typed = {
        name: str(form.get(name, ""))[: LONGEST + 1].strip()
        for name in ("country", "part", "address")
    }
    if form.get("do") == "preview" and typed["country"] in supported():
        return await national_preview(request, one, typed)
    try:
        async with transaction(request) as tx:
            if form.get("do") == "feed":
                await add_feed(tx, one.id, typed["address"])
            else:
                await add_country(tx, one.id, typed["country"], typed["part"].upper())
    except BadSource as fault:
        return await calendar(request, one, 422, errors={fault.field: str(fault)}, typed=typed)
    return done(request, one, "feed" if form.get("do") == "feed" else "source")


async def national_preview(
    request: WebRequest, one: shown.Department, typed: dict[str, str]
) -> Response:
    desk, now = request.state["desk"], request.state["desk"].clock.now()
    part = typed["part"].upper()
    try:
        days = days_of(typed["country"], part, now.date(), now.date() + timedelta(days=400))
    except NoSuchCountry:
        known = ", ".join(supported()[typed["country"]][:60]) or "none"
        errors = {"part": f"No such part of this country. Known ones: {known}."}
        return await calendar(request, one, 422, errors=errors, typed=typed)
    hours = shown.with_days_off(one.hours, set(days) - shown.shortened(one.hours), now)
    effect = await effect_of(desk, one.id, hours)
    return await calendar(
        request, one, effect=effect, about="country", new_hours=hours, typed=typed
    )


async def drop_source(request: WebRequest) -> Response:
    one, desk = await department_of(request), request.state["desk"]
    id = request.path_params["id"]
    if await previewed(request):
        rows = await shown.days_of_source(desk, one, id)
        hours = shown.without_days(one.hours, rows, desk.clock.now())
        effect = await effect_of(desk, one.id, hours)
        return await calendar(request, one, effect=effect, about=f"source {id}", new_hours=hours)
    try:
        async with transaction(request) as tx:
            await remove_source(tx, one.id, id)
    except NoSuchCalendar:
        raise HTTPException(404) from None
    return done(request, one, "removed")


CHANGE = Can.MANAGE_HOURS
routes = [
    page(f"{ONE}/days", close, CHANGE, "POST"),
    page(f"{ONE}/days/{{id:int}}/open", reopen, CHANGE, "POST"),
    page(f"{ONE}/sources", add_source, CHANGE, "POST"),
    page(f"{ONE}/sources/{{id:int}}/remove", drop_source, CHANGE, "POST"),
]
