"""What closing asks of an agent: was the answer in the help centre, and in which article?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.desk import Desk
from helpdesk.help.wording import LONGEST_SLUG, slug_of
from helpdesk.tickets.states import Coverage

from .beforehand import Beforehand, Met
from .queries import kept

ARTICLE = "/help/articles/"
OFFERED = 12  # of a type; others are found by their words
OF_TYPE = f"""
    SELECT a.slug, x.title FROM articles a JOIN article_texts x ON x.article_id = a.id
    WHERE a.type_keys @> ARRAY[$1::text] AND a.archived_at IS NULL AND x.language = 'en'
        AND x.published_number IS NOT NULL
    ORDER BY a.position, a.id LIMIT {OFFERED}"""

MISSING = "Say whether an article has the answer, or press U or C."
NO_ARTICLE = "Choose the article that has the answer, or find it by its words."

Pairs = tuple[tuple[str, str], ...]  # slug and title


@dataclass(frozen=True)
class Closing:
    """The question as it stands: what was marked before, and which articles come first."""

    coverage: str = ""
    slug: str = ""  # the article that is chosen unless another one is
    met: Pairs = ()  # by the requester, before filing
    of_type: Pairs = ()

    @property
    def suggested(self) -> str:
        """The article that was there to be read is the likeliest to have had the answer."""
        return self.slug or (self.met[0][0] if self.met else "")


async def closing_of(desk: Desk, ticket: Any, met: Beforehand) -> Closing:
    type_key = ticket["type_key"]
    rows = await kept(desk, f"articles:{type_key}", OF_TYPE, type_key)
    seen = pairs((*met.read, *met.offered))
    marked = ((ticket["covered_by"], ticket["covered_title"]),) if ticket["covered_by"] else ()
    known = {slug for slug, _ in (*seen, *marked)}
    others = tuple((slug, title) for slug, title in rows if slug not in known)
    extra = tuple(one for one in marked if one[0] not in dict(seen))
    return Closing(ticket["coverage"] or "", ticket["covered_by"] or "", seen, extra + others)


def pairs(met: Sequence[Met]) -> Pairs:
    return tuple((one.address.removeprefix(ARTICLE), one.title) for one in met)


@dataclass(frozen=True)
class Mark:
    coverage: Coverage
    slug: str = ""


def read_mark(typed: Mapping[str, Any]) -> tuple[Mark | None, dict[str, str]]:
    """What the form says; nothing at all is no mark and no error."""
    coverage = str(typed.get("coverage", ""))
    slug = slug_in(str(typed.get("article_slug", ""))) or slug_in(str(typed.get("article", "")))
    if coverage == Coverage.UNIQUE:
        return Mark(Coverage.UNIQUE), {}
    if coverage == Coverage.COVERED:
        return (Mark(Coverage.COVERED, slug), {}) if slug else (None, {"article": NO_ARTICLE})
    return None, {"coverage": MISSING} if coverage else {}


def slug_in(text: str) -> str:
    """Somebody may paste the whole address of an article. What can be none has none."""
    slug = text.strip().partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    return slug if len(slug) <= LONGEST_SLUG and slug_of(slug) == slug else ""
