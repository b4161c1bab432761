"""Several people report the same within half an hour: an incident is proposed to the managers."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np

from helpdesk.catalogue.queries import current
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.filing import Filing, file_ticket
from triage.incidents.clusters import Cluster
from triage.incidents.commands import propose
from triage.incidents.reports import Seen
from triage.incidents.watch import Finding

from .people import Company
from .routing import read_rules_for

TYPE = "site_outage"
USUAL, CHANCE = 0.4, 1e-7  # in half an hour, and that so many come all the same
REPORTS = (
    ("Job search shows no results", "Since this morning the job search finds nothing at all."),
    ("Search for jobs is empty", "Every search for jobs ends with an empty page."),
    (
        "No jobs found, whatever I type",
        "The search says no results, even without a filter.",
    ),
    ("Job search broken", "The list of jobs stays empty when I search. Saved searches, too."),
    ("I cannot search jobs any more", "It worked yesterday. Now the search finds no jobs."),
    ("Search page empty", "The job search shows an empty page on phone and computer."),
    ("Jobs do not show up in the search", "A job I was invited to is not in the search either."),
)
WORDS = ("search", "jobs", "empty", "results")


async def play_burst(
    desk: Desk, clock: FrozenClock, now: datetime, random: Random, company: Company
) -> None:
    version = await current(desk)
    type = version.catalogue.type(TYPE)
    assert type is not None
    seen = []
    for n, (subject, text) in enumerate(REPORTS):
        clock.at = now - timedelta(minutes=4 * (len(REPORTS) - n))
        person = company.crowd[n]
        filing = Filing(
            once=UUID(int=random.getrandbits(128), version=4),
            subject=subject,
            description=text,
            type_key=type.key,
            group_key=type.group,
            catalogue_version=version.number,
            severity=3,
        )
        filed = await file_ticket(desk, await actor_of(desk, person.id), filing)
        await read_rules_for(desk, filed.ticket_id)
        at = clock.at.astimezone(UTC).timestamp()
        seen.append(Seen(filed.ticket_id, at, person.id, type.key, np.zeros(1, np.float32)))
    clock.at = now
    cluster = Cluster(tuple(seen), len(seen), USUAL, CHANCE, is_burst=True)
    finding = Finding(type.service, cluster, words=WORDS, type_keys=(type.key,))
    async with desk.transaction(SYSTEM) as tx:
        await propose(tx, finding)
