"""dictionaries of the help centre"""

from collections.abc import Sequence

from alembic import op

revision: str = "5c2e81d0b9a4"
down_revision: str | None = "4fd568f87ae7"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LANGUAGES = ("english", "spanish", "german", "french", "portuguese", "italian", "dutch")


def upgrade() -> None:
    """Stems without accents, and without stop words: "the site is down" is about "down"."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    for language in LANGUAGES:
        name = f"help_{language}"
        op.execute(
            f"CREATE TEXT SEARCH DICTIONARY {name}_stem (TEMPLATE = snowball, Language = {language})"
        )
        op.execute(f"CREATE TEXT SEARCH CONFIGURATION {name} (COPY = {language})")
        op.execute(
            f"ALTER TEXT SEARCH CONFIGURATION {name} ALTER MAPPING FOR "
            "asciiword, asciihword, hword_asciipart, word, hword, hword_part "
            f"WITH unaccent, {name}_stem"
        )


def downgrade() -> None:
    for language in LANGUAGES:
        op.execute(f"DROP TEXT SEARCH CONFIGURATION help_{language}")
        op.execute(f"DROP TEXT SEARCH DICTIONARY help_{language}_stem")
