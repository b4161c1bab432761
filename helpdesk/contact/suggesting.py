"""What may answer it before it is sent: known issues and articles, on the way to a ticket.

Nothing here stands in anybody's way: the form goes on below, whatever is suggested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.responses import Response

from helpdesk.alerts.area import asking, told_alerts
from helpdesk.alerts.commands import NoSuchAlert, NotPossible, affects_me
from helpdesk.alerts.pages import VISITORS_COUNTED
from helpdesk.alerts.queries import AlertShown, alerts_now, find_alert, for_reader, matching
from helpdesk.alerts.words import TONES
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Privacy, TicketType
from helpdesk.core.addresses import neighbourhood
from helpdesk.desk import Desk
from helpdesk.help.finding.highlights import Piece
from helpdesk.help.finding.search import Hit, suggest
from helpdesk.help.finding.searches import note_opened, note_search
from helpdesk.help.models import Verdict
from helpdesk.help.readers import language_of, reader_key
from helpdesk.help.sanitised import shown_html
from helpdesk.help.verdicts import give_verdict
from helpdesk.people.throttle import Limit, count_try
from helpdesk.security import client_address
from helpdesk.web import WebRequest, render

from .forms import Fields, chosen_type, known_fields
from .seen import PREFIX, Seen, number, seen_in, with_seen
from .twins import Twin, look_while_typing
from .visits import Visit

MOST = 3
MOST_ALERTS = 2
LONGEST = 300  # characters of a subject worth searching for
PLACE = "form"  # in what is known of searches
OPEN = f"{PREFIX}open"  # the article that is shown in place, until the page is left
ASKED = Limit("report:suggestions", 1_200, timedelta(minutes=15))  # a dozen people who type fast
OPENLY = (Privacy.NONE, Privacy.PROOF_ONLY)  # what is typed about others is nobody's to read
BUTTONS = frozenset({"read", "solved", "none", "again", "affects", "different"})

NAMED = """
SELECT a.slug, a.id FROM articles a
WHERE a.slug = ANY($1) AND a.archived_at IS NULL AND EXISTS (
    SELECT FROM article_texts t WHERE t.article_id = a.id AND t.published_at IS NOT NULL)
"""
TOPICS = """
SELECT c.key, c.title FROM articles a JOIN help_categories c ON c.id = a.category_id
WHERE a.type_keys && $1::text[] AND a.archived_at IS NULL AND EXISTS (
    SELECT FROM article_texts t WHERE t.article_id = a.id AND t.published_at IS NOT NULL)
GROUP BY c.id ORDER BY count(*) DESC, c.position LIMIT 3
"""
TEXT = """
SELECT a.id, a.slug, t.title, t.summary, t.html, t.language
FROM articles a JOIN article_texts t ON t.article_id = a.id
WHERE a.id = $1 AND a.archived_at IS NULL AND t.published_at IS NOT NULL
ORDER BY t.language <> $2, t.language <> 'en', t.language LIMIT 1
"""


@dataclass(frozen=True)
class Reading:
    """An article that is open in place."""

    id: int
    slug: str
    title: str
    summary: str
    html: Markup
    language: str


def says_the_words(hit: Hit) -> bool:
    """It was found by what is typed, not by the chosen type alone."""
    return any(piece.found for shown in hit.highlights.values() for piece in shown)


def why(hit: Hit) -> tuple[Piece, ...]:
    """Why it is here, where its title and first sentence do not show it."""
    if hit.why and hit.why != hit.answer:
        return hit.highlights["why"]
    if says_the_words(hit):
        return ()
    return (Piece("People with this kind of problem read it.", False),)


@dataclass(frozen=True)
class Suggestions:
    """Everything `contact/_suggestions.html` shows."""

    seen: Seen
    type: TicketType | None = None
    alerts: tuple[AlertShown, ...] = ()
    told: frozenset[int] = frozenset()  # alerts this reader said they are hit by
    hits: tuple[Hit, ...] = ()
    reading: Reading | None = None
    twins: tuple[Twin, ...] = ()  # requests of theirs that it may repeat
    several: bool = False  # others report something like it right now

    TONES, why = TONES, staticmethod(why)

    @property
    def reading_only(self) -> bool:
        """Only the desk can do it: articles may be read, nothing is asked about them."""
        return self.type is not None and self.type.cs_only

    @property
    def collapsed(self) -> bool:
        """None of them helped with this kind of problem."""
        key = self.type.key if self.type else ""
        return self.seen.helped is False and self.seen.type_key == key and not self.reading_only

    @property
    def fields(self) -> dict[str, str]:
        """What the form carries on."""
        return self.seen.fields | ({OPEN: str(self.reading.id)} if self.reading else {})

    @property
    def title(self) -> str:
        return "Worth reading meanwhile" if self.reading_only else "This may answer it"

    @property
    def news(self) -> str:
        """What a change is announced with."""
        said = []
        if any(twin.is_strong for twin in self.twins):
            said.append(f"You have told us about this: {self.twins[0].reference}.")
        elif self.twins:
            said.append("It may be about one of your requests.")
        if self.several:
            said.append("Several people report something like this right now.")
        if any(alert.id not in self.told for alert in self.alerts):
            said.append("A known issue may be the cause.")
        if any(alert.id in self.told for alert in self.alerts):
            said.append("We tell you when the known issue is fixed.")
        if self.collapsed:
            said.append("The articles are put away.")
        elif self.hits:
            many = "1 article" if len(self.hits) == 1 else f"{len(self.hits)} articles"
            said.append(f"{many} {'to read' if self.reading_only else 'may answer this'}.")
        return " ".join(said)


async def suggestions(request: WebRequest, type: TicketType | None, fields: Fields) -> Suggestions:
    """For what is chosen and typed so far; nothing before a type is chosen."""
    seen = seen_in(fields)
    if seen.helped:  # it did not, or they would not be here
        seen = seen.once_more()
    if type is None:
        return Suggestions(seen)
    desk, language = request.state["desk"], language_of(request)
    words = words_of(fields)
    told = told_alerts(request) | frozenset(seen.followed)
    alerts = await known_issues(request, type, fields)
    hits = await suggest(desk, words, type.key, language, MOST)
    reading = await article_open(desk, fields, language)
    if reading and all(hit.article_id != reading.id for hit in hits):
        hits = [as_hit(reading), *hits[: MOST - 1]]  # what is being read stays where it is
    look = await look_while_typing(desk, request.state["actor"], type, fields, words)
    several = look.several and not alerts  # a known issue says it better
    return Suggestions(seen, type, alerts, told, tuple(hits), reading, look.twins, several)


async def known_issues(
    request: WebRequest, type: TicketType, fields: Fields
) -> tuple[AlertShown, ...]:
    """Those that may be the cause, but not those they said are something else."""
    passed = seen_in(fields).alerts
    there = for_reader(await alerts_now(request.state["desk"]), asking(request))
    found = matching(there, words_of(fields), type.key)
    return tuple(alert for alert in found if alert.id not in passed)[:MOST_ALERTS]


def words_of(fields: Fields) -> str:
    return fields.get("subject", "")[:LONGEST].replace("\0", " ")


async def article_open(desk: Desk, fields: Fields, language: str) -> Reading | None:
    id = number(fields.get(OPEN, ""))
    row = await desk.pool.fetchrow(TEXT, id, language) if id else None
    return Reading(**{**row, "html": shown_html(row["html"])}) if row else None


def as_hit(reading: Reading) -> Hit:
    return Hit(
        reading.id, reading.slug, reading.title, reading.summary, "", "", {}, 0.0, reading.language
    )


async def fragment(request: WebRequest) -> Response:
    """While somebody types their subject."""
    await count_try(request.state["desk"], ASKED, place_of(request))
    fields = known_fields(request.query_params.multi_items())
    type = chosen_type((await catalogue.current(request.state["desk"])).catalogue, fields)
    found = await suggestions(request, type, fields)
    response = render(request, "contact/_suggested.html", suggestions=found)
    if type is not None and type.privacy in OPENLY:
        answers = sum(map(says_the_words, found.hits))
        response.background = BackgroundTask(
            note_search, request, words_of(fields), answers, language_of(request), PLACE
        )
    return response


def place_of(request: WebRequest) -> str:
    """Whose tries are counted together."""
    actor = request.state["actor"]
    return f"person {actor.id}" if actor.id else neighbourhood(client_address(request))


# What somebody says about them


async def answered(
    here: Visit, draft_id: UUID, fields: Fields, do: str, what: str
) -> dict[str, str]:
    """The form's fields after one of the buttons; a number that means nothing changes nothing."""
    seen, id = seen_in(fields), number(what)
    type = chosen_type((await catalogue.current(here.desk)).catalogue, fields)
    if type is None:
        return {**fields}
    if do == "none":
        found = await suggestions(here.request, type, fields)
        return with_seen(fields, seen.none_of((hit.article_id for hit in found.hits), type.key))
    if do == "again":
        return with_seen(fields, seen.once_more())
    if id is None:
        return {**fields}
    if do in ("affects", "different"):
        return with_seen(fields, await about_alert(here, seen, id, do))
    return await about_article(here, draft_id, fields, type, id, do)


async def about_alert(here: Visit, seen: Seen, id: int, do: str) -> Seen:
    if await find_alert(here.desk, id, asking(here.request)) is None:
        return seen
    if do == "different":
        return seen.passed(id)
    if not here.actor.id:
        await count_try(here.desk, VISITORS_COUNTED, place_of(here.request))
    try:
        async with here.desk.transaction(here.actor) as tx:
            await affects_me(tx, id, here.token, app_version=asking(here.request).app_version)
    except (NoSuchAlert, NotPossible):
        return seen  # it was solved meanwhile: the block shows what is there now
    here.told |= {id}
    return seen.follows(id)


async def about_article(
    here: Visit, draft_id: UUID, fields: Fields, type: TicketType, id: int, do: str
) -> dict[str, str]:
    open = number(fields.get(OPEN, "")) == id
    if await article_open(here.desk, {OPEN: str(id)}, here.actor.language) is None:
        return {**fields}
    seen = seen_in(fields).read(id)
    if do == "solved" and not type.cs_only and (reader := reader_key(here.actor, here.token)):
        async with here.desk.transaction(here.actor) as tx:
            await give_verdict(tx, id, reader, Verdict.SOLVED, type_key=type.key, draft_id=draft_id)
        return with_seen(fields, seen.is_solved_by(id, type.key))
    if open:
        return with_seen(fields, seen)
    await note_opened(here.request, id, PLACE)
    return with_seen(fields, seen) | {OPEN: str(id)}


async def topics_of(desk: Desk, types: Sequence[TicketType]) -> list[tuple[str, str]]:
    """Key and title of the shelves whose articles answer these types."""
    rows = await desk.pool.fetch(TOPICS, [type.key for type in types])
    return [(row["key"], row["title"]) for row in rows]


async def articles_named(desk: Desk, slugs: Sequence[str]) -> dict[str, int]:
    """Ids of those that are published."""
    asked = [slug for slug in slugs if len(slug) <= 100 and "\0" not in slug]
    rows = await desk.pool.fetch(NAMED, asked)
    return {row["slug"]: row["id"] for row in rows}
