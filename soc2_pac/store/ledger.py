"""The ledger: every act as a link of a hash chain. Written in the same transaction as what it records."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from soc2_pac.store import tables
from soc2_pac.store.database import batched, insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

_encode = msgspec.json.Encoder().encode

_HEAD = sa.text("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")

_AT_ONCE = 500
"""Ids in one ``IN (...)``."""

GENESIS = "0" * 64
"""``prev`` of the first entry."""

_scope_text = (
    sa.select(tables.scope.c.provider + ":" + tables.scope.c.boundary)
    .where(tables.scope.c.id == tables.collection.c.scope_id)
    .scalar_subquery()
    .label("scope")
)

BODIES: dict[str, sa.Select[Any]] = {
    "run.started": sa.select(
        tables.run.c.id,
        tables.run.c.command,
        tables.run.c.started_at,
        tables.run.c.config_digest,
        tables.run.c.tool_version,
    ),
    "run.ended": sa.select(tables.run.c.id, tables.run.c.finished_at, tables.run.c.status),
    "config": sa.select(tables.config),
    "collection": sa.select(tables.collection, _scope_text),
    "population": sa.select(tables.population),
    "evaluation": sa.select(tables.evaluation),
    "rule_version": sa.select(
        tables.rule_version,
        sa.select(tables.rule.c.name)
        .where(tables.rule.c.id == tables.rule_version.c.rule_id)
        .scalar_subquery()
        .label("rule"),
    ),
    "waiver": sa.select(tables.waiver_event),
}
"""Entry kind -> the rows that are the bodies of such entries; the first column is the entry's ``ref``."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    seq: int
    hash: str


def head(connection: Connection) -> Head:
    """The last entry; (0, GENESIS) for an empty chain."""
    row = connection.execute(_HEAD).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def append(connection: Connection, kind: str, ref: str, body: str, recorded_at: str) -> Head:
    """Add one entry for ``body`` (canonical text). Only within ``Database.writing``."""
    last = head(connection)
    seq = last.seq + 1
    body_digest = sha256(body)
    link = link_hash(seq, kind, ref, body_digest, recorded_at, last.hash)
    insert(connection, tables.ledger, [(seq, kind, ref, body_digest, recorded_at, last.hash, link)])
    return Head(seq, link)


def record(connection: Connection, kind: str, ref: int | str, recorded_at: str) -> Head:
    """Add an entry for a row that has just been written; its body is read back from the table."""
    row = connection.execute(_body(kind), {"ref": ref}).one()
    return append(connection, kind, str(ref), body_of(row), recorded_at)


def record_all(connection: Connection, kind: str, refs: Sequence[int], recorded_at: str) -> None:
    """Add an entry for each of several rows that have just been written, in the order of ``refs``."""
    query = BODIES[kind]
    column = query.selected_columns[0]
    bodies: dict[int, str] = {}
    for some in batched(refs, _AT_ONCE):
        rows = connection.execute(query.where(column.in_(some)))
        bodies.update((row[0], body_of(row)) for row in rows)
    last = head(connection)
    seq, prev = last.seq, last.hash
    entries: list[tuple[int, str, str, str, str, str, str]] = []
    for ref in refs:
        seq, body_digest = seq + 1, sha256(bodies[ref])
        link = link_hash(seq, kind, str(ref), body_digest, recorded_at, prev)
        entries.append((seq, kind, str(ref), body_digest, recorded_at, prev, link))
        prev = link
    insert(connection, tables.ledger, entries)


@functools.cache
def _body(kind: str) -> sa.Select[Any]:
    query = BODIES[kind]
    column = query.selected_columns[0]
    return query.where(column == sa.bindparam("ref", type_=column.type))


def body_of(row: Row[Any]) -> str:
    """The canonical text of a ledgered row, the same now and at ``verify``."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def link_hash(seq: int, kind: str, ref: str, body_digest: str, recorded_at: str, prev: str) -> str:
    """SHA-256 (hex) over one entry and its predecessor's hash."""
    return sha256(
        json.dumps([seq, kind, ref, body_digest, recorded_at, prev], separators=(",", ":"))
    )


def sha256(text: str) -> str:
    """Hex digest of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


class ChangesRoot:
    """A digest over the intervals that one collection or evaluation opened and closed, in id order."""

    def __init__(self) -> None:
        self._opened = hashlib.sha256()
        self._closed: list[tuple[int, str]] = []
        self.opened = 0

    @property
    def closed(self) -> int:
        """How many intervals were closed."""
        return len(self._closed)

    def open(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows in id order, without the columns that closing will fill."""
        for row in rows:
            self._opened.update(_encode(row))
            self.opened += 1

    def close(self, rows: Iterable[tuple[str, int, int]]) -> None:
        """Rows of (valid_to, closed_by, id), in any order."""
        self._closed.extend((row_id, valid_to) for valid_to, _, row_id in rows)

    def hexdigest(self) -> str:
        """The root so far."""
        closed = hashlib.sha256(_encode(sorted(self._closed)))
        return hashlib.sha256(self._opened.digest() + closed.digest()).hexdigest()
