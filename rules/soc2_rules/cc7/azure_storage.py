"""Storage accounts: seeing what happened, and getting data back."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import recorded
from soc2_collectors.azure.models.storage import StorageAccount
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_GROUPS = frozenset({"alllogs", "audit"})
_CATEGORIES = frozenset({"storageread", "storagewrite", "storagedelete"})


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:storage_ensure_soft_delete_is_enabled",
        "prowler:storage_blob_versioning_is_enabled",
        "prowler:storage_ensure_file_shares_soft_delete_is_enabled",
        "powerpipe:storage_account_blob_soft_delete_enabled",
        "powerpipe:storage_account_blob_versioning_enabled",
    ],
)
def azure_storage_recovery(
    account: StorageAccount, *, min_days: int = 7, versioning: bool = True
) -> Verdict:
    """What is deleted from storage accounts can be had back, and blobs have versions.

    Why: without it, what is overwritten or deleted is gone.
    Fix: az storage account blob-service-properties update --enable-delete-retention true
        --enable-container-delete-retention true --enable-versioning true; az storage account
        file-service-properties update --enable-delete-retention true.
    """
    missing: list[str] = []
    blobs, files = account.blob_service, account.file_service
    if blobs is not None:
        kept = blobs.properties
        for what, policy in (
            ("blobs", kept.delete_retention_policy),
            ("containers", kept.container_delete_retention_policy),
        ):
            if policy is None or not policy.enabled or (policy.days or 0) < min_days:
                missing.append(f"deleted {what} are not kept for {min_days} days")
        if versioning and not kept.is_versioning_enabled:
            missing.append("blobs have no versions")
    if files is not None:
        shares = files.properties.share_delete_retention_policy
        if shares is not None and (not shares.enabled or (shares.days or 0) < min_days):
            missing.append(f"deleted shares are not kept for {min_days} days")
    if blobs is None and files is None:
        return not_applicable("the account has neither blobs nor shares")
    return failed("; ".join(missing)) if missing else passed("what is deleted can be had back")


@rule(
    criteria=["CC7.2", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:storage_account_blob_service_logging_enabled",
        "powerpipe:storage_account_queue_services_logging_enabled",
    ],
)
def azure_storage_logging(account: StorageAccount) -> Verdict:
    """Reads, writes and deletions in storage accounts are logged.

    Why: without them nobody can tell who read what.
    Fix: az monitor diagnostic-settings create for blobServices/default, queueServices/default and
        tableServices/default, with the category group audit.
    """
    services = {
        "blobs": account.blob_diagnostics,
        "queues": account.queue_diagnostics,
        "tables": account.table_diagnostics,
    }
    present = {name: settings for name, settings in services.items() if settings is not None}
    if not present:
        return not_applicable("the account has no service that logs")
    missing = []
    for name, settings in present.items():
        seen = recorded(settings)
        if not (seen & _GROUPS or seen >= _CATEGORIES):
            missing.append(name)
    if missing:
        return failed(f"not logged in full: {', '.join(missing)}")
    return passed(f"logged: {', '.join(present)}")
