"""Writing what a collection saw: documents by content, resources by identity, observations as intervals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soc2_pac.errors import IntegrityError
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, utc_text
from soc2_pac.store import archive, ledger, tables
from soc2_pac.store.database import batched, close_intervals, insert, next_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.model import Scope
    from soc2_pac.records import Look, Population, Record

_BATCH = 5000

# A run of an organisation records tens of thousands of looks: statements that each of them needs are text,
# so that they are neither built nor compiled for each.
_SCOPE = sa.text("SELECT id FROM scope WHERE provider = :provider AND boundary = :boundary")
_CURRENT = sa.text(
    "SELECT r.uid, r.id, o.id, o.digest, o.name, CASE WHEN o.valid_from > :at THEN o.valid_from END "
    "FROM resource r "
    "LEFT JOIN observation o ON o.resource_id = r.id AND o.closed_by IS NULL "
    "WHERE r.scope_id = :scope AND r.kind = :kind"
)
_COUNTED = sa.text(
    'UPDATE collection SET "count" = :count, root = :root, opened = :opened, closed = :closed, '
    "changes_root = :changes_root WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a look changed."""

    collection: int
    count: int
    opened: int
    closed: int


def record(connection: Connection, run_id: int, look: Look) -> Recorded:
    """Write one look: changed documents open an interval, and only a complete look closes the missing.

    A look at a population closes nothing that it did not see: what happened happened. When it is
    complete, its count and root are over the whole population, what it carried over and what it read.

    Raises:
        IntegrityError: the records do not add up to the look's root. Nothing is written then.
    """
    finished = utc_text(look.finished)
    scope_id = scope_row(connection, look.scope)
    collection_id = next_id(connection, tables.collection)
    _insert_collection(connection, collection_id, run_id, scope_id, look, finished)
    writer = _Intervals(connection, scope_id, look.kind, collection_id, finished)
    for batch in batched(look.records, _BATCH):
        writer.write(batch)
    if collection_root(writer.seen.items()) != look.root:
        msg = f"{look.kind} in {look.scope}: the records do not match the root that the collector computed"
        raise IntegrityError(msg)
    count, root = len(writer.seen), look.root
    if look.status is not CollectionStatus.COMPLETE:
        writer.note_sightings()
    elif look.population is None:
        writer.close_unseen()
    else:
        whole = writer.whole()
        count, root = len(whole), collection_root(whole.items())
    connection.execute(
        _COUNTED,
        {
            "id": collection_id,
            "count": count,
            "root": root,
            "opened": writer.root.opened,
            "closed": writer.root.closed,
            "changes_root": writer.root.hexdigest(),
        },
    )
    ledger.record(connection, "collection", collection_id, finished)
    if look.population is not None:
        _insert_population(connection, collection_id, look, look.population, writer, finished)
    return Recorded(collection_id, count, writer.root.opened, writer.root.closed)


def scope_row(connection: Connection, scope: Scope) -> int:
    """The id of a scope, which is added when new."""
    found = connection.execute(
        _SCOPE, {"provider": scope.provider, "boundary": scope.boundary}
    ).scalar()
    if found is None:
        found = next_id(connection, tables.scope)
        insert(connection, tables.scope, [(found, scope.provider, scope.boundary)])
    return int(found)


def _insert_collection(
    connection: Connection,
    collection_id: int,
    run_id: int,
    scope_id: int,
    look: Look,
    finished: str,
) -> None:
    asked = json.dumps(sorted(look.asked), separators=(",", ":"))
    read = json.dumps(dict(look.read), sort_keys=True, separators=(",", ":"))
    insert(
        connection,
        tables.collection,
        [
            (
                collection_id,
                run_id,
                look.source,
                scope_id,
                look.kind,
                look.status.value,
                look.reason,
                look.permission,
                look.requests,
                look.pages,
                0,
                look.gaps,
                look.root,
                asked,
                read,
                utc_text(look.started),
                finished,
                look.version,
                0,
                0,
                "",
            )
        ],
    )


def _insert_population(
    connection: Connection,
    collection_id: int,
    look: Look,
    said: Population,
    writer: _Intervals,
    finished: str,
) -> None:
    row = (
        collection_id,
        said.instant,
        said.cursor,
        said.parameters,
        said.total,
        len(writer.seen),
        writer.added,
        look.root,
    )
    insert(connection, tables.population, [row])
    ledger.record(connection, "population", collection_id, finished)


class _Intervals:
    """Lays the records of one look over the current observations of its kind and scope."""

    def __init__(
        self, connection: Connection, scope_id: int, kind: str, collection_id: int, at: str
    ) -> None:
        self.root = ledger.ChangesRoot()
        self.seen: dict[str, str] = {}
        """uid -> digest of what this look saw."""
        self.added = 0
        """How many of these nobody had seen before."""
        self._connection = connection
        self._scope_id = scope_id
        self._kind = kind
        self._collection_id = collection_id
        self._at = at
        self._ends: dict[int, str] = {}
        """Open observation id -> when it ends, where that is not ``at``."""
        self._current = self._load_current()
        self._resource_ids: dict[str, int] = {}
        self._next_resource = next_id(connection, tables.resource)
        self._next_observation = next_id(connection, tables.observation)
        self._to_close: list[tuple[str, int, int]] = []

    def _load_current(self) -> dict[str, tuple[int, int | None, str | None, str | None]]:
        """Uid -> (resource id, open observation id, its digest, its name); the latter None when gone."""
        rows = self._connection.execute(
            _CURRENT,
            {"scope": self._scope_id, "kind": self._kind, "at": self._at},
            execution_options={"yield_per": _BATCH},
        )
        current = {}
        for uid, resource_id, observation_id, document, name, begins in rows:
            current[uid] = (resource_id, observation_id, document, name)
            if begins is not None:
                # A clock was ahead: no interval ends before it begins.
                self._ends[observation_id] = begins
        return current

    def write(self, batch: list[Record]) -> None:
        """Insert what is new in a batch of records."""
        bodies: list[tuple[str, str, str]] = []
        resources: list[tuple[int, int, str, str]] = []
        observations: list[tuple[Any, ...]] = []
        roots: list[tuple[Any, ...]] = []
        for item in batch:
            self.seen[item.uid] = item.digest
            known = self._current.get(item.uid)
            if known is not None and known[2] == item.digest and known[3] == item.name:
                continue
            if known is None:
                resource_id = self._next_resource
                self._next_resource += 1
                self.added += 1
                resources.append((resource_id, self._scope_id, self._kind, item.uid))
            else:
                resource_id = known[0]
                if known[1] is not None:
                    self._to_close.append(self._ended(known[1]))
            self._resource_ids[item.uid] = resource_id
            bodies.append((item.digest, self._kind, item.body.decode()))
            number = self._next_observation
            self._next_observation += 1
            observations.append(
                (
                    number,
                    resource_id,
                    item.digest,
                    item.name,
                    item.observed_at,
                    self._at,
                    None,
                    self._collection_id,
                    None,
                )
            )
            roots.append((number, resource_id, item.digest, item.name, item.observed_at, self._at))
        insert(self._connection, tables.evidence, bodies, new=False)
        archive.put_back(self._connection, bodies)
        insert(self._connection, tables.resource, resources)
        # The open interval of a resource must be closed before its next one opens.
        self._flush_closed()
        insert(self._connection, tables.observation, observations)
        self.root.open(roots)

    def whole(self) -> dict[str, str]:
        """Uid -> digest of everything that is current after this look: what it saw and what it left."""
        kept = {uid: known[2] for uid, known in self._current.items() if known[2] is not None}
        return {**kept, **self.seen}

    def close_unseen(self) -> None:
        """End the intervals of resources that a complete look did not find."""
        self._to_close = sorted(
            (
                self._ended(observation_id)
                for uid, (_, observation_id, _, _) in self._current.items()
                if observation_id is not None and uid not in self.seen
            ),
            key=lambda row: row[2],
        )
        self._flush_closed()

    def _ended(self, observation_id: int) -> tuple[str, int, int]:
        return self._ends.get(observation_id, self._at), self._collection_id, observation_id

    def note_sightings(self) -> None:
        """Remember which resources an incomplete look did see."""
        ids = {uid: known[0] for uid, known in self._current.items()} | self._resource_ids
        rows = sorted((self._collection_id, ids[uid]) for uid in self.seen)
        insert(self._connection, tables.sighting, rows)

    def _flush_closed(self) -> None:
        close_intervals(self._connection, tables.observation, self._to_close)
        self.root.close(self._to_close)
        self._to_close = []
