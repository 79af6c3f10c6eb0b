"""Tables of what changed: in the tests themselves, and in the documents of deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.audit import drift
from soc2_pac.audit.documents import between, cut
from soc2_pac.audit.projection import columns
from soc2_pac.report import Shape, Table
from soc2_pac.store import queries
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.deviations import Deviation
    from soc2_pac.audit.measured import Measured
    from soc2_pac.report import Cell
    from soc2_pac.store.periods import Run

WORST = 10_000
"""Deviations of which changes of documents are shown."""
_AT_ONCE = 250


def tests(connection: Connection, measured: Measured, runs: Sequence[Run]) -> Table:
    """What changed in the tests themselves."""
    return Table(
        "test-changes",
        "Changes of the tests themselves",
        "Rules, thresholds, scopes, configuration, waivers, controls and versions that changed in the period, in the "
        "order of time. Verdicts turned: how many became another status on the same documents. Empty: nothing "
        "changed.",
        columns(
            ("at", "At", Shape.INSTANT),
            ("what", "What"),
            ("subject", "Of"),
            ("part", "Part"),
            ("before", "Before"),
            ("after", "After"),
            ("by", "By"),
            ("why", "Why"),
            ("turned", "Verdicts turned", Shape.NUMBER),
        ),
        tuple(
            (
                one.at, one.what, one.subject, one.part or None, cut(one.before), cut(one.after), one.by or None,
                one.why or None, one.turned,
            )
            for one in drift.read(connection, measured, runs)
        ),
    )  # fmt: skip


def documents(connection: Connection, measured: Measured) -> Table:
    """What changed in the documents of deviations."""
    every = len(measured.deviations)
    limit = f" The worst {WORST:,} of {every:,} deviations are shown." if every > WORST else ""
    return Table(
        "document-changes",
        "Changes of documents",
        "What differs between the document before a deviation and the first that failed (start), and between the last "
        "that failed and the one at the fix (end), path by path; long values are cut, and say so. Empty: no deviation "
        f"began or ended with a changed document.{limit}",
        columns(
            ("deviation", "Deviation", Shape.NUMBER),
            ("step", "Step"),
            ("path", "Path"),
            ("before", "Before"),
            ("after", "After"),
        ),
        tuple(_differences(connection, measured.deviations[:WORST])),
    )


def _differences(connection: Connection, found: Sequence[Deviation]) -> Iterator[tuple[Cell, ...]]:
    pairs = []
    for number, one in enumerate(found, 1):
        for step, before, after in (
            ("start", one.digest_before, one.digest),
            ("end", one.digest_last, one.digest_fixed),
        ):
            if before is not None and after is not None and before != after:
                pairs.append((number, step, before, after))
    for some in batched(pairs, _AT_ONCE):
        bodies = queries.bodies(connection, {d for _, _, *both in some for d in both})
        for number, step, before, after in some:
            for change in between(bodies.get(before, ""), bodies.get(after, "")):
                shown = cut(change.before), cut(change.after)
                yield number, step, change.path or None, *shown
