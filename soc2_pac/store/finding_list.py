"""Lists of current findings: found by the counts and by keys, so that a page costs what it shows.

A list is ordered by severity, status, rule and scope, which the counts (:mod:`soc2_pac.store.counts`) know of all
findings, and within a scope by the resource. So the counts say which rules, statuses and scopes come next and how many
findings are there, and keys find these: the few of several scopes are read together and sorted, those of a large scope
in the order in which its resources stand in their own key. Nothing is sorted as a whole, and a list of any length is
read in flat memory.
"""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.model import Severity, Status
from soc2_pac.store import tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

_CHUNK = 5000
_IN = 500
_SORTED = 2000
"""Findings that are read together and sorted: about 10 ms of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One current finding, as ``v_findings`` shows it."""

    fingerprint: str
    rule: str
    title: str
    severity: Severity
    criteria: tuple[str, ...]
    thresholds: Mapping[str, Any]
    scope: str
    kind: str | None
    resource: str | None
    """The resource's uid; ``None`` for a finding about the whole scope."""
    resource_name: str | None
    status: Status
    message: str
    evidence: str | None
    """Digest of the document that was judged."""
    since: str
    """Since when this verdict holds, UTC."""
    failing_since: str | None
    sla_due: str | None
    until: str | None
    waiver: str | None
    """The waiver under which a failure is accepted; it stays a failure."""
    basis: str | None = None
    """Digest of what it rests on beside the document; see :func:`soc2_pac.store.queries.finding_documents`."""
    outside: bool = False
    """It does not count: it is outside of the system that is audited, or its rule is switched off there."""
    adjustment: str | None = None
    """What was decided for its place, and by whom: JSON, see :class:`soc2_pac.decisions.Adjustment`."""

    @property
    def because(self) -> tuple[str, ...]:
        """The decisions that touch it, in words."""
        return tuple(json.loads(self.adjustment)["because"]) if self.adjustment else ()


class Position(NamedTuple):
    """Where a page ended: the place of its last finding in the order of the list.

    It is a place and no finding: the next page begins behind it also where that finding has changed meanwhile.
    """

    severity: str
    status: str
    rule: str
    scope: str
    resource: str | None

    @classmethod
    def of(cls, finding: Finding) -> Position:
        """The place of a finding."""
        return cls(
            finding.severity.value,
            finding.status.value,
            finding.rule,
            finding.scope,
            finding.resource,
        )


def findings(
    connection: Connection,
    *,
    rules: Collection[str] = (),
    criteria: Collection[str] = (),
    statuses: Collection[Status] = (),
    severities: Collection[Severity] = (),
    scope: str | None = None,
    kind: str | None = None,
    resource: str | None = None,
    provider: str | None = None,
    fingerprint: str | None = None,
    waived: bool | None = None,
    outside: bool | None = None,
    by_rule: bool = False,
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[Finding]:
    """Current findings, failures first, each status by severity; every filter narrows. Streams.

    Args:
        connection: within ``Database.reading``.
        rules: ids.
        criteria: ids or prefixes of series (``CC6`` means all of CC6).
        statuses: any of these.
        severities: any of these.
        kind: of the judged resource.
        provider: of the scope.
        scope: exact, or a prefix ending in ``*``.
        resource: uid or name, exact.
        fingerprint: exact or a prefix.
        waived: only waived (True) or only not waived (False) ones.
        outside: only what is outside of the system (True) or only what belongs to it (False).
        by_rule: in the order of the rules' ids instead.
        after: only what comes behind this place in the order.
        limit: so many at most.
    """
    wanted = _Wanted(
        frozenset(rules),
        tuple(criteria),
        frozenset(str(status) for status in statuses),
        frozenset(str(severity) for severity in severities),
        scope,
        kind,
        provider,
        waived,
        outside,
        by_rule,
        after,
    )
    if resource is not None or fingerprint is not None:
        found = _few(connection, wanted, resource, fingerprint, limit)
    else:
        found = _Walk(connection, wanted, limit).findings()
    yield from found if limit is None else itertools.islice(found, limit)


class _Wanted(NamedTuple):
    """What is asked for."""

    rules: frozenset[str]
    criteria: tuple[str, ...]
    statuses: frozenset[str]
    severities: frozenset[str]
    scope: str | None
    kind: str | None
    provider: str | None
    waived: bool | None
    outside: bool | None
    by_rule: bool
    after: Position | None

    def takes_criteria(self, of_rule: Iterable[str]) -> bool:
        return not self.criteria or any(
            one == wanted if "." in wanted else one.startswith(f"{wanted}.")
            for one in of_rule
            for wanted in self.criteria
        )


# -- by the counts and by keys -------------------------------------------------------------------------


class _Ruled(NamedTuple):
    """A rule as its version in force says it."""

    id: int
    place: int
    """In the order of names, as the database has it."""
    name: str
    title: str
    severity: str
    criteria: tuple[str, ...]
    thresholds: Mapping[str, Any]


class _Part(NamedTuple):
    """What comes next to each other in the order: findings of a rule with a severity and a status."""

    severity: str
    status: str
    rule: _Ruled


class _Cell(NamedTuple):
    """Findings of a part in one scope."""

    scope_id: int
    scope: str
    kinds: tuple[str, ...]
    """Empty: of the whole scope."""
    adjustments: tuple[str, ...]
    size: int


WORST_FIRST = (
    Status.FAIL,
    Status.ERROR,
    Status.INCONCLUSIVE,
    Status.STALE,
    Status.PASS,
    Status.NOT_APPLICABLE,
)
"""The order of lists: what fails, what nobody knows, what holds; within each by severity."""
_RANK = {
    **{str(value): rank for rank, value in enumerate(reversed(Severity))},
    **{str(value): rank for rank, value in enumerate(WORST_FIRST)},
}

_RULES = """
SELECT r.id, r.name, v.title, v.severity, v.criteria, v.thresholds
FROM rule r JOIN rule_in_force i ON i.rule_id = r.id JOIN rule_version v ON v.id = i.rule_version_id
ORDER BY r.name
"""
_PRESENT = """
SELECT r.id, t.status FROM rule r CROSS JOIN ({statuses}) t
WHERE EXISTS (SELECT 1 FROM finding_count c WHERE c.rule_id = r.id AND c.status = t.status)
"""
_CELLS = """
SELECT c.scope_id, s.provider || ':' || s.boundary AS scope, c.kind, c.adjustment, c.findings
FROM finding_count c JOIN scope s ON s.id = c.scope_id
WHERE c.rule_id = :rule AND c.status = :status{more}
ORDER BY scope, c.scope_id
"""
_ROW = """
SELECT f.fingerprint, s.provider || ':' || s.boundary AS scope, res.kind, res.uid, o.name, f.message, f.digest,
       f.valid_from, f.failing_since, f.sla_due, f.until, {waiver}, f.basis, f.adjustment
"""
_STATUS = "f.status = :status"
_KEYS_ALONE = "SET LOCAL enable_hashjoin = {0}; SET LOCAL enable_mergejoin = {0}"
_OTHERS = """
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
"""
_FIRST = f"SELECT f.id FROM finding f {_OTHERS} WHERE "  # noqa: S608 - constants
_BY_KEY = """
FROM resource res
CROSS JOIN finding f
CROSS JOIN scope s
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
WHERE f.resource_id = res.id AND s.id = f.scope_id AND """
"""SQLite goes through a CROSS JOIN in the order in which it is written."""


class Held(NamedTuple):
    """A waiver that holds."""

    waiver: str
    scope: str | None
    resource: str | None
    pattern: str | None


def held(connection: Connection) -> dict[str, list[Held]]:
    """Rule -> its waivers that hold now by the database's clock, in the order in which the views take them."""
    found: dict[str, list[Held]] = {}
    query = sa.text(_HELD.format(now=_NOW[connection.dialect.name]))
    for rule, *waiver in connection.execute(query):
        found.setdefault(rule, []).append(Held(*waiver))
    return found


_NOW = {
    "sqlite": r"strftime('%Y-%m-%dT%H\:%M\:%fZ', 'now')",
    "postgresql": r"""to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS.MS"Z"')""",
}
_HELD = """
SELECT w.rule, w.waiver, w.scope, w.resource, w.pattern FROM waiver_event w
WHERE w.action = 'add' AND (w.expires_at IS NULL OR w.expires_at > {now})
  AND NOT EXISTS (SELECT 1 FROM waiver_event x WHERE x.waiver = w.waiver AND x.action = 'revoke')
ORDER BY w.id
"""


def covering(
    waivers: Iterable[Held], dialect: str
) -> tuple[list[tuple[str, str]], dict[str, str | None]]:
    """(waiver, condition that it covers a failure of its rule) in order, and the values of all.

    The conditions are over scope ``s``, resource ``res`` and observation ``o``, as the views have them.
    """
    found: list[tuple[str, str]] = []
    values: dict[str, str | None] = {}
    for number, waiver in enumerate(waivers):
        parts = ["1 = 1"]
        if waiver.scope is not None:
            parts.append(f"s.provider || ':' || s.boundary = :w{number}s")
            values[f"w{number}s"] = waiver.scope
        if waiver.resource is not None:
            parts.append(f"res.uid = :w{number}r")
            values[f"w{number}r"] = waiver.resource
        if waiver.pattern is not None:
            name = f"w{number}p"
            says = _MATCHES[dialect].format(name=name)
            parts.append(f"(res.uid {says} OR o.name {says})")
            values[name] = _PATTERN[dialect](waiver.pattern)
        found.append((waiver.waiver, " AND ".join(parts)))
    return found, values


_MATCHES = {"sqlite": "GLOB :{name}", "postgresql": "LIKE :{name} ESCAPE '\\'"}
_PATTERN: dict[str, Callable[[str], str]] = {
    "sqlite": lambda pattern: pattern.replace("[", "[[]").replace("?", "[?]"),
    "postgresql": lambda pattern: like(pattern).replace("*", "%"),
}
"""A pattern in which only ``*`` is special, in the words of a database."""


class _Walk:
    """A list, as it is read."""

    def __init__(self, connection: Connection, wanted: _Wanted, limit: int | None) -> None:
        self._connection = connection
        self._wanted = wanted
        self._left = limit
        self._adjustments: dict[str, tuple[str | None, bool, str]] = {
            row[0]: (row[1], bool(row[2]), row[3])
            for row in connection.execute(
                sa.text("SELECT digest, severity, outside, body FROM adjustment")
            )
        }

    @functools.cached_property
    def _waivers(self) -> dict[str, list[Held]]:
        return held(self._connection)

    def findings(self) -> Iterator[Finding]:
        """In order."""
        after = self._wanted.after
        for part in self._parts():
            begun = after is not None and part[:2] == after[:2] and part.rule.name == after.rule
            behind = after if begun else None
            for cells in self._batches(part, behind):
                yield from self._of(part, cells, behind)

    def _parts(self) -> list[_Part]:
        """In the order of the list."""
        wanted = self._wanted
        parsed = functools.cache(json.loads)
        ruled = [
            _Ruled(row[0], place, row[1], row[2], row[3], tuple(parsed(row[4])), parsed(row[5]))
            for place, row in enumerate(self._connection.execute(sa.text(_RULES)))
        ]
        places = {rule.name: rule.place for rule in ruled}
        chosen = {
            rule.id: rule
            for rule in ruled
            if (not wanted.rules or rule.name in wanted.rules)
            and wanted.takes_criteria(rule.criteria)
        }
        statuses = sorted(wanted.statuses or {str(status) for status in Status})
        if wanted.waived:
            statuses = [status for status in statuses if status == Status.FAIL]
            chosen = {i: rule for i, rule in chosen.items() if rule.name in self._waivers}
        if not statuses or not chosen:
            return []
        parts = {
            (severity, status, rule): _Part(severity, status, chosen[rule])
            for rule, status in self._present(statuses)
            if rule in chosen
            for severity in self._severities(rule, status, chosen[rule])
            if not wanted.severities or severity in wanted.severities
        }

        def order(severity: str, status: str, place: int) -> tuple[int, ...]:
            worst = (_RANK.get(status, 99), _RANK.get(severity, 99))
            return (place, *worst) if wanted.by_rule else (*worst, place)

        after = wanted.after
        first = (
            ()
            if after is None
            else order(after.severity, after.status, places.get(after.rule, len(places)))
        )
        keyed = [(order(p.severity, p.status, p.rule.place), p) for p in parts.values()]
        return [part for key, part in sorted(keyed, key=lambda pair: pair[0]) if key >= first]

    def _present(self, statuses: list[str]) -> list[tuple[int, str]]:
        """Rules and statuses of which there are findings."""
        listed = " UNION ALL ".join(f"SELECT '{status}' AS status" for status in statuses)
        rows = self._connection.execute(sa.text(_PRESENT.format(statuses=listed)))
        return [(row[0], row[1]) for row in rows]

    def _severities(self, rule: int, status: str, of: _Ruled) -> set[str]:
        """Those of a rule's findings with a status: what was decided for places may change them."""
        return self._adjusted.get((rule, status), {of.severity})

    @functools.cached_property
    def _adjusted(self) -> dict[tuple[int, str], set[str]]:
        """Rule and status -> severities, where a decision changes any."""
        if not any(severity for severity, _, _ in self._adjustments.values()):
            return {}
        found: dict[tuple[int, str], set[str]] = {}
        query = sa.text(
            "SELECT DISTINCT c.rule_id, c.status, COALESCE(a.severity, v.severity) FROM finding_count c "
            "JOIN rule_in_force i ON i.rule_id = c.rule_id JOIN rule_version v ON v.id = i.rule_version_id "
            "LEFT JOIN adjustment a ON a.digest = c.adjustment"
        )
        for rule, status, severity in self._connection.execute(query):
            found.setdefault((rule, status), set()).add(severity)
        return found

    def _batches(self, part: _Part, after: Position | None) -> Iterator[list[_Cell]]:
        """Cells of a part that are read together: several small ones, or one."""
        batch: list[_Cell] = []
        count = 0
        for cell in self._cells(part, after):
            if batch and count + cell.size > _SORTED:
                yield batch
                batch, count = [], 0
            batch.append(cell)
            count += cell.size
            if self._left is not None and count >= max(self._left, 1):
                yield batch
                batch, count = [], 0
        if batch:
            yield batch

    def _cells(self, part: _Part, after: Position | None) -> Iterator[_Cell]:
        wanted = self._wanted
        more, values = "", {"rule": part.rule.id, "status": part.status}
        if wanted.scope is not None and wanted.scope.endswith("*"):
            more += " AND s.provider || ':' || s.boundary LIKE :scope ESCAPE '\\'"
            values["scope"] = like(wanted.scope[:-1]) + "%"
        elif wanted.scope is not None:
            more += " AND s.provider || ':' || s.boundary = :scope"
            values["scope"] = wanted.scope
        if wanted.provider is not None:
            more += " AND s.provider = :provider"
            values["provider"] = wanted.provider
        if wanted.kind is not None:
            more += " AND c.kind = :kind"
            values["kind"] = wanted.kind
        if after is not None:
            more += " AND s.provider || ':' || s.boundary >= :after"
            values["after"] = after.scope
        query = sa.text(_CELLS.format(more=more))
        rows = self._connection.execute(query, values)
        for (scope_id, scope), some in itertools.groupby(rows.all(), key=lambda row: row[:2]):
            mine = [row for row in some if self._takes(part, row[3])]
            if mine and self._may_be_waived(part, scope):
                yield _Cell(
                    scope_id,
                    scope,
                    tuple(sorted({row[2] for row in mine})),
                    tuple(sorted({row[3] for row in mine})),
                    sum(row[4] for row in mine),
                )

    def _may_be_waived(self, part: _Part, scope: str) -> bool:
        """Whether that is asked for, and a waiver speaks of the scope."""
        return not self._wanted.waived or any(
            waiver.scope in (None, scope) for waiver in self._waivers[part.rule.name]
        )

    def _takes(self, part: _Part, adjustment: str) -> bool:
        severity, outside, _ = self._adjustments.get(adjustment, (None, False, ""))
        return (severity or part.rule.severity) == part.severity and self._wanted.outside in (
            None,
            outside,
        )

    # -- rows ---------------------------------------------------------------------------------------------

    def _of(self, part: _Part, cells: list[_Cell], after: Position | None) -> Iterator[Finding]:
        """The findings of some cells, in order."""
        one = cells[0]
        many = len(cells) == 1 and self._many(part, one)
        waiver, named = "NULL", None
        accepting: dict[str, str | None] = {}
        if part.status == Status.FAIL and part.rule.name in self._waivers:
            waiver, accepting = self._accepted(part)
            named = self._named(part)
        conditions = ["f.rule_id = :rule", _STATUS, "f.closed_by IS NULL"]
        values: dict[str, Any] = {"rule": part.rule.id, "status": part.status, **accepting}
        expanding = []
        if self._wanted.waived is not None and waiver != "NULL":
            conditions.append(f"{waiver} IS {'NOT ' if self._wanted.waived else ''}NULL")
        if self._wanted.kind is not None:
            conditions.append("res.kind = :kind")
            values["kind"] = self._wanted.kind
        adjustments = sorted({one for cell in cells for one in cell.adjustments})
        if adjustments != [""] or self._adjustments:
            conditions.append("COALESCE(f.adjustment, '') IN :adjustments")
            values["adjustments"] = adjustments
            expanding.append("adjustments")
        if named is not None:
            conditions.append("res.uid IN :named")
            values["named"] = named
            expanding.append("named")
        if many or (named is not None and len(cells) == 1 and one.kinds != ("",)):
            text = self._in_order(one, conditions, values, after)
        else:
            text = self._sorted(cells, conditions, values, expanding, after)
        query = sa.text(_ROW.format(waiver=waiver) + text)
        for name in expanding:
            query = query.bindparams(sa.bindparam(name, expanding=True))
        if self._left is not None:
            for row in self._page(query, {**values, "limit": self._left}):
                self._left -= 1
                yield self._made(part, row)
            return
        with self._connection.execute(query.execution_options(yield_per=_CHUNK), values) as rows:
            for row in rows:
                yield self._made(part, row)

    def _page(self, query: sa.TextClause, values: Mapping[str, Any]) -> list[Any]:
        """The rows of a page. PostgreSQL would read all resources for a thousand of them: it takes keys alone."""
        connection = self._connection
        if connection.dialect.name == "sqlite":
            return list(connection.execute(query, values))
        connection.exec_driver_sql(_KEYS_ALONE.format("off"))
        found = list(connection.execute(query, values))
        connection.exec_driver_sql(_KEYS_ALONE.format("on"))
        return found

    def _many(self, part: _Part, cell: _Cell) -> bool:
        """Whether the findings of a scope are to be read in the order of its resources, and not sorted."""
        if cell.size <= _SORTED or len(cell.kinds) > 1 or cell.kinds == ("",):
            return False
        if self._left is None:
            return True
        # Each resource has one finding of a rule: how many have to be passed for those that are wanted.
        query = sa.text(
            "SELECT SUM(findings) FROM finding_count WHERE rule_id = :rule AND scope_id = :scope"
        )
        values = {"rule": part.rule.id, "scope": cell.scope_id}
        every = int(self._connection.execute(query, values).scalar() or 0)
        return self._left * every < cell.size * cell.size

    def _accepted(self, part: _Part) -> tuple[str, dict[str, str | None]]:
        """The first waiver that covers a failure, as an expression with its values."""
        dialect = self._connection.dialect.name
        conditions, values = covering(self._waivers[part.rule.name], dialect)
        whens = []
        for number, (waiver, condition) in enumerate(conditions):
            whens.append(f"WHEN {condition} THEN CAST(:w{number} AS TEXT)")
            values[f"w{number}"] = waiver
        return f"(CASE {' '.join(whens)} END)", values

    def _named(self, part: _Part) -> list[str] | None:
        """Where only waivers of single resources can matter: which ones."""
        names = [waiver.resource for waiver in self._waivers[part.rule.name]]
        found = sorted({name for name in names if name is not None})
        return found if self._wanted.waived and None not in names else None

    def _in_order(
        self,
        cell: _Cell,
        conditions: list[str],
        values: dict[str, Any],
        after: Position | None,
    ) -> str:
        """By the key of the resources."""
        conditions = [*conditions, "res.scope_id = :scope", "res.kind = :of"]
        if self._connection.dialect.name == "sqlite":
            # Written so, no key begins with the status: each resource's finding is found by its own.
            conditions = ["f.status || '' = :status" if c == _STATUS else c for c in conditions]
        values |= {"scope": cell.scope_id, "of": cell.kinds[0]}
        if after is not None and after.scope == cell.scope:
            if after.resource is not None:
                conditions.append("res.uid > :uid")
                values["uid"] = after.resource
            elif self._connection.dialect.name != "sqlite":
                # What is of the whole scope comes last there: nothing is behind it.
                conditions.append("1 = 0")
        return _BY_KEY + " AND ".join(conditions) + " ORDER BY res.uid" + self._limit()

    def _sorted(
        self,
        cells: list[_Cell],
        conditions: list[str],
        values: dict[str, Any],
        expanding: list[str],
        after: Position | None,
    ) -> str:
        """All of some scopes, sorted: first which ones come next, then what they say."""
        conditions = [*conditions, "f.scope_id IN :scopes"]
        values["scopes"] = [cell.scope_id for cell in cells]
        expanding.append("scopes")
        if after is not None:
            sqlite = self._connection.dialect.name == "sqlite"
            values["at"] = after.scope
            if after.resource is not None:
                # What is of a whole scope comes first on SQLite, and last on PostgreSQL.
                later = "res.uid > :uid" + ("" if sqlite else " OR res.uid IS NULL")
                values["uid"] = after.resource
            else:
                later = "res.uid IS NOT NULL" if sqlite else "1 = 0"
            conditions.append(f"(s.provider || ':' || s.boundary > :at OR {later})")
        order = " ORDER BY s.provider || ':' || s.boundary, res.uid"
        inner = _FIRST + " AND ".join(conditions) + order + self._limit()
        return f"FROM ({inner}) x JOIN finding f ON f.id = x.id {_OTHERS} {order}"

    def _limit(self) -> str:
        return "" if self._left is None else " LIMIT :limit"

    def _made(self, part: _Part, row: Any) -> Finding:  # noqa: ANN401 - a row
        _, outside, body = self._adjustments.get(row[13] or "", (None, False, None))
        rule = part.rule
        return Finding(
            row[0],
            rule.name,
            rule.title,
            Severity(part.severity),
            rule.criteria,
            rule.thresholds,
            row[1],
            row[2],
            row[3],
            row[4],
            Status(part.status),
            message=row[5],
            evidence=row[6],
            since=row[7],
            failing_since=row[8],
            sla_due=row[9],
            until=row[10],
            waiver=row[11],
            basis=row[12],
            outside=outside,
            adjustment=body,
        )


# -- by the findings themselves ------------------------------------------------------------------------


def _few(
    connection: Connection,
    wanted: _Wanted,
    resource: str | None,
    fingerprint: str | None,
    limit: int | None,
) -> Iterator[Finding]:
    """Of a resource, or of a fingerprint: keys find them, and they are sorted."""
    names = [field.name for field in fields(Finding)]
    v = sa.table("v_findings", *(sa.column(name) for name in (*names, "provider")))
    query = sa.select(*(v.c[name] for name in names)).where(*_narrowed(wanted, v))
    if fingerprint is not None:
        # Hexadecimal digits: in every order of texts, g comes behind them.
        start = fingerprint.lower()
        query = query.where(v.c.fingerprint >= start, v.c.fingerprint < start + "g")
    if resource is not None:
        query = query.where(v.c.fingerprint.in_(_of_resource(connection, resource)))
    worst = [_rank(v.c.status, WORST_FIRST), _rank(v.c.severity, reversed(Severity))]
    ordered = [v.c.rule, *worst] if wanted.by_rule else [*worst, v.c.rule]
    query = query.order_by(*ordered, v.c.scope, v.c.resource)
    if wanted.after is not None:
        query = query.where(
            _behind(wanted, [*ordered, v.c.scope], v.c.resource, connection.dialect.name)
        )
    if limit is not None and not wanted.criteria:
        query = query.limit(limit)
    parsed = functools.cache(json.loads)
    if limit is None:
        query = query.execution_options(yield_per=_CHUNK)
    with connection.execute(query) as rows:
        for row in rows:
            values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
            values["criteria"] = tuple(parsed(values["criteria"]))
            if not wanted.takes_criteria(values["criteria"]):
                continue
            values["severity"] = Severity(values["severity"])
            values["status"] = Status(values["status"])
            values["thresholds"] = parsed(values["thresholds"])
            values["outside"] = bool(values["outside"])
            yield Finding(**values)


def _narrowed(wanted: _Wanted, v: sa.TableClause) -> Iterator[sa.ColumnElement[bool]]:
    """The filters over the view; that by criteria is for who reads."""
    for column, some in (
        (v.c.rule, wanted.rules),
        (v.c.status, wanted.statuses),
        (v.c.severity, wanted.severities),
    ):
        if some:
            yield column.in_(sorted(some))
    if wanted.scope is not None and wanted.scope.endswith("*"):
        yield v.c.scope.like(like(wanted.scope[:-1]) + "%", escape="\\")
    elif wanted.scope is not None:
        yield v.c.scope == wanted.scope
    if wanted.kind is not None:
        yield v.c.kind == wanted.kind
    if wanted.provider is not None:
        yield v.c.provider == wanted.provider
    if wanted.waived is not None:
        yield v.c.waiver.is_not(None) if wanted.waived else v.c.waiver.is_(None)
    if wanted.outside is not None:
        yield v.c.outside == int(wanted.outside)


def _of_resource(connection: Connection, resource: str) -> list[str]:
    """Fingerprints of open findings on what has this id or name.

    Read first, step by step: in one statement, PostgreSQL takes them for many.
    """
    f, r, o = tables.finding, tables.resource, tables.observation
    named = sa.union(
        sa.select(r.c.id).where(r.c.uid == resource),
        sa.select(o.c.resource_id).where(o.c.name == resource, o.c.closed_by.is_(None)),
    )
    found: list[str] = []
    for some in batched(connection.execute(named).scalars().all(), _IN):
        query = sa.select(f.c.fingerprint).where(f.c.closed_by.is_(None), f.c.resource_id.in_(some))
        found += connection.execute(query).scalars()
    return found


def _rank(column: sa.ColumnElement[str], values: Iterable[Any]) -> sa.ColumnElement[int]:
    return sa.case({str(value): rank for rank, value in enumerate(values)}, value=column, else_=99)


def _behind(
    wanted: _Wanted,
    order: list[sa.ColumnElement[Any]],
    resource: sa.ColumnElement[str | None],
    dialect: str,
) -> sa.ColumnElement[bool]:
    """What comes behind a place, where the order is by these columns and then by the resource."""
    after = wanted.after
    assert after is not None  # noqa: S101 - asked only where there is one
    worst = [_RANK.get(after.status, 99), _RANK.get(after.severity, 99)]
    place: list[Any] = [after.rule, *worst] if wanted.by_rule else [*worst, after.rule]
    place.append(after.scope)
    later: sa.ColumnElement[bool]
    if after.resource is None:
        later = resource.is_not(None) if dialect == "sqlite" else sa.false()
    elif dialect == "sqlite":
        later = resource > after.resource
    else:
        later = sa.or_(resource > after.resource, resource.is_(None))
    here = sa.tuple_(*order)
    there = sa.tuple_(*(sa.literal(value) for value in place))
    return sa.or_(here > there, sa.and_(here == there, later))


def like(text: str) -> str:
    """Text as a literal within LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
