"""Checks that a store holds what was written to it, and nothing else.

The threat is somebody with full write access to the database who knows this code, without the signing key
and without the checkpoint that is kept elsewhere. Each check is one step; what breaks a step is a problem
like any other, and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.store.verify import content, history, ledgered, objects
from soc2_pac.store.verify.report import Problem, Report, tolerant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.checkpoint import Checkpoint

__all__ = ["Problem", "Report", "verify"]

_STEPS: dict[str, Callable[[Connection, Report], None]] = {
    "schema": objects.schema_objects,
    "ledger": ledgered.chain,
    "ledger kinds": ledgered.kinds,
    "ledgered rows": ledgered.bodies,
    "identity": ledgered.identity,
    "evidence": content.evidence,
    "rules": content.rules,
    "rules in force": content.rules_in_force,
    "bases": content.bases,
    "rows that belong to nothing": content.strays,
    "observations": history.observations,
    "findings": history.findings,
    "open intervals": history.open_intervals,
    "fingerprints": history.fingerprints,
    "collections": history.roots,
}


def verify(connection: Connection, checkpoints: Sequence[Checkpoint] = ()) -> Report:
    """Check everything within one reading transaction. Memory grows with the largest scope, not the store.

    Never raises for what the store holds: a step that cannot be done is a problem.
    """
    report = Report()
    with tolerant(connection):
        for name, step in _STEPS.items():
            _do(connection, report, name, step)
        for checkpoint in checkpoints:
            _do(connection, report, "checkpoint", ledgered.checkpointed(checkpoint))
    return report


def _do(
    connection: Connection, report: Report, name: str, step: Callable[[Connection, Report], None]
) -> None:
    try:
        # A savepoint: on PostgreSQL an error would end the transaction for the steps that follow.
        with connection.begin_nested():
            step(connection, report)
    except Exception as error:  # noqa: BLE001 - the store may hold anything
        said = str(error).partition("\n")[0]
        report.find(name, f"cannot be checked: {type(error).__name__}: {said}")
