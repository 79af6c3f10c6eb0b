"""Checks that a store holds what was written to it, and nothing else.

The threat is somebody with full write access to the database who knows this code, without the signing key
and without the checkpoint that is kept elsewhere. Each check is one step; what breaks a step is a problem
like any other, and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.store.database import without_cycle_search
from soc2_pac.store.verify import content, history, ledgered, objects
from soc2_pac.store.verify.part import WHOLE, Part
from soc2_pac.store.verify.report import Problem, Report, tolerant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.checkpoint import Checkpoint

__all__ = ["WHOLE", "Part", "Problem", "Report", "verify"]

_STEPS: dict[str, Callable[[Connection, Report, Part], None]] = {
    "schema": objects.schema_objects,
    "ledger": ledgered.chain,
    "ledger kinds": ledgered.kinds,
    "ledgered rows": ledgered.bodies,
    "identity": ledgered.identity,
    # Before the evidence, which is held against what these read.
    "collections": history.roots,
    "evidence": content.evidence,
    "removals": content.removals,
    "rules": content.rules,
    "rules in force": content.rules_in_force,
    "bases": content.bases,
    "adjustments": content.adjustments,
    "attachments": content.attachments,
    "rows that belong to nothing": content.strays,
    "observations": history.observations,
    "findings": history.findings,
    "open intervals": history.open_intervals,
    "finding counts": history.finding_counts,
    "sightings": history.sightings,
}


def verify(
    connection: Connection,
    checkpoints: Sequence[Checkpoint] = (),
    part: Part = WHOLE,
) -> Report:
    """Check within one reading transaction. Memory grows with the largest scope, not the store.

    Never raises for what the store holds: a step that cannot be done is a problem.

    Args:
        connection: reading.
        checkpoints: kept elsewhere; each is held against the ledger.
        part: what to read; everything unless said. The checkpoint that it starts from is held, too.
    """
    report = Report()
    kept = [*checkpoints, part.since] if part.since is not None else checkpoints
    with tolerant(connection), without_cycle_search():
        for name, step in _STEPS.items():
            _do(connection, report, part, name, step)
        for checkpoint in kept:
            _do(connection, report, part, "checkpoint", ledgered.checkpointed(checkpoint))
    return report


def _do(
    connection: Connection,
    report: Report,
    part: Part,
    name: str,
    step: Callable[[Connection, Report, Part], None],
) -> None:
    try:
        # A savepoint: on PostgreSQL an error would end the transaction for the steps that follow.
        with connection.begin_nested():
            step(connection, report, part)
    except Exception as error:  # noqa: BLE001 - the store may hold anything
        said = str(error).partition("\n")[0]
        report.find(name, f"cannot be checked: {type(error).__name__}: {said}")
