"""Changes that somebody made by hand, past the pipeline."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.azure.models.arm import last_part
from soc2_collectors.azure.models.monitor import HumanChange
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_CHANGES_NOTHING = (
    "*/list*/action",
    "*/validate/action",
    "*/validatemoveresources/action",
    "*/checknameavailability/action",
    "*/connectivitycheck/action",
    "*/effectivenetworksecuritygroups/action",
    "*/effectiveroutetable/action",
    "*/exporttemplate/action",
    "*/ipflowverify/action",
    "*/nexthop/action",
    "*/publishxml/action",
    "*/readonlykeys/action",
    "*/retrievebootdiagnosticsdata/action",
    "*/securitygroupview/action",
    "*/sharedkeys/action",
    "*/topology/action",
    "*/whatif/action",
    "microsoft.advisor/*",
    "microsoft.costmanagement/forecast/action",
    "microsoft.costmanagement/query/action",
    "microsoft.policyinsights/*/queryresults/action",
    "microsoft.policyinsights/*/summarize/action",
    "microsoft.portal/*",
    "microsoft.support/*",
)
"""What is asked by a POST, which the activity log has as it has changes: the portal asks so for what it shows.

Source: Azure, "Azure permissions" (Compute, Networking, Web, Databases, Management and governance).
"""


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.MEDIUM,
    empty=not_applicable("the last seven days of the activity log name no change by a person"),
)
def azure_portal_changes_outside_pipeline(
    change: HumanChange,
    scope: Scope,
    *,
    deployers: tuple[str, ...] = (),
    subscriptions: tuple[str, ...] = (),
    ignored: tuple[str, ...] = _CHANGES_NOTHING,
) -> Verdict:
    """Nobody but named persons changed production by hand in the last week, past the pipeline.

    ``deployers`` holds patterns for the names of persons who may; ``subscriptions`` the ids of the
    production subscriptions, every one while it is empty; ``ignored`` patterns for operations that change
    nothing. What a service principal does is taken for the pipeline's work.

    Why: what is changed by hand was neither reviewed nor tested, and the next deployment may undo it.
    Fix: look into the change, bring it into the pipeline or take it back; give people roles that only read:
        az role assignment create --role Reader --assignee ID --scope /subscriptions/ID.
    """
    if subscriptions and (scope.region or "").casefold() not in {
        one.casefold() for one in subscriptions
    }:
        return not_applicable("not a production subscription")
    if not change.action:
        return inconclusive("the activity log does not say which operation was called")
    if any(fnmatchcase(change.action.casefold(), pattern.casefold()) for pattern in ignored):
        return not_applicable(f"{change.action} is on the list of what changes nothing")
    when = f"{change.event_timestamp:%Y-%m-%d %H:%M} UTC"
    about = f" ({last_part(change.resource_id)})" if change.resource_id else ""
    if not change.caller:
        return inconclusive(
            f"the activity log does not say who called {change.action}{about} on {when}"
        )
    if any(fnmatchcase(change.caller.casefold(), one.casefold()) for one in deployers):
        return passed(f"{change.caller} may: {change.action}{about} on {when}")
    return failed(f"{change.caller} called {change.action}{about} on {when}")
