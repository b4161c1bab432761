"""A day off may keep some of its hours"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e2b6a90c47d1"
down_revision: str | None = "c7d02b9e51f8"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for name in ("open_from", "open_until"):
        op.add_column("calendar_days_off", sa.Column(name, sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    for name in ("open_from", "open_until"):
        op.drop_column("calendar_days_off", name)
