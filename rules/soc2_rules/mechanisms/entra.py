"""What conditional access does to people: read once for each tenant, and asked by several rules.

Rules that ask declare :data:`ACCESS` in their ``needs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_collectors.azure.models.entra import User
from soc2_collectors.azure.models.entra_access import (
    ConditionalAccessPolicy,
    PolicyGroup,
    SecurityDefaults,
    left_out,
    meets,
    members,
)
from soc2_collectors.azure.models.entra_roles import PRIVILEGED, RoleAssignment, roles_by_holder
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Status, Verdict, failed, inconclusive, passed
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

POLICIES: tuple[type[Resource], ...] = (ConditionalAccessPolicy, PolicyGroup, SecurityDefaults)
"""What decides a sign-in."""
ACCESS: tuple[type[Resource], ...] = (*POLICIES, User)
"""The same, and who the people are that policies name."""
NO_DEFAULTS = inconclusive("Graph did not show the tenant's security defaults")
_FEW = 4
"""As many accounts, at most, may be emergency accounts that nobody named yet."""

Fits: TypeAlias = "Callable[[ConditionalAccessPolicy], list[str] | None]"
"""What a policy lacks to be an answer; ``None``: it is about something else."""


class Access(NamedTuple):
    """What decides sign-ins in one tenant."""

    policies: list[ConditionalAccessPolicy]
    """Those that are enforced and that demand a second factor from everything that they cover."""
    inside: Mapping[str, frozenset[str]]
    """Group -> who is in it."""
    defaults: bool
    """Security defaults are on."""


class _Raw(NamedTuple):
    policies: list[ConditionalAccessPolicy]
    groups: list[PolicyGroup]
    defaults: list[SecurityDefaults]


def mfa_access(whole: Whole) -> dict[str, Access]:
    """By tenant. For :meth:`soc2_pac.rules.Evidence.derived`."""
    raw: dict[str, _Raw] = {}
    for kind in POLICIES:
        found = whole.placed(kind)
        for scope, reason in found.unreadable:
            msg = f"a document of {kind.kind} cannot be read ({scope}: {reason})"
            raise FactUnavailable(msg, kind=kind.kind)
        for scope, seen in found.resources:
            here = raw.setdefault(scope.account, _Raw([], [], []))
            if isinstance(seen, ConditionalAccessPolicy):
                here.policies.append(seen)
            elif isinstance(seen, PolicyGroup):
                here.groups.append(seen)
            elif isinstance(seen, SecurityDefaults):
                here.defaults.append(seen)
    return {
        tenant: Access(
            [one for one in here.policies if one.enforced and not mfa_lacks(one)],
            members(here.groups),
            any(one.is_enabled for one in here.defaults),
        )
        for tenant, here in raw.items()
        if here.defaults
    }


def roles_held(whole: Whole) -> dict[str, set[str]]:
    """Id of a user or service principal -> the roles that they have now."""
    return roles_by_holder(whole.everywhere(RoleAssignment))


def mfa_lacks(policy: ConditionalAccessPolicy) -> list[str]:
    """What keeps a policy from demanding a second factor at every sign-in of those it is for."""
    lacking = [] if policy.demands_mfa else ["can be met without a second factor"]
    if not policy.all_apps:
        lacking.append("not for every app")
    if not policy.modern_clients:
        lacking.append("not for every client")
    return lacking + [f"narrowed by {name}" for name in policy.narrowed()]


def demanded(access: Access, user: User, roles: Collection[str]) -> str | None:
    """What demands a second factor from a user at every sign-in; ``None``: nothing in force does."""
    if access.defaults:
        return "security defaults"
    for policy in access.policies:
        if meets(policy, access.inside, user.id, roles, guest=user.guest):
            return policy.display_name
    return None


def for_everybody(
    evidence: Evidence,
    fits: Fits,
    what: str,
    *,
    emergency: tuple[str, ...],
    defaults: str | None = None,
) -> Verdict:
    """Whether one enforced policy holds for everybody but emergency accounts.

    Args:
        evidence: of a rule that declares :data:`ACCESS`.
        fits: what a policy lacks to be an answer.
        what: completes "no enforced policy ...".
        emergency: names of accounts that may be left out.
        defaults: what security defaults do in its place; ``None``: nothing.
    """
    shown = evidence.account(SecurityDefaults)
    if not shown:
        return NO_DEFAULTS
    if defaults and any(one.is_enabled for one in shown):
        return passed(f"security defaults are on: {defaults}")
    return policies_for_everybody(evidence, fits, what, emergency=emergency)


def policies_for_everybody(
    evidence: Evidence, fits: Fits, what: str, *, emergency: tuple[str, ...]
) -> Verdict:
    """The same of policies alone."""
    inside = members(evidence.account(PolicyGroup))
    about = [
        (one, lacking)
        for one in evidence.account(ConditionalAccessPolicy)
        if (lacking := fits(one)) is not None
    ]
    good = [one for one, lacking in about if one.enforced and not lacking]
    people = {one.id: one for one in evidence.account(User)}
    judged = [_exclusions(one, good, inside, people, emergency) for one in good if one.everybody]
    for status in (Status.PASS, Status.INCONCLUSIVE):
        for verdict in judged:
            if verdict.status is status:
                return verdict
    why = [verdict.message for verdict in judged]
    why += [f"{one.display_name}: not for all users" for one in good if not one.everybody]
    why += [
        f"{one.display_name}: {', '.join(lacking) or 'state ' + one.state}"
        for one, lacking in about
        if one not in good and one.state != "disabled"
    ]
    return failed(f"no enforced policy {what}" + (f" ({'; '.join(sorted(why))})" if why else ""))


def _exclusions(
    policy: ConditionalAccessPolicy,
    good: Iterable[ConditionalAccessPolicy],
    inside: Mapping[str, frozenset[str]],
    people: Mapping[str, User],
    emergency: tuple[str, ...],
) -> Verdict:
    """Of a policy for all users: whether those that it leaves out may be."""
    name = policy.display_name
    left = left_out(policy, inside)
    gaps = [f"holders of the role {PRIVILEGED.get(role, role)}" for role in left.roles]
    if left.guests and not any(_all_guests(other, inside) for other in good):
        gaps.append("guests")
    there = [people[one] for one in left.users if one in people]
    users = [one.login for one in there if not one.named_in(emergency)]
    if gaps or (users and (emergency or len(users) > _FEW)):
        return failed(f"{name} leaves out {listed([*gaps, *users])}")
    if users:
        return inconclusive(
            f"{name} leaves out {listed(users)}: name the emergency accounts in `emergency`"
        )
    return passed(f"{name}: enforced, for all users and every case asked about")


def _all_guests(policy: ConditionalAccessPolicy, inside: Mapping[str, frozenset[str]]) -> bool:
    users = policy.conditions.users
    meant = policy.everybody or "GuestsOrExternalUsers" in users.include_users
    return meant and not left_out(policy, inside).guests
