"""The evidence store: the only place that speaks SQL.

``open_store(url)`` gives a :class:`Store`; its methods are what the rest of soc2-pac uses.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self

from soc2_pac import clock
from soc2_pac.store import (
    checkpoint,
    evidence,
    keys,
    queries,
    runs,
    schema,
    simulation,
    waivers,
)
from soc2_pac.store.copy import copy
from soc2_pac.store.database import CACHE_MB, Database

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor
    from soc2_pac.model import Scope
    from soc2_pac.records import Look
    from soc2_pac.store.verify import Part, Report

__all__ = ["Store", "copy", "open_store"]


def open_store(url: str, *, create: bool = False, cache_mb: int = CACHE_MB) -> Store:
    """Open the store at ``sqlite:///file.db`` or ``postgresql://user@host/database``.

    Args:
        url: where it is.
        create: bring up an empty store where there is none.
        cache_mb: see :class:`soc2_pac.store.database.Database`.

    Raises:
        StoreError: no store is there, its schema is another version's, or it cannot be opened.
    """
    database = Database(url, cache_mb=cache_mb)
    try:
        schema.require(database, create=create)
    except BaseException:
        database.close()
        raise
    return Store(database)


class Store:
    """An open store. Use as a context manager, or call :meth:`close`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    # -- writing ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def run(
        self, command: str, *, config: tuple[str, str] | None, tool_version: str
    ) -> Iterator[int]:
        """One run, under the run lock: yields its id and notes how it ended.

        Raises:
            StoreError: another run works on this store, or one of the run and the store's history is
                simulated and the other is not.
        """
        with self.database.run_lock():
            with self.database.writing() as connection:
                simulation.refuse_real(connection)
                run_id = runs.begin(
                    connection, command=command, config=config, tool_version=tool_version
                )
            status = "interrupted"
            try:
                yield run_id
                status = "finished"
            except Exception:
                status = "failed"
                raise
            finally:
                with self.database.writing() as connection:
                    runs.end(connection, run_id, status)

    def record(self, run_id: int, look: Look) -> evidence.Recorded:
        """Write one look, all or nothing; see :func:`soc2_pac.store.evidence.record`."""
        with self.database.writing() as connection:
            return evidence.record(connection, run_id, look)

    def add_waiver(
        self,
        *,
        rule: str,
        reason: str,
        owner: str,
        approver: str,
        by: Actor,
        scope: str | None = None,
        resource: str | None = None,
        pattern: str | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Accept a failure; returns the waiver's id. See :func:`soc2_pac.store.waivers.add`."""
        with self.database.writing() as connection:
            return waivers.add(
                connection,
                rule=rule,
                scope=scope,
                resource=resource,
                pattern=pattern,
                reason=reason,
                owner=owner,
                approver=approver,
                expires_at=expires_at,
                by=by,
            )

    def revoke_waiver(self, waiver: str, *, reason: str, owner: str, by: Actor) -> None:
        """End a waiver; see :func:`soc2_pac.store.waivers.revoke`."""
        with self.database.writing() as connection:
            waivers.revoke(connection, waiver, reason=reason, owner=owner, by=by)

    # -- reading ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self, *, strictly: bool = False) -> Iterator[Connection]:
        """One consistent state, for several of the functions in :mod:`soc2_pac.store.queries`.

        ``strictly``: nothing can be written in it, see :meth:`soc2_pac.store.database.Database.reading`.
        """
        with self.database.reading(strictly=strictly) as connection:
            yield connection

    def findings(self, **filters: Any) -> list[queries.Finding]:  # noqa: ANN401
        """Current findings, failures first; filters as in :func:`soc2_pac.store.queries.findings`."""
        with self.database.reading() as connection:
            return list(queries.findings(connection, **filters))

    def stream_findings(self, **filters: Any) -> Iterator[queries.Finding]:  # noqa: ANN401
        """The same one by one, in flat memory: the transaction is open until the last one, or until it is closed."""
        with self.database.reading() as connection:
            yield from queries.findings(connection, **filters)

    def finding_history(self, fingerprint: str) -> list[queries.FindingPeriod]:
        """Every period of one finding, oldest first."""
        with self.database.reading() as connection:
            return queries.finding_history(connection, fingerprint)

    def finding_documents(self, fingerprint: str) -> list[queries.FindingDocument]:
        """Everything that one current finding rests on."""
        with self.database.reading() as connection:
            return queries.finding_documents(connection, fingerprint)

    def evidence(self, **filters: Any) -> list[queries.EvidenceItem]:  # noqa: ANN401
        """Documents; filters as in :func:`soc2_pac.store.queries.evidence`."""
        with self.database.reading() as connection:
            return list(queries.evidence(connection, **filters))

    def body(self, digest: str) -> tuple[str, str] | None:
        """(full digest, canonical JSON) of a document by its digest or an unambiguous prefix of it."""
        with self.database.reading() as connection:
            return queries.body(connection, digest)

    def collections(
        self, *, run: int | None = None, latest: bool = False
    ) -> list[queries.CollectionItem]:
        """Collections of a run, or the latest of each kind and scope."""
        with self.database.reading() as connection:
            return queries.collections(connection, run=run, latest=latest)

    def runs(self, limit: int = 20) -> list[queries.RunItem]:
        """The last runs, newest first."""
        with self.database.reading() as connection:
            return queries.runs(connection, limit=limit)

    def sources_read(self, runs: Collection[int]) -> dict[str, str]:
        """When each source was last read in these runs; see :func:`soc2_pac.store.queries.sources_read`."""
        with self.database.reading() as connection:
            return queries.sources_read(connection, runs)

    def waivers(self, *, active: bool = False) -> list[waivers.Waiver]:
        """Every waiver, or only those that hold now."""
        with self.database.reading() as connection:
            found = waivers.listed(connection)
        now = clock.now()
        return [waiver for waiver in found if waiver.active(now)] if active else found

    def remembered_scopes(self) -> dict[tuple[str, str], set[Scope]]:
        """(source, kind) -> every real scope that was looked at in the past."""
        with self.database.reading() as connection:
            return queries.remembered_scopes(connection)

    def simulated(self) -> str | None:
        """Since when its history is simulated; see :func:`soc2_pac.store.simulation.since`."""
        with self.database.reading() as connection:
            return simulation.since(connection)

    def cursors(self) -> dict[tuple[str, str, Scope, str], str]:
        """Where populations go on; see :func:`soc2_pac.store.queries.cursors`."""
        with self.database.reading() as connection:
            return queries.cursors(connection)

    def resumable(self, before: int) -> tuple[list[int], set[tuple[str, str, Scope, str]]]:
        """What an interrupted run had read; see :func:`soc2_pac.store.queries.resumable`."""
        with self.database.reading() as connection:
            return queries.resumable(connection, before)

    def verify(
        self,
        checkpoints: Sequence[checkpoint.Checkpoint] = (),
        part: Part | None = None,
    ) -> Report:
        """Check that nothing was edited, added, cut or lost; ``part``: all of it when left out."""
        from soc2_pac.store.verify import WHOLE, verify  # noqa: PLC0415 - few commands check

        with self.database.reading() as connection:
            return verify(connection, checkpoints, part or WHOLE)

    def add_key(self, public_key: str, *, reason: str, owner: str) -> str:
        """Record a key that signs checkpoints; see :func:`soc2_pac.store.keys.add`."""
        with self.database.writing() as connection:
            return keys.add(connection, public_key, reason=reason, owner=owner)

    def revoke_key(self, name: str, *, reason: str, owner: str) -> None:
        """End a key; see :func:`soc2_pac.store.keys.revoke`."""
        with self.database.writing() as connection:
            keys.revoke(connection, name, reason=reason, owner=owner)

    def signing_keys(self) -> list[keys.SigningKey]:
        """Every key that signs or signed checkpoints."""
        with self.database.reading() as connection:
            return keys.listed(connection)

    def checkpoint(self) -> checkpoint.Checkpoint:
        """Where the ledger stands."""
        with self.database.reading() as connection:
            return checkpoint.take(connection)
