"""``verify``: is the store still what was written? Finds edits, gaps, forks, cut tails and missing bodies."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac import rule_source
from soc2_pac.canonical import collection_root, collection_root_1
from soc2_pac.store import ledger, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.checkpoint import Checkpoint

_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written."""

    where: str
    """Table and row, or the ledger entry."""
    what: str


@dataclass(slots=True)
class Report:
    """What was checked, and what was found."""

    checked: dict[str, int] = field(default_factory=dict)
    """How many of each were looked at."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.problems

    def find(self, where: str, what: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, what))


def verify(connection: Connection, checkpoints: Sequence[Checkpoint] = ()) -> Report:
    """Check everything within one reading transaction. Memory grows with the largest scope, not the store."""
    report = Report()
    _chain(connection, report)
    _kinds(connection, report)
    _bodies(connection, report)
    _identity(connection, report)
    _evidence(connection, report)
    _rules(connection, report)
    _bases(connection, report)
    _intervals(connection, report, tables.observation, tables.collection, _OBSERVATION)
    _intervals(connection, report, tables.finding, tables.evaluation, _FINDING)
    _fingerprints(connection, report)
    _roots(connection, report)
    for checkpoint in checkpoints:
        _checkpoint(connection, report, checkpoint)
    return report


def _stream(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query.execution_options(yield_per=_CHUNK)))


def _chain(connection: Connection, report: Report) -> None:
    previous, expected = ledger.GENESIS, 1
    count = 0
    for row in _stream(connection, sa.select(tables.ledger).order_by(tables.ledger.c.seq)):
        count += 1
        if row.seq != expected:
            report.find(f"ledger {expected}", f"missing: the next entry is {row.seq}")
        if row.prev != previous:
            report.find(f"ledger {row.seq}", "does not follow from the entry before it")
        link = ledger.link_hash(
            row.seq, row.kind, row.ref, row.body_digest, row.recorded_at, row.prev, row.format
        )
        if link != row.hash:
            report.find(f"ledger {row.seq}", "was edited: its hash does not match")
        previous, expected = row.hash, row.seq + 1
    report.checked["ledger entries"] = count
    if count == 0:
        report.find("ledger", "is empty")


class _Entry(NamedTuple):
    """What a ledger entry says of a row."""

    seq: int
    digest: str
    form: int


def _bodies(connection: Connection, report: Report) -> None:
    """Every ledger entry has its row as it was, every ledgered row has its entry, and each only one."""
    for kind in ledger.COLUMNS:
        expected = _entries(connection, report, kind)
        used = sorted({entry.form for entry in expected.values()} or {ledger.in_force(kind)})
        count = 0
        without: set[str] = set()
        for form in used:
            for row in _stream(connection, ledger.body_query(kind, form)):
                if kind == "run.ended" and row.status is None:
                    continue
                ref = str(row[0])
                entry = expected.get(ref)
                if entry is None:
                    without.add(ref)
                elif entry.form == form:
                    count += 1
                    expected[ref] = entry._replace(seq=-entry.seq)  # found
                    if ledger.sha256(ledger.body_of(row)) != entry.digest:
                        report.find(f"{kind} {ref}", f"was edited since ledger entry {entry.seq}")
        for ref in sorted(without):
            report.find(f"{kind} {ref}", "stands in no ledger entry")
        for ref, entry in expected.items():
            if entry.seq > 0:
                report.find(f"{kind} {ref}", f"is missing: ledger entry {entry.seq} recorded it")
        report.checked[kind] = count + len(without)


def _entries(connection: Connection, report: Report, kind: str) -> dict[str, _Entry]:
    """The entries of a kind by their row. One act has one entry: whoever edits a row must not add another."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    query = sa.select(l.c.ref, l.c.seq, l.c.body_digest, l.c.format).where(l.c.kind == kind)
    found: dict[str, _Entry] = {}
    for row in connection.execute(query.order_by(l.c.seq)):
        if row.ref in found:
            first = found[row.ref].seq
            what = f"records {kind} {row.ref} again: entry {first} did already"
            report.find(f"ledger {row.seq}", what)
        elif row.format not in ledger.COLUMNS[kind]:
            report.find(f"ledger {row.seq}", f"has a format that {kind} never had: {row.format}")
        else:
            found[row.ref] = _Entry(row.seq, row.body_digest, row.format)
    return found


def _kinds(connection: Connection, report: Report) -> None:
    """No entry is of a kind that nobody writes, and the store was founded once."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    strange = sa.select(l.c.seq, l.c.kind).where(l.c.kind.not_in([*ledger.COLUMNS, "store"]))
    for row in connection.execute(strange.order_by(l.c.seq)):
        report.find(
            f"ledger {row.seq}", f"is of a kind that this version does not know: {row.kind}"
        )
    founded = sa.select(l.c.seq).where(l.c.kind == "store", l.c.seq != 1).order_by(l.c.seq)
    for row in connection.execute(founded):
        report.find(f"ledger {row.seq}", "founds the store again: entry 1 did already")


def _identity(connection: Connection, report: Report) -> None:
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar()
    first = connection.execute(
        sa.select(tables.ledger.c.kind, tables.ledger.c.ref).order_by(tables.ledger.c.seq).limit(1)
    ).first()
    if first is None or first.kind != "store" or first.ref != store_id:
        report.find("meta store_id", "is not the one in the ledger's first entry")
    for row in _stream(connection, sa.select(tables.config)):
        if ledger.sha256(row.body) != row.digest:
            report.find(f"config {row.digest[:12]}", "was edited: it does not match its digest")


def _evidence(connection: Connection, report: Report) -> None:
    count = 0
    for row in _stream(connection, sa.select(tables.evidence.c.digest, tables.evidence.c.body)):
        count += 1
        if ledger.sha256(row.body) != row.digest:
            report.find(f"evidence {row.digest[:12]}", "was edited: it does not match its digest")
    report.checked["evidence"] = count
    o, e = tables.observation, tables.evidence
    lost = (
        sa.select(o.c.id, o.c.digest)
        .select_from(o.outerjoin(e, e.c.digest == o.c.digest))
        .where(e.c.digest.is_(None))
    )
    for row in _stream(connection, lost):
        report.find(f"observation {row.id}", f"its evidence {row.digest[:12]} is missing")


def _rules(connection: Connection, report: Report) -> None:
    parts: set[str] = set()
    for row in _stream(connection, sa.select(tables.rule_part)):
        if ledger.sha256(row.body) == row.digest:
            parts.add(row.digest)
        else:
            report.find(f"rule_part {row.digest[:12]}", "was edited: it does not match its digest")
    for row in _stream(connection, sa.select(tables.rule_source)):
        where = f"rule_source {row.digest[:12]}"
        try:
            content = json.loads(row.body)
            whole = content.get("format") == rule_source.FORMAT
            named = {digest for _, digest in content["parts"]} if whole else set()
            digest = ledger.sha256(row.body) if whole else rule_source.digest_of_modules(content)
        except (ValueError, TypeError, KeyError, AttributeError):
            report.find(where, "was edited: it cannot be read")
            continue
        if digest != row.digest:
            report.find(where, "was edited: it does not match its digest")
        if lost := named - parts:
            report.find(where, f"{len(lost)} of its parts are missing or edited")
    c = tables.rule_criterion
    listed: dict[int, set[str]] = {}
    for row in connection.execute(sa.select(c)):
        listed.setdefault(row.rule_version_id, set()).add(row.criterion)
    v = tables.rule_version
    sources = set(connection.execute(sa.select(tables.rule_source.c.digest)).scalars())
    for row in connection.execute(sa.select(v.c.id, v.c.criteria, v.c.source_digest)):
        if listed.pop(row.id, set()) != set(json.loads(row.criteria)):
            report.find(
                f"rule_criterion of rule_version {row.id}", "differs from the recorded criteria"
            )
        if row.source_digest not in sources:
            report.find(f"rule_version {row.id}", "its source text is missing")
    for version in listed:
        report.find(f"rule_criterion of rule_version {version}", "belongs to no rule version")
    _rules_in_force(connection, report)


def _rules_in_force(connection: Connection, report: Report) -> None:
    v, e, i = tables.rule_version, tables.evaluation, tables.rule_in_force
    rule_of = {row[0]: row[1] for row in connection.execute(sa.select(v.c.id, v.c.rule_id))}
    expected: dict[int, int] = {}
    for (versions,) in connection.execute(sa.select(e.c.rule_versions).order_by(e.c.id)):
        with contextlib.suppress(
            ValueError, TypeError
        ):  # an edit that the evaluation's entry shows
            expected.update((rule_of[one], one) for one in json.loads(versions) if one in rule_of)
    found = {row[0]: row[1] for row in connection.execute(sa.select(i))}
    for rule in sorted(found.keys() | expected.keys()):
        if found.get(rule) != expected.get(rule):
            report.find(
                f"rule_in_force {rule}", "is not the version that the last evaluation of it listed"
            )


def _bases(connection: Connection, report: Report) -> None:
    """What findings rest on: by content, and none missing."""
    for row in _stream(connection, sa.select(tables.basis)):
        if ledger.sha256(row.body) != row.digest:
            report.find(f"basis {row.digest[:12]}", "was edited: it does not match its digest")
    f, b = tables.finding, tables.basis
    lost = (
        sa.select(f.c.id, f.c.basis)
        .select_from(f.outerjoin(b, b.c.digest == f.c.basis))
        .where(f.c.basis.is_not(None), b.c.digest.is_(None))
    )
    for row in _stream(connection, lost):
        report.find(f"finding {row.id}", f"what it rests on is missing: {row.basis[:12]}")


_OBSERVATION = ("id", "resource_id", "digest", "name", "observed_at", "valid_from")
_FINDING = (
    "id",
    "fingerprint",
    "rule_id",
    "rule_version_id",
    "scope_id",
    "resource_id",
    "status",
    "message",
    "digest",
    "until",
    "failing_since",
    "sla_due",
    "valid_from",
)
"""The columns that opening an interval fixed, in the order in which they were hashed.

From format 2 of evaluations on, a finding's basis comes last.
"""


def _intervals(
    connection: Connection, report: Report, table: sa.Table, owner: sa.Table, columns: Sequence[str]
) -> None:
    """Recompute each owner's changes root from the intervals that it opened and closed."""
    findings = table is tables.finding
    # Rows that older evaluations opened were hashed without the last column.
    with_last = _first_of_format(connection, owner.name, ledger.BASIS) if findings else None
    taken = (*columns, "basis") if findings else columns
    opened = _grouped(
        _stream(
            connection,
            sa.select(table.c.opened_by, *(table.c[name] for name in taken)).order_by(
                table.c.opened_by, table.c.id
            ),
        )
    )
    closed = _grouped(
        _stream(
            connection,
            sa.select(table.c.closed_by, table.c.valid_to, table.c.id)
            .where(table.c.closed_by.is_not(None))
            .order_by(table.c.closed_by, table.c.id),
        )
    )
    opens, closes = _Cursor(opened), _Cursor(closed)
    query = sa.select(owner.c.id, owner.c.opened, owner.c.closed, owner.c.changes_root).order_by(
        owner.c.id
    )
    count = 0
    for row in connection.execute(query).all():
        root = ledger.ChangesRoot()
        short = findings and (with_last is None or row.id < with_last)
        root.open(
            tuple(values[:-1] if short else values)
            for _, *values in opens.take(row.id, report, table.name)
        )
        root.close(
            (valid_to, 0, number) for _, valid_to, number in closes.take(row.id, report, table.name)
        )
        count += root.opened
        if (root.opened, root.closed) != (
            row.opened,
            row.closed,
        ) or root.hexdigest() != row.changes_root:
            report.find(
                f"{owner.name} {row.id}",
                f"{table.name} rows were edited, added or deleted: it opened {row.opened} and closed "
                f"{row.closed}, the store has {root.opened} and {root.closed} with another root",
            )
    for cursor in (opens, closes):
        cursor.rest(report, table.name, owner.name)
    report.checked[f"{table.name}s"] = count


def _first_of_format(connection: Connection, kind: str, form: int) -> int | None:
    """The first row of a kind whose entry has at least this format; ids count up, so later ones have, too."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    query = sa.select(l.c.ref).where(l.c.kind == kind, l.c.format >= form)
    numbers = [int(ref) for ref in connection.execute(query).scalars() if ref.isdecimal()]
    return min(numbers, default=None)


def _grouped(rows: Iterator[Any]) -> Iterator[tuple[int, Iterator[Any]]]:
    return itertools.groupby(rows, key=lambda row: row[0])


class _Cursor:
    """Walks groups of rows by owner, in step with the owners."""

    def __init__(self, groups: Iterator[tuple[int, Iterator[Any]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def take(self, owner: int, report: Report, table: str) -> Iterator[Any]:
        """The rows of one owner, to be read to the end; rows of owners that do not exist are reported."""
        while self._next is not None and self._next[0] < owner:
            report.find(f"{table} of {self._next[0]}", "belongs to nothing that was recorded")
            self._next = next(self._groups, None)
        if self._next is not None and self._next[0] == owner:
            yield from self._next[1]
            self._next = next(self._groups, None)

    def rest(self, report: Report, table: str, owner_table: str) -> None:
        """Rows whose owner comes after the last one that exists."""
        while self._next is not None:
            report.find(
                f"{table} of {owner_table} {self._next[0]}", "belongs to nothing that was recorded"
            )
            self._next = next(self._groups, None)


def _fingerprints(connection: Connection, report: Report) -> None:
    """A fingerprint is made of rule, scope and resource: an edit of their names shows here."""
    f, r, s, res = tables.finding, tables.rule, tables.scope, tables.resource
    query = sa.select(
        f.c.id, f.c.fingerprint, r.c.name, s.c.provider, s.c.boundary, res.c.uid
    ).select_from(
        f.outerjoin(r, r.c.id == f.c.rule_id)
        .outerjoin(s, s.c.id == f.c.scope_id)
        .outerjoin(res, res.c.id == f.c.resource_id)
    )
    for row in _stream(connection, query):
        named = f"{row.name}\0{row.provider}:{row.boundary}\0{row.uid or ''}"
        if hashlib.sha256(named.encode()).hexdigest()[:20] != row.fingerprint:
            report.find(
                f"finding {row.id}", "its rule, scope or resource was renamed or is missing"
            )


def _roots(connection: Connection, report: Report) -> None:
    """Rebuild what each collection saw from the intervals, and hold it against the recorded root."""
    c = tables.collection
    pairs = connection.execute(
        sa.select(c.c.scope_id, c.c.kind).distinct().order_by(c.c.scope_id, c.c.kind)
    ).all()
    resources = 0
    merkle = _first_of_format(connection, "collection", ledger.MERKLE)
    for scope_id, kind in pairs:
        resources += _replay(connection, report, scope_id, kind, merkle)
    total = (
        connection.execute(sa.select(sa.func.count()).select_from(tables.resource)).scalar() or 0
    )
    report.checked["resources"] = resources
    if resources != total:
        report.find(
            "resource", f"{total - resources} rows belong to no collection's kind and scope"
        )


def _replay(
    connection: Connection, report: Report, scope_id: int, kind: str, merkle: int | None
) -> int:
    """``merkle``: the first collection whose root is a Merkle root."""
    c, o, r = tables.collection, tables.observation, tables.resource
    rows = connection.execute(
        sa.select(r.c.id, r.c.uid, o.c.digest, o.c.opened_by, o.c.closed_by)
        .select_from(r.outerjoin(o, o.c.resource_id == r.c.id))
        .where(r.c.scope_id == scope_id, r.c.kind == kind)
    ).all()
    for row in rows:
        if row.opened_by is None:
            report.find(f"resource {row.id}", "was never observed")
    opens = sorted((row for row in rows if row.opened_by is not None), key=attrgetter("opened_by"))
    closes = sorted((row for row in rows if row.closed_by is not None), key=attrgetter("closed_by"))
    state: dict[int, tuple[str, str]] = {}
    opened, closed = 0, 0
    root: str | None = None
    looks = connection.execute(
        sa.select(c.c.id, c.c.status, c.c.root, c.c.count.label("found"))
        .where(c.c.scope_id == scope_id, c.c.kind == kind)
        .order_by(c.c.id)
    )
    root_of = collection_root_1
    for look in looks.all():
        if root_of is collection_root_1 and merkle is not None and look.id >= merkle:
            root_of, root = collection_root, None
        while closed < len(closes) and closes[closed].closed_by <= look.id:
            state.pop(closes[closed].id, None)
            closed, root = closed + 1, None
        while opened < len(opens) and opens[opened].opened_by <= look.id:
            if opens[opened].closed_by is None or opens[opened].closed_by > look.id:
                state[opens[opened].id] = (opens[opened].uid, opens[opened].digest)
            opened, root = opened + 1, None
        if look.status == "complete":
            root = root or root_of(state.values())
            seen_root, count = root, len(state)
        else:
            s = tables.sighting
            ids = connection.execute(
                sa.select(s.c.resource_id).where(s.c.collection_id == look.id)
            ).scalars()
            seen = [state[number] for number in ids if number in state]
            seen_root, count = root_of(seen), len(seen)
        if (seen_root, count) != (look.root, look.found):
            report.find(
                f"collection {look.id}",
                f"saw {look.found} resources; the store's intervals give {count} or others",
            )
    return len({row.id for row in rows})


def _checkpoint(connection: Connection, report: Report, checkpoint: Checkpoint) -> None:
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar()
    where = f"checkpoint of {checkpoint.recorded_at}"
    if checkpoint.store != store_id:
        report.find(where, f"was made of another store ({checkpoint.store[:12]})")
        return
    last = ledger.head(connection)
    if last.seq < checkpoint.seq:
        report.find(where, f"the ledger was cut: it had {checkpoint.seq} entries, now {last.seq}")
        return
    found = connection.execute(
        sa.select(tables.ledger.c.hash).where(tables.ledger.c.seq == checkpoint.seq)
    ).scalar()
    if found != checkpoint.head:
        report.find(
            where, f"entry {checkpoint.seq} is another one than then: the ledger was rewritten"
        )
    report.checked["checkpoints"] = report.checked.get("checkpoints", 0) + 1
