"""Storage accounts: access, encryption, logs and recovery."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.arm import chosen, days_after, recorded
from soc2_collectors.azure.models.storage import StorageAccount
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_NEW_TLS = frozenset({"TLS1_2", "TLS1_3"})
_OLD_TLS = frozenset({"TLS1_0", "TLS1_1"})


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:storage_blob_public_access_level_is_disabled",
        "powerpipe:storage_account_blob_public_access_disabled",
        "powerpipe:storage_account_blob_containers_public_access_disabled",
    ],
)
def azure_storage_no_anonymous(account: StorageAccount) -> Verdict:
    """No container of a storage account can be made public.

    A static website, which is public by design, is a setting that Azure does not show. Accounts for file
    shares alone hold no containers.

    Why: one container that is set to public is enough for anybody to read all that is in it.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --allow-blob-public-access false.
    """
    if account.shares_alone:
        return not_applicable("an account for file shares, which holds no containers")
    allowed = account.properties.allow_blob_public_access
    if allowed is None:
        return failed(
            "anonymous access was never switched off, and is admitted where nothing is set"
        )
    return failed("containers may be public") if allowed else passed("no container can be public")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:storage_secure_transfer_required_is_enabled",
        "prowler:storage_ensure_minimum_tls_version_12",
        "powerpipe:storage_account_secure_transfer_required_enabled",
        "powerpipe:storage_account_min_tls_1_2",
    ],
)
def azure_storage_https_tls(account: StorageAccount) -> Verdict:
    """Storage accounts take encrypted connections only, of TLS 1.2 or later, for file shares as well.

    Storage speaks no HTTPS under a domain of the company's own, and Microsoft's pages disagree on whether it
    refuses HTTP there: of an account with such a domain the answer is not known.

    Why: over HTTP, keys and data travel readable; the versions before 1.2 can be broken.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --https-only true --min-tls-version
        TLS1_2; for file shares, Update-AzStorageFileServiceProperty -ResourceGroupName GROUP
        -StorageAccountName ACCOUNT -SmbEncryptionInTransitRequired $true -NfsEncryptionInTransitRequired $true.
    """
    if not account.properties.supports_https_traffic_only:
        return failed("plain HTTP is accepted")
    version = account.properties.minimum_tls_version
    if version is None:
        return failed("no minimum version of TLS is set")
    if not chosen(version, "minimumTlsVersion", good=_NEW_TLS, bad=_OLD_TLS):
        return failed(f"the minimum version is {version}")
    if account.properties.is_nfs_v3_enabled:
        return failed("NFS 3.0 is on, which is not encrypted")
    files = account.file_service
    if files is not None and (open_ := files.properties.unencrypted):
        return failed(f"file shares are reached without encryption by {', '.join(open_)}")
    domain = account.properties.custom_domain
    if domain is not None and domain.name:
        return inconclusive(
            f"reached by the domain {domain.name}, under which Storage speaks no HTTPS: whether plain HTTP "
            "is refused there is not known"
        )
    return passed(f"encrypted connections only, TLS from version {version} on")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:storage_account_public_network_access_disabled",
        "prowler:storage_default_network_access_rule_is_denied",
        "prowler:storage_ensure_private_endpoints_in_storage_accounts",
        "powerpipe:storage_account_default_network_access_rule_denied",
        "powerpipe:storage_account_uses_private_link",
    ],
)
def azure_storage_network(
    account: StorageAccount, *, sensitive_tag: str = "", sensitive_values: tuple[str, ...] = ()
) -> Verdict:
    """Storage accounts are not open to the internet, and sensitive ones have a private endpoint.

    ``sensitive_tag`` and ``sensitive_values`` say which accounts must have a private endpoint. The rules of a
    network security perimeter count where the account is associated with one: alone in the mode Enforced, else
    besides the account's own, even where its public access is off.

    Why: a stolen key works from everywhere, unless the network is asked as well.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --default-action Deny, or
        --public-network-access Disabled with a private endpoint.
    """
    gate = account.gate
    if gate.own and account.properties.network_acls.open:
        return failed("open to the internet")
    if gate.open:
        return failed(f"open to the internet by {gate.label}")
    private = any(one.approved for one in account.properties.private_endpoint_connections or ())
    if sensitive_tag and account.tagged(sensitive_tag, sensitive_values) and not private:
        return failed("sensitive, and has no private endpoint")
    return passed(gate.how + (", and private endpoints" if private else ""))


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:storage_account_key_access_disabled",
        "prowler:storage_key_rotation_90_days",
        "prowler:storage_default_to_entra_authorization_enabled",
        "powerpipe:storage_account_shared_key_access_disabled",
        "powerpipe:storage_account_access_keys_periodically_regenerated",
    ],
)
def azure_storage_shared_key(
    account: StorageAccount, now: datetime, *, max_age_days: int = 90
) -> Verdict:
    """Storage accounts do without shared keys, or the keys are replaced regularly.

    Where shared keys are admitted, the portal asks Entra first.

    Why: an account key opens everything in the account, and nobody can tell who used it.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --allow-shared-key-access false; else
        az storage account keys renew --account-name ACCOUNT --resource-group GROUP --key primary, then
        secondary, and az storage account update --set defaultToOAuthAuthentication=true.
    """
    settings = account.properties
    keys = account.takes_keys
    if not keys:
        return passed("shared keys are accepted by no service")
    if not settings.default_to_o_auth_authentication:
        return failed(
            f"{', '.join(keys)}: shared keys are accepted, and the portal asks for them before Entra"
        )
    made = settings.key_creation_time
    if made is None or made.key1 is None or made.key2 is None:
        return failed("shared keys are accepted, and were not renewed since Azure notes when")
    due = days_after(min(made.key1, made.key2), max_age_days)
    said = f"the older key was made on {min(made.key1, made.key2):%Y-%m-%d}"
    if now >= due:
        return failed(f"shared keys are accepted; {said}, due {due:%Y-%m-%d}")
    return passed(f"{said}, due {due:%Y-%m-%d}", until=due)


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:storage_cross_tenant_replication_disabled",
        "powerpipe:storage_account_cross_tenant_replication_disabled",
    ],
)
def azure_storage_cross_tenant(account: StorageAccount) -> Verdict:
    """Storage accounts replicate to no other tenant.

    What is replicated is blobs; accounts for file shares alone hold none.

    Why: a replication rule is a quiet way to take all data out of the company.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --allow-cross-tenant-replication
        false.
    """
    if account.shares_alone:
        return not_applicable(
            "an account for file shares, which replicates nothing to other accounts"
        )
    allowed = account.properties.allow_cross_tenant_replication
    if allowed is None:
        return failed("never switched off, and admitted where nothing is set")
    return failed("replication to other tenants is admitted") if allowed else passed("switched off")


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.LOW,
    known_as=[
        "prowler:storage_ensure_encryption_with_customer_managed_keys",
        "prowler:storage_infrastructure_encryption_is_enabled",
        "powerpipe:storage_account_encryption_at_rest_using_cmk",
        "powerpipe:storage_account_infrastructure_encryption_enabled",
    ],
)
def azure_storage_cmk(
    account: StorageAccount, *, customer_key: bool = True, infrastructure: bool = False
) -> Verdict:
    """Storage accounts encrypt blobs and files with a key of the company's own.

    The key of the account is asked about; an encryption scope, which single containers may have, can name
    another. Queues and tables that take another key are named. ``infrastructure`` asks for a second
    encryption below the first.

    Why: who holds the key can cut off the data from everybody at once, the provider included.
    Fix: az storage account update --encryption-key-source Microsoft.Keyvault with the vault and the key.
    """
    encryption = account.properties.encryption
    own = chosen(
        encryption.key_source, "keySource", good=("Microsoft.Keyvault",), bad=("Microsoft.Storage",)
    )
    if customer_key and not own:
        return failed("encrypted with a key of Microsoft's")
    if infrastructure and not encryption.require_infrastructure_encryption:
        return failed("the infrastructure is not encrypted as well")
    apart = encryption.services.apart if encryption.services and own else []
    but = f"; with a key of Microsoft's: {', '.join(apart)}" if apart else ""
    return passed(f"key source {encryption.key_source}{but}")


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

    Blobs, containers and whole file shares are asked about: a single file in a share comes back from a snapshot or a
    backup alone, and what is deleted from queues and tables does not come back. An account with a hierarchical
    namespace, and a premium one for page blobs, cannot keep versions: there these are not asked for.

    Why: without it, what is overwritten or deleted is gone.
    Fix: az storage account blob-service-properties update --account-name ACCOUNT --enable-delete-retention
        true --delete-retention-days 7 --enable-container-delete-retention true
        --container-delete-retention-days 7 --enable-versioning true; az storage account
        file-service-properties update --account-name ACCOUNT --enable-delete-retention true
        --delete-retention-days 7.
    """
    missing: list[str] = []
    unversioned = "a hierarchical namespace" if account.properties.is_hns_enabled else ""
    if account.pages_alone:
        unversioned = "a premium account for page blobs"
    blobs, files = account.blob_service, account.file_service
    if blobs is not None:
        kept = blobs.properties
        for what, policy in (
            ("blobs", kept.delete_retention_policy),
            ("containers", kept.container_delete_retention_policy),
        ):
            if policy is None or not policy.keeps(min_days):
                missing.append(f"deleted {what} are not kept for {min_days} days")
        if versioning and not unversioned and not kept.is_versioning_enabled:
            missing.append("blobs have no versions")
    shares = files.properties.share_delete_retention_policy if files is not None else None
    if shares is not None and not shares.keeps(min_days):
        missing.append(f"deleted shares are not kept for {min_days} days")
    if missing:
        return failed("; ".join(missing))
    if blobs is None and files is None:
        return not_applicable("the account has neither blobs nor shares")
    if files is not None and shares is None:
        return inconclusive("Azure does not say whether deleted shares are kept")
    without = f"; {unversioned} keeps no versions" if unversioned else ""
    found = (("blobs and containers", blobs), ("file shares", files))
    what = " and ".join(name for name, service in found if service is not None)
    return passed(f"deleted {what} are kept for {min_days} days at least{without}")


@rule(
    criteria=["CC7.2", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:storage_account_blob_service_logging_enabled",
        "powerpipe:storage_account_queue_services_logging_enabled",
    ],
)
def azure_storage_logging(account: StorageAccount) -> Verdict:
    """Reads, writes and deletions of blobs, queues and tables in storage accounts are logged.

    By diagnostic settings: the classic logs (Storage Analytics), which Azure Resource Manager does not show, do not
    count. A premium account for page blobs has neither queues nor tables.

    Why: without them nobody can tell who read what.
    Fix: az monitor diagnostic-settings create for blobServices/default, queueServices/default and
        tableServices/default, with the category group audit.
    """
    services = {
        "blobs": account.blob_diagnostics,
        "queues": account.queue_diagnostics,
        "tables": account.table_diagnostics,
    }
    present = {
        name: settings
        for name, settings in services.items()
        if settings is not None and (name == "blobs" or not account.pages_alone)
    }
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
