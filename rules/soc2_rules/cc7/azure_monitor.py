"""The activity log: whether it leaves the subscription, and is safe where it goes."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import recorded
from soc2_collectors.azure.models.monitor import ActivityLogSetting
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule

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
    """The activity log of each subscription is sent somewhere that keeps it.

    Why: Azure keeps it for 90 days, and an audit looks back further.
    Fix: az monitor diagnostic-settings subscription create --workspace ID --logs with Administrative,
        Alert, Policy and Security.
    """
    settings = [one.setting for one in evidence.here(ActivityLogSetting)]
    if not settings:
        return failed(f"no diagnostic setting of {subscription.display_name or 'the subscription'}")
    seen = recorded(settings)
    missing = [name for name in categories if name.casefold() not in seen]
    if missing and _ALL not in seen:
        return failed(f"not sent: {', '.join(missing)}")
    return passed(f"sent: {', '.join(categories)}")
