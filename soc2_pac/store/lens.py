"""The store as it was at an instant, and no more of it than somebody may see: every question is asked through this.

A lens is put on one connection that reads. From then on each statement finds, under the name of each table and view,
only what was recorded by the instant: a common table expression of that name stands before it. So a page of the past is
read by the functions that read today's, with the same filters and counts, and what is outside of somebody's bounds is
not there for any of them. Nothing is created in the database, and nothing has to be written.

What held at the instant is what :mod:`soc2_pac.store.periods` says in reports: ids up to a horizon, and a verdict that
named its own end by then is out of date.
"""

# ruff: noqa: S608 - names and numbers of ours, texts that are quoted, and instants as soc2_pac.model writes them

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event

from soc2_pac.store import tables
from soc2_pac.store.periods import OUT_OF_DATE, Horizon

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Within:
    """What somebody may see at most, as the store knows it by ids."""

    start: str
    """UTC text: what ended before it is left out."""
    rules: frozenset[int]
    """Ids."""
    named: frozenset[str]
    """The same rules by name."""
    kinds: frozenset[str]
    """Of documents."""
    events: frozenset[str]
    """Those of the kinds that hold events: one from before the start is left out, though its document holds still."""
    acts: frozenset[int]
    """Ids."""


@dataclass(frozen=True, slots=True)
class Lens:
    """An instant, and what may be seen of it."""

    to: Horizon
    versions: frozenset[int]
    """Of each rule the version that judged last by then."""
    ledger: int
    """The last entry by then."""
    finding: int
    """The last finding that was opened by then: evaluations give out ids one after the other."""
    within: Within | None = None
    """``None``: everything."""
    active: frozenset[str] = field(default_factory=frozenset)
    """Names of the rules that were in force then."""

    @property
    def at(self) -> str:
        """The instant, UTC text."""
        return self.to.at


def look_through(connection: Connection, lens: Lens) -> None:
    """Read a connection through a lens from now on, until it is closed. Within ``Database.reading``."""
    told = _Told(connection, lens)

    def rewritten(*given: object) -> tuple[str, object]:
        _, _, statement, parameters, _, _ = given
        return told.of(str(statement)), parameters

    event.listen(connection, "before_cursor_execute", rewritten, retval=True)


_SQLITE = "main"
"""What SQLite calls the schema of the file."""
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_RECURSIVE = re.compile(r"\s*WITH\s+RECURSIVE\b", re.IGNORECASE)


class _Told:
    """What stands before each statement."""

    def __init__(self, connection: Connection, lens: Lens) -> None:
        sqlite = connection.dialect.name == "sqlite"
        schema = (
            _SQLITE
            if sqlite
            else '"' + str(connection.execute(sa.text("SELECT current_schema()")).scalar()) + '"'
        )
        self._sqlite = sqlite
        # Neither database's clock is asked: what holds is what held then.
        self._clock = ("'now'", f"'{lens.at}'") if sqlite else ("now()", f"TIMESTAMPTZ '{lens.at}'")
        parts = dict(_tables(lens, schema))
        for name, text in _views(connection, schema):
            found = "finding_recorded f" if name == _HISTORY else "finding_row f"
            parts[name] = self._then(_FINDING.sub(found, text))
        if not sqlite:
            # The driver takes a single one for the mark of a value.
            parts = {name: text.replace("%", "%%") for name, text in parts.items()}
        self._parts = parts
        self._name = re.compile(rf"\b({'|'.join(parts)})\b")
        self._of = functools.cache(self._before)

    def of(self, statement: str) -> str:
        """A statement as it is sent."""
        if _READS.match(statement) is None:
            return statement
        statement = _BY_ID.sub("finding_row f ON f.id = ", self._then(statement))
        before = self._of(frozenset(self._name.findall(statement)))
        if not before:
            return statement
        if _RECURSIVE.match(statement):
            return f"{before} SELECT * FROM ({statement}) told"
        if statement.lstrip()[:4].upper() == "WITH":
            return f"{before}, {statement.lstrip()[4:]}"
        return f"{before} {statement}"

    def _then(self, text: str) -> str:
        return text.replace(*self._clock)

    def _before(self, named: frozenset[str]) -> str:
        needed: set[str] = set()
        waiting = set(named)
        while waiting:
            name = waiting.pop()
            needed.add(name)
            waiting |= set(self._name.findall(self._parts[name])) - needed
        # In the order of their making, in which each stands behind what it reads.
        lines = [
            f"{name} AS NOT MATERIALIZED ({text})"
            for name, text in self._parts.items()
            if name in needed
        ]
        return f"WITH {', '.join(lines)}" if lines else ""


_HISTORY = "v_finding_history"
"""It says what was recorded: that a verdict is out of date by now is no period of a finding."""
_FINDING = re.compile(r"\bfinding f\b")
_BY_ID = re.compile(r"\bfinding f ON f\.id = ")


def _views(connection: Connection, schema: str) -> Iterator[tuple[str, str]]:
    """The documented views with their texts, as the database has them."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            sa.text("SELECT name, sql FROM main.sqlite_master WHERE type = 'view' ORDER BY rowid")
        ).all()
        for name, text in rows:
            yield name, re.split(r"\bAS\b", text, maxsplit=1, flags=re.IGNORECASE)[1]
        return
    query = sa.text(
        "SELECT viewname, definition FROM pg_catalog.pg_views WHERE schemaname = :schema ORDER BY 1"
    )
    for name, text in connection.execute(query, {"schema": schema.strip('"')}).all():
        yield name, text.rstrip().rstrip(";")


# -- tables ---------------------------------------------------------------------------------------------


def _tables(lens: Lens, s: str) -> Iterator[tuple[str, str]]:
    """Each table that knows a later state, as it was; each reads only those before it."""
    at, e, u = lens.at, lens.to.evaluation, lens.to.collection
    within = lens.within
    start = within.start if within else None

    def of(table: sa.Table, where: str, **other: str) -> tuple[str, str]:
        return table.name, _select(table, f"{s}.{table.name}", where, **other)

    over = f"CASE WHEN t.finished_at <= '{at}' THEN t.{{}} END"
    some = f" AND (t.finished_at IS NULL OR t.finished_at >= '{start}')" if start else ""
    yield of(
        tables.run, f"t.started_at <= '{at}'{some}",
        finished_at=over.format("finished_at"), status=over.format("status"),
    )  # fmt: skip
    yield of(tables.collection, f"t.id <= {u}{_collections(within, s)}")
    known = f"t.id IN (SELECT c.scope_id FROM {s}.collection c WHERE c.id <= {u}{_kinds(within, 'c.kind')})"
    yield of(tables.scope, f"({known} OR t.boundary LIKE '?%')")
    some_versions = {} if within is None else {"rule_versions": _versions(within, s)}
    yield of(tables.evaluation, f"t.id <= {e}", **some_versions)
    yield of(tables.sighting, f"t.collection_id <= {u}")
    yield of(tables.population, f"t.collection_id <= {u}")
    ended = {"valid_to": f"CASE WHEN t.closed_by > {u} THEN NULL ELSE t.valid_to END"}
    ended["closed_by"] = f"CASE WHEN t.closed_by > {u} THEN NULL ELSE t.closed_by END"
    some = (
        f" AND (t.closed_by IS NULL OR t.closed_by > {u} OR t.valid_to > '{start}')"
        if start
        else ""
    )
    yield of(tables.observation, f"t.opened_by <= {u}{some}", **ended)
    yield of(tables.resource, _resources(within, s, u))
    if within is not None:
        yield of(tables.evidence, f"t.kind IN ({_texts(within.kinds)})")
        yield of(tables.rule, f"t.id IN ({_numbers(within.rules)})")
        yield of(tables.rule_version, f"t.rule_id IN ({_numbers(within.rules)})")
        yield of(tables.rule_criterion, "t.rule_version_id IN (SELECT v.id FROM rule_version v)")
    else:
        judged = (
            f"SELECT v.rule_id FROM {s}.rule_version v WHERE v.id IN ({_numbers(lens.versions)})"
        )
        yield of(tables.rule, f"t.id IN ({judged})")
    yield (
        "rule_in_force",
        f"SELECT v.rule_id, v.id AS rule_version_id FROM {s}.rule_version v "
        f"WHERE v.id IN ({_numbers(lens.versions)})"
        + (f" AND v.rule_id IN ({_numbers(within.rules)})" if within else ""),
    )
    yield from _findings(lens, s)
    yield "finding_count", _counts(lens, s)
    yield of(tables.waiver_event, f"t.recorded_at <= '{at}'{_waivers(within, s)}")
    yield of(tables.signing_key_event, f"t.recorded_at <= '{at}'")
    some = f" AND t.id IN ({_numbers(within.acts)})" if within else ""
    yield of(tables.act, f"t.recorded_at <= '{at}'{some}")
    yield of(tables.removal, "t.act_id IN (SELECT a.id FROM act a)")
    some = f" AND t.recorded_at >= '{start}'" if start else ""
    yield of(tables.ledger, f"t.seq <= {lens.ledger}{some}")


def _versions(within: Within, s: str) -> str:
    """Of the versions that an evaluation lists, those of the rules that may be seen."""
    own = f"SELECT v.id FROM {s}.rule_version v WHERE v.rule_id IN ({_numbers(within.rules)})"
    if s == _SQLITE:
        listed = f"json_each(t.rule_versions) j WHERE j.value IN ({own})"
        return f"(SELECT json_group_array(j.value) FROM {listed})"
    every = "json_array_elements_text(t.rule_versions::json) WITH ORDINALITY j(value, n)"
    listed = f"{every} WHERE j.value::bigint IN ({own})"
    return (
        f"(SELECT COALESCE(json_agg(j.value::bigint ORDER BY j.n), '[]'::json)::text FROM {listed})"
    )


def _select(table: sa.Table, name: str, where: str, **other: str) -> str:
    columns = ", ".join(
        f'{other[column.name]} AS "{column.name}"' if column.name in other else f't."{column.name}"'
        for column in table.columns
    )
    return f"SELECT {columns} FROM {name} t WHERE {where}"


def _collections(within: Within | None, s: str) -> str:
    """Those of the time, and what was known when it began."""
    if within is None:
        return ""
    before = f"FROM {s}.collection c WHERE c.finished_at < '{within.start}'"
    return (
        f"{_kinds(within, 't.kind')} AND (t.finished_at >= '{within.start}' "
        f"OR t.id IN (SELECT MAX(c.id) {before} GROUP BY c.kind, c.scope_id) "
        f"OR t.id IN (SELECT MAX(c.id) {before} AND c.status = 'complete' GROUP BY c.kind, c.scope_id))"
    )


def _kinds(within: Within | None, column: str) -> str:
    return "" if within is None else f" AND {column} IN ({_texts(within.kinds)})"


def _resources(within: Within | None, s: str, u: int) -> str:
    seen = f"SELECT 1 FROM {s}.observation x WHERE x.resource_id = t.id AND x.opened_by <= {u}"
    if within is None:
        return f"EXISTS ({seen})"
    held = f"(x.closed_by IS NULL OR x.closed_by > {u} OR x.valid_to > '{within.start}')"
    event_then = f"(t.kind NOT IN ({_texts(within.events)}) OR x.valid_from >= '{within.start}')"
    return f"t.kind IN ({_texts(within.kinds)}) AND EXISTS ({seen} AND {held} AND {event_then})"


def _findings(lens: Lens, s: str) -> Iterator[tuple[str, str]]:
    """Findings as they were.

    ``finding`` is in three parts, each of which an index finds by its rule or by what closed it: what is open still,
    what was then, and what was over by then. ``finding_row`` is the same in one, for who has an id or a fingerprint;
    it is what views are made of. ``finding_recorded`` has verdicts as they were recorded, also if they are out of date.
    """
    at, e, within = lens.at, lens.to.evaluation, lens.within
    some = f" AND t.rule_id IN ({_numbers(within.rules)})" if within else ""
    ended = f" AND t.valid_to > '{within.start}'" if within else ""
    name = f"{s}.finding"
    opened = {"valid_to": "CAST(NULL AS TEXT)", "closed_by": "CAST(NULL AS BIGINT)"}
    told = "'out of date since ' || t.until || '; before that: ' || t.status || ', ' || t.message"

    def lapsed(where: str = "") -> dict[str, str]:
        out = f"{where}t.until <= '{at}'"
        return {
            "status": f"CASE WHEN {out} THEN '{OUT_OF_DATE}' ELSE t.status END",
            "message": f"CASE WHEN {out} THEN {told} ELSE t.message END",
        }

    parts = (
        _select(
            tables.finding, name, f"t.closed_by IS NULL AND t.opened_by <= {e}{some}", **lapsed()
        ),
        _select(
            tables.finding,
            name,
            f"t.closed_by > {e} AND t.opened_by <= {e}{some}",
            **opened,
            **lapsed(),
        ),
        _select(tables.finding, name, f"t.closed_by <= {e}{some}{ended}"),
    )
    yield "finding", " UNION ALL ".join(parts)
    later = {
        column: f"CASE WHEN t.closed_by > {e} THEN NULL ELSE t.{column} END"
        for column in ("valid_to", "closed_by")
    }
    if within:
        some += f" AND (t.closed_by IS NULL OR t.closed_by > {e} OR t.valid_to > '{within.start}')"
    there = f"t.opened_by <= {e}{some}"
    standing = lapsed(f"(t.closed_by IS NULL OR t.closed_by > {e}) AND ")
    yield "finding_row", _select(tables.finding, name, there, **later, **standing)
    yield "finding_recorded", _select(tables.finding, name, there, **later)


def _counts(lens: Lens, s: str) -> str:
    """Today's counts, less what was opened since, and with what was closed since: it costs what has changed."""
    at, e, last, within = lens.at, lens.to.evaluation, lens.finding, lens.within
    some = f" AND t.rule_id IN ({_numbers(within.rules)})" if within else ""
    lapsed = f"CASE WHEN t.until <= '{at}' THEN '{OUT_OF_DATE}' ELSE t.status END"
    out = f"t.closed_by IS NULL AND t.until <= '{at}' AND t.id <= {last} AND t.status <> '{OUT_OF_DATE}'"

    def counted(number: int, where: str, status: str = "t.status") -> str:
        return (
            f"SELECT t.rule_id, {status}, t.scope_id, COALESCE(r.kind, ''), COALESCE(t.adjustment, ''), {number} "
            f"FROM {s}.finding t LEFT JOIN {s}.resource r ON r.id = t.resource_id WHERE {where}{some}"
        )

    parts = (
        (
            "SELECT t.rule_id, t.status, t.scope_id, t.kind, t.adjustment, t.findings AS number "
            f"FROM {s}.finding_count t WHERE 1 = 1{some}"
        ),
        counted(-1, f"t.id > {last} AND t.closed_by IS NULL"),
        counted(1, f"t.closed_by > {e} AND t.id <= {last}", lapsed),
        counted(-1, out),
        counted(1, out, f"'{OUT_OF_DATE}'"),
    )
    return (
        "SELECT q.rule_id, q.status, q.scope_id, q.kind, q.adjustment, CAST(SUM(q.number) AS BIGINT) AS findings "
        f"FROM ({' UNION ALL '.join(parts)}) q GROUP BY q.rule_id, q.status, q.scope_id, q.kind, q.adjustment "
        "HAVING SUM(q.number) <> 0"
    )


def _waivers(within: Within | None, s: str) -> str:
    if within is None:
        return ""
    over = (
        f"SELECT w.waiver FROM {s}.waiver_event w WHERE (w.action = 'add' AND w.expires_at < '{within.start}') "
        f"OR (w.action = 'revoke' AND w.recorded_at < '{within.start}')"
    )
    return f" AND t.rule IN ({_texts(within.named)}) AND t.waiver NOT IN ({over})"


def _numbers(values: Collection[int]) -> str:
    return ", ".join(map(str, sorted(values))) or "-1"


def _texts(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(values)) or "''"
