"""What of a case counts, and where it belonged at that moment. Pure.

The facts of a case follow from its whole history, so counting a case twice changes nothing, and
what was put right later (a rating, a merge) puts the facts right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.tickets.states import UNSOLVED, Severity

NO_SEVERITY = -1
LIVE = "live"  # the channel of a conversation
OPEN = frozenset(status.value for status in UNSOLVED)
OVER = frozenset({"solved", "closed"})
MOVES = frozenset({"ticket.handed_over", "ticket.routed"})
STATUS = frozenset({"ticket.status_changed", "ticket.closed"})
PROMISES = {"sla.met": "sla_met", "sla.breached": "sla_missed"}
UNTOLD = frozenset({"periodic_update"})  # no event says that one came in time
Row = Mapping[str, Any]


class Fact(NamedTuple):
    kind: str
    detail: str
    at: datetime
    group_id: int
    severity: int
    channel: str
    seconds: int | None
    ticket_id: int | None
    conversation_id: int | None


@dataclass
class History:
    """One case, as it is read: its tickets and conversations, ratings, events in their order."""

    tickets: Sequence[Row] = ()
    conversations: Sequence[Row] = ()
    ratings: Mapping[int, Row] = field(default_factory=dict)  # by ticket
    events: Sequence[Row] = ()
    groups: Mapping[str, int] = field(default_factory=dict)  # by name, as events tell it
    causes: Mapping[int, str] = field(default_factory=dict)  # of escalations

    def facts(self) -> Iterator[Fact]:
        for ticket in self.tickets:
            events = [event for event in self.events if event["ticket_id"] == ticket["id"]]
            yield from of_ticket(ticket, events, self.groups)
            yield from self.escalations(ticket, events)
            if rating := self.ratings.get(ticket["id"]):
                yield rated(ticket, rating)
        for conversation in self.conversations:
            id = conversation["id"]
            yield from of_chat(
                conversation, [event for event in self.events if event["conversation_id"] == id]
            )

    def escalations(self, ticket: Row, events: Sequence[Row]) -> Iterator[Fact]:
        """Each once, however often it was raised again."""
        place, seen = at_filing(ticket, events, self.groups), set()
        for event in events:
            place.follow(event, self.groups)
            if event["type"] == "escalation.raised" and event["data"]["escalation"] not in seen:
                seen.add(id := event["data"]["escalation"])
                yield place.fact("escalated", event["occurred_at"], self.causes.get(id, ""))


@dataclass
class Place:
    """Where a ticket belongs, while its events are gone through."""

    ticket: Row
    group_id: int
    severity: int

    def fact(
        self, kind: str, at: datetime, detail: str = "", since: datetime | None = None
    ) -> Fact:
        seconds = None if since is None else max(0, int((at - since).total_seconds()))
        return Fact(
            kind, detail[:40], at, self.group_id, self.severity, self.ticket["source"], seconds,
            self.ticket["id"], None,
        )  # fmt: skip

    def follow(self, event: Row, groups: Mapping[str, int]) -> None:
        if event["type"] in MOVES:
            self.group_id = groups.get(event["data"]["new"], self.group_id)
        elif event["type"] == "ticket.severity_changed":
            self.severity = Severity[event["data"]["new"].upper()]


def at_filing(ticket: Row, events: Sequence[Row], groups: Mapping[str, int]) -> Place:
    """What the first change says was there before; else what is there now."""
    group, severity = None, None
    for event in events:
        if group is None and event["type"] in MOVES:
            group = groups.get(event["data"]["old"])
        elif severity is None and event["type"] == "ticket.severity_changed":
            severity = Severity[event["data"]["old"].upper()]
    return Place(ticket, group or ticket["group_id"], severity or ticket["severity"])


def of_ticket(ticket: Row, events: Sequence[Row], groups: Mapping[str, int]) -> Iterator[Fact]:
    place, opened, answered = at_filing(ticket, events, groups), ticket["opened_at"], False
    yield place.fact("arrived", opened)
    first = ticket["first_answered_at"]
    for event in events:
        if first is not None and not answered and event["occurred_at"] >= first:
            yield place.fact("answered", first, since=opened)
            answered = True
        yield from of_event(event, place)
        place.follow(event, groups)
    if first is not None and not answered:
        yield place.fact("answered", first, since=opened)
    now = Place(ticket, ticket["group_id"], ticket["severity"])
    if ticket["status"] in OPEN:
        yield now.fact("open", opened, ticket["status"])
    elif ticket["status"] in OVER and ticket["solved_at"] is not None:
        yield now.fact("settled", ticket["solved_at"], ticket["coverage"] or "unmarked")


def of_event(event: Row, place: Place) -> Iterator[Fact]:
    type, data, at = event["type"], event["data"], event["occurred_at"]
    if type in STATUS:
        if data["new"] == "solved":
            yield place.fact("solved", at, since=place.ticket["opened_at"])
        elif data["old"] in OVER and data["new"] in OPEN:
            yield place.fact("reopened", at)
    elif type in PROMISES and data["kind"] not in UNTOLD:
        owed = Place(place.ticket, data["owes"], data["severity"])
        yield owed.fact(PROMISES[type], at, data["kind"])


def rated(ticket: Row, rating: Row) -> Fact:
    """By the latest score, at the moment of the first one, for the department of that moment."""
    place = Place(ticket, rating["group_id"], ticket["severity"])
    return place.fact("rated", rating["created_at"], str(rating["score"]))


def of_chat(conversation: Row, events: Sequence[Row]) -> Iterator[Fact]:
    """For the department that has it: a transfer moves all of it."""

    def fact(kind: str, at: datetime, since: datetime | None = None) -> Fact:
        seconds = None if since is None else max(0, int((at - since).total_seconds()))
        group, id = conversation["group_id"], conversation["id"]
        return Fact(kind, "", at, group, NO_SEVERITY, LIVE, seconds, None, id)

    opened = conversation["opened_at"]
    yield fact("chat_asked", opened)
    for event in events:
        if event["type"] == "conversation.claimed":
            yield fact("chat_answered", event["occurred_at"], opened)
            return
        if event["type"] in ("conversation.left_line", "conversation.ended"):
            yield fact("chat_left", event["occurred_at"], opened)
            return
