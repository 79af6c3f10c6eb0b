"""What conditional access does to people, and who administers the directory: read once for each tenant.

Rules that ask declare :data:`ACCESS`, or :data:`ROLES`, in their ``needs``.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_collectors.azure.models.entra import User
from soc2_collectors.azure.models.entra_access import (
    ACTIVE_SYNC,
    LEGACY,
    OTHER_CLIENTS,
    ConditionalAccessPolicy,
    Groups,
    Left,
    PolicyGroup,
    SecurityDefaults,
    left_out,
    meets,
)
from soc2_collectors.azure.models.entra_roles import (
    DIRECTORY_SYNCHRONIZATION,
    PRIVILEGED,
    RoleAssignment,
    RoleEligibility,
    roles_by_holder,
    roles_by_joiner,
)
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Status, Verdict, failed, inconclusive, passed
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

POLICIES: tuple[type[Resource], ...] = (ConditionalAccessPolicy, PolicyGroup, SecurityDefaults)
"""What decides a sign-in."""
ACCESS: tuple[type[Resource], ...] = (*POLICIES, User)
"""The same, and who the people are that policies name."""
ROLES: tuple[type[Resource], ...] = (RoleAssignment, RoleEligibility)
"""Who has a role of the directory, or may activate one."""
NO_DEFAULTS = inconclusive("Graph did not show the tenant's security defaults")
_FEW = 4
"""As many accounts, at most, may be emergency accounts that nobody named yet."""

Fits: TypeAlias = "Callable[[ConditionalAccessPolicy], list[str] | None]"
"""What a policy lacks to be an answer; ``None``: it is about something else."""


class Access(NamedTuple):
    """What decides sign-ins in one tenant."""

    policies: list[ConditionalAccessPolicy]
    """Those that are enforced and that demand a second factor from everything that they cover."""
    blocks: dict[str, list[ConditionalAccessPolicy]]
    """Sort of clients that know no second factor -> those that are enforced and that it cannot get by."""
    groups: Groups
    defaults: SecurityDefaults | None
    """Security defaults, where they are on."""
    lost: EvidenceIncomplete | None = None
    """Why it is not known who is in the groups that policies name; where a policy names none, that is nothing."""


class _Raw(NamedTuple):
    policies: list[ConditionalAccessPolicy]
    groups: list[PolicyGroup]
    defaults: list[SecurityDefaults]


def mfa_access(whole: Whole) -> dict[str, Access]:
    """By tenant. For :meth:`soc2_pac.rules.Evidence.derived`."""
    raw: dict[str, _Raw] = {}
    lost: EvidenceIncomplete | None = None
    for kind in POLICIES:
        try:
            found = whole.placed(kind)
        except EvidenceIncomplete as error:
            if kind is not PolicyGroup:
                raise
            lost = error
            continue
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
            [one for one in here.policies if not mfa_lacks(one) and one.enforced],
            {
                sort: [one for one in here.policies if fits(one) == [] and one.enforced]
                for sort, fits in LEGACY_FITS.items()
            },
            Groups(here.groups),
            next((one for one in here.defaults if one.is_enabled), None),
            lost,
        )
        for tenant, here in raw.items()
        if here.defaults
    }


def roles_held(whole: Whole) -> dict[str, set[str]]:
    """Id of a user or service principal -> the roles that they have now."""
    return roles_by_holder(whole.everywhere(RoleAssignment))


def roles_eligible(whole: Whole) -> dict[str, set[str]]:
    """Id of a user -> the roles that they may activate, or may have by activating the membership of a group."""
    return _merged(roles_activated(whole), roles_joined(whole))


def roles_activated(whole: Whole) -> dict[str, set[str]]:
    """The same of roles that must be activated, be it after the membership of a group."""
    eligible = whole.everywhere(RoleEligibility)
    return _merged(roles_by_holder(eligible), roles_by_joiner(eligible))


def roles_joined(whole: Whole) -> dict[str, set[str]]:
    """The same of roles that a group has now, and that whoever joins it has at once."""
    return roles_by_joiner(whole.everywhere(RoleAssignment))


def roles_in_policies(whole: Whole) -> dict[str, set[str]]:
    """Id of a user -> the roles by which policies of conditional access tell who they are for.

    Those that they have now, and in the whole directory: Microsoft Entra, "Users, groups, and workload
    identities" of conditional access.
    """
    return roles_by_holder(one for one in whole.everywhere(RoleAssignment) if one.everywhere)


def roles_then_in_policies(whole: Whole) -> dict[str, set[str]]:
    """The same once they have activated all that they may."""
    held = [one for one in whole.everywhere(RoleAssignment) if one.everywhere]
    eligible = [one for one in whole.everywhere(RoleEligibility) if one.everywhere]
    return _merged(roles_by_holder([*held, *eligible]), roles_by_joiner([*held, *eligible]))


def administrators(whole: Whole) -> dict[str, set[str]]:
    """Id of a user or service principal -> the roles that they have, or may activate."""
    return _merged(roles_held(whole), roles_eligible(whole))


def _merged(*several: Mapping[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in several:
        for holder, roles in one.items():
            found.setdefault(holder, set()).update(roles)
    return found


def mfa_lacks(policy: ConditionalAccessPolicy) -> list[str]:
    """What keeps a policy from demanding a second factor at every sign-in of those it is for.

    By clients that know one; of others, see :func:`blocks_legacy`.
    """
    lacking = [] if policy.demands_mfa else ["can be met without a second factor"]
    if not policy.all_apps:
        lacking.append("not for every app")
    if not policy.modern_clients:
        lacking.append("not for every client")
    return lacking + [f"narrowed by {name}" for name in policy.narrowed()]


def blocks_legacy(sort: str, policy: ConditionalAccessPolicy) -> list[str] | None:
    """What keeps a policy from blocking a sort of clients that know no second factor; ``None``: it is no such policy.

    One that demands a second factor of them blocks them.
    """
    if not policy.refuses_legacy(sort) or policy.narrowed(places=False):
        return None
    if policy.conditions.applications.include_user_actions:
        return None
    lacking = [] if policy.all_apps_of(sort) else ["not for every app"]
    return lacking + [f"narrowed by {name}" for name in policy.narrowed()]


LEGACY_FITS: Mapping[str, Fits] = {sort: functools.partial(blocks_legacy, sort) for sort in LEGACY}
_LEGACY_NAMES = {
    ACTIVE_SYNC: "old clients that use Exchange ActiveSync",
    OTHER_CLIENTS: "old clients of other protocols",
}


def legacy_blocked(evidence: Evidence, *, emergency: tuple[str, ...]) -> list[Verdict]:
    """For each sort of clients that know no second factor, whether policies block it for everybody.

    See :func:`policies_for_everybody`.
    """
    return [
        policies_for_everybody(evidence, fits, f"blocks {_LEGACY_NAMES[sort]}", emergency=emergency)
        for sort, fits in LEGACY_FITS.items()
    ]


def demanded(
    access: Access, user: User, roles: Collection[str]
) -> ConditionalAccessPolicy | SecurityDefaults | None:
    """What demands a second factor from a user at every sign-in; ``None``: nothing in force does.

    A policy that is not for old clients, too, counts where another one blocks them.

    Raises FactUnavailable where a policy may, and nobody can tell.
    """
    if access.defaults:
        return access.defaults
    doubt: FactUnavailable | None = None
    for policy in access.policies:
        try:
            if meets(policy, access.groups, user, roles) and all(
                policy.covers_client(sort)
                or any(meets(one, access.groups, user, roles) for one in blocks)
                for sort, blocks in access.blocks.items()
            ):
                return policy
        except FactUnavailable as error:
            doubt = doubt or error
    if doubt is not None:
        raise (access.lost or doubt).with_traceback(None)
    return None


def named(by: ConditionalAccessPolicy | SecurityDefaults) -> str:
    """What a message calls it."""
    return "security defaults" if isinstance(by, SecurityDefaults) else by.display_name


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
    instead = in_place(evidence, defaults)
    return instead or policies_for_everybody(evidence, fits, what, emergency=emergency)


def in_place(evidence: Evidence, defaults: str | None) -> Verdict | None:
    """The verdict of security defaults, where they do what is asked or are not shown."""
    shown = evidence.account(SecurityDefaults)
    if not shown:
        return NO_DEFAULTS
    on = [one for one in shown if one.is_enabled] if defaults else []
    return passed(f"security defaults are on: {defaults}", on=on) if on else None


def policies_for_everybody(
    evidence: Evidence, fits: Fits, what: str, *, emergency: tuple[str, ...]
) -> Verdict:
    """The same of policies alone.

    Whom a policy for all users leaves out, another that is an answer, too, may be for: the guests, the
    holders of a role, or single accounts.
    """
    about = [
        (one, lacking)
        for one in evidence.account(ConditionalAccessPolicy)
        if (lacking := fits(one)) is not None
    ]
    good = [one for one, lacking in about if not lacking and one.enforced]
    wide = [one for one in good if one.everybody]
    judged: list[Verdict] = []
    if wide:
        unread = Unread()
        groups = Groups(unread.of(lambda: evidence.account(PolicyGroup)))
        people = {one.id: one for one in unread.of(lambda: evidence.account(User))}
        judged = [_exclusions(one, good, groups, people, emergency) for one in wide]
        if unread:
            # Whom a policy is seen to leave out, it leaves out; that it leaves out nobody else is not known.
            judged = [
                one
                if one.status is Status.FAIL
                else replace(
                    one,
                    status=Status.INCONCLUSIVE,
                    message=f"whom a policy leaves out is not known: {unread}",
                )
                for one in judged
            ]
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
    return failed(
        f"no enforced policy {what}" + (f" ({'; '.join(sorted(why))})" if why else ""),
        on=[one for one, _ in about],
    )


def _exclusions(
    policy: ConditionalAccessPolicy,
    good: Sequence[ConditionalAccessPolicy],
    groups: Groups,
    people: Mapping[str, User],
    emergency: tuple[str, ...],
) -> Verdict:
    """Of a policy for all users: whether those that it leaves out may be."""
    name = policy.display_name
    others = [one for one in good if one is not policy]
    try:
        left = left_out(policy, groups)
        gaps, unsure = _roles(left, others, groups, people, emergency)
        covered = frozenset[str]().union(*(o.users.sorts_in - o.users.sorts_out for o in others))
        if missing := left.sorts - covered:
            gaps.append(f"guests ({listed(missing)})")
        sorts = left.sorts - missing
        there = [
            one
            for number, one in people.items()
            if number in left.users or (sorts and one.guest_sort in sorts)
        ]
        by = {
            one.login: [other for other in others if meets(other, groups, one, ())]
            for one in there
            if _counts(one, emergency)
        }
    except FactUnavailable as error:
        return inconclusive(f"whom {name} leaves out cannot be told: {error}", on=[policy])
    users = [login for login, found in by.items() if not found]
    unsure |= {login for login, found in by.items() if found and all(map(_without_roles, found))}
    if gaps or (users and (emergency or len(users) > _FEW)):
        return failed(f"{name} leaves out {listed([*gaps, *users])}", on=[policy])
    if users:
        return inconclusive(
            f"{name} leaves out {listed(users)}: name the emergency accounts in `emergency`",
            on=[policy],
        )
    if unsure:
        return inconclusive(
            f"{name} leaves out some whom another policy is for, but not if they hold, or do not hold, a "
            f"certain role: {listed(unsure)}",
            on=[policy, *others],
        )
    exempt = sorted(one.login for one in there if one.named_in(emergency))
    and_not = f", but for the emergency accounts {listed(exempt)}" if exempt else ""
    return passed(
        f"{name}: enforced, for all users{and_not}, and every case asked about",
        on=[policy, *(others if left.roles or left.sorts else ())],
    )


def _roles(
    left: Left,
    others: Sequence[ConditionalAccessPolicy],
    groups: Groups,
    people: Mapping[str, User],
    emergency: tuple[str, ...],
) -> tuple[list[str], set[str]]:
    """Of roles that are left out: those that no other policy is for, and whom it leaves out in turn.

    Who is left out by both may hold the role: then no policy is for them.
    """
    gaps: list[str] = []
    unsure: set[str] = set()
    for role in left.roles:
        covering = [one for one in others if _for_role(one, role)]
        if not covering:
            gaps.append(f"holders of the role {PRIVILEGED.get(role, role)}")
            continue
        besides = []
        for other in covering:
            outside = left_out(other, groups)
            names = {f"holders of the role {PRIVILEGED.get(one, one)}" for one in outside.roles}
            names |= {
                one.login
                for number, one in people.items()
                if _counts(one, emergency)
                and (number in outside.users or (outside.sorts and one.guest_sort in outside.sorts))
            }
            besides.append(names)
        unsure |= set.intersection(*besides)
    return gaps, unsure


def _without_roles(policy: ConditionalAccessPolicy) -> bool:
    """Whether a policy leaves out the holders of any role."""
    return bool(set(policy.users.exclude_roles or ()) - DIRECTORY_SYNCHRONIZATION)


def _counts(user: User, emergency: tuple[str, ...]) -> bool:
    """Whether a policy may not leave out an account; an agent's signs in as an app does."""
    return user.account_enabled is not False and not user.agent and not user.named_in(emergency)


def _for_role(policy: ConditionalAccessPolicy, role: str) -> bool:
    users = policy.users
    meant = policy.everybody or role in (users.include_roles or ())
    return meant and role not in (users.exclude_roles or ())
