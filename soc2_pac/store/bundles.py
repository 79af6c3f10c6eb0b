"""What a bundle of evidence holds, as it was recorded by the end of a period. Everything streams.

Rows are given as the texts that the ledger's entries are digests of, so that a reader needs no other knowledge of the
store to hold one against the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import ledger, tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

_CHUNK = 5000
_IN = 500


class Segment(NamedTuple):
    """The ledger up to the end of a period."""

    end: int
    """The last entry that belongs to it."""
    at: str
    """When that was recorded, UTC."""
    collection: int
    """The last collection recorded by then; 0 for none."""
    evaluation: int
    """The last evaluation recorded by then; 0 for none."""


def segment(connection: Connection, at: str, collection: int, evaluation: int) -> Segment:
    """The ledger up to an instant (UTC), and to what a report of that instant rests on, if that came later."""
    query = sa.text(
        "SELECT MAX(seq) FROM ledger WHERE seq <= COALESCE((SELECT MAX(seq) FROM ledger WHERE recorded_at <= :at), 0) "
        "OR (kind = 'collection' AND ref = :u) OR (kind = 'evaluation' AND ref = :e)"
    )
    bound = {"at": at, "u": str(collection), "e": str(evaluation)}
    end = int(connection.execute(query, bound).scalar() or 0)
    last = sa.text(
        "SELECT (SELECT recorded_at FROM ledger WHERE seq = :end), "
        "(SELECT MAX(CAST(ref AS INTEGER)) FROM ledger WHERE kind = 'collection' AND seq <= :end), "
        "(SELECT MAX(CAST(ref AS INTEGER)) FROM ledger WHERE kind = 'evaluation' AND seq <= :end)"
    )
    row = connection.execute(last, {"end": end}).one()
    return Segment(end, row[0] or "", int(row[1] or 0), int(row[2] or 0))


def entries(connection: Connection, last: int) -> Iterator[dict[str, Any]]:
    """The entries of the ledger from the first one on, in order."""
    query = sa.select(tables.ledger).where(tables.ledger.c.seq <= last)
    for row in _stream(connection, query.order_by(tables.ledger.c.seq)):
        yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def kinds(connection: Connection, end: int) -> list[str]:
    """The kinds of entries that record rows: not the one that founds the store, nor that it is simulated."""
    g = tables.ledger
    query = sa.select(g.c.kind).where(g.c.seq <= end, g.c.kind.in_(list(ledger.COLUMNS)))
    return sorted(connection.execute(query.distinct()).scalars())


def rows(connection: Connection, kind: str, end: int) -> Iterator[str]:
    """The text of each row of a kind that the ledger recorded by an entry, by its format, then by id."""
    g = tables.ledger
    forms = sa.select(g.c.format).where(g.c.kind == kind, g.c.seq <= end).distinct()
    for form in sorted(connection.execute(forms).scalars()):
        query = ledger.body_query(kind, form)
        column = query.selected_columns[0]
        refs = sa.select(g.c.ref).where(g.c.kind == kind, g.c.format == form, g.c.seq <= end)
        if isinstance(column.type, sa.Integer):
            refs = sa.select(sa.cast(refs.subquery().c.ref, sa.BigInteger))
        for row in _stream(connection, query.where(column.in_(refs)).order_by(column)):
            yield ledger.body_of(row)


FINDING = (
    "id", "fingerprint", "rule_id", "rule_version_id", "scope_id", "resource_id", "status", "message", "digest",
    "until", "failing_since", "sla_due", "valid_from", "basis", "adjustment", "opened_by",
)  # fmt: skip


def findings(connection: Connection, evaluation: int) -> Iterator[dict[str, Any]]:
    """Each row of a finding that evaluations up to one opened, with what it is about, by id."""
    f, r, s, res = tables.finding, tables.rule, tables.scope, tables.resource
    known = f.c.closed_by <= evaluation
    query = (
        sa.select(
            *(f.c[name] for name in FINDING),
            sa.case((known, f.c.closed_by)).label("closed_by"),
            sa.case((known, f.c.valid_to)).label("valid_to"),
            r.c.name.label("rule"),
            (s.c.provider + ":" + s.c.boundary).label("scope"),
            res.c.uid.label("resource"),
        )
        .select_from(
            f.join(r, r.c.id == f.c.rule_id)
            .join(s, s.c.id == f.c.scope_id)
            .outerjoin(res, res.c.id == f.c.resource_id)
        )
        .where(f.c.opened_by <= evaluation)
        .order_by(f.c.id)
    )
    for row in _stream(connection, query):
        yield dict(row._mapping)  # noqa: SLF001 - as above


def texts(connection: Connection, name: str, evaluation: int) -> Iterator[str]:
    """The texts of ``basis`` or ``adjustment`` that findings up to an evaluation name, by digest."""
    table = tables.metadata.tables[name]
    named = sa.select(tables.finding.c[name]).where(tables.finding.c.opened_by <= evaluation)
    query = sa.select(table.c.body).where(table.c.digest.in_(named)).order_by(table.c.digest)
    for row in _stream(connection, query):
        yield row[0]


def sources(connection: Connection, end: int) -> Iterator[tuple[str, str]]:
    """(digest, text) of the source of each rule version that the ledger recorded by an entry."""
    g, v, s = tables.ledger, tables.rule_version, tables.rule_source
    refs = sa.select(sa.cast(g.c.ref, sa.BigInteger)).where(
        g.c.kind == "rule_version", g.c.seq <= end
    )
    named = sa.select(v.c.source_digest).where(v.c.id.in_(refs))
    query = sa.select(s.c.digest, s.c.body).where(s.c.digest.in_(named)).order_by(s.c.digest)
    for row in _stream(connection, query):
        yield row[0], row[1]


def parts(connection: Connection, digests: Collection[str]) -> Iterator[tuple[str, str]]:
    """(digest, text) of parts of rule sources, by digest."""
    p = tables.rule_part
    for some in batched(sorted(digests), _IN):
        query = sa.select(p.c.digest, p.c.body).where(p.c.digest.in_(some)).order_by(p.c.digest)
        for row in connection.execute(query):
            yield row[0], row[1]


class Observed(NamedTuple):
    """One version of a document, as collections opened and closed it."""

    id: int
    resource_id: int
    digest: str
    name: str
    observed_at: str | None
    valid_from: str
    opened_by: int
    valid_to: str | None
    closed_by: int | None
    """``None`` where no collection up to the horizon ended it."""
    kind: str
    scope: str
    uid: str


def observed(
    connection: Connection, collection: int, kind: str | None = None, scope: str | None = None
) -> Iterator[Observed]:
    """Versions of documents that collections up to one opened, by id; of one kind and scope, if these are named."""
    o, r, s = tables.observation, tables.resource, tables.scope
    known = o.c.closed_by <= collection
    query = (
        sa.select(
            *(o.c[name] for name in Observed._fields[:7]),
            sa.case((known, o.c.valid_to)),
            sa.case((known, o.c.closed_by)),
            r.c.kind,
            s.c.provider + ":" + s.c.boundary,
            r.c.uid,
        )
        .select_from(o.join(r, r.c.id == o.c.resource_id).join(s, s.c.id == r.c.scope_id))
        .where(o.c.opened_by <= collection)
        .order_by(o.c.id)
    )
    if kind is not None:
        query = query.where(r.c.kind == kind)
    if scope is not None:
        query = query.where(s.c.provider + ":" + s.c.boundary == scope)
    yield from map(Observed._make, _stream(connection, query))


def cells(connection: Connection, collection: int) -> list[tuple[str, str]]:
    """(kind, scope) of everything that was collected up to a collection."""
    c, s = tables.collection, tables.scope
    query = (
        sa.select(c.c.kind, s.c.provider + ":" + s.c.boundary)
        .join(s, s.c.id == c.c.scope_id)
        .where(c.c.id <= collection)
        .distinct()
    )
    return sorted((row[0], row[1]) for row in connection.execute(query))


def sighted(connection: Connection, collection: int) -> list[tuple[str, str]]:
    """(uid, digest) of what an incomplete collection saw."""
    o, r, g = tables.observation, tables.resource, tables.sighting
    query = (
        sa.select(r.c.uid, o.c.digest)
        .select_from(
            g.join(r, r.c.id == g.c.resource_id).join(
                o,
                sa.and_(
                    o.c.resource_id == r.c.id,
                    o.c.opened_by <= collection,
                    sa.or_(o.c.closed_by.is_(None), o.c.closed_by > collection),
                ),
            )
        )
        .where(g.c.collection_id == collection)
    )
    return [(row[0], row[1]) for row in _stream(connection, query)]


class Look(NamedTuple):
    """One collection, as far as proofs ask."""

    id: int
    complete: bool
    provable: bool
    """Its root is a Merkle root."""


def collections(connection: Connection, kind: str, scope: str, last: int) -> list[Look]:
    """The collections of a kind in a scope up to one, in order."""
    c, s, g = tables.collection, tables.scope, tables.ledger
    query = (
        sa.select(c.c.id, c.c.status)
        .join(s, s.c.id == c.c.scope_id)
        .where(c.c.kind == kind, s.c.provider + ":" + s.c.boundary == scope, c.c.id <= last)
        .order_by(c.c.id)
    )
    merkle = connection.execute(
        sa.select(g.c.ref)
        .where(g.c.kind == "collection", g.c.format >= ledger.MERKLE)
        .order_by(g.c.seq)
        .limit(1)
    ).scalar()
    first = int(merkle) if merkle is not None else last + 1
    return [
        Look(row[0], row[1] == "complete", row[0] >= first) for row in connection.execute(query)
    ]


def populations(connection: Connection, collection: int) -> dict[str, dict[str, str]]:
    """Kind of events -> scope -> the path in its documents to when the event was, as asked last."""
    p, c, s = tables.population, tables.collection, tables.scope
    query = (
        sa.select(c.c.kind, s.c.provider + ":" + s.c.boundary, p.c.instant)
        .select_from(p.join(c, c.c.id == p.c.collection_id).join(s, s.c.id == c.c.scope_id))
        .where(c.c.id <= collection)
        .order_by(c.c.id)
    )
    found: dict[str, dict[str, str]] = {}
    for kind, scope, instant in connection.execute(query):
        found.setdefault(kind, {})[scope] = instant
    return found


def bodies(connection: Connection, digests: Collection[str]) -> Iterator[tuple[str, str]]:
    """(digest, text) of documents, by digest; the text is empty where it left the store."""
    e = tables.evidence
    for some in batched(sorted(digests), _IN // 5):
        query = sa.select(e.c.digest, e.c.body).where(e.c.digest.in_(some)).order_by(e.c.digest)
        for row in connection.execute(query):
            yield row[0], row[1]


def _stream(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query.execution_options(yield_per=_CHUNK)))
