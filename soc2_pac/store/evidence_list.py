"""Lists of documents: by keys, in the order of scopes, kinds and resources, so that a page costs what it shows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.store.finding_list import like

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One version of one document, as ``v_evidence`` shows it, without its body."""

    scope: str
    kind: str
    resource: str
    resource_name: str
    digest: str
    valid_from: str
    valid_to: str | None
    observed_at: str | None
    opened_by_collection: int
    closed_by_collection: int | None


class EvidencePosition(NamedTuple):
    """Where a page of documents ended."""

    scope: str
    kind: str
    resource: str
    opened_by: int

    @classmethod
    def of(cls, item: EvidenceItem) -> EvidencePosition:
        """The place of a version of a document."""
        return cls(item.scope, item.kind, item.resource, item.opened_by_collection)


def evidence(
    connection: Connection,
    *,
    kind: str | None = None,
    scope: str | None = None,
    resource: str | None = None,
    at: str | None = None,
    history: bool = False,
    after: EvidencePosition | None = None,
    limit: int | None = None,
) -> Iterator[EvidenceItem]:
    """Documents by kind, scope and resource (uid or name); current ones, or those of an instant, or all.

    In the order of scopes, kinds, resources, and collections. Streams.

    Args:
        connection: within ``Database.reading``.
        kind: e.g. ``aws.s3.bucket``.
        scope: exact, or a prefix ending in ``*``.
        resource: uid or name, exact.
        at: UTC text; the versions that held then.
        history: every version.
        after: only what comes behind this place.
        limit: so many at most.
    """
    held, values = "", {}
    if at is not None:
        held = " AND o.valid_from <= :at AND (o.valid_to IS NULL OR o.valid_to > :at)"
        values["at"] = at
    elif not history:
        held = " AND o.closed_by IS NULL"
    if resource is not None:
        found = _of_resource(connection, resource, held, values, (kind, scope), after)
    else:
        found = _of_cells(connection, held, values, (kind, scope), after, limit)
    yield from found if limit is None else itertools.islice(found, limit)


_COLUMNS = """
SELECT s.provider || ':' || s.boundary AS scope, r.kind, r.uid, o.name, o.digest, o.valid_from, o.valid_to,
       o.observed_at, o.opened_by, o.closed_by
"""
_RESOURCE = """
FROM observation o JOIN resource r ON r.id = o.resource_id JOIN scope s ON s.id = r.scope_id
WHERE o.id IN (SELECT x.id FROM resource y JOIN observation x ON x.resource_id = y.id WHERE y.uid = :resource
               UNION SELECT z.id FROM observation z WHERE z.name = :resource)
"""
_CELL = """
FROM resource r CROSS JOIN observation o CROSS JOIN scope s
WHERE r.scope_id = :scope AND r.kind = :kind AND o.resource_id = r.id AND s.id = r.scope_id
"""
"""SQLite goes through a CROSS JOIN in the order in which it is written."""


def _of_resource(
    connection: Connection,
    resource: str,
    held: str,
    values: dict[str, Any],
    narrowed: tuple[str | None, str | None],
    after: EvidencePosition | None,
) -> Iterator[EvidenceItem]:
    kind, scope = narrowed
    conditions, more = _narrowed(scope)
    values = {**values, **more, "resource": resource}
    if kind is not None:
        conditions += " AND r.kind = :kind"
        values["kind"] = kind
    if after is not None:
        conditions += (
            " AND (s.provider || ':' || s.boundary, r.kind, r.uid, o.opened_by) > (:a, :b, :c, :d)"
        )
        values |= dict(zip("abcd", after, strict=True))
    query = sa.text(
        f"{_COLUMNS}{_RESOURCE}{held}{conditions} ORDER BY 1, r.kind, r.uid, o.opened_by"
    )
    with connection.execute(query.execution_options(yield_per=_CHUNK), values) as rows:
        for row in rows:
            yield EvidenceItem(*row)


def _of_cells(
    connection: Connection,
    held: str,
    values: dict[str, Any],
    narrowed: tuple[str | None, str | None],
    after: EvidencePosition | None,
    limit: int | None,
) -> Iterator[EvidenceItem]:
    left = limit
    for scope_id, scope, kind in _cells(connection, narrowed, after):
        conditions, more = held, {**values, "scope": scope_id, "kind": kind}
        if after is not None and (scope, kind) == after[:2]:
            conditions += " AND r.uid >= :uid AND (r.uid > :uid OR o.opened_by > :opened)"
            more |= {"uid": after.resource, "opened": after.opened_by}
        order = " ORDER BY r.uid, o.opened_by"
        query = sa.text(
            f"{_COLUMNS}{_CELL}{conditions}{order}" + ("" if left is None else " LIMIT :limit")
        )
        if left is None:
            query = query.execution_options(yield_per=_CHUNK)
        else:
            more["limit"] = left
        with connection.execute(query, more) as rows:
            for row in rows:
                if left is not None:
                    left -= 1
                yield EvidenceItem(*row)


def _cells(
    connection: Connection,
    narrowed: tuple[str | None, str | None],
    after: EvidencePosition | None,
) -> Iterator[tuple[int, str, str]]:
    """Scopes with the kinds of which something was ever seen there, in order."""
    wanted, scope = narrowed
    conditions, values = _narrowed(scope)
    if after is not None:
        conditions += " AND s.provider || ':' || s.boundary >= :from"
        values["from"] = after.scope
    scopes = connection.execute(
        sa.text(
            "SELECT s.id, s.provider || ':' || s.boundary FROM scope s "  # noqa: S608 - values are bound
            f"WHERE 1 = 1{conditions} ORDER BY 2"
        ),
        values,
    ).all()
    for scope_id, name in scopes:
        start = after.kind if after is not None and name == after.scope else ""
        for kind in _kinds(connection, scope_id, start) if wanted is None else [wanted]:
            if wanted is None or kind >= start:
                yield scope_id, name, kind


_NEXT_KIND = {
    True: "SELECT MIN(kind) FROM resource WHERE scope_id = :scope AND kind >= :kind",
    False: "SELECT MIN(kind) FROM resource WHERE scope_id = :scope AND kind > :kind",
}


def _kinds(connection: Connection, scope: int, start: str) -> Iterator[str]:
    """The kinds of a scope from one on, each found by the key: one step for a kind, and not for a resource."""
    kind: str | None = start
    first = True
    while True:
        query = sa.text(_NEXT_KIND[first])
        kind = connection.execute(query, {"scope": scope, "kind": kind}).scalar()
        if kind is None:
            return
        yield kind
        first = False


def _narrowed(scope: str | None) -> tuple[str, dict[str, Any]]:
    if scope is None:
        return "", {}
    if scope.endswith("*"):
        condition = " AND s.provider || ':' || s.boundary LIKE :like ESCAPE '\\'"
        return condition, {"like": like(scope[:-1]) + "%"}
    return " AND s.provider || ':' || s.boundary = :named", {"named": scope}
