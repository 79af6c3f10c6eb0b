"""The ledger: a whole chain, and one entry for each act, with its row as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import ledger, tables
from soc2_pac.store.verify.report import digest_of, short, stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from soc2_pac.store.checkpoint import Checkpoint
    from soc2_pac.store.verify.report import Report


def chain(connection: Connection, report: Report) -> None:
    """Each entry follows from the one before it, and none is missing."""
    previous, expected = ledger.GENESIS, 1
    count = 0
    for row in stream(connection, sa.select(tables.ledger).order_by(tables.ledger.c.seq)):
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


def bodies(connection: Connection, report: Report) -> None:
    """Every ledger entry has its row as it was, every ledgered row has its entry, and each only one."""
    for kind in ledger.COLUMNS:
        expected = _entries(connection, report, kind)
        used = sorted({entry.form for entry in expected.values()} or {ledger.in_force(kind)})
        count = 0
        without: set[str] = set()
        for form in used:
            for row in stream(connection, ledger.body_query(kind, form)):
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


def kinds(connection: Connection, report: Report) -> None:
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


def identity(connection: Connection, report: Report) -> None:
    """The store is the one that the first entry founded, and configurations match their digests."""
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar()
    others = sa.select(tables.meta.c.key).where(tables.meta.c.key != "store_id")
    for key in connection.execute(others).scalars():
        report.find(f"meta {key}", "was added: nobody writes it")
    first = connection.execute(
        sa.select(tables.ledger.c.kind, tables.ledger.c.ref).order_by(tables.ledger.c.seq).limit(1)
    ).first()
    if first is None or first.kind != "store" or first.ref != store_id:
        report.find("meta store_id", "is not the one in the ledger's first entry")
    for row in stream(connection, sa.select(tables.config)):
        if digest_of(row.body) != row.digest:
            report.find(f"config {short(row.digest)}", "was edited: it does not match its digest")


def checkpointed(checkpoint: Checkpoint) -> Callable[[Connection, Report], None]:
    """The step that holds the ledger against a checkpoint that was kept elsewhere."""
    return lambda connection, report: _checkpoint(connection, report, checkpoint)


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
