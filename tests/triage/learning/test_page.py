"""The page that says what triage is worth: for managers, from the rows that others keep."""

from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from helpdesk.permissions import SYSTEM
from helpdesk.tickets.links import TriageVerdict
from tests.people import Cast
from triage.engine.models import TriageModel
from triage.incidents.models import Incident
from triage.incidents.watch import State
from triage.learning.queries import tallies, trainings
from triage.learning.reliability import worth
from triage.models import TriageSuggestion


async def keep(cast: Cast, *rows: SQLModel) -> None:
    async with cast.desk.transaction(SYSTEM) as tx:
        tx.db.add_all(rows)


def suggestion(cast: Cast, days: int, said: str, so: str | None, p: float) -> TriageSuggestion:
    return TriageSuggestion(
        kind="type",
        value=said,
        probability=p,
        engine="test",
        at=cast.desk.clock.now() - timedelta(days=days),
        accepted_value=so,
    )


async def some_rows(cast: Cast) -> None:
    now = cast.desk.clock.now()
    burst = {"area": "", "tickets": 5, "people": 5, "expected": 0.1, "chance": 1e-8}
    times = {"first_at": now, "last_at": now, "proposed_at": now}
    await keep(
        cast,
        suggestion(cast, 1, "level1_tech", "level1_tech", 0.95),
        suggestion(cast, 1, "level1_tech", "team_app_bug", 0.95),
        suggestion(cast, 9, "level1_tech", "level1_tech", 0.65),
        suggestion(cast, 9, "", "level1_tech", 0.25),
        suggestion(cast, 100, "level1_tech", "team_app_bug", 0.9),  # too long ago
        TriageVerdict(ticket_id=1, other_id=2, same=True, at=now, probability=0.8),
        TriageVerdict(ticket_id=1, other_id=3, same=False, at=now, probability=0.7),
        Incident(state=State.CONFIRMED, **burst, **times),
        Incident(state=State.DISMISSED, **burst, **times),
        Incident(**burst, **times),
        TriageModel(kind="twins/minilm", version=1, figures={"r1": 70.0}, trained_at=now),
        TriageModel(
            kind="twins/minilm",
            version=2,
            figures={"r1": 72.5, "ece_before": 0.2, "ece_after": 0.03},
            trained_at=now + timedelta(hours=1),
        ),
    )


async def test_what_is_kept_is_added_up(cast: Cast) -> None:
    await some_rows(cast)
    found = {kind: worth(rows) for kind, rows in (await tallies(cast.desk)).items()}
    types = found["type"]
    assert (types.made, types.sure.part, types.right.part, types.right.whole) == (4, 3, 2, 3)
    assert [(one.start, one.many, one.so) for one in types.bins] == [(60, 1, 100), (90, 2, 50)]
    assert types.error == pytest.approx((0.35 + 0.9) / 3, abs=1e-6)
    assert (found["duplicate"].right.part, found["duplicate"].right.whole) == (1, 2)
    incidents = found["incident"]
    assert (incidents.made, incidents.right.part, incidents.right.whole) == (3, 1, 2)
    assert found["language"].made == 0


async def test_each_training_stands_beside_the_one_before(cast: Cast) -> None:
    await some_rows(cast)
    newest, first = await trainings(cast.desk)
    figures = {figure.name: (figure.before, figure.after) for figure in newest.figures}
    assert figures == {"r1": (70.0, 72.5), "ece": (0.2, 0.03)}
    assert (first.version, first.figures[0].before) == (1, None)


async def test_the_page_shows_it_to_managers(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "max") as browser:
        empty = await browser.get("/desk/triage")
        assert "Nothing was suggested in these weeks." in empty.text
        await some_rows(cast)
        page = (await browser.get("/desk/triage")).text
    for words in ("67 %", "What changed with each training", "72.5", "18 May 2026"):
        assert words in page, words
    assert "style=" not in page


@pytest.mark.parametrize(("who", "status"), [("amy", 403), ("finn", 403), ("max", 200)])
async def test_it_is_for_managers(cast: Cast, site: str, who: str, status: int) -> None:
    async with await cast.browser(site, who) as browser:
        assert (await browser.get("/desk/triage")).status_code == status
