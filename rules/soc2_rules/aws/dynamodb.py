"""DynamoDB: getting data back."""

from __future__ import annotations

from soc2_collectors.aws.models.dynamodb import Table
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:dynamodb_tables_pitr_enabled",
        "powerpipe:dynamodb_table_point_in_time_recovery_enabled",
    ],
)
def aws_dynamodb_pitr(table: Table, *, min_days: int = 7) -> Verdict:
    """Point-in-time recovery of DynamoDB tables is on, and reaches back a week.

    Where it was switched on lately, it reaches back to that moment only.

    Why: one faulty deployment overwrites a table within seconds, and nothing else keeps what it held.
    Fix: aws dynamodb update-continuous-backups --table-name NAME --point-in-time-recovery-specification
        PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35.
    """
    backups = table.continuous_backups
    if backups is None:
        if table.description.archived:
            return not_applicable("archived: DynamoDB keeps it as a backup")
        return inconclusive("DynamoDB lists the table, and does not find its backups")
    recovery = backups.point_in_time_recovery_description
    if recovery is None:
        if backups.continuous_backups_status == "DISABLED":
            return failed("continuous backups are disabled")
        return inconclusive("AWS does not say whether point-in-time recovery is on")
    status = recovery.point_in_time_recovery_status
    if status == "DISABLED":
        return failed("point-in-time recovery is off")
    if status != "ENABLED":
        return inconclusive(f"point-in-time recovery is in a state that is not known: {status}")
    if backups.continuous_backups_status != "ENABLED":
        return inconclusive(
            f"continuous backups are in the state {backups.continuous_backups_status}"
        )
    days = recovery.recovery_period_in_days
    if days < min_days:
        return failed(f"reaches back {days} days, under {min_days}")
    return passed(f"reaches back up to {days} days")
