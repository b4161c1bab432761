"""A notice may be about a chat that has no ticket"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c7d02b9e51f8"
down_revision: str | None = "c93e5d1a7f48"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("desk_notices", sa.Column("conversation_id", sa.BigInteger(), nullable=True))
    op.alter_column("desk_notices", "ticket_id", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM desk_notices WHERE ticket_id IS NULL")
    op.alter_column("desk_notices", "ticket_id", existing_type=sa.BigInteger(), nullable=False)
    op.drop_column("desk_notices", "conversation_id")
