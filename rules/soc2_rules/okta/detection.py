"""What is noticed of unusual sign-ins, and where the System Log goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.models.detection import BehaviorRule, EventHook, LogStream
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import AccessPolicy, Rule, SignOnPolicy, effective
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_ORG = inconclusive("Okta did not show the org")


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    needs=[BehaviorRule, SignOnPolicy, AccessPolicy],
    empty=_NO_ORG,
)
def okta_behavior_detection(organization: Organization, evidence: Evidence) -> Verdict:
    """Unusual sign-ins are defined, and a policy acts on them.

    Why: a new device, a new country or an impossible journey is how a takeover shows first.
    Fix: Security, Behavior Detection: activate rules; then name one in a rule of a global session
        policy, or in an expression of an app sign-in policy.
    """
    active = {one.id: one.name for one in evidence.account(BehaviorRule) if one.status == "ACTIVE"}
    if not active:
        return failed("no behavior rule is active")
    for name, one in _session_rules(evidence):
        if set(one.behaviors) & set(active):
            return passed(f"active: {listed(active.values())}; acted on by {name}")
    if not organization.classic:
        for name, one in _app_rules(evidence):
            if "security.behaviors" in one.expression:
                return passed(f"active: {listed(active.values())}; acted on by {name}")
    return failed(f"active, but no policy acts on them: {listed(active.values())}")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[LogStream, EventHook],
    known_as=["prowler:systemlog_streaming_enabled"],
    empty=_NO_ORG,
)
def okta_log_streaming(
    organization: Organization, evidence: Evidence, *, hook_events: tuple[str, ...] = ()
) -> Verdict:
    """The System Log is streamed to where it is kept and watched.

    ``hook_events``: event types of which it is enough that active event hooks carry them all, where no
    stream is set up; empty: hooks are not enough. A SIEM that fetches the log itself does not show here.

    Why: Okta keeps the log for 90 days, and nobody is told what it says.
    Fix: Reports, Log Streaming: add a stream to AWS EventBridge or Splunk Cloud.
    """
    streams = [one.name for one in evidence.account(LogStream) if one.status == "ACTIVE"]
    if streams:
        return passed(f"streamed by {listed(streams)}")
    hooks = [one for one in evidence.account(EventHook) if one.delivers and not one.events.filter]
    carried = {event for hook in hooks for event in hook.events.items}
    if hook_events and set(hook_events) <= carried:
        return passed(
            f"the events that matter are carried by {listed(hook.name for hook in hooks)}"
        )
    if hook_events:
        return failed(
            f"no stream is active, and no hook carries {listed(set(hook_events) - carried)}"
        )
    return failed(f"no log stream of {organization.id} is active")


def _session_rules(evidence: Evidence) -> Iterator[tuple[str, Rule]]:
    for policy in evidence.account(SignOnPolicy):
        if policy.active:
            for one in effective(policy.rules):
                yield f"{policy.name}: {one.name}", one


def _app_rules(evidence: Evidence) -> Iterator[tuple[str, Rule]]:
    for policy in evidence.account(AccessPolicy):
        if policy.active:
            for one in effective(policy.rules):
                yield f"{policy.name}: {one.name}", one
