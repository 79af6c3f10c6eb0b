"""What findings said at two instants, and how the second differs from the first. Worked out in SQL, and streamed.

What the store said at an instant is what its last evaluation until then said: later evaluations change nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac.model import Severity, Status
from soc2_pac.store import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

_CHUNK = 5000

NEW, WORSE, BETTER, FIXED, UNSEEN, LEFT_OUT = (
    "new", "worse", "better", "fixed", "no longer seen", "left out",
)  # fmt: skip
CHANGES = (NEW, WORSE, BETTER, FIXED, UNSEEN, LEFT_OUT)
"""In the order in which they are told."""


class At(NamedTuple):
    """A state of the store."""

    evaluation: int
    """0: before the first."""
    as_of: str | None
    """The instant of the evaluation, UTC."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding that differs."""

    change: str
    """One of :data:`CHANGES`. ``fixed``: failed, and passes or does not apply. ``better``: was not known, and passes or
    does not apply; or fails with a lower severity. ``no longer seen``: there is nothing any more, or nobody could see
    what failed. ``left out``: fails still, and a decision says that it does not count."""
    severity: str
    rule: str
    scope: str
    kind: str | None
    resource: str | None
    resource_name: str | None
    before: str | None
    """Its status; ``None``: there was no such finding."""
    after: str | None
    before_message: str | None
    after_message: str | None
    before_evidence: str | None
    """Digest of the document."""
    after_evidence: str | None
    fingerprint: str
    outside: bool
    """It does not count now (or did not when it was last seen)."""
    passing: bool
    """It came or went without anything to act on."""


def at_instant(connection: Connection, instant: str) -> At:
    """The state at an instant, UTC text."""
    e = tables.evaluation
    return _at(connection, e.c.as_of <= instant)


def after_run(connection: Connection, run: int) -> At:
    """The state right after a run."""
    return _at(connection, tables.evaluation.c.run_id <= run)


def before(connection: Connection, last: At) -> At:
    """The state that an evaluation changed."""
    return _at(connection, tables.evaluation.c.id < last.evaluation)


def _at(connection: Connection, chosen: sa.ColumnElement[bool]) -> At:
    e = tables.evaluation
    query = sa.select(e.c.id, e.c.as_of).where(chosen).order_by(e.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return At(0, None) if row is None else At(row[0], row[1])


def _ranked(values: type[Severity]) -> str:
    return " ".join(f"WHEN '{value}' THEN {number}" for number, value in enumerate(values))


_KNOWN = f"('{Status.PASS}', '{Status.NOT_APPLICABLE}')"
_RANK = "CASE {severity} " + _ranked(Severity) + " END"
_PART = """
    SELECT f.id, f.fingerprint, f.rule_id, f.scope_id, f.resource_id, f.status, f.message, f.digest,
           COALESCE(a.severity, v.severity) AS severity, COALESCE(a.outside, 0) AS outside
    FROM finding f
    JOIN rule_version v ON v.id = f.rule_version_id
    LEFT JOIN adjustment a ON a.digest = f.adjustment
"""
# ruff: noqa: S608 - the parts are constants of this file; values are bound
_ALL = f"""
WITH old AS (
    {_PART} WHERE f.opened_by <= :first AND f.closed_by > :first AND f.closed_by <= :last
), now AS (
    {_PART} WHERE f.id > :first_id AND f.id <= :last_id AND (f.closed_by IS NULL OR f.closed_by > :last)
), pairs AS (
    SELECT n.fingerprint, n.rule_id, n.scope_id, n.resource_id, n.severity, n.outside, o.status AS before,
           n.status AS after, o.message AS before_message, n.message AS after_message, o.digest AS before_evidence,
           n.digest AS after_evidence, o.severity AS before_severity, o.outside AS before_outside
    FROM now n LEFT JOIN old o ON o.fingerprint = n.fingerprint
    UNION ALL
    SELECT o.fingerprint, o.rule_id, o.scope_id, o.resource_id, o.severity, o.outside, o.status, NULL, o.message, NULL,
           o.digest, NULL, o.severity, o.outside
    FROM old o LEFT JOIN now n ON n.fingerprint = o.fingerprint
    WHERE n.id IS NULL
), told AS (
    SELECT p.*,
           CASE
               WHEN before IS NULL THEN '{NEW}'
               WHEN after IS NULL THEN '{UNSEEN}'
               WHEN before = 'fail' AND after IN {_KNOWN} THEN '{FIXED}'
               WHEN before = 'fail' AND after <> 'fail' THEN '{UNSEEN}'
               WHEN before = 'fail' AND outside > before_outside THEN '{LEFT_OUT}'
               WHEN before = 'fail' AND outside < before_outside THEN '{WORSE}'
               WHEN before = 'fail' AND {_RANK.format(severity="severity")} > {_RANK.format(severity="before_severity")}
                   THEN '{WORSE}'
               WHEN before = 'fail' AND {_RANK.format(severity="severity")} < {_RANK.format(severity="before_severity")}
                   THEN '{BETTER}'
               WHEN before = 'fail' THEN NULL
               WHEN before IN {_KNOWN} AND after NOT IN {_KNOWN} THEN '{WORSE}'
               WHEN before NOT IN {_KNOWN} AND after IN {_KNOWN} THEN '{BETTER}'
               WHEN after = 'fail' THEN '{WORSE}'
           END AS change,
           CASE WHEN (before IS NULL AND after IN {_KNOWN}) OR (after IS NULL AND before IN {_KNOWN}) THEN 1 ELSE 0 END
               AS passing
    FROM pairs p
)
"""
_ORDER = (
    "CASE t.change "
    + " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(CHANGES))
    + " END"
)
_ROWS = f"""
SELECT t.change, t.severity, r.name AS rule, s.provider || ':' || s.boundary AS scope, res.kind, res.uid AS resource,
       (SELECT o.name FROM observation o WHERE o.resource_id = t.resource_id ORDER BY o.id DESC LIMIT 1)
           AS resource_name,
       t.before, t.after, t.before_message, t.after_message, t.before_evidence, t.after_evidence, t.fingerprint,
       t.outside, t.passing
FROM told t
JOIN rule r ON r.id = t.rule_id
JOIN scope s ON s.id = t.scope_id
LEFT JOIN resource res ON res.id = t.resource_id
WHERE t.change IS NOT NULL AND t.passing <= :passing {{chosen}}
ORDER BY {_ORDER}, {_RANK.format(severity="t.severity")} DESC, rule, scope, COALESCE(res.uid, ''), t.fingerprint
"""
_SUMS = "SELECT t.change, t.passing, COUNT(*) FROM told t WHERE t.change IS NOT NULL GROUP BY t.change, t.passing"


def _bound(connection: Connection, first: At, last: At) -> dict[str, int]:
    """The evaluations, and the last finding that was opened up to each.

    Evaluations give out the ids of findings one after the other, so how many were opened says which was the last:
    what was opened between two is a range of ids.
    """
    e = tables.evaluation
    found = {"first": first.evaluation, "last": last.evaluation}
    for name, evaluation in list(found.items()):
        opened = sa.select(sa.func.coalesce(sa.func.sum(e.c.opened), 0)).where(e.c.id <= evaluation)
        found[f"{name}_id"] = int(connection.execute(opened).scalar_one())
    return found


def size(connection: Connection, first: At, last: At) -> int:
    """How many findings the evaluations between two states opened and closed: what a comparison costs."""
    e = tables.evaluation
    query = sa.select(sa.func.coalesce(sa.func.sum(e.c.opened + e.c.closed), 0)).where(
        e.c.id > first.evaluation, e.c.id <= last.evaluation
    )
    return int(connection.execute(query).scalar_one())


def sums(connection: Connection, first: At, last: At) -> dict[tuple[str, bool], int]:
    """(change, whether it is only something that passes and came or went) -> how many findings."""
    bound = _bound(connection, first, last)
    return {
        (change, bool(passing)): count
        for change, passing, count in connection.execute(sa.text(_ALL + _SUMS), bound)
    }


def differences(
    connection: Connection,
    first: At,
    last: At,
    *,
    passing: bool = False,
    change: str | None = None,
    severities: Collection[Severity] = (),
    limit: int | None = None,
) -> Iterator[Difference]:
    """Findings that differ, in the order of :data:`CHANGES`, the most severe first. Streams.

    Args:
        connection: within ``Database.reading``.
        first: the earlier state.
        last: the later one.
        passing: also what passes, and came or went.
        change: only this one of :data:`CHANGES`.
        severities: only these; all when empty.
        limit: so many at most; the database keeps no more.
    """
    bound: dict[str, object] = {**_bound(connection, first, last), "passing": int(passing)}
    chosen = ""
    if change is not None:
        chosen, bound["change"] = " AND t.change = :change", change
    if severities:
        named = {f"severity_{n}": str(one) for n, one in enumerate(severities)}
        chosen += f" AND t.severity IN ({', '.join(f':{name}' for name in named)})"
        bound |= named
    text = _ALL + _ROWS.format(chosen=chosen)
    if limit is not None:
        text, bound["limit"] = f"{text} LIMIT :limit", limit
    query = sa.text(text).execution_options(yield_per=_CHUNK)
    # Whoever has seen enough leaves no cursor open.
    with connection.execute(query, bound) as found:
        for row in found:
            values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
            values["outside"], values["passing"] = bool(row.outside), bool(row.passing)
            yield Difference(**values)
