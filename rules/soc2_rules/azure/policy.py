"""Azure Policy: whether the security benchmark is assigned and enforced."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.azure.models.arm import chosen, last_part, same
from soc2_collectors.azure.models.authorization import PolicyAssignment, PolicyExemption
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
"""Microsoft cloud security benchmark, the initiative that Defender for Cloud judges by."""
BENCHMARK_2 = "e3ec7e09-768c-4b64-882c-fcada3772047"
"""Its second version, which is an initiative of its own."""
_GROUPS = "/providers/microsoft.management/managementgroups/"


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[PolicyAssignment, PolicyExemption],
    known_as=[
        "prowler:policy_ensure_asc_enforcement_enabled",
        "powerpipe:securitycenter_asc_default_setting_not_disabled",
    ],
    empty=inconclusive("Azure did not show the subscription"),
)
def azure_policy_enforced(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    *,
    initiatives: tuple[str, ...] = (BENCHMARK, BENCHMARK_2),
    left_out: tuple[str, ...] = (),
) -> Verdict:
    """The security benchmark is assigned to each subscription, and enforced for all of it.

    ``initiatives``: ids of definitions of which one must be assigned, here or above. ``left_out``: names or
    patterns of resource groups that an assignment may exclude, or an exemption be for. Exclusions, exemptions,
    overrides and selectors count; single effects that a parameter switches off, and exemptions of single
    definitions, are named.

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
            or one.properties.scope.casefold().startswith(_GROUPS)
        )
    ]
    if not found:
        return failed("no such initiative is assigned to the subscription or above it")
    judged = [(one, _lacks(one, subscription.path, left_out)) for one in found]
    if all(lacks.certain for _, lacks in judged):
        why = "; ".join(f"{one.label}: {listed(lacks.certain)}" for one, lacks in judged)
        return failed(f"assigned, and not enforced: {why}", on=found)
    unsure = []
    waived = []
    turns: list[datetime] = []
    for one, lacks in judged:
        if lacks.certain:
            continue
        exempt = _exempt(one, evidence.here(PolicyExemption), subscription.path, now, left_out)
        turns += exempt.turns
        until = min(turns, default=None)
        if exempt.whole:
            waived.append(f"{one.label}: exempt by {listed(exempt.whole)}")
        elif doubts := [*lacks.unsure, *exempt.groups]:
            unsure.append(f"{one.label}: {listed(doubts)}")
        else:
            off = [f"switched off by a parameter: {name}" for name in one.disabled]
            named = [*off, *(f"in part exempt by {name}" for name in exempt.part)]
            return passed(
                f"assigned and enforced: {one.label}" + (f"; {listed(named)}" if named else ""),
                until=until,
                on=[one],
            )
    until = min(turns, default=None)
    if unsure:
        return inconclusive(
            f"assigned, and perhaps not for all of it: {'; '.join(unsure)}", until=until
        )
    return failed(
        f"assigned, and the subscription is exempt: {'; '.join(waived)}", until=until, on=found
    )


class _Lacks(NamedTuple):
    certain: list[str]
    """What keeps an assignment from holding for the whole subscription."""
    unsure: list[str]
    """What may."""


def _lacks(one: PolicyAssignment, path: str, left_out: tuple[str, ...]) -> _Lacks:
    settings = one.properties
    found = _Lacks([], [])
    try:
        mode = settings.enforcement_mode or "Default"
        if not chosen(mode, "enforcementMode", good=("Default",), bad=("DoNotEnforce", "Enroll")):
            found.certain.append(f"the enforcement mode is {mode}")
    except FactUnavailable as error:
        found.unsure.append(str(error))
    if settings.resource_selectors:
        found.certain.append("it is for chosen resources only")
    _excluded(settings.not_scopes or (), path, left_out, found)
    for override in settings.overrides or ():
        if not same(override.kind, "policyEffect"):
            continue
        if override.value is None or same(override.value, "Disabled"):
            if override.selectors:
                found.unsure.append("an override switches some effects off")
            else:
                found.certain.append("an override switches every effect off")
    return found


def _excluded(scopes: Iterable[str], path: str, left_out: tuple[str, ...], found: _Lacks) -> None:
    for scope in scopes:
        folded = scope.rstrip("/").casefold()
        if folded == path:
            found.certain.append("the subscription is excluded")
        elif folded.startswith(_GROUPS):
            found.unsure.append(f"the management group {last_part(scope)} is excluded")
        elif folded.startswith(f"{path}/") and not _may_be_out(folded, path, left_out):
            found.unsure.append(f"excluded: {scope}")


class _Exempt(NamedTuple):
    whole: list[str]
    """Exemptions of the subscription from all of the assignment."""
    groups: list[str]
    """Those of resource groups, or of resources, from all of it: they are outside as excluded ones are."""
    part: list[str]
    """Those from single definitions, and what may be exempt by ``left_out``."""
    turns: list[datetime]
    """When exemptions in force expire."""


def _exempt(
    one: PolicyAssignment,
    exemptions: Iterable[PolicyExemption],
    path: str,
    now: datetime,
    left_out: tuple[str, ...],
) -> _Exempt:
    found = _Exempt([], [], [], [])
    for exemption in exemptions:
        what = exemption.properties
        if not same(what.policy_assignment_id, one.id) or not exemption.in_force(now):
            continue
        found.turns.extend([what.expires_on] if what.expires_on else [])
        above = exemption.exempt_id == path or exemption.exempt_id.startswith(_GROUPS)
        if what.policy_definition_reference_ids or (above and what.resource_selectors):
            found.part.append(exemption.name)
        elif above:
            found.whole.append(exemption.name)
        elif _may_be_out(exemption.exempt_id, path, left_out):
            found.part.append(exemption.name)
        else:
            found.groups.append(f"exempt by {exemption.name}: {exemption.exempt_id}")
    return found


def _may_be_out(folded: str, path: str, left_out: tuple[str, ...]) -> bool:
    """Whether a resource group of the subscription, or something in one, may be left out."""
    group = folded.removeprefix(f"{path}/resourcegroups/").partition("/")[0]
    return any(fnmatchcase(group, pattern.casefold()) for pattern in left_out)
