"""Who holds what by the policies that reach an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from soc2_collectors.gcp.models.asset import Asset
    from soc2_collectors.gcp.models.iam import IamPolicy


def held(policy: IamPolicy) -> Iterator[tuple[str, str]]:
    """Each member with each of its roles by this policy alone; who is deleted holds nothing."""
    for member, binding in policy.iam_policy.granted():
        if not member.deleted:
            yield member.text, binding.role


def public_roles(policy: IamPolicy) -> list[str]:
    """Roles that everyone holds by this policy alone; a condition does not say who."""
    return sorted({role for _, role in policy.iam_policy.public_roles})


def in_force(
    policies: Mapping[str, Sequence[IamPolicy]],
    nodes: Mapping[str, Sequence[IamPolicy]],
    asset: Asset,
    *parents: str,
) -> Iterator[IamPolicy]:
    """The policies that grant something on an asset: its own, and those that it inherits.

    Args:
        policies: by name of the asset.
        nodes: by :attr:`IamPolicy.node`.
        asset: what is asked about.
        parents: names of assets between it and its project: the key ring of a key.
    """
    for name in (asset.name, *parents):
        yield from policies.get(name, ())
    for node in asset.ancestors:
        yield from nodes.get(node, ())


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
