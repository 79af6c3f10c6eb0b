"""What is noticed of unusual sign-ins, and where the System Log goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.detection import BehaviorRule, EventHook, LogStream
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import (
    AccessPolicy,
    AccessRule,
    SignOnPolicy,
    SignOnRule,
    certain,
)
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread
from soc2_rules.mechanisms.okta_policies import in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_ORG = inconclusive("Okta did not show the org")


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    needs=[BehaviorRule, SignOnPolicy, AccessPolicy, App, Group],
    empty=_NO_ORG,
)
def okta_behavior_detection(organization: Organization, evidence: Evidence) -> Verdict:
    """Unusual sign-ins are defined, and a policy acts on them.

    A policy acts on a behavior where a rule that names it refuses access or asks for a second factor. Rules
    count that are active and not hidden behind one that always matches, global session policies that none
    for the same people hides, app sign-in policies that an active app uses.

    Why: a new device, a new country or an impossible journey is how a takeover shows first.
    Fix: Security, Behavior Detection: activate rules; then name one in a rule of a global session
        policy that asks for a factor, or in an expression of an app sign-in policy.
    """
    unread = Unread()
    shown = unread.of(lambda: evidence.account(BehaviorRule))
    active = {one.id: one.name for one in shown if one.status == "ACTIVE"}
    if not active and not unread:
        return failed("no behavior rule is active")
    if unread and not _anything_acts(organization, evidence):
        return failed("no policy acts on any behavior")
    unread.demand_all()
    names = listed(active.values())
    for policy, one in _session_rules(evidence):
        if set(one.behaviors) & set(active) and one.is_careful:
            return passed(f"active: {names}; acted on by {policy.name}: {one.name}", on=[policy])
    if organization.classic:
        return failed(f"active, but no policy acts on them: {names}")
    unclear = []
    for app_policy, rule_ in _app_rules(evidence):
        asked = _asked(rule_.expression) & set(active.values())
        if asked and rule_.is_careful:
            said = f"active: {names}; acted on by {app_policy.name}: {rule_.name}"
            return passed(said, on=[app_policy])
        if not asked:
            unclear.append(f"{app_policy.name}: {rule_.name}")
    if unclear:
        return inconclusive(
            f"active: {names}; whether these act on them is not known: {listed(unclear)}"
        )
    return failed(f"active, but no policy acts on them: {names}")


def _anything_acts(organization: Organization, evidence: Evidence) -> bool:
    """Whether any rule of a policy names a behavior, of whatever sort, and does something about it."""
    if any(one.behaviors and one.is_careful for _, one in _session_rules(evidence)):
        return True
    return not organization.classic and any(True for _ in _app_rules(evidence))


_ASKED = re.compile(r"""(?<![\w.])security\.behaviors\.contains\(\s*(?:'|")([^'"]+)(?:'|")\s*\)""")
_TURNED = re.compile(r"!|\bnot\b|\bfalse\b|\?", re.IGNORECASE)
"""What may turn an expression into its opposite."""


def _asked(expression: str) -> set[str]:
    """Behaviors that an expression asks for; none where a part of it may deny them."""
    rest = _ASKED.sub("", expression)
    return set() if _TURNED.search(rest) else set(_ASKED.findall(expression))


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
    """An active log stream sends the System Log out of Okta.

    ``hook_events``: event types of which it is enough that active event hooks carry every event, where no
    stream is set up; empty: hooks are not enough. A SIEM that fetches the log itself does not show here.

    Why: Okta keeps the log for 90 days, and nobody is notified of what it says.
    Fix: Reports, Log Streaming: add a stream to AWS EventBridge or Splunk Cloud.
    """
    streams = [one for one in evidence.account(LogStream) if one.status == "ACTIVE"]
    if streams:
        return passed(f"streamed by {listed(one.name for one in streams)}", on=streams)
    if not hook_events:
        return failed(f"no log stream of {organization.id} is active")
    hooks = [one for one in evidence.account(EventHook) if one.delivers]
    carried: set[str] = set().union(*(hook.events.whole for hook in hooks))
    if set(hook_events) <= carried:
        used = [hook for hook in hooks if hook.events.whole & set(hook_events)]
        return passed(
            f"the events that matter are carried by {listed(hook.name for hook in used)}", on=used
        )
    return failed(f"no stream is active, and no hook carries {listed(set(hook_events) - carried)}")


def _session_rules(evidence: Evidence) -> Iterator[tuple[SignOnPolicy, SignOnRule]]:
    for policy in in_force(evidence, SignOnPolicy):
        for one in certain(policy.rules):
            yield policy, one


def _app_rules(evidence: Evidence) -> Iterator[tuple[AccessPolicy, AccessRule]]:
    """Rules of policies that an active app uses, that ask for behaviors, and that may do something about them."""
    for policy in evidence.account(AccessPolicy):
        asking = [
            one
            for one in certain(policy.rules)
            if "security.behaviors" in one.expression and one.is_careful is not False
        ]
        if asking and policy.certainly_active and policy.id in _used(evidence):
            for one in asking:
                yield policy, one


def _used(evidence: Evidence) -> set[str | None]:
    return {app.access_policy_id for app in evidence.account(App) if app.signs_people_in}
