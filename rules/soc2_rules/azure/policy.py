"""Azure Policy: whether the security benchmark is assigned and enforced."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import last_part
from soc2_collectors.azure.models.authorization import PolicyAssignment
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule

BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
"""Microsoft cloud security benchmark, the initiative that Defender for Cloud judges by."""


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[PolicyAssignment],
    known_as=[
        "prowler:policy_ensure_asc_enforcement_enabled",
        "powerpipe:securitycenter_asc_default_setting_not_disabled",
    ],
    empty=inconclusive("Azure did not show the subscription"),
)
def azure_policy_enforced(
    subscription: Subscription, evidence: Evidence, *, initiatives: tuple[str, ...] = (BENCHMARK,)
) -> Verdict:
    """The security benchmark is assigned to each subscription, and enforced.

    ``initiatives``: ids of definitions of which one must be assigned, here or above.

    Why: what strays from the benchmark is seen only where it is assigned.
    Fix: az policy assignment create --policy-set-definition 1f3afdf9-d0c9-4c3d-847f-89da613e70a8 --scope
        /subscriptions/ID --enforcement-mode Default.
    """
    wanted = {last_part(one).casefold() for one in initiatives}
    found = [
        one
        for one in evidence.here(PolicyAssignment)
        if last_part(one.properties.policy_definition_id).casefold() in wanted
        and (
            one.properties.scope.rstrip("/").casefold() == subscription.path
            or "/managementgroups/" in one.properties.scope.casefold()
        )
    ]
    if not found:
        return failed("no such initiative is assigned to the subscription or above it")
    names = {one.properties.display_name or one.name for one in found}
    if all(one.properties.enforcement_mode.casefold() != "default" for one in found):
        return failed(f"assigned, and not enforced: {', '.join(sorted(names))}")
    return passed(f"assigned and enforced: {', '.join(sorted(names))}")
