"""The activity log: where it is exported, and who can read it there."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import chosen, last_part, recorded, same, subscription_of
from soc2_collectors.azure.models.monitor import ActivityLogSetting
from soc2_collectors.azure.models.storage import StorageAccount
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


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
    """No container of a storage account that keeps the activity log can be made public.

    ``customer_key`` asks that the account is encrypted with a key of the company's own. From which networks
    the account can be reached, ``azure-storage-network`` asks.

    Why: the log names everybody who administers, and every resource by its address.
    Fix: az storage account update --name ACCOUNT --resource-group GROUP --allow-blob-public-access false.
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
        return failed(f"containers of {name} may be public", on=[account])
    own = customer_key and chosen(
        account.properties.encryption.key_source,
        "keySource",
        good=("Microsoft.Keyvault",),
        bad=("Microsoft.Storage",),
    )
    if customer_key and not own:
        return failed(f"{name} is encrypted with a key of Microsoft's", on=[account])
    key = ", and its key is the company's own" if own else ""
    return passed(f"no container of {name} can be made public{key}", on=[account])


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
) -> Verdict:
    """The activity log of each subscription is exported, in the categories that are asked for.

    To a workspace, a storage account, an event hub or a partner's service; how long it is kept there is not
    asked about.

    Why: Azure keeps it for 90 days, and an audit looks back further.
    Fix: az monitor diagnostic-settings subscription create --name NAME --location LOCATION --workspace
        WORKSPACE_ID --logs '[{"category":"Administrative","enabled":true},{"category":"Alert","enabled":true},
        {"category":"Policy","enabled":true},{"category":"Security","enabled":true}]'.
    """
    settings = [one.setting for one in evidence.here(ActivityLogSetting)]
    if not settings:
        return failed(f"no diagnostic setting of {subscription.display_name or 'the subscription'}")
    seen = recorded(settings)
    missing = [name for name in categories if name.casefold() not in seen]
    if missing and _ALL not in seen:
        return failed(f"not exported: {', '.join(missing)}")
    by = [one for one in evidence.here(ActivityLogSetting) if one.setting.recorded]
    names = listed(one.name for one in by)
    return passed(f"exported: {', '.join(categories)}; by {names}", on=by)
