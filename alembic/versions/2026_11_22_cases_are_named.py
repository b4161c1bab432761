"""Rows name their case without a checked key; indexes hold only what is asked for"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a41c7f0be2d6"
down_revision: str | None = "edf4e962a654"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NAMING = ("events", "messages", "sides", "tickets")


def upgrade() -> None:
    for table in NAMING:
        op.drop_constraint(f"fk_{table}_case_id", table, type_="foreignkey")
    op.drop_index("ix_sides_case_id", table_name="sides")  # uq_sides_case_id_person_id begins so
    op.drop_index("ix_sides_company_id", table_name="sides")
    op.drop_index("ix_cases_contract_id", table_name="cases")
    op.create_index(
        "ix_sides_company",
        "sides",
        ["company_id"],
        postgresql_where=sa.text("company_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_contract",
        "cases",
        ["contract_id"],
        postgresql_where=sa.text("contract_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_contract", table_name="cases")
    op.drop_index("ix_sides_company", table_name="sides")
    op.create_index("ix_cases_contract_id", "cases", ["contract_id"])
    op.create_index("ix_sides_company_id", "sides", ["company_id"])
    op.create_index("ix_sides_case_id", "sides", ["case_id"])
    for table in NAMING:
        op.create_foreign_key(
            f"fk_{table}_case_id", table, "cases", ["case_id"], ["id"], ondelete="CASCADE"
        )
