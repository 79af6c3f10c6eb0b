"""How many findings are open, by rule, status, scope, kind and adjustment: kept, so that nobody counts them to tell.

Kept by the evaluation that opens and closes findings, in its own transaction. It is derived:
:mod:`soc2_pac.store.verify` counts again, and nothing that is proved (reports, bundles) reads it. What the clock
changes (waived, overdue) is in no count and is worked out when it is read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.errors import IntegrityError
from soc2_pac.model import Severity, Status
from soc2_pac.store import tables
from soc2_pac.store.finding_list import Finding, covering, findings, held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


class Group(NamedTuple):
    """What findings are counted by."""

    rule: int
    status: str
    scope: int
    kind: str
    """Empty for findings about whole scopes."""
    adjustment: str
    """Empty for none."""


def of_open_findings(connection: Connection, *chosen: sa.ColumnElement[bool]) -> Iterator[Any]:
    """Count the findings that are open, or others that are ``chosen``: rows of a group's columns and a number."""
    f, r = tables.finding, tables.resource
    columns = (
        f.c.rule_id,
        f.c.status,
        f.c.scope_id,
        sa.func.coalesce(r.c.kind, ""),
        sa.func.coalesce(f.c.adjustment, ""),
    )
    query = (
        sa.select(*columns, sa.func.count())
        .select_from(f.outerjoin(r, r.c.id == f.c.resource_id))
        .where(*(chosen or (f.c.closed_by.is_(None),)))
        .group_by(*columns)
    )
    yield from connection.execute(query)


def closed_by(connection: Connection, evaluation: int) -> Counter[Group]:
    """The findings that an evaluation closed."""
    rows = of_open_findings(connection, tables.finding.c.closed_by == evaluation)
    return Counter({Group(*row[:-1]): row[-1] for row in rows})


def change(connection: Connection, opened: Counter[Group], closed: Counter[Group]) -> None:
    """Add what was opened, take off what was closed. Within ``Database.writing``."""
    changes = {
        group: opened[group] - closed[group]
        for group in {**opened, **closed}
        if opened[group] != closed[group]
    }
    if not changes:
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    # Names come from tables.py; values are bound.
    add = (
        "INSERT INTO finding_count (rule_id, status, scope_id, kind, adjustment, findings) "  # noqa: S608
        f"VALUES ({', '.join([mark] * 6)}) ON CONFLICT (rule_id, status, scope_id, kind, adjustment) "
        "DO UPDATE SET findings = finding_count.findings + excluded.findings"
    )
    connection.exec_driver_sql(add, [(*group, number) for group, number in sorted(changes.items())])
    less = [tuple(group) for group, number in sorted(changes.items()) if number < 0]
    if less:
        where = " AND ".join(f"{name} = {mark}" for name in _KEYS)
        empty = f"DELETE FROM finding_count WHERE findings = 0 AND {where}"  # noqa: S608
        connection.exec_driver_sql(empty, less)


def check(connection: Connection) -> None:
    """Count open findings by rule and status again: what a run says at its end rests on the counts.

    Raises:
        IntegrityError: the counts say something else.
    """
    f, c = tables.finding, tables.finding_count
    found = sa.select(f.c.rule_id, f.c.status, sa.func.count()).where(f.c.closed_by.is_(None))
    kept = sa.select(c.c.rule_id, c.c.status, sa.func.sum(c.c.findings))
    there, said = (
        {(row[0], row[1]): int(row[2]) for row in connection.execute(query.group_by(*columns))}
        for query, columns in (
            (found, (f.c.rule_id, f.c.status)),
            (kept, (c.c.rule_id, c.c.status)),
        )
    )
    if there != said:
        msg = (
            "the counts of open findings are not those of the findings: somebody changed the store. "
            "Next: soc2-pac verify"
        )
        raise IntegrityError(msg)


_KEYS = ("rule_id", "status", "scope_id", "kind", "adjustment")


# -- reading ------------------------------------------------------------------------------------------


class Tallied(NamedTuple):
    """How many findings a rule has with one severity and status."""

    rule: str
    severity: Severity
    criteria: str
    """JSON, as ``v_findings`` has it."""
    status: Status
    outside: bool
    findings: int


def tallied(connection: Connection) -> list[Tallied]:
    """How many findings are open, over all scopes."""
    query = sa.text(
        "SELECT rule, severity, criteria, status, outside, SUM(findings) FROM v_finding_counts "
        "GROUP BY rule, severity, criteria, status, outside "
        "ORDER BY rule, severity, criteria, status, outside"
    )
    return [
        Tallied(row[0], Severity(row[1]), row[2], Status(row[3]), bool(row[4]), int(row[5]))
        for row in connection.execute(query)
    ]


def waived(connection: Connection) -> Counter[tuple[str, Severity]]:
    """Rule and severity -> how many failures that count are waived now.

    Costs what is waived where single resources are. A waiver of a whole rule, or over a pattern, costs the failures of
    the rule.
    """
    found: Counter[tuple[str, Severity]] = Counter()
    for rule, waivers in held(connection).items():
        if all(waiver.resource is not None for waiver in waivers):
            some = findings(
                connection, rules=[rule], statuses=[Status.FAIL], outside=False, waived=True
            )
            found.update((finding.rule, finding.severity) for finding in some)
            continue
        conditions, values = covering(waivers, connection.dialect.name)
        any_of = " OR ".join(f"({condition})" for _, condition in conditions)
        rows = connection.execute(
            sa.text(_WAIVED + f"({any_of}) GROUP BY 1"), {"of": rule, **values}
        )
        found.update({(rule, Severity(severity)): number for severity, number in rows})
    return found


_WAIVED = """
SELECT COALESCE(a.severity, v.severity), COUNT(*)
FROM rule r
JOIN rule_in_force i ON i.rule_id = r.id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN finding f ON f.rule_id = r.id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
LEFT JOIN adjustment a ON a.digest = f.adjustment
WHERE r.name = :of AND f.status = 'fail' AND f.closed_by IS NULL AND COALESCE(a.outside, 0) = 0 AND """


class Worst(NamedTuple):
    """A rule that fails."""

    finding: Finding
    """The first by scope and name."""
    others: int
    """How many more failures of it count and are not waived."""


def worst(
    connection: Connection,
    counted: list[Tallied],
    accepted: Counter[tuple[str, Severity]],
    number: int,
) -> list[Worst]:
    """Rules with failures that count and are not waived, the most severe first: so many of them.

    Args:
        connection: reading.
        counted: :func:`tallied`.
        accepted: :func:`waived`.
        number: of rules.
    """
    failing: dict[str, Counter[Severity]] = {}
    for one in counted:
        if one.status is Status.FAIL and not one.outside:
            left = one.findings - accepted[one.rule, one.severity]
            if left > 0:
                failing.setdefault(one.rule, Counter())[one.severity] += left
    chosen = sorted(failing, key=lambda rule: (-max(s.rank for s in failing[rule]), rule))
    found = []
    for rule in chosen[:number]:
        first = _first(connection, rule, waived=any(accepted[rule, one] for one in Severity))
        if first is not None:
            found.append(Worst(first, failing[rule].total() - 1))
    return found


def _first(connection: Connection, rule: str, *, waived: bool) -> Finding | None:
    """Of the failures of a rule that count and are not waived, the first by scope and by what a person calls it.

    ``waived``: whether some of the failures are.
    """
    query = sa.text(
        "SELECT DISTINCT scope FROM v_finding_counts WHERE rule = :rule AND status = 'fail' AND outside = 0"
    )
    order = "" if connection.dialect.name == "sqlite" else ' COLLATE "C"'
    first = sa.text(
        "SELECT fingerprint FROM v_findings "  # noqa: S608 - constants
        "WHERE rule = :rule AND status = 'fail' AND scope = :scope AND outside = 0 "
        f"ORDER BY COALESCE(NULLIF(resource_name, ''), resource, ''){order}, fingerprint LIMIT 1"
    )
    for scope in sorted(connection.execute(query, {"rule": rule}).scalars()):
        if waived:
            left = findings(
                connection,
                rules=[rule],
                statuses=[Status.FAIL],
                scope=scope,
                outside=False,
                waived=False,
            )
            found = min(left, key=_called, default=None)
            if found is not None:
                return found
            continue
        fingerprint = connection.execute(first, {"rule": rule, "scope": scope}).scalar()
        if fingerprint is not None:
            return next(findings(connection, fingerprint=fingerprint))
    return None


def _called(finding: Finding) -> tuple[str, str]:
    return finding.resource_name or finding.resource or "", finding.fingerprint
