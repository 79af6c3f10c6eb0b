"""AWS Backup: regional."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.backup import (
    Plan,
    ProtectedResource,
    RecoveryPoint,
    RestoreJob,
    RestoreTestingPlan,
    Vault,
)
from soc2_pac.model import Document, Fact, utc_text, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws
    from soc2_pac.model import Period

_PAGE = {"PageSize": 1000}
_NO_POLICY = ["ResourceNotFoundException"]
_LISTED = timedelta(days=30)
"""How far back AWS Backup lists jobs; for backups the API reference says so (ListBackupJobs)."""


@collects(
    Plan,
    calls=[
        "backup:ListBackupPlans",
        "backup:GetBackupPlan",
        "backup:ListBackupSelections",
        "backup:GetBackupSelection",
    ],
    per="region",
    cost="pages of 1,000 + 3 N + 1 per selection",
)
def plans(aws: Aws) -> Iterator[Document]:
    """Backup plans."""
    for item in aws.items("backup", "list_backup_plans", "BackupPlansList"):
        number = item["BackupPlanId"]
        details = aws.fact("backup", "get_backup_plan", key="BackupPlan", BackupPlanId=number)
        yield Document(
            item["BackupPlanArn"],
            item["BackupPlanName"],
            {
                **item,
                "GetBackupPlan": details,
                "ListBackupSelections": _selections(aws, number),
                "GetBackupSelection": _chosen(aws, number),
            },
        )


def _selections(aws: Aws, plan: str) -> Fact:
    def call() -> list[Any]:
        found = aws.items(
            "backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan
        )
        return list(found)

    return Fact("backup:ListBackupSelections", call)


def _chosen(aws: Aws, plan: str) -> Fact:
    """What each selection of a plan chooses and leaves out: the listing gives their names only."""

    def call() -> list[Any]:
        listed = aws.items(
            "backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan
        )
        return [
            aws.ask(
                "backup",
                "get_backup_selection",
                BackupPlanId=plan,
                SelectionId=item["SelectionId"],
            )["BackupSelection"]
            for item in listed
        ]

    return Fact("backup:GetBackupSelection", call)


@collects(
    Vault,
    calls=["backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy"],
    per="region",
    cost="pages of 1,000 + N",
)
def vaults(aws: Aws) -> Iterator[Document]:
    """Vaults."""
    for item in aws.items("backup", "list_backup_vaults", "BackupVaultList"):
        policy = aws.fact(
            "backup",
            "get_backup_vault_access_policy",
            key="Policy",
            absent=_NO_POLICY,
            BackupVaultName=item["BackupVaultName"],
        )
        yield Document(
            item["BackupVaultArn"],
            item["BackupVaultName"],
            {**item, "GetBackupVaultAccessPolicy": policy},
        )


@collects(
    RecoveryPoint,
    calls=["backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"],
    per="region",
    cost="pages of 1,000 + at least 1 per vault",
)
def recovery_points(aws: Aws) -> Iterator[Document]:
    """Recovery points of every vault."""
    for vault in aws.items("backup", "list_backup_vaults", "BackupVaultList"):
        points = aws.children(
            "backup",
            "list_recovery_points_by_backup_vault",
            "RecoveryPoints",
            BackupVaultName=vault["BackupVaultName"],
            PaginationConfig=_PAGE,
        )
        for item in points:
            name = item.get("ResourceName") or item["ResourceArn"]
            # A point's ARN is its snapshot's; the same snapshot may lie in two vaults.
            yield Document(f"{vault['BackupVaultName']}/{item['RecoveryPointArn']}", name, item)


@collects(
    ProtectedResource,
    calls=["backup:ListProtectedResources"],
    per="region",
    cost="pages of 1,000",
)
def protected_resources(aws: Aws) -> Iterator[Document]:
    """What AWS Backup has backed up."""
    for item in aws.items("backup", "list_protected_resources", "Results"):
        yield Document(item["ResourceArn"], item.get("ResourceName") or item["ResourceArn"], item)


@collects(
    RestoreJob,
    calls=["backup:ListRestoreJobs"],
    per="region",
    cost="pages of 1,000",
    population=True,
    instant="CreationDate",
)
def restore_jobs(aws: Aws, period: Period) -> Iterator[Document]:
    """Restores that AWS still lists. It forgets old ones, and what happened happened: they stay known."""
    listed_from = period.began - _LISTED
    known: Any = period.since_cursor
    if known and utc_time(known["to"]) >= listed_from:
        listed_from = utc_time(known["from"])
    period.ask(
        query="ListRestoreJobs",
        start=listed_from,
        end=period.began,
        counted="AWS gives no count: the listing was read to its last page",
    )
    read = 0
    for item in aws.items("backup", "list_restore_jobs", "RestoreJobs"):
        read += 1
        yield Document(item["RestoreJobId"], item["RestoreJobId"], item)
    period.done(total=read, cursor={"from": utc_text(listed_from), "to": utc_text(period.began)})


@collects(
    RestoreTestingPlan,
    calls=["backup:ListRestoreTestingPlans"],
    per="region",
    cost="pages of 1,000",
)
def restore_testing_plans(aws: Aws) -> Iterator[Document]:
    """Plans that test restores."""
    for item in aws.items("backup", "list_restore_testing_plans", "RestoreTestingPlans"):
        yield Document(item["RestoreTestingPlanArn"], item["RestoreTestingPlanName"], item)
