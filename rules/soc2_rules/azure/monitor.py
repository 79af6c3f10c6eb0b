"""The activity log: where it is exported, and who can read it there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.arm import last_part, recorded, same, subscription_of
from soc2_collectors.azure.models.monitor import ActivityLogSetting
from soc2_collectors.azure.models.storage import StorageAccount
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterable


@rule(
    criteria=["CC6.7", "CC7.2", "CC7.3"],
    severity=Severity.HIGH,
    needs=[StorageAccount],
    known_as=[
        "prowler:monitor_storage_account_with_activity_logs_is_private",
        "prowler:monitor_storage_account_with_activity_logs_cmk_encrypted",
        "powerpipe:monitor_logs_storage_container_insights_activity_logs_not_public_accessible",
    ],
)
def azure_activity_log_store(
    setting: ActivityLogSetting, evidence: Evidence, *, customer_key: bool = False
) -> Verdict:
    """No container of a storage account that keeps the activity log can be public.

    From which networks the account is reached is asked by azure-storage-network.

    ``customer_key`` asks that they are encrypted with a key of the company's own.

    Why: the log names everybody who administers, and every resource by its address.
    Fix: az storage account update --allow-blob-public-access false for the account.
    """
    number = setting.properties.storage_account_id
    if not number:
        return not_applicable("the activity log goes to no storage account")
    here = subscription_of(number) in ("", subscription_of(f"/{setting.id.lstrip('/')}"))
    known = evidence.here(StorageAccount) if here else evidence.everywhere(StorageAccount)
    account = next((one for one in known if same(one.id, number)), None)
    name = last_part(number)
    if account is None:
        return inconclusive(f"the storage account {name} is not among the collected ones")
    if account.properties.allow_blob_public_access is not False:
        return failed(f"containers of {name} may be public")
    if customer_key and not same(account.properties.encryption.key_source, "Microsoft.Keyvault"):
        return failed(f"{name} is encrypted with a key of Microsoft's")
    key = ", and its key is the company's own" if customer_key else ""
    return passed(f"no container of {name} can be public{key}")


_ALL = "alllogs"


@rule(
    criteria=["CC7.2", "CC8.1"],
    severity=Severity.HIGH,
    needs=[ActivityLogSetting],
    known_as=[
        "prowler:monitor_diagnostic_settings_exists",
        "prowler:monitor_diagnostic_setting_with_appropriate_categories",
        "powerpipe:monitor_diagnostic_settings_exists_for_subscription",
        "powerpipe:monitor_diagnostic_settings_captures_proper_categories",
    ],
    empty=inconclusive("Azure did not show the subscription"),
)
def azure_activity_log_export(
    subscription: Subscription,
    evidence: Evidence,
    *,
    categories: tuple[str, ...] = ("Administrative", "Alert", "Policy", "Security"),
    kept_elsewhere: tuple[str, ...] = (),
) -> Verdict:
    """The activity log of each subscription is sent somewhere that keeps it.

    Workspaces and storage accounts keep it; event hubs and partners' solutions pass it on. ``kept_elsewhere``
    takes patterns for names of settings that send it to one from where it is kept. Whether the destination
    still exists, and how long it keeps what it gets, is not asked here.

    Why: Azure keeps it for 90 days, and an audit looks back further.
    Fix: az monitor diagnostic-settings subscription create --workspace ID --logs with Administrative,
        Alert, Policy and Security.
    """
    found = evidence.here(ActivityLogSetting)
    if not found:
        return failed(f"no diagnostic setting of {subscription.display_name or 'the subscription'}")
    keeping = [one for one in found if one.keeps or _named(one.name, kept_elsewhere)]
    if missing := _missing(found, categories):
        return failed(f"not sent: {', '.join(missing)}")
    if missing := _missing(keeping, categories):
        return inconclusive(
            f"{', '.join(missing)} only sent by {', '.join(one.name for one in found if one not in keeping)} "
            "to what passes it on: name the setting in kept_elsewhere if it is kept from there"
        )
    return passed(f"sent: {', '.join(categories)}", on=keeping)


def _missing(settings: Iterable[ActivityLogSetting], categories: Iterable[str]) -> list[str]:
    """Categories that no setting sends."""
    seen = recorded(one.setting for one in settings)
    return [] if _ALL in seen else [name for name in categories if name.casefold() not in seen]


def _named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), one.casefold()) for one in patterns)
