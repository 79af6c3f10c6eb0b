"""How many findings are open, by rule, status, scope, kind and adjustment: kept, so that nobody counts them to tell.

Kept by the evaluation that opens and closes findings, in its own transaction. It is derived: :mod:`soc2_pac.store.verify`
counts again, and nothing that is proved (reports, bundles) reads it. What the clock changes (waived, overdue) is in no
count and is worked out when it is read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import tables

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


_KEYS = ("rule_id", "status", "scope_id", "kind", "adjustment")
