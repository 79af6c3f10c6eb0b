"""The ledger: every act as a link of a hash chain. Written in the same transaction as what it records."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.model import utc_text
from soc2_pac.store import simulation, tables
from soc2_pac.store.database import batched, insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Row

_encode = msgspec.json.Encoder().encode

_HEAD = sa.text("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")

_HIGHEST = 2**63 - 1
"""No entry has a number as high."""
_AT_ONCE = 500
"""Ids in one ``IN (...)``."""

GENESIS = "0" * 64
"""``prev`` of the first entry."""

_scope_text = (
    sa.select(tables.scope.c.provider + ":" + tables.scope.c.boundary)
    .where(tables.scope.c.id == tables.collection.c.scope_id)
    .scalar_subquery()
)
_rule_name = (
    sa.select(tables.rule.c.name)
    .where(tables.rule.c.id == tables.rule_version.c.rule_id)
    .scalar_subquery()
)

_COLLECTION = (
    "id run_id source scope_id kind status reason permission requests pages count gaps root asked read "
    "started_at finished_at collector_version opened closed changes_root scope"
)
_EVALUATION = (
    "id run_id as_of upto rule_versions whole tool_version started_at finished_at judged opened closed "
    "changes_root"
)
_POPULATION = "collection_id instant cursor parameters total read added root"
_RULE_VERSION = "id rule_id source_digest thresholds severity title criteria recorded_at rule"
_WAIVER = "id waiver action rule scope resource reason owner expires_at recorded_at"

COLUMNS: dict[str, dict[int, str]] = {
    "run.started": {1: "id command started_at config_digest tool_version"},
    "run.ended": {1: "id finished_at status"},
    "config": {1: "digest body recorded_at"},
    # Format 2: the root is a Merkle root. Format 3: the changes root of many intervals is in blocks.
    "collection": {1: _COLLECTION, 2: _COLLECTION, 3: _COLLECTION},
    "population": {1: _POPULATION, 2: _POPULATION},
    # Format 2: the changes root is over findings with their basis; 3: with their adjustment, too, and that of many is
    # in blocks.
    "evaluation": {1: _EVALUATION, 2: _EVALUATION, 3: _EVALUATION},
    "rule_version": {1: _RULE_VERSION, 2: f"{_RULE_VERSION} moved_from"},
    "waiver": {1: _WAIVER, 2: f"{_WAIVER} approver pattern os_user login"},
    "signing_key": {1: "id key_id public_key action reason owner recorded_at"},
    "attachment": {1: "digest size media_type location"},
    "act": {1: "id kind subject body attachment claimed_name os_user login recorded_at"},
    "message": {1: "id number kind auditor about said claimed_name os_user login recorded_at"},
}
"""Entry kind -> format -> the columns of its body, the first of which is the entry's ``ref``.

A list that was once in force never changes: a column that comes later starts a new format, so that old
entries stay verifiable. What is summed up in a root within a body is named by the format, too.
"""

TABLES = {
    "run.started": tables.run,
    "run.ended": tables.run,
    "config": tables.config,
    "collection": tables.collection,
    "population": tables.population,
    "evaluation": tables.evaluation,
    "rule_version": tables.rule_version,
    "waiver": tables.waiver_event,
    "signing_key": tables.signing_key_event,
    "attachment": tables.attachment,
    "act": tables.act,
    "message": tables.message,
}
"""Entry kind -> the table of its rows."""
_COMPUTED = {("collection", "scope"): _scope_text, ("rule_version", "rule"): _rule_name}

MERKLE = 2
"""From this format of ``collection`` on, roots are Merkle roots."""
BASIS = 2
"""From this format of ``evaluation`` on, findings are hashed with their basis."""
ADJUSTED = 3
"""From this format of ``evaluation`` on, findings are hashed with their adjustment, too."""
BLOCKS = 3
"""From this format of ``collection`` and ``evaluation`` on, a changes root of many intervals is in blocks."""


def body_query(kind: str, form: int) -> sa.Select[Any]:
    """The rows that are the bodies of entries of a kind and format; the first column is their ``ref``."""
    table = TABLES[kind]
    columns = [
        _COMPUTED[kind, name].label(name) if (kind, name) in _COMPUTED else table.c[name]
        for name in COLUMNS[kind][form].split()
    ]
    return sa.select(*columns)


def in_force(kind: str) -> int:
    """The format in which entries of a kind are written."""
    return max(COLUMNS.get(kind, {1: ""}))


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    seq: int
    hash: str


def head(connection: Connection) -> Head:
    """The last entry; (0, GENESIS) for an empty chain."""
    row = connection.execute(_HEAD).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


class Entry(NamedTuple):
    """An entry as people look at it; ``verify`` says whether it is sound."""

    seq: int
    entry: str
    """What was recorded: ``run``, ``collection``, ``act``."""
    ref: str
    """The id of the row that it is about."""
    recorded_at: str
    body_digest: str
    """SHA-256 of that row's canonical text."""
    hash: str
    """Over all of this and the hash of the entry before."""


class Place(NamedTuple):
    """Where a page of entries ended."""

    seq: int

    @classmethod
    def of(cls, entry: Entry) -> Place:
        """The place of an entry."""
        return cls(entry.seq)


def newest(connection: Connection, *, after: Place | None = None, limit: int) -> Iterator[Entry]:
    """Entries, the newest first; found by keys.

    Args:
        connection: within ``Database.reading``.
        after: only what comes behind this place in the order: what is older.
        limit: so many at most.
    """
    t = tables.ledger
    # The first page has a place, too, so that both are found in one way: by the key.
    behind = _HIGHEST if after is None else after.seq
    query = (
        sa.select(t.c.seq, t.c.kind, t.c.ref, t.c.recorded_at, t.c.body_digest, t.c.hash)
        .where(t.c.seq < behind)
        .order_by(t.c.seq.desc())
        .limit(limit)
    )
    for row in connection.execute(query):
        yield Entry(*row)


def append(
    connection: Connection, kind: str, ref: str, body: str, recorded_at: str, form: int = 1
) -> Head:
    """Add one entry for ``body`` (canonical text). Only within ``Database.writing``.

    Raises:
        StoreError: the clock is simulated, and the store holds real history.
    """
    return _append(connection, _end(connection), kind, ref, body, recorded_at, form)


def _append(
    connection: Connection, last: Head, kind: str, ref: str, body: str, recorded_at: str, form: int
) -> Head:
    seq = last.seq + 1
    body_digest = sha256(body)
    link = link_hash(seq, kind, ref, body_digest, recorded_at, last.hash, form)
    entry = (seq, kind, ref, body_digest, recorded_at, last.hash, link, form)
    insert(connection, tables.ledger, [entry])
    return Head(seq, link)


def _end(connection: Connection) -> Head:
    """The last entry before the next one. On a simulated clock the first after the founding marks the store."""
    last = head(connection)
    if not clock.is_simulated() or last.seq == 0 or simulation.since(connection) is not None:
        return last
    if last.seq > 1:
        simulation.refuse_simulated()
    now = utc_text(clock.now())
    insert(connection, tables.meta, [(simulation.KEY, now)])
    return _append(connection, last, simulation.KEY, simulation.KEY, now, now, 1)


def record(connection: Connection, kind: str, ref: int | str, recorded_at: str) -> Head:
    """Add an entry for a row that has just been written; its body is read back from the table."""
    row = connection.execute(_body(kind), {"ref": ref}).one()
    return append(connection, kind, str(ref), body_of(row), recorded_at, in_force(kind))


def record_all(connection: Connection, kind: str, refs: Sequence[int], recorded_at: str) -> None:
    """Add an entry for each of several rows that have just been written, in the order of ``refs``."""
    form = in_force(kind)
    query = body_query(kind, form)
    column = query.selected_columns[0]
    bodies: dict[int, str] = {}
    for some in batched(refs, _AT_ONCE):
        rows = connection.execute(query.where(column.in_(some)))
        bodies.update((row[0], body_of(row)) for row in rows)
    last = _end(connection)
    seq, prev = last.seq, last.hash
    entries: list[tuple[int, str, str, str, str, str, str, int]] = []
    for ref in refs:
        seq, body_digest = seq + 1, sha256(bodies[ref])
        link = link_hash(seq, kind, str(ref), body_digest, recorded_at, prev, form)
        entries.append((seq, kind, str(ref), body_digest, recorded_at, prev, link, form))
        prev = link
    insert(connection, tables.ledger, entries)


@functools.cache
def _body(kind: str) -> sa.Select[Any]:
    query = body_query(kind, in_force(kind))
    column = query.selected_columns[0]
    return query.where(column == sa.bindparam("ref", type_=column.type))


def body_of(row: Row[Any]) -> str:
    """The canonical text of a ledgered row, the same now and at ``verify``."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def link_hash(
    seq: int, kind: str, ref: str, body_digest: str, recorded_at: str, prev: str, form: int = 1
) -> str:
    """SHA-256 (hex) over one entry and its predecessor's hash. In format 1 no format is named."""
    parts: list[int | str] = [seq, kind, ref, body_digest, recorded_at, prev]
    if form != 1:
        parts.append(form)
    return sha256(json.dumps(parts, separators=(",", ":")))


def sha256(text: str) -> str:
    """Hex digest of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


BLOCK = 10_000
"""Intervals of one block of a changes root. It never changes: what is recorded was summed up by it."""


class ChangesRoot:
    """What sums up the intervals that one collection or evaluation opened and closed, in id order.

    A digest over all of them; where there are more than :data:`BLOCK`, one over each block, so that a part can
    be verified without the others: ``opened.opened.opened/closed``, hexadecimal.
    """

    def __init__(self, *, blocks: bool = True) -> None:
        """``blocks=False``: of an entry of an earlier format, which knew none."""
        self._blocks = blocks
        self._block = hashlib.sha256()
        self._finished: list[str] = []
        self._closed: list[tuple[int, str]] = []
        self.opened = 0

    @property
    def closed(self) -> int:
        """How many intervals were closed."""
        return len(self._closed)

    def open(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows in id order, without the columns that closing will fill."""
        encoded = map(_encode, rows)
        # A block at a time: a first evaluation opens a million.
        while some := list(itertools.islice(encoded, BLOCK - self.opened % BLOCK)):
            if self._blocks and self.opened and self.opened % BLOCK == 0:
                self._finished.append(self._block.hexdigest())
                self._block = hashlib.sha256()
            self._block.update(b"".join(some))
            self.opened += len(some)

    def close(self, rows: Iterable[tuple[str, int, int]]) -> None:
        """Rows of (valid_to, closed_by, id), in any order."""
        self._closed.extend((row_id, valid_to) for valid_to, _, row_id in rows)

    def hexdigest(self) -> str:
        """The root so far."""
        closed = sorted(self._closed)
        if not self._blocks or (self.opened <= BLOCK and len(closed) <= BLOCK):
            of_closed = hashlib.sha256(_encode(closed))
            return hashlib.sha256(self._block.digest() + of_closed.digest()).hexdigest()
        last = [self._block.hexdigest()] if self.opened else []
        ended = [closed_block(closed[n : n + BLOCK]) for n in range(0, len(closed), BLOCK)]
        return f"{'.'.join([*self._finished, *last])}/{'.'.join(ended)}"


def opened_block(rows: Iterable[tuple[Any, ...]]) -> str:
    """The digest of one block of opened intervals, as rows are given to :meth:`ChangesRoot.open`."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_encode(row))
    return digest.hexdigest()


def closed_block(rows: Sequence[tuple[int, str]]) -> str:
    """The digest of one block of closed intervals: (id, valid_to), in id order."""
    return hashlib.sha256(_encode(rows)).hexdigest()
