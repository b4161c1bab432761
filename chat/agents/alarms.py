"""Thresholds of lines: an alarm begins when one is crossed and ends when it is kept again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, update

from chat.commands import announce_line
from helpdesk.core.formats import span
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM

from .lines import LineNow, lines_now
from .models import AlarmKind, ChatAlarm

EVERY = 5.0  # seconds

WORDS = {
    AlarmKind.WAITING: "{value} people wait (alarm at {threshold})",
    AlarmKind.WAIT: "The longest wait is {value} (alarm at {threshold})",
    AlarmKind.FREE: "{value} free places (alarm below {threshold})",
    AlarmKind.ABANDONED: "{value} visitors left the line today (alarm at {threshold})",
}


def alarm_words(kind: AlarmKind, threshold: int, value: int) -> str:
    told = (threshold, value)
    shown = [span(number) if kind == AlarmKind.WAIT else str(number) for number in told]
    return WORDS[kind].format(threshold=shown[0], value=shown[1])


@dataclass(frozen=True, slots=True)
class Alarm:
    """One crossing, as the board shows it."""

    id: int
    group_id: int
    group: str
    kind: AlarmKind
    threshold: int
    value: int
    raised_at: datetime
    ended_at: datetime | None

    @property
    def words(self) -> str:
        return alarm_words(self.kind, self.threshold, self.value)


OPEN = """
SELECT a.id, a.group_id, g.name AS "group", a.kind, a.threshold, a.value, a.raised_at, a.ended_at
FROM chat_alarms a JOIN groups g ON g.id = a.group_id
WHERE a.ended_at IS NULL ORDER BY a.raised_at, a.id
"""
LATELY = OPEN.replace("a.ended_at IS NULL ORDER BY a.raised_at, a.id", "a.raised_at > $1") + (
    "ORDER BY a.raised_at DESC LIMIT 20"
)


async def open_alarms(desk: Desk) -> Sequence[Alarm]:
    return [alarm_of(row) for row in await desk.pool.fetch(OPEN)]


async def alarms_since(desk: Desk, since: datetime) -> Sequence[Alarm]:
    """The newest first."""
    return [alarm_of(row) for row in await desk.pool.fetch(LATELY, since)]


def alarm_of(row: object) -> Alarm:
    values = dict(row)  # type: ignore[call-overload]
    return Alarm(**values | {"kind": AlarmKind(values["kind"])})


async def watch_lines(desk: Desk) -> int:
    """Now and then: who crosses a threshold, who keeps it again. Told once for each crossing."""
    now = desk.clock.now()
    last = desk.parts.get("chat.lines_watched_at")
    if last is not None and abs((now - last).total_seconds()) < EVERY:
        return 0
    desk.parts["chat.lines_watched_at"] = now
    lines, _ = await lines_now(desk)
    known = {(one.group_id, one.kind): one for one in await open_alarms(desk)}
    changes = 0
    for line in lines:
        crossed = line.crossed(now)
        begins = {kind: said for kind, said in crossed.items() if (line.id, kind) not in known}
        ends = [one for (id, kind), one in known.items() if id == line.id and kind not in crossed]
        if begins or ends:
            async with desk.transaction(SYSTEM) as tx:
                for kind, (threshold, value) in begins.items():
                    changes += await raise_alarm(tx, line, kind, threshold, value)
                for one in ends:
                    changes += await end_alarm(tx, one)
    return changes


async def raise_alarm(
    tx: Transaction, line: LineNow, kind: AlarmKind, threshold: int, value: int
) -> bool:
    values = {
        "group_id": line.id,
        "kind": kind,
        "threshold": threshold,
        "value": value,
        "raised_at": tx.now,
    }
    row = insert(ChatAlarm).values(values).on_conflict_do_nothing().returning(col(ChatAlarm.id))
    if (await tx.db.exec(row)).first() is None:
        return False  # another worker was faster
    words = f"{line.name}: {alarm_words(kind, threshold, value)}"
    announce_line(
        tx, [], "alarm", department=line.key, kind=kind.value, words=words, sound=line.rules.sound
    )
    return True


async def end_alarm(tx: Transaction, alarm: Alarm) -> bool:
    open_one = (col(ChatAlarm.id) == alarm.id, col(ChatAlarm.ended_at).is_(None))
    done = await tx.db.exec(
        update(ChatAlarm).where(*open_one).values(ended_at=tx.now).returning(col(ChatAlarm.id))
    )
    if done.first() is None:
        return False
    announce_line(tx, [], "alarm_over", kind=alarm.kind.value)
    return True
