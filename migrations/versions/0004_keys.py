"""Which keys sign checkpoints, and an index by which what an evaluation closed is found.

Revision 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a table and an index."""
    op.create_table(
        "signing_key_event",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("key_id", "public_key", "action", "reason", "owner", "recorded_at")
        ),
        sa.CheckConstraint("action IN ('add', 'revoke')", name="signing_key_action"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "finding_closed",
        "finding",
        ["closed_by"],
        sqlite_where=sa.text("closed_by IS NOT NULL"),
        postgresql_where=sa.text("closed_by IS NOT NULL"),
    )
