"""What a device must have before a sign-in from it counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.device import DeviceAssurance
from soc2_collectors.okta.models.policy import PLATFORMS, AccessPolicy, certain
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread


@rule(
    criteria=["CC6.1", "CC6.7", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[AccessPolicy, App],
    empty=failed("there is no device assurance policy"),
)
def okta_device_assurance(
    assurance: DeviceAssurance,
    now: datetime,
    evidence: Evidence,
    *,
    expected: tuple[str, ...] = ("OS version", "disk encryption", "screen lock"),
    max_grace_days: int = 0,
) -> Verdict:
    """A device assurance policy asks for encryption, a screen lock and a set version, and apps enforce it.

    An app sign-in policy must ask for the device assurance, and let in no device of the platform without
    one. Rules count that can decide, and policies that an active app uses; apps whose policies ask for no
    device assurance are not asked. ``max_grace_days``: for how long a device that fails may be let in all the
    same.

    Why: whoever finds a laptop that is not encrypted has what it holds; old systems have known holes.
    Fix: Security, Device Assurance Policies: set minimum OS version, disk encryption and screen lock,
        and choose the policy in a rule of Security, Authentication Policies whose catch-all rule denies.
    """
    if assurance.platform not in PLATFORMS:
        return inconclusive(f"a platform that is not known here: {assurance.platform}")
    missing = set(expected) - assurance.demands
    if missing and assurance.has_own_checks:
        return inconclusive(
            f"does not ask for {listed(missing)}, unless its own posture checks or the device management do:"
            " those are not judged"
        )
    if missing:
        return failed(f"does not ask for {listed(missing)} ({assurance.platform})")
    graced = _graced(assurance, now, max_grace_days)
    if graced is not None:
        return graced
    asking = [
        policy
        for policy in evidence.account(AccessPolicy)
        if policy.certainly_active
        and any(one.allows and assurance.id in one.assurances for one in certain(policy.rules))
    ]
    tight = [policy for policy in asking if not _loose([policy], assurance)]
    if asking:
        unread = Unread()
        apps = unread.of(lambda: evidence.account(App))
        used = {app.access_policy_id for app in apps if app.signs_people_in}
        if tight:  # else it fails whichever apps there are
            unread.demand_all()
        asking = [policy for policy in asking if policy.id in used or unread]
    if not asking:
        return failed("no rule by which an active app lets somebody in asks for it")
    loose = _loose(asking, assurance)
    if loose:
        names = listed(f"{policy.name}: {name}" for policy, name in loose)
        return failed(
            f"a {assurance.platform} device without it is let in by {names}",
            on=[policy for policy, _ in loose],
        )
    return passed(
        f"asks for {listed(assurance.demands)}, version {assurance.oldest};"
        f" no {assurance.platform} device without device assurance is let in by"
        f" {listed(one.name for one in asking)}",
        on=asking,
    )


def _loose(
    policies: list[AccessPolicy], assurance: DeviceAssurance
) -> list[tuple[AccessPolicy, str]]:
    """Policies with the names of rules by which a device of the platform gets in without assurance."""
    return [
        (policy, one.name)
        for policy in policies
        for one in policy.entries
        if not one.assurances and one.admits(assurance.platform)
    ]


def _graced(assurance: DeviceAssurance, now: datetime, max_grace_days: int) -> Verdict | None:
    grace = assurance.grace_period
    if grace is None:
        return None
    longest = timedelta(days=max_grace_days)
    if grace.until is not None:
        if grace.until <= now + longest:
            return None
        return failed(
            f"a device that fails is let in until {grace.until:%Y-%m-%d}",
            until=grace.until - longest,
        )
    if grace.lasts is not None:
        if grace.lasts <= longest:
            return None
        return failed(f"a device that fails is let in for {grace.lasts.days} days more")
    return inconclusive(f"for how long a device that fails is let in is not known: {grace.type}")
