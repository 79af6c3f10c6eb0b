"""The ledger: a whole chain, and one entry for each act, with its row as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import keys, ledger, simulation, tables
from soc2_pac.store.database import batched
from soc2_pac.store.verify.part import DAYS
from soc2_pac.store.verify.report import digest_of, short, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Row

    from soc2_pac.store.checkpoint import Checkpoint
    from soc2_pac.store.verify.part import Part
    from soc2_pac.store.verify.report import Report

_MARKED = 2
"""The ledger entry that marks simulated history: the first after the founding of the store."""


def chain(connection: Connection, report: Report, part: Part) -> None:
    """Each entry follows from the one before it, and none is missing."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    previous, expected = ledger.GENESIS, 1
    count = 0
    query = sa.select(l).order_by(l.c.seq)
    if part.since is not None:
        previous, expected = part.since.head, part.since.seq + 1
        query = query.where(l.c.seq >= expected)
        count = _old_links(connection, report, part, part.since.seq)
    for row in stream(connection, query):
        count += 1
        if row.seq != expected:
            report.find(f"ledger {expected}", f"missing: the next entry is {row.seq}")
        if row.prev != previous:
            report.find(f"ledger {row.seq}", "does not follow from the entry before it")
        _linked(report, row)
        previous, expected = row.hash, row.seq + 1
    report.checked["ledger entries"] = count
    if ledger.head(connection).seq == 0:
        report.find("ledger", "is empty")


def _old_links(connection: Connection, report: Report, part: Part, upto: int) -> int:
    """The entries before a checkpoint whose turn it is, each against the one before it. How many there are."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    before = l.alias("before")
    query = (
        sa.select(l, before.c.hash.label("previous"))
        .select_from(l.outerjoin(before, before.c.seq == l.c.seq - 1))
        .where(l.c.seq <= upto, l.c.seq % DAYS == part.turn)
    )
    count = 0
    for row in stream(connection, query):
        count += 1
        if row.prev != (row.previous if row.seq > 1 else ledger.GENESIS):
            report.find(f"ledger {row.seq}", "does not follow from the entry before it")
        _linked(report, row)
    if part.comes("ledger count"):
        there = connection.execute(
            sa.select(sa.func.count()).select_from(l).where(l.c.seq.between(1, upto))
        ).scalar()
        if there != upto:
            report.find("ledger", f"has {there} of the {upto} entries before the checkpoint")
        strange = sa.select(l.c.seq).where(l.c.seq < 1)
        for seq in connection.execute(strange).scalars():
            report.find(f"ledger {seq}", "stands before the first")
    return count


def _linked(report: Report, row: Row[Any]) -> None:
    link = ledger.link_hash(
        row.seq, row.kind, row.ref, row.body_digest, row.recorded_at, row.prev, row.format
    )
    if link != row.hash:
        report.find(f"ledger {row.seq}", "was edited: its hash does not match")


_MARKED = 2
"""The ledger entry that marks simulated history: the first after the founding of the store."""


class _Entry(NamedTuple):
    """What a ledger entry says of a row."""

    seq: int
    digest: str
    form: int


def bodies(connection: Connection, report: Report, part: Part) -> None:
    """Every ledger entry has its row as it was, every ledgered row has its entry, and each only one."""
    for kind in ledger.COLUMNS:
        expected = _entries(connection, report, part, kind)
        used = sorted({entry.form for entry in expected.values()} or {ledger.in_force(kind)})
        count = 0
        without: set[str] = set()
        for form in used:
            for row in _rows(connection, part, kind, form, expected):
                if kind == "run.ended" and row.status is None:
                    continue
                ref = str(row[0])
                entry = expected.get(ref)
                if entry is None:
                    without.add(ref)
                elif entry.form == form:
                    count += 1
                    expected[ref] = entry._replace(seq=-entry.seq)  # found
                    if digest_of(ledger.body_of(row)) != entry.digest:
                        report.find(f"{kind} {ref}", f"was edited since ledger entry {entry.seq}")
        for ref in sorted(without):
            report.find(f"{kind} {ref}", "stands in no ledger entry")
        for ref, entry in expected.items():
            if entry.seq > 0:
                report.find(f"{kind} {ref}", f"is missing: ledger entry {entry.seq} recorded it")
        report.checked[kind] = count + len(without)


def _rows(
    connection: Connection, part: Part, kind: str, form: int, expected: Mapping[str, _Entry]
) -> Iterator[Row[Any]]:
    """The rows of a kind to hold against its entries."""
    query = ledger.body_query(kind, form)
    column = query.selected_columns[0]
    if part.since is None or not isinstance(column.type, sa.Integer):
        yield from stream(connection, query)
        return
    old = part.last_old(ledger.TABLES[kind])
    yield from stream(connection, query.where(part.rows(column, ledger.TABLES[kind])))
    # What began before the checkpoint and ended after it has its entry among the new ones.
    late = [
        int(ref)
        for ref in expected
        if ref.isdecimal() and int(ref) <= old and int(ref) % DAYS != part.turn
    ]
    for some in batched(late, 500):
        yield from connection.execute(query.where(column.in_(some)))


def _entries(connection: Connection, report: Report, part: Part, kind: str) -> dict[str, _Entry]:
    """The entries of a kind by their row. One act has one entry: whoever edits a row must not add another."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    query = sa.select(l.c.ref, l.c.seq, l.c.body_digest, l.c.format)
    query = query.where(part.entries(kind, ledger.TABLES[kind]))
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


def kinds(connection: Connection, report: Report, part: Part) -> None:
    """No entry is of a kind that nobody writes, and the store was founded once."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    strange = sa.select(l.c.seq, l.c.kind).where(
        l.c.kind.not_in([*ledger.COLUMNS, "store", simulation.KEY])
    )
    for row in connection.execute(strange.where(part.rows(l.c.seq, l)).order_by(l.c.seq)):
        report.find(
            f"ledger {row.seq}", f"is of a kind that this version does not know: {row.kind}"
        )
    founded = sa.select(l.c.seq).where(l.c.kind == "store", l.c.seq != 1)
    for row in connection.execute(founded.where(part.rows(l.c.seq, l)).order_by(l.c.seq)):
        report.find(f"ledger {row.seq}", "founds the store again: entry 1 did already")
    marked = sa.select(l.c.seq).where(l.c.kind == simulation.KEY, l.c.seq != _MARKED)
    for row in connection.execute(marked.where(part.rows(l.c.seq, l)).order_by(l.c.seq)):
        report.find(f"ledger {row.seq}", "marks the history as simulated, which only entry 2 can")


def identity(connection: Connection, report: Report, _part: Part) -> None:
    """The store is the one that the first entry founded, and configurations match their digests."""
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar()
    others = sa.select(tables.meta.c.key).where(
        tables.meta.c.key.not_in(["store_id", simulation.KEY])
    )
    for key in connection.execute(others).scalars():
        report.find(f"meta {key}", "was added: nobody writes it")
    first = connection.execute(
        sa.select(tables.ledger.c.kind, tables.ledger.c.ref).order_by(tables.ledger.c.seq).limit(1)
    ).first()
    if first is None or first.kind != "store" or first.ref != store_id:
        report.find("meta store_id", "is not the one in the ledger's first entry")
    _simulated(connection, report)
    for row in stream(connection, sa.select(tables.config)):
        if digest_of(row.body) != row.digest:
            report.find(f"config {short(row.digest)}", "was edited: it does not match its digest")


def _simulated(connection: Connection, report: Report) -> None:
    """The mark of simulated history stands in the store where the ledger has it, and nowhere else."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    entry = connection.execute(sa.select(l).where(l.c.seq == _MARKED)).first()
    marked = entry is not None and entry.kind == simulation.KEY
    report.simulated = simulation.since(connection)
    where = f"meta {simulation.KEY}"
    if entry is None or not marked:
        if report.simulated is not None:
            report.find(where, "was added: it stands in no ledger entry")
    elif report.simulated is None:
        report.simulated = entry.recorded_at
        report.find(where, f"is missing: ledger entry {_MARKED} recorded it")
    elif digest_of(report.simulated) != entry.body_digest:
        report.find(where, f"was edited since ledger entry {_MARKED}")


def checkpointed(checkpoint: Checkpoint) -> Callable[[Connection, Report, Part], None]:
    """The step that holds the ledger against a checkpoint that was kept elsewhere."""
    return lambda connection, report, _: _checkpoint(connection, report, checkpoint)


def _checkpoint(connection: Connection, report: Report, checkpoint: Checkpoint) -> None:
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar()
    where = f"checkpoint of {checkpoint.recorded_at}"
    if checkpoint.store != store_id:
        report.find(where, f"was made of another store ({checkpoint.store[:12]})")
        return
    _key_in_force(connection, report, checkpoint, where)
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


def _key_in_force(
    connection: Connection, report: Report, checkpoint: Checkpoint, where: str
) -> None:
    """The key that signed was in force, as far as the store lists any."""
    known = {key.key_id: key for key in keys.listed(connection)}
    if checkpoint.signed_by is None or not known:
        return
    key = known.get(checkpoint.signed_by)
    if key is None:
        report.find(where, f"was signed by {checkpoint.signed_by}, which the store does not list")
    elif key.revoked_at is not None and key.revoked_at <= checkpoint.recorded_at:
        what = f"was signed by {key.key_id}, which was revoked on {key.revoked_at[:10]}"
        report.find(where, f"{what}: {key.revoked_because}")
