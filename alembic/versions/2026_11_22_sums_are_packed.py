"""Sums of reports are joined as bytes, days know their hours; sums of each severity and channel"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "c93e5d1a7f48"
down_revision: str | None = "a41c7f0be2d6"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KEY = "group_id, severity, channel, kind, start, detail"
PACK_SPREADS = """
UPDATE report_sums SET packed = (
  SELECT string_agg(int4send(key::int) || int4send(value::int), '' ORDER BY key::int)
  FROM jsonb_each_text(spread))
WHERE spread IS NOT NULL
"""
PACK_HOURS = f"""
UPDATE report_sums d SET hours = h.hours
FROM (SELECT group_id, severity, channel, kind, date_trunc('day', start, 'UTC') AS start, detail,
    string_agg(int4send((extract(epoch FROM start) / 3600)::int) || int4send(count::int), ''
      ORDER BY start) AS hours
  FROM report_sums WHERE grain = 'hour' GROUP BY {KEY.replace("start", "5")}) h
WHERE d.grain = 'day' AND (d.group_id, d.severity, d.channel, d.kind, d.start, d.detail)
  = (h.group_id, h.severity, h.channel, h.kind, h.start, h.detail)
"""
# One behind the other they are their sum (reports/counting/packing.py).
ADD_UP = """
INSERT INTO report_sums (grain, group_id, severity, channel, kind, start, detail, count, spread,
    hours)
  SELECT grain, 0, severity, channel, kind, start, detail, sum(count), string_agg(spread, ''),
    string_agg(hours, '')
  FROM report_sums WHERE channel <> '' GROUP BY grain, severity, channel, kind, start, detail
"""
NUMBER = """(get_byte(packed, {at}) << 24) + (get_byte(packed, {at} + 1) << 16)
    + (get_byte(packed, {at} + 2) << 8) + get_byte(packed, {at} + 3)"""
UNPACK_SPREADS = f"""
UPDATE report_sums SET spread = (
  SELECT jsonb_object_agg({NUMBER.format(at="8 * n")}, {NUMBER.format(at="8 * n + 4")})
  FROM generate_series(0, length(packed) / 8 - 1) n)
WHERE packed IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("report_sums", sa.Column("packed", sa.LargeBinary()))
    op.add_column("report_sums", sa.Column("hours", sa.LargeBinary()))
    op.execute(PACK_SPREADS)
    op.execute(PACK_HOURS)
    op.drop_column("report_sums", "spread")
    op.alter_column("report_sums", "packed", new_column_name="spread")
    op.execute(ADD_UP)


def downgrade() -> None:
    op.execute("DELETE FROM report_sums WHERE group_id = 0 AND channel <> ''")
    op.alter_column("report_sums", "spread", new_column_name="packed")
    op.add_column("report_sums", sa.Column("spread", postgresql.JSONB(none_as_null=True)))
    op.execute(UNPACK_SPREADS)
    op.drop_column("report_sums", "hours")
    op.drop_column("report_sums", "packed")
