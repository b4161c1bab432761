"""Tickets for tests, made by running the commands."""

from typing import Any
from uuid import uuid4

from helpdesk.tickets.filing import Filed, Filing, file_ticket

from .people import Cast

DESCRIPTION = "I opened the page, expected my balance, and saw an error instead. Since Monday."


def a_filing(**changes: Any) -> Filing:
    return Filing(
        **{
            "once": uuid4(),
            "subject": "The payments page shows an error",
            "description": DESCRIPTION,
            "type_key": "level1_tech",
            "group_key": "GEN",
            "catalogue_version": 1,
            "severity": 2,
            **changes,
        }
    )


async def a_ticket(cast: Cast, who: str = "finn", **changes: Any) -> Filed:
    return await file_ticket(cast.desk, await cast.actor(who), a_filing(**changes))
