"""Before a chat begins: what is known to be wrong, and what may answer it at once.

It is shown beside the form and never stands between somebody and a person.
"""

from dataclasses import dataclass

from helpdesk.alerts.area import asking
from helpdesk.alerts.queries import AlertShown, alerts_now, for_reader, matching
from helpdesk.help.finding.search import Hit, suggest
from helpdesk.help.readers import language_of
from helpdesk.web import WebRequest

from .forms import Start

ARTICLES, ALERTS = 3, 2
LONGEST = 300  # characters of the first message worth searching for


@dataclass(frozen=True)
class Beforehand:
    alerts: tuple[AlertShown, ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def news(self) -> str:
        """What a change is announced with."""
        said = ["A known issue may be the cause."] if self.alerts else []
        if self.hits:
            many = "1 article" if len(self.hits) == 1 else f"{len(self.hits)} articles"
            said.append(f"{many} may answer this.")
        return " ".join(said)


async def beforehand(request: WebRequest, form: Start) -> Beforehand:
    key = form.type.key if form.type else ""
    words = form.message[:LONGEST].replace("\0", " ")
    if not key and not words:
        return Beforehand()
    desk = request.state["desk"]
    alerts = matching(for_reader(await alerts_now(desk), asking(request)), words, key)
    hits = await suggest(desk, words, key, language_of(request), ARTICLES)
    return Beforehand(alerts[:ALERTS], tuple(hits))
