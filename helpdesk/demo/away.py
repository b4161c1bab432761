"""Who of the staff is away in the days to come."""

from datetime import timedelta

from helpdesk.calendars.absences import say_away
from helpdesk.calendars.models import AbsenceKind
from helpdesk.desk import Desk
from helpdesk.people.models import Person
from helpdesk.people.queries import actor_of

AWAY = (("lena", AbsenceKind.HOLIDAY, 9, 7), ("tess", AbsenceKind.TRAINING, 4, 0))  # in days, for


async def play_absences(desk: Desk, people: dict[str, Person]) -> None:
    for key, kind, begins, more in AWAY:
        if key not in people:
            continue
        first = desk.clock.now().date() + timedelta(days=begins)
        async with desk.transaction(await actor_of(desk, people[key].id)) as tx:
            await say_away(tx, people[key].id, kind, first, first + timedelta(days=more))
