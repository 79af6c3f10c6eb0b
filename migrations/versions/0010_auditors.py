"""What auditors ask and are answered, and what they opened.

Revision 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def _id(name: str) -> sa.Column[int]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, number, autoincrement=False, nullable=False)


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "message",
        _id("id"),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "auditor")),
        sa.Column("about", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("said", "claimed_name", "os_user")
        ),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('request', 'note', 'answer')", name="message_kind"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("message_by_number", "message", ["number"])
    op.create_table(
        "auditor_view",
        _id("seq"),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("auditor", "path", "query", "opened_at")
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("auditor_view_by_auditor", "auditor_view", ["auditor", "seq"])
