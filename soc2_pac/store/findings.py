"""Reading evidence for an evaluation and writing what it finds. The logic is in soc2_pac.evaluate."""

from __future__ import annotations

import functools
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import sqlalchemy as sa

from soc2_pac.model import CollectionStatus, Scope, utc_text
from soc2_pac.store import counts, ledger, tables
from soc2_pac.store.database import batched, close_intervals, insert, next_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.decisions import Adjustment
    from soc2_pac.model import Basis

_CHUNK = 4000
_IN = 500
"""Ids in one ``IN (...)``; SQLite allows 32,766 variables, PostgreSQL 65,535."""


class LookRow(NamedTuple):
    """The last look at one kind in one scope."""

    collection: int
    source: str
    scope: Scope
    status: CollectionStatus
    reason: str
    permission: str | None
    finished_at: str
    found: int
    """How many resources it saw; of a complete look at a population, how many that has by now."""
    population: bool
    """Whether its documents are events, which no later look can make less known."""


class DocumentRow(NamedTuple):
    """One current document."""

    resource: int
    scope: int
    uid: str
    digest: str
    body: str
    valid_from: str
    opened_by: int


class FindingRow(NamedTuple):
    """One open finding, as far as an evaluation compares it."""

    id: int
    rule: int
    scope: int
    resource: int | None
    version: int
    status: str
    message: str
    digest: str | None
    until: str | None
    failing_since: str | None
    sla_due: str | None
    valid_from: str
    basis: str | None = None
    """Digest of what it rests on beside the document."""
    adjustment: str | None = None
    """Digest of what was decided for its place."""


class Previous(NamedTuple):
    """The last evaluation of a rule version."""

    upto: int
    as_of: str


def last_collection(connection: Connection, at: str | None = None) -> int:
    """The id of the newest collection, or of the newest that had finished at an instant; 0 for none."""
    query = sa.select(sa.func.max(tables.collection.c.id))
    if at is not None:
        query = query.where(tables.collection.c.finished_at <= at)
    return connection.execute(query).scalar() or 0


@functools.cache
def _newest_looks() -> sa.Select[Any]:
    """Built once: an evaluation asks it of every kind, twice."""
    c, s, p = tables.collection, tables.scope, tables.population
    newest = (
        sa.select(sa.func.max(c.c.id).label("id"))
        .where(c.c.kind == sa.bindparam("kind"), c.c.id <= sa.bindparam("upto"))
        .group_by(c.c.scope_id)
        .subquery()
    )
    return (
        sa.select(
            c.c.scope_id,
            c.c.id,
            c.c.source,
            s.c.provider,
            s.c.boundary,
            c.c.status,
            c.c.reason,
            c.c.permission,
            c.c.finished_at,
            c.c.count,
            p.c.collection_id,
        )
        .join(newest, newest.c.id == c.c.id)
        .join(s, s.c.id == c.c.scope_id)
        .outerjoin(p, p.c.collection_id == c.c.id)
    )


def looks(
    connection: Connection, kind: str, upto: int, retired: Mapping[int, int]
) -> dict[int, LookRow]:
    """The last look at a kind in each scope, by scope id, among collections up to ``upto``.

    Scopes that were ``retired`` (id -> the last collection before) have none. A scope ``?source`` stands for a
    source that could not be reached at all; it is forgotten as soon as a later look of that source reached any
    real scope.
    """
    found: dict[int, LookRow] = {}
    reached: dict[str, int] = {}
    for row in connection.execute(_newest_looks(), {"kind": kind, "upto": upto}):
        found[row[0]] = LookRow(
            row[1],
            row[2],
            Scope(row[3], row[4]),
            CollectionStatus(row[5]),
            row[6],
            row[7],
            row[8],
            row[9],
            row[10] is not None,
        )
        if not row[4].startswith("?"):
            reached[row[2]] = max(reached.get(row[2], 0), row[1])
    return {
        scope_id: look
        for scope_id, look in found.items()
        if (
            not look.scope.boundary.startswith("?") or look.collection > reached.get(look.source, 0)
        )
        and look.collection > retired.get(scope_id, -1)
    }


def sighted(connection: Connection, collection: int) -> set[int]:
    """The resources that an incomplete look did see."""
    s = tables.sighting
    return set(
        connection.execute(
            sa.select(s.c.resource_id).where(s.c.collection_id == collection)
        ).scalars()
    )


def changed(connection: Connection, kind: str, since: int, upto: int) -> set[int]:
    """Resources of a kind whose document changed, came or went in collections (since, upto]."""
    o, r = tables.observation, tables.resource
    opened = sa.select(o.c.resource_id).where(o.c.opened_by > since, o.c.opened_by <= upto)
    closed = sa.select(o.c.resource_id).where(o.c.closed_by > since, o.c.closed_by <= upto)
    either = sa.union(opened, closed).subquery()
    query = sa.select(r.c.id).join(either, either.c.resource_id == r.c.id).where(r.c.kind == kind)
    return set(connection.execute(query).scalars())


def documents(
    connection: Connection, kind: str, upto: int | None, resources: Collection[int] | None = None
) -> Iterator[list[DocumentRow]]:
    """Documents of a kind in chunks, by resource id.

    ``upto=None``: the current ones; a collection id: those current right after it.
    ``resources``: only these ids.
    """
    current = upto is None
    bound: dict[str, str | int | None] = {"kind": kind} if current else {"kind": kind, "upto": upto}
    if resources is not None:
        for ids in batched(sorted(resources), _IN):
            query = _documents(current=current).where(tables.resource.c.id.in_(ids))
            yield [DocumentRow._make(row) for row in connection.execute(query, bound)]
        return
    last = 0
    while True:
        rows = connection.execute(_chunk_of_documents(current=current), {**bound, "last": last})
        chunk = [DocumentRow._make(row) for row in rows]
        if not chunk:
            return
        yield chunk
        last = chunk[-1].resource


@functools.cache
def _documents(*, current: bool) -> sa.Select[Any]:
    """The current documents of a kind, or (not ``current``) those current right after a collection."""
    o, r, e = tables.observation, tables.resource, tables.evidence
    upto = sa.bindparam("upto", type_=sa.Integer)
    holds = (
        o.c.closed_by.is_(None)
        if current
        else sa.and_(o.c.opened_by <= upto, sa.or_(o.c.closed_by.is_(None), o.c.closed_by > upto))
    )
    return (
        sa.select(
            r.c.id, r.c.scope_id, r.c.uid, o.c.digest, e.c.body, o.c.valid_from, o.c.opened_by
        )
        .select_from(r.join(o, o.c.resource_id == r.c.id).join(e, e.c.digest == o.c.digest))
        .where(holds, r.c.kind == sa.bindparam("kind"))
        .order_by(r.c.id)
    )


@functools.cache
def _chunk_of_documents(*, current: bool) -> sa.Select[Any]:
    after = tables.resource.c.id > sa.bindparam("last")
    return _documents(current=current).where(after).limit(_CHUNK)


_FINDING = (
    tables.finding.c.id,
    tables.finding.c.rule_id,
    tables.finding.c.scope_id,
    tables.finding.c.resource_id,
    tables.finding.c.rule_version_id,
    tables.finding.c.status,
    tables.finding.c.message,
    tables.finding.c.digest,
    tables.finding.c.until,
    tables.finding.c.failing_since,
    tables.finding.c.sla_due,
    tables.finding.c.valid_from,
    tables.finding.c.basis,
    tables.finding.c.adjustment,
)


def open_findings(
    connection: Connection, rules: Collection[int], resources: Collection[int]
) -> dict[tuple[int, int], FindingRow]:
    """Open findings of rules on resources, by (rule, resource)."""
    f = tables.finding
    found: dict[tuple[int, int], FindingRow] = {}
    if not resources:
        return found
    query = sa.select(*_FINDING).where(f.c.closed_by.is_(None), f.c.rule_id.in_(list(rules)))
    low, high = min(resources), max(resources)
    if high - low < _IN * 20:  # dense ids: one range beats many lists
        parts = [query.where(f.c.resource_id.between(low, high))]
    else:
        parts = [query.where(f.c.resource_id.in_(ids)) for ids in batched(sorted(resources), _IN)]
    wanted = set(resources)
    for part in parts:
        for row in connection.execute(part):
            if row[3] in wanted:  # a range holds others, too
                found[(row[1], row[3])] = FindingRow._make(row)
    return found


def open_scope_findings(connection: Connection, rule: int) -> dict[int, FindingRow]:
    """Open findings of a rule about whole scopes, by scope id."""
    rows = connection.execute(_of_scopes(), {"rule": rule})
    return {row[2]: FindingRow._make(row) for row in rows}


@functools.cache
def _of_scopes() -> sa.Select[Any]:
    """Built once: an evaluation asks it of every rule."""
    f = tables.finding
    return sa.select(*_FINDING).where(
        f.c.closed_by.is_(None), f.c.rule_id == sa.bindparam("rule"), f.c.resource_id.is_(None)
    )


def due(connection: Connection, rule: int, now: str) -> set[int]:
    """Resources whose open finding of a rule the clock has overtaken."""
    f = tables.finding
    query = sa.select(f.c.resource_id).where(
        f.c.closed_by.is_(None), f.c.until <= now, f.c.rule_id == rule, f.c.resource_id.is_not(None)
    )
    return set(connection.execute(query).scalars())


def without_document(connection: Connection, rules: Collection[int]) -> list[int]:
    """Ids of open findings whose resource is gone."""
    return list(connection.execute(_without_document(), {"rules": list(rules)}).scalars())


@functools.cache
def _without_document() -> sa.Select[Any]:
    """Built once: an evaluation asks it of every kind."""
    f, o = tables.finding, tables.observation
    return (
        sa.select(f.c.id)
        .select_from(
            f.outerjoin(o, sa.and_(o.c.resource_id == f.c.resource_id, o.c.closed_by.is_(None)))
        )
        .where(
            f.c.closed_by.is_(None),
            f.c.rule_id.in_(sa.bindparam("rules", expanding=True)),
            f.c.resource_id.is_not(None),
            o.c.id.is_(None),
        )
        .order_by(f.c.id)
    )


def in_scopes(connection: Connection, rules: Collection[int], scopes: Collection[int]) -> list[int]:
    """Ids of open findings of rules on resources in scopes."""
    f = tables.finding
    found: list[int] = []
    for some in batched(sorted(scopes), _IN):
        query = sa.select(f.c.id).where(
            f.c.closed_by.is_(None),
            f.c.rule_id.in_(list(rules)),
            f.c.scope_id.in_(some),
            f.c.resource_id.is_not(None),
        )
        found += connection.execute(query).scalars()
    return found


def findings_of_other_rules(connection: Connection, rules: Collection[int]) -> list[int]:
    """Ids of open findings of rules that are not among ``rules``."""
    f, r = tables.finding, tables.rule
    kept = set(rules)
    # Rules are few, and an index finds the findings of each.
    others = [rule for rule in connection.execute(sa.select(r.c.id)).scalars() if rule not in kept]
    found: list[int] = []
    for some in batched(others, _IN):
        query = sa.select(f.c.id).where(f.c.closed_by.is_(None), f.c.rule_id.in_(some))
        found += connection.execute(query).scalars()
    return sorted(found)


# -- rule versions ------------------------------------------------------------------------------------


class SourceText(Protocol):
    """The text of a rule version; :class:`soc2_pac.rule_source.Source`."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of ``body``."""

    @property
    def body(self) -> str:
        """Names and digests of the parts, canonical JSON."""

    @property
    def parts(self) -> Mapping[str, str]:
        """Digest -> text."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is kept of a rule: enough to know later what judged, with which settings."""

    name: str
    source: SourceText
    thresholds: Mapping[str, Any]
    severity: str
    title: str
    criteria: tuple[str, ...]


Rehash = Callable[[str, "Mapping[str, str]"], "SourceText | None"]
"""(rule name, the modules of a source in format 1) -> the same source in today's format."""


def rule_version_rows(
    connection: Connection, rules: Sequence[RuleFacts], recorded_at: str, rehash: Rehash
) -> dict[str, tuple[int, int]]:
    """Rule name -> (rule id, rule version id); what is new is added, versions with a ledger entry each.

    A version in format 1 whose text is that of a new one is noted there: nothing needs to be judged again.
    """
    r, v = tables.rule, tables.rule_version
    ids: dict[str, int] = {
        row[1]: row[0] for row in connection.execute(sa.select(r.c.id, r.c.name))
    }
    new_rules = [facts.name for facts in rules if facts.name not in ids]
    ids.update(zip(new_rules, itertools.count(next_id(connection, r)), strict=False))
    insert(connection, r, [(ids[name], name) for name in new_rules])
    known = {
        tuple(row[1:]): int(row[0])
        for row in connection.execute(sa.select(v.c.id, *(v.c[name] for name in _IDENTITY)))
    }
    # Read at the first need only: of most stores there are none.
    older = functools.cache(lambda: _format_1(connection))
    number = next_id(connection, v)
    added: list[tuple[int, RuleFacts, tuple[Any, ...], int | None]] = []
    found: dict[str, tuple[int, int]] = {}
    for facts in rules:
        identity = (
            ids[facts.name],
            facts.source.digest,
            _json(facts.thresholds),
            facts.severity,
            facts.title,
            _json(facts.criteria),
        )
        if identity not in known:
            moved = _moved_from(facts, identity, known, older, rehash)
            known[identity] = number
            added.append((number, facts, identity, moved))
            number += 1
        found[facts.name] = (ids[facts.name], known[identity])
    texts = {facts.source.digest: facts.source.body for _, facts, _, _ in added}
    parts = {
        digest: text for _, facts, _, _ in added for digest, text in facts.source.parts.items()
    }
    insert(connection, tables.rule_part, list(parts.items()), new=False)
    insert(connection, tables.rule_source, list(texts.items()), new=False)
    insert(connection, v, [(n, *identity, recorded_at, moved) for n, _, identity, moved in added])
    criteria = [(n, one) for n, facts, _, _ in added for one in dict.fromkeys(facts.criteria)]
    insert(connection, tables.rule_criterion, criteria)
    ledger.record_all(connection, "rule_version", [n for n, *_ in added], recorded_at)
    _put_in_force(connection, found.values())
    return found


_IDENTITY = ("rule_id", "source_digest", "thresholds", "severity", "title", "criteria")
"""The columns that make a rule version another one."""


def _format_1(connection: Connection) -> dict[str, dict[str, str]]:
    """Digest -> modules of the sources that are kept in format 1."""
    s = tables.rule_source
    rows = connection.execute(sa.select(s.c.digest, s.c.body).where(~s.c.body.like('{"format":%')))
    return {row[0]: json.loads(row[1]) for row in rows}


def _moved_from(
    facts: RuleFacts,
    identity: tuple[Any, ...],
    known: Mapping[tuple[Any, ...], int],
    older: Callable[[], Mapping[str, Mapping[str, str]]],
    rehash: Rehash,
) -> int | None:
    """The newest version in format 1 that is this one but for the format of its digest."""
    same = [
        (number, other[1])
        for other, number in known.items()
        if (other[0], *other[2:]) == (identity[0], *identity[2:])
    ]
    for number, digest in sorted(same, reverse=True):
        modules = older().get(digest)
        again = rehash(facts.name, modules) if modules is not None else None
        if again is not None and again.digest == facts.source.digest:
            return number
    return None


def _put_in_force(connection: Connection, found: Iterable[tuple[int, int]]) -> None:
    """Note for each rule which of its versions is judged by now."""
    i = tables.rule_in_force
    now = {row[0]: row[1] for row in connection.execute(sa.select(i))}
    changed = [(rule, version) for rule, version in found if now.get(rule) != version]
    connection.execute(i.delete().where(i.c.rule_id.in_([rule for rule, _ in changed])))
    insert(connection, i, changed)


def previous(connection: Connection, versions: Mapping[int, int]) -> dict[int, Previous]:
    """For each rule version, its rule's last evaluation, if that judged by this very version.

    Args:
        connection: reading or writing.
        versions: rule version id -> rule id.

    A rule that the last whole evaluation left out had its findings closed then: it has no previous one. A
    version that only moved to another format judges as the one that it comes from.
    """
    e, v = tables.evaluation, tables.rule_version
    rule_of: dict[int, int] = {}
    moved: dict[int, int] = {}
    for row in connection.execute(sa.select(v.c.id, v.c.rule_id, v.c.moved_from)):
        rule_of[row[0]] = row[1]
        if row[2] is not None:
            moved[row[0]] = row[2]
    wanted = {rule: version for version, rule in versions.items()}
    found: dict[int, Previous] = {}
    query = sa.select(e.c.upto, e.c.as_of, e.c.rule_versions, e.c.whole).order_by(e.c.id.desc())
    for upto, as_of, listed, whole in connection.execute(query):
        for version in json.loads(listed):
            own = wanted.pop(rule_of.get(version, -1), None)
            if own is not None and version in (own, moved.get(own)):
                found[own] = Previous(upto, as_of)
        if whole or not wanted:
            break
    return found


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


# -- writing ------------------------------------------------------------------------------------------


def last_as_of(connection: Connection) -> str | None:
    """The latest instant as of which anything was ever judged."""
    return connection.execute(sa.select(sa.func.max(tables.evaluation.c.as_of))).scalar()


class EvaluationWriter:
    """One evaluation in the making: opens and closes findings, then seals them with a ledger entry."""

    def __init__(
        self,
        connection: Connection,
        *,
        run_id: int,
        as_of: datetime,
        upto: int,
        rule_versions: Iterable[int],
        tool_version: str,
        started: datetime,
        whole: bool,
    ) -> None:
        self.id = next_id(connection, tables.evaluation)
        self.judged = 0
        self._root = ledger.ChangesRoot()
        self._bases: dict[Basis, str] = {}
        self._new_bases: list[tuple[str, str]] = []
        self._adjustments: dict[Adjustment, str] = {}
        self._new_adjustments: list[tuple[str, str, int, str | None]] = []
        self._connection = connection
        self._next = next_id(connection, tables.finding)
        self._opened: list[tuple[Any, ...]] = []
        self._closed: list[tuple[str, int, int]] = []
        self._counted: defaultdict[tuple[int, str, int, str, str], int] = defaultdict(int)
        """How many were opened, by the columns of :class:`counts.Group`."""
        # A clock that was ahead left intervals that begin later than now.
        self._ahead = (last_as_of(connection) or "") > utc_text(as_of)
        insert(
            connection,
            tables.evaluation,
            [
                (
                    self.id,
                    run_id,
                    utc_text(as_of),
                    upto,
                    _json(sorted(rule_versions)),
                    int(whole),
                    tool_version,
                    utc_text(started),
                    "",
                    0,
                    0,
                    0,
                    "",
                )
            ],
        )

    def basis(self, rests_on: Basis) -> str:
        """The digest under which a basis is kept."""
        digest = self._bases.get(rests_on)
        if digest is None:
            body = _json({"documents": rests_on.documents, "populations": rests_on.populations})
            digest = self._bases[rests_on] = ledger.sha256(body)
            self._new_bases.append((digest, body))
        return digest

    def adjustment(self, made: Adjustment) -> str:
        """The digest under which an adjustment is kept."""
        digest = self._adjustments.get(made)
        if digest is None:
            digest = self._adjustments[made] = made.digest
            severity = made.severity.value if made.severity else None
            self._new_adjustments.append((digest, made.body, int(made.outside), severity))
        return digest

    def open(
        self, row: tuple[Any, ...], kind: str, basis: str | None, adjustment: str | None = None
    ) -> int:
        """Open a finding from its columns between ``id`` and ``valid_to``, in the table's order.

        ``kind``: of its resource; empty for a finding about a whole scope.
        """
        number = self._next
        self._next += 1
        self._counted[row[1], row[5], row[3], kind, adjustment or ""] += 1
        self._opened.append((number, *row, basis, adjustment))
        if len(self._opened) >= _CHUNK:
            self.flush()
        return number

    def close(self, finding: int, valid_to: str) -> None:
        """Close an open finding."""
        self._closed.append((valid_to, self.id, finding))

    def flush(self) -> None:
        """Write what is pending."""
        insert(self._connection, tables.basis, self._new_bases, new=False)
        insert(self._connection, tables.adjustment, self._new_adjustments, new=False)
        self._new_bases, self._new_adjustments = [], []
        rows = [(*row[:-2], None, self.id, None, *row[-2:]) for row in self._opened]
        insert(self._connection, tables.finding, rows)
        self._root.open(self._opened)
        self._opened = []
        if self._ahead:
            self._closed = self._not_before_they_began(self._closed)
        close_intervals(self._connection, tables.finding, self._closed)
        self._root.close(self._closed)
        self._closed = []

    def _not_before_they_began(
        self, closed: list[tuple[str, int, int]]
    ) -> list[tuple[str, int, int]]:
        f = tables.finding
        began: dict[int, str] = {}
        for some in batched((finding for _, _, finding in closed), _CHUNK):
            rows = self._connection.execute(
                sa.select(f.c.id, f.c.valid_from).where(f.c.id.in_(some))
            )
            began.update((row[0], row[1]) for row in rows)
        return [(max(at, began[finding]), by, finding) for at, by, finding in closed]

    def seal(self, finished: datetime) -> tuple[int, int]:
        """Finish: returns how many findings were opened and closed."""
        self.flush()
        closed = counts.closed_by(self._connection, self.id)
        opened = Counter({counts.Group(*group): n for group, n in self._counted.items()})
        counts.change(self._connection, opened, closed)
        e = tables.evaluation
        self._connection.execute(
            sa.update(e)
            .where(e.c.id == self.id)
            .values(
                finished_at=utc_text(finished),
                judged=self.judged,
                opened=self._root.opened,
                closed=self._root.closed,
                changes_root=self._root.hexdigest(),
            )
        )
        ledger.record(self._connection, "evaluation", self.id, utc_text(finished))
        return self._root.opened, self._root.closed
