"""What a device must have before a sign-in from it counts."""

from __future__ import annotations

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.device import DeviceAssurance
from soc2_collectors.okta.models.policy import AccessPolicy, effective
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


@rule(
    criteria=["CC6.1", "CC6.7", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[AccessPolicy, App],
    empty=failed("there is no device assurance policy"),
)
def okta_device_assurance(
    assurance: DeviceAssurance,
    evidence: Evidence,
    *,
    expected: tuple[str, ...] = ("OS version", "disk encryption", "screen lock"),
) -> Verdict:
    """Devices must be encrypted, locked and up to date, and the policy of an app asks for it.

    Rules of app sign-in policies count that are active and that an active app uses.

    Why: whoever finds a laptop that is not encrypted has what it holds; old systems have known holes.
    Fix: Security, Device Assurance Policies: set minimum OS version, disk encryption and screen lock,
        and choose the policy in a rule of Security, Authentication Policies.
    """
    missing = set(expected) - assurance.demands
    if missing and assurance.device_posture_checks:
        return inconclusive(
            f"does not ask for {listed(missing)}, unless its own posture checks do: those are not judged"
        )
    if missing:
        return failed(f"does not ask for {listed(missing)} ({assurance.platform})")
    used = {app.access_policy_id for app in evidence.account(App) if app.active}
    asking = [
        f"{policy.name}: {one.name}"
        for policy in evidence.account(AccessPolicy)
        if policy.active and policy.id in used
        for one in effective(policy.rules)
        if assurance.id in one.assurances
    ]
    if not asking:
        return failed("no rule of a policy that an active app uses asks for it")
    return passed(f"asked for by {listed(asking)}")
