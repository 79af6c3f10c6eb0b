"""History: intervals against what opened and closed them, collections against what they saw."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.canonical import collection_root_1
from soc2_pac.merkle import Tree, collection_root, key_of, value_of
from soc2_pac.store import counts, ledger, tables
from soc2_pac.store.verify.part import DAYS, in_blocks
from soc2_pac.store.verify.report import tuples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection

    from soc2_pac.store.verify.part import Part, Stretch
    from soc2_pac.store.verify.report import Report

    Hashed = tuple[Any, ...]

_AT_ONCE = 200_000
"""Changes that are laid into a tree together: more are fewer hashes, and more memory."""
_ENTRY = 64
"""Bytes: where a uid stands, and the digest of its document."""


class _Intervals(NamedTuple):
    """A table of intervals, and what opens and closes them."""

    table: sa.Table
    owner: sa.Table
    columns: tuple[str, ...]
    """What opening fixed, in the order in which it was hashed."""


_OBSERVATIONS = _Intervals(
    tables.observation,
    tables.collection,
    ("id", "resource_id", "digest", "name", "observed_at", "valid_from"),
)
_FINDINGS = _Intervals(
    tables.finding,
    tables.evaluation,
    (
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
        # Hashed from format 2 of evaluations on.
        "basis",
        # From format 3 on.
        "adjustment",
    ),
)


def observations(connection: Connection, report: Report, part: Part) -> None:
    """What collections opened and closed."""
    _intervals(connection, report, part, _OBSERVATIONS, lambda row: row[1:])


def findings(connection: Connection, report: Report, part: Part) -> None:
    """What evaluations opened and closed; and that each is of the rule, scope and resource that it names.

    A fingerprint is made of their names: an edit of a name shows here.
    """
    named = _Fingerprints(connection)
    later = (
        (_first_of_format(connection, "evaluation", ledger.ADJUSTED), "an adjustment"),
        (_first_of_format(connection, "evaluation", ledger.BASIS), "a basis"),
    )
    res = tables.resource
    width = len(_FINDINGS.columns)

    def hashed(row: tuple[Any, ...]) -> Hashed:
        values = row[1 : width + 1]
        if named.of(values[2], values[4], row[width + 1]) != values[1]:
            what = "its rule, scope or resource was renamed or is missing"
            report.find(f"finding {values[0]}", what)
        for first, what in later:
            if first is not None and row[0] >= first:
                break
            if values[-1] is not None:
                report.find(f"finding {values[0]}", f"has {what}, and none was recorded then")
            values = values[:-1]
        return values

    joined = tables.finding.outerjoin(res, res.c.id == tables.finding.c.resource_id)
    _intervals(connection, report, part, _FINDINGS, hashed, joined, (res.c.uid,))


class _Fingerprints:
    """Names of findings, from those of their rules, scopes and resources."""

    def __init__(self, connection: Connection) -> None:
        r, s = tables.rule, tables.scope
        self._rules = {row[0]: row[1] for row in connection.execute(sa.select(r.c.id, r.c.name))}
        scopes = connection.execute(sa.select(s.c.id, s.c.provider, s.c.boundary))
        self._scopes = {row[0]: f"{row[1]}:{row[2]}" for row in scopes}
        self._starts: dict[tuple[int, int], hashlib._Hash] = {}

    def of(self, rule: int, scope: int, uid: object) -> str:
        """The fingerprint, 20 hex digits."""
        start = self._starts.get((rule, scope))
        if start is None:
            named = f"{self._rules.get(rule)}\0{self._scopes.get(scope)}\0"
            start = hashlib.sha256(named.encode("utf-8", "surrogatepass"))
            self._starts[rule, scope] = start
        whole = start.copy()
        whole.update(str("" if uid is None else uid).encode("utf-8", "surrogatepass"))
        return whole.hexdigest()[:20]


def finding_counts(connection: Connection, report: Report, part: Part) -> None:
    """How many findings are open, by all that they are counted by: counted again."""
    if not part.comes("finding counts"):
        return
    c = tables.finding_count
    kept = {tuple(row[:-1]): row[-1] for row in connection.execute(sa.select(c))}
    for *group, number in counts.of_open_findings(connection):
        said = kept.pop(tuple(group), 0)
        if said != number:
            what = f"says {said} where {number} findings are open"
            report.find(f"finding_count {_told(group)}", what)
    for group in kept:
        report.find(f"finding_count {_told(group)}", "counts findings of which none is open")


def _told(group: Iterable[object]) -> str:
    return " ".join(str(one) for one in group if one != "")


def open_intervals(connection: Connection, report: Report, part: Part) -> None:
    """An interval that nothing closed has no end."""
    for table, owner, _ in (_OBSERVATIONS, _FINDINGS):
        ended = sa.and_(table.c.closed_by.is_(None), table.c.valid_to.is_not(None))
        conditions: list[ColumnElement[bool]] = [sa.true()]
        if not part.comes(f"open {table.name}"):
            conditions = part.in_ranges(connection, table, owner)
        for condition in conditions:
            for number in connection.execute(
                sa.select(table.c.id).where(ended, condition)
            ).scalars():
                report.find(f"{table.name} {number}", "has an end, and nothing closed it")


def _intervals(
    connection: Connection,
    report: Report,
    part: Part,
    of: _Intervals,
    hashed: Callable[[Any], Hashed],
    joined: sa.FromClause | None = None,
    more: tuple[ColumnElement[Any], ...] = (),
) -> None:
    """Recompute each owner's changes root from the intervals that it opened and closed.

    ``hashed``: a row, which begins with what opened it, as it was hashed.
    """
    table, owner, columns = of
    chosen = sa.select(table.c.opened_by, *(table.c[name] for name in columns), *more)
    chosen = chosen.select_from(table if joined is None else joined).order_by(table.c.id)
    stretches = part.stretches(connection, owner)
    for block in stretches:
        if block.digest:
            _block(connection, report, of, block, chosen, hashed)
    conditions: list[ColumnElement[bool]] = [sa.true()]
    if part.since is not None:
        conditions = [
            table.c.id < 1,
            *(table.c.id.between(s.first, s.last) for s in stretches if not s.digest),
            table.c.id > part.last_old(table),
        ]
    opened = itertools.chain.from_iterable(
        tuples(connection, chosen.where(condition)) for condition in conditions
    )
    query = sa.select(owner.c.id, owner.c.opened, owner.c.closed, owner.c.changes_root)
    query = query.where(part.rows(owner.c.id, owner)).order_by(owner.c.id)
    owners = connection.execute(query).all()
    if part.since is not None:
        owners = [row for row in owners if row.id > part.last_old(owner) or not in_blocks(row[3])]
    now = {row.id for row in owners}
    turns = part.rows(table.c.closed_by, owner)
    closed = (
        row
        for row in tuples(
            connection,
            sa.select(table.c.closed_by, table.c.valid_to, table.c.id)
            .where(table.c.closed_by.is_not(None), turns)
            .order_by(table.c.closed_by, table.c.id),
        )
        if part.since is None or row[0] in now
    )
    blocks = _first_of_format(connection, owner.name, ledger.BLOCKS)
    opens, closes = _Cursor(opened), _Cursor(closed)
    count = sum(one.last - one.first + 1 for one in stretches if one.digest and not one.closed)
    for row in owners:
        root = ledger.ChangesRoot(blocks=blocks is not None and row.id >= blocks)
        root.open(map(hashed, opens.take(row.id, report, table.name)))
        root.close(
            (valid_to, 0, number) for _, valid_to, number in closes.take(row.id, report, table.name)
        )
        count += root.opened
        recorded = (row.opened, row.closed, row.changes_root)
        if (root.opened, root.closed, root.hexdigest()) != recorded:
            report.find(
                f"{owner.name} {row.id}",
                f"{table.name} rows were edited, added or deleted: it opened {row.opened} and closed "
                f"{row.closed}, the store has {root.opened} and {root.closed} with another root",
            )
    for cursor in (opens, closes):
        cursor.rest(report, table.name, owner.name)
    report.checked[f"{table.name}s"] = count


def _block(
    connection: Connection,
    report: Report,
    of: _Intervals,
    block: Stretch,
    chosen: sa.Select[Any],
    hashed: Callable[[Any], Hashed],
) -> None:
    """Hold one block of many intervals against its owner's changes root."""
    table, owner, _ = of
    if block.closed:
        ended = sa.select(table.c.id, table.c.valid_to).where(table.c.closed_by == block.owner)
        ended = ended.order_by(table.c.id).limit(ledger.BLOCK).offset(block.first * ledger.BLOCK)
        rows = connection.execute(ended).all()
        digest = ledger.closed_block([(number, valid_to) for number, valid_to in rows])
    else:
        begun = tuples(connection, chosen.where(table.c.id.between(block.first, block.last)))
        # What something else claims to have opened is not of this block.
        digest = ledger.opened_block(hashed(row) for row in begun if row[0] == block.owner)
    if digest != block.digest:
        report.find(
            f"{owner.name} {block.owner}",
            f"{table.name} rows from {block.first} on were edited, added or deleted"
            if not block.closed
            else f"{table.name} rows that it closed were edited, added or deleted",
        )


def _first_of_format(connection: Connection, kind: str, form: int) -> int | None:
    """The first row of a kind whose entry has at least this format; ids count up, so later ones have, too."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    query = (
        sa.select(l.c.ref).where(l.c.kind == kind, l.c.format >= form).order_by(l.c.seq).limit(1)
    )
    ref = connection.execute(query).scalar()
    return int(ref) if ref is not None and ref.isdecimal() else None


class _Cursor:
    """Walks groups of rows by owner, in step with the owners."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._groups = itertools.groupby(rows, key=lambda row: row[0])
        self._next = next(self._groups, None)

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


# -- collections ------------------------------------------------------------------------------------------


def roots(connection: Connection, report: Report, part: Part) -> None:
    """Rebuild what each complete collection saw from the intervals, and hold it against the recorded root."""
    c = tables.collection
    first = sa.func.min(c.c.id)
    pairs = connection.execute(
        sa.select(c.c.scope_id, c.c.kind, first)
        .group_by(c.c.scope_id, c.c.kind)
        .order_by(c.c.scope_id, c.c.kind)
    ).all()
    merkle = _first_of_format(connection, "collection", ledger.MERKLE)
    if part.since is None:
        report.documents = set()
    resources = sum(
        _replay(connection, report, scope_id, kind, merkle, every=part.since is None)
        for scope_id, kind, number in pairs
        if part.since is None or number % DAYS == part.turn
    )
    report.checked["resources"] = resources
    if part.comes("resources of no collection"):
        r = tables.resource
        looked = sa.exists().where(c.c.scope_id == r.c.scope_id, c.c.kind == r.c.kind)
        for number in connection.execute(sa.select(r.c.id).where(~looked)).scalars():
            report.find(f"resource {number}", "belongs to no collection's kind and scope")


def _replay(
    connection: Connection,
    report: Report,
    scope_id: int,
    kind: str,
    merkle: int | None,
    *,
    every: bool,
) -> int:
    """Hold the roots of complete collections of a kind and scope against the intervals.

    Args:
        connection: reading.
        report: what is found goes there.
        scope_id: the scope.
        kind: the kind.
        merkle: the first collection whose root is a Merkle root.
        every: whether to hold every root; otherwise as few as hold every resource: the last one, and each before
            something vanished. What is in between is held by the intervals' own roots.

    Returns:
        The number of resources.
    """
    c = tables.collection
    looks = connection.execute(
        sa.select(c.c.id, c.c.status, c.c.root, c.c.count.label("found"))
        .where(c.c.scope_id == scope_id, c.c.kind == kind)
        .order_by(c.c.id)
    ).all()
    if merkle is None or looks[0].id < merkle:
        early = [look for look in looks if merkle is None or look.id < merkle]
        _replay_1(connection, report, scope_id, kind, early)
    opens, closes, resources = _changes(connection, report, scope_id, kind)
    tree = Tree()
    waiting: dict[bytes, bytes | None] = {}
    held = [
        look
        for look in looks
        if look.status == "complete" and merkle is not None and look.id >= merkle
    ]
    last = held[-1].id if held else None
    shown = None
    for look in looks:
        ended, begun = closes.pop(look.id, b""), opens.pop(look.id, b"")
        # An incomplete look ends nothing, but what it changed is not what was shown.
        other = bool(ended or begun) and look.status != "complete"
        if not every and shown is not None and (other or _vanish(ended, begun)):
            tree.update(waiting)
            waiting = {}
            _hold(report, shown, tree.root(), len(tree))
            shown = None
        for start in range(0, len(ended), _ENTRY * _AT_ONCE):
            waiting.update(dict.fromkeys(_split(ended[start : start + _ENTRY * _AT_ONCE])))
            waiting = _laid(tree, waiting)
        for start in range(0, len(begun), _ENTRY * _AT_ONCE):
            waiting.update(_split(begun[start : start + _ENTRY * _AT_ONCE]))
            waiting = _laid(tree, waiting)
        if look.status != "complete" or merkle is None or look.id < merkle:
            continue
        shown = look
        if every or look.id == last:
            tree.update(waiting)
            waiting = {}
            _hold(report, look, tree.root(), len(tree))
            shown = None
    for number in sorted({*opens, *closes}):
        report.find(
            f"{kind} of collection {number}",
            f"was not seen by one of scope {scope_id} and this kind",
        )
    return resources


def _laid(tree: Tree, waiting: dict[bytes, bytes | None]) -> dict[bytes, bytes | None]:
    """Lay changes into a tree once there are many; what waits on."""
    if len(waiting) < _AT_ONCE:
        return waiting
    tree.update(waiting)
    return {}


def _vanish(ended: bytes, begun: bytes) -> bool:
    """Whether a look ended something without beginning it anew."""
    return bool(ended) and not _split(ended).keys() <= _split(begun).keys()


def _split(entries: bytes) -> dict[bytes, bytes]:
    half = _ENTRY // 2
    return {
        entries[n : n + half]: entries[n + half : n + _ENTRY]
        for n in range(0, len(entries), _ENTRY)
    }


def _changes(
    connection: Connection, report: Report, scope_id: int, kind: str
) -> tuple[dict[int, bytes], dict[int, bytes], int]:
    """What each look at a kind and scope opened and closed, packed; and how many resources there are."""
    o, r = tables.observation, tables.resource
    query = (
        sa.select(r.c.id, r.c.uid, o.c.digest, o.c.opened_by, o.c.closed_by)
        .select_from(r.outerjoin(o, o.c.resource_id == r.c.id))
        .where(r.c.scope_id == scope_id, r.c.kind == kind)
    )
    opens: dict[int, bytearray] = defaultdict(bytearray)
    closes: dict[int, bytearray] = defaultdict(bytearray)
    last, key = None, b""
    for number, uid, document, opened_by, closed_by in tuples(connection, query):
        if number != last:
            last, key = number, key_of(str(uid))
        if opened_by is None:
            report.find(f"resource {number}", "was never observed")
            continue
        if report.documents is not None:
            report.documents.add(hash((kind, document)))
        entry = key + value_of(document)
        opens[opened_by] += entry
        if closed_by is not None:
            closes[closed_by] += entry
    count = sa.select(sa.func.count()).where(r.c.scope_id == scope_id, r.c.kind == kind)
    return _frozen(opens), _frozen(closes), connection.execute(count).scalar() or 0


def _frozen(packed: dict[int, bytearray]) -> dict[int, bytes]:
    return {number: bytes(packed[number]) for number in list(packed)}


def _hold(report: Report, look: Any, root: str, count: int) -> None:  # noqa: ANN401
    if (root, count) != (look.root, look.found):
        report.find(
            f"collection {look.id}",
            f"saw {look.found} resources; the store's intervals give {count} or others",
        )


def sightings(connection: Connection, report: Report, part: Part) -> None:
    """What incomplete collections saw, against their roots."""
    c, o, s, r = tables.collection, tables.observation, tables.sighting, tables.resource
    merkle = _first_of_format(connection, "collection", ledger.MERKLE)
    query = sa.select(c.c.id, c.c.root, c.c.count.label("found")).where(
        c.c.status != "complete", part.rows(c.c.id, c)
    )
    for look in connection.execute(query.order_by(c.c.id)).all():
        current = sa.and_(
            o.c.resource_id == s.c.resource_id,
            o.c.opened_by <= look.id,
            sa.or_(o.c.closed_by.is_(None), o.c.closed_by > look.id),
        )
        seen = connection.execute(
            sa.select(r.c.uid, o.c.digest)
            .select_from(s.outerjoin(r, r.c.id == s.c.resource_id).outerjoin(o, current))
            .where(s.c.collection_id == look.id)
        ).all()
        root_of = collection_root if merkle is not None and look.id >= merkle else collection_root_1
        pairs = [(str(uid), str(document)) for uid, document in seen]
        _hold(report, look, root_of(pairs), len(pairs))


def _replay_1(
    connection: Connection, report: Report, scope_id: int, kind: str, looks: list[Any]
) -> None:
    """Complete looks whose root is over the whole sorted list: each one that changed sorts it again."""
    o, r = tables.observation, tables.resource
    rows = connection.execute(
        sa.select(r.c.id, r.c.uid, o.c.digest, o.c.opened_by, o.c.closed_by)
        .select_from(r.join(o, o.c.resource_id == r.c.id))
        .where(r.c.scope_id == scope_id, r.c.kind == kind, o.c.opened_by <= looks[-1].id)
    ).all()
    opens = sorted(rows, key=attrgetter("opened_by"))
    closes = sorted((row for row in rows if row.closed_by is not None), key=attrgetter("closed_by"))
    state: dict[int, tuple[str, str]] = {}
    opened, closed = 0, 0
    root: str | None = None
    for look in looks:
        while closed < len(closes) and closes[closed].closed_by <= look.id:
            state.pop(closes[closed].id, None)
            closed, root = closed + 1, None
        while opened < len(opens) and opens[opened].opened_by <= look.id:
            if opens[opened].closed_by is None or opens[opened].closed_by > look.id:
                state[opens[opened].id] = (opens[opened].uid, opens[opened].digest)
            opened, root = opened + 1, None
        if look.status == "complete":
            root = root or collection_root_1(state.values())
            _hold(report, look, root, len(state))
