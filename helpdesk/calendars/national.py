"""Public holidays of countries and their parts. Pure: the tables come with the package."""

from datetime import date
from functools import cache

import holidays


class NoSuchCountry(LookupError):
    pass


@cache
def supported() -> dict[str, tuple[str, ...]]:
    """Codes of countries, and the parts that have days of their own."""
    found = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(found.items()) if len(code) == 2}


def days_of(country: str, part: str, first: date, last: date) -> dict[date, str]:
    """From the first day to the last. Names are in English where the package has them."""
    if country not in supported() or (part and part not in supported()[country]):
        raise NoSuchCountry(country)
    years = range(first.year, last.year + 1)
    known = holidays.country_holidays(country, subdiv=part or None, years=years, language=None)
    if "en_US" in known.supported_languages:
        known = holidays.country_holidays(
            country, subdiv=part or None, years=years, language="en_US"
        )
    return {day: name[:120] for day, name in sorted(known.items()) if first <= day <= last}
