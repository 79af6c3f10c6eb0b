"""``db copy``: a whole store into an empty one, ids, history and ledger intact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac.errors import StoreError
from soc2_pac.store import schema, tables
from soc2_pac.store.database import batched, insert

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.store.database import Database

_BATCH = 2000


def copy(
    source: Database, target: Database, progress: Callable[[str, int], None] = lambda _t, _n: None
) -> dict[str, int]:
    """Copy every row; all or nothing. Returns rows by table. Run ``verify`` on the target afterwards.

    Args:
        source: a store of this version's schema; stays as it is.
        target: an empty database, or one that does not exist yet.
        progress: called with table name and rows so far.

    Raises:
        StoreError: the target is not empty, or one of them cannot be used.
    """
    schema.require(source, create=False)
    if schema.current(target) is not None:
        msg = f"the target {target.name} is not empty: a copy never mixes two histories"
        raise StoreError(msg)
    schema.prepare(target)
    copied: dict[str, int] = {}
    with source.reading() as reader, target.writing() as writer:
        # The schema and the rows in one transaction, without an identity of its own: a copy that is killed
        # leaves nothing that could be taken for a store.
        schema.migrate(writer)
        for table in tables.metadata.sorted_tables:
            count = 0
            rows = reader.execute(sa.select(table).execution_options(yield_per=_BATCH))
            for batch in batched(rows, _BATCH):
                insert(writer, table, [tuple(row) for row in batch])
                count += len(batch)
                progress(table.name, count)
            copied[table.name] = count
    return copied
