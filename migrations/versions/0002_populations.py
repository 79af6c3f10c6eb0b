"""Populations: what a look at events of a period leaves beside its collection.

Revision 0002. One new table with ledger entries of its own and one new view; nothing that stood changes,
so the ledger of a store that is upgraded holds as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

VIEWS = {
    "v_populations": """
SELECT c.id AS collection, c.run_id AS run, c.source, s.provider || ':' || s.boundary AS scope, c.kind,
       c.status, c.reason, c.permission, p.instant, p.parameters, p.cursor, p.total, p.read, p.added,
       p.root AS read_root, c.count, c.root, c.pages, c.requests, c.started_at, c.finished_at,
       c.collector_version
FROM population p
JOIN collection c ON c.id = p.collection_id
JOIN scope s ON s.id = c.scope_id
""",
}
"""Name -> query."""


def upgrade() -> None:
    """Create the table and the view."""
    op.create_table(
        "population",
        sa.Column("collection_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instant", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"]),
        sa.PrimaryKeyConstraint("collection_id"),
    )
    for name, query in VIEWS.items():
        op.execute(sa.text(f"CREATE VIEW {name} AS {query}".replace(":", r"\:")))
