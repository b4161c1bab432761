"""How PostgreSQL reads each language: stems, without accents, with every word counted."""

DICTIONARIES = {
    "en": "help_english",
    "es": "help_spanish",
    "de": "help_german",
    "fr": "help_french",
    "pt": "help_portuguese",
    "it": "help_italian",
    "nl": "help_dutch",
}


def dictionary(language: str) -> str:
    return DICTIONARIES.get(language, "simple")


# The same in SQL, for `language` a column.
DICTIONARY = (
    "CASE language "
    + " ".join(f"WHEN '{language}' THEN '{name}'" for language, name in DICTIONARIES.items())
    + " ELSE 'simple' END::regconfig"
)
