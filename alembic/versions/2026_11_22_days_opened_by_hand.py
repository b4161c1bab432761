"""A day off that somebody opened stays open, whatever its source says"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a4c7e19d3b62"
down_revision: str | None = "b81f4d2c6e05"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("calendar_days_off", sa.Column("opened_by_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("calendar_days_off", "opened_by_id")
