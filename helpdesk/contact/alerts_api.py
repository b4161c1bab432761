"""Known issues for programs: what the page shows to the same reader, and nothing else."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from helpdesk.alerts.area import asking
from helpdesk.alerts.queries import AlertShown, alerts_now, for_reader
from helpdesk.core.formats import iso
from helpdesk.permissions import Can
from helpdesk.security import canonical_url
from helpdesk.web import WebRequest, api

APP_VERSION = {
    "name": "app_version",
    "in": "query",
    "description": "The version of the app that asks, for alerts about some versions only.",
    "schema": {"type": "string", "maxLength": 40},
}


class AlertOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int
    title: str
    level: Literal["outage", "degraded", "maintenance", "notice"]
    stage: Literal[
        "scheduled", "under_way", "investigating", "identified", "watching", "resolved"
    ] = Field(description="How far it is; scheduled has not begun.")
    area: str = Field(description="Key of a service of the catalogue; empty for all of them.")
    starts_at: datetime
    ends_at: datetime | None = Field(description="When planned work ends by itself.")
    updated_at: datetime
    next_update_at: datetime | None = Field(description="By when there is more to say.")
    overdue: bool = Field(description="Whether that has passed.")
    affected: int = Field(description="How many said that it affects them.")
    text: str = Field(description="The last update, in plain words.")
    url: str


class AlertList(BaseModel):
    checked_at: datetime
    alerts: list[AlertOut] = Field(description="The worst first; empty without a known issue.")


async def list_alerts(request: WebRequest) -> Response:
    desk = request.state["desk"]
    now = desk.clock.now()
    found = for_reader(await alerts_now(desk), asking(request))
    url = canonical_url(desk.settings, "/alerts")
    answer = {
        "checked_at": iso(now),
        "alerts": [shown(alert, now, f"{url}/{alert.id}") for alert in found],
    }
    return JSONResponse(answer, headers={"Cache-Control": "private, no-store"})


def shown(alert: AlertShown, now: datetime, url: str) -> dict[str, Any]:
    return {
        "id": alert.id,
        "title": alert.title,
        "level": alert.level.value,
        "stage": alert.stage.value,
        "area": alert.area,
        "starts_at": iso(alert.starts_at),
        "ends_at": iso(alert.ends_at) if alert.ends_at else None,
        "updated_at": iso(alert.updated_at),
        "next_update_at": iso(alert.next_update_at) if alert.next_update_at else None,
        "overdue": alert.is_overdue(now),
        "affected": alert.affected,
        "text": alert.latest,
        "url": url,
    }


routes = [api("/api/v1/alerts", list_alerts, can=Can.VISIT)]
