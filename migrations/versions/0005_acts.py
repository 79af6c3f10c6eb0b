"""Acts of people: what they declare, hand in and decide, with the files that come with it.

Revision 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "attachment",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "act",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject", "body")),
        sa.Column("attachment", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("claimed_name", "os_user")),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["attachment"], ["attachment.digest"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("act_by_subject", "act", ["kind", "subject"])
