"""Notes of all versions are equally long"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b81f4d2c6e05"
down_revision: str | None = "e2b6a90c47d1"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("sla_policies", "note", type_=sa.String(500), existing_nullable=False)


def downgrade() -> None:
    op.alter_column("sla_policies", "note", type_=sa.String(200), existing_nullable=False)
