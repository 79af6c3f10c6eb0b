"""Alembic's entry: runs on the connection that soc2_pac.store.schema hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from soc2_pac.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
