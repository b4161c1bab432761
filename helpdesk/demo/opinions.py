"""What people met before they wrote to us, and what they say afterwards."""

import tomllib
from importlib.resources import files
from random import Random
from typing import Any

from .library import written_articles

OPINIONS: dict[str, Any] = tomllib.loads(
    files(__package__).joinpath("opinions.toml").read_text("utf-8")
)
COVERED = 0.25  # of what is solved; the rest are cases of their own
SAW_ARTICLES = 0.45
RATED = 0.4


class Opinions:
    def __init__(self, random: Random, articles: dict[str, int]) -> None:
        self.random, self.articles = random, articles
        self.due = 0.0  # tickets to be marked as covered, until the share is right
        self.by_type: dict[str, list[str]] = {}
        narrowest_first = sorted(written_articles(), key=lambda a: (len(a.types), a.position))
        for article in narrowest_first:
            for type in article.types:
                self.by_type.setdefault(type, []).append(article.slug)

    def seen(self, type: str) -> dict[str, Any] | None:
        """Some read an article first and file nevertheless."""
        if not self.articles or self.random.random() >= SAW_ARTICLES:
            return None
        offered = [self.articles[slug] for slug in self.by_type[type][:3]]
        return {"articles": offered[:1], "offered": offered, "helped": False, "type": type}

    def covered_by(self, type: str) -> str:
        """The article that had the answer; nothing for a case of its own."""
        self.due += COVERED
        if not self.articles or self.due < 1 or type not in OPINIONS["answered"]:
            return ""
        self.due -= 1
        return self.random.choice(self.by_type[type][:2])

    def rating(self) -> tuple[int, str] | None:
        if self.random.random() >= RATED:
            return None
        scale: list[dict[str, Any]] = OPINIONS["rating"]
        chosen = self.random.choices(scale, [step["weight"] for step in scale])[0]
        return chosen["score"], self.random.choice(chosen["comments"])
