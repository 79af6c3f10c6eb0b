"""Who holds what by the policies that reach an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.errors import FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from soc2_collectors.gcp.models.iam import IamPolicy
    from soc2_collectors.gcp.models.members import Member


class Held(NamedTuple):
    """A role that somebody holds by one policy."""

    member: Member
    role: str
    until: datetime | None
    """When its condition ends it; ``None``: never, as far as is understood."""
    narrow: bool
    """Whether its condition leaves one thing of all that the policy is set on."""


def held(policy: IamPolicy, now: datetime) -> Iterator[Held]:
    """Each member with each of its roles by this policy alone.

    Who is deleted holds nothing, nor does anybody by a condition whose time is over. A condition that is not
    understood takes nothing away.
    """
    for member, binding in policy.iam_policy.granted():
        if not binding.role:
            msg = "a binding of the policy names no role"
            raise FactUnavailable(msg, kind=type(policy).kind, field="iamPolicy")
        condition = binding.condition
        if member.deleted or (condition is not None and condition.ended(now)):
            continue
        if condition is None:
            yield Held(member, binding.role, None, narrow=False)
        else:
            yield Held(member, binding.role, condition.end, condition.narrows(binding.role))


def own_agent(member: Member, policy: IamPolicy) -> bool:
    """Whether it is a service agent of what a policy is set on or of what is above it, or of no customer.

    Google grants a service its roles on the project that uses it. A service agent of another project was
    named by somebody, and does what that project asks the service for.
    """
    return member.service_agent and (not member.home or member.home in policy.ancestors)


def ends(found: Iterable[Held]) -> datetime | None:
    """The instant at which all of these are over; ``None`` where one of them has no end."""
    instants = [one.until for one in found]
    known = [one for one in instants if one is not None]
    return max(known) if known and len(known) == len(instants) else None


def first_end(policies: Iterable[IamPolicy], now: datetime) -> datetime | None:
    """The next instant at which somebody stops holding a role by these policies; ``None``: there is none."""
    instants = (one.until for policy in policies for one in held(policy, now))
    return min((one for one in instants if one is not None), default=None)


def public_roles(policy: IamPolicy) -> list[str]:
    """Roles that everyone holds by this policy alone; a condition does not say who."""
    return sorted({role for _, role in policy.iam_policy.public_roles})


def public_grants(policies: Iterable[IamPolicy], *, services: Collection[str]) -> list[str]:
    """What everyone holds: ``roles/storage.objectViewer (projects/123)``, where it is inherited.

    Args:
        policies: those in force.
        services: of a policy that is inherited, roles of these count (``storage``), basic and custom ones.
    """
    found = set()
    for policy in policies:
        for role in public_roles(policy):
            service = role.removeprefix("roles/").partition(".")[0]
            if not policy.node:
                found.add(role)
            elif service in services or "." not in role or not role.startswith("roles/"):
                found.add(f"{role} ({policy.node})")
    return sorted(found)
