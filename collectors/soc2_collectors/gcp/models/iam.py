"""IAM policies as Cloud Asset Inventory gives them, and what is inherited from above.

A policy holds for the resource that it is set on and for everything below: what somebody may do with a
bucket is granted on the bucket, on its project, on any folder above, or on the organisation.

Source: Google, "IAM: Policy", "Understanding allow policies", "Principal identifiers"; "Cloud Asset
Inventory: Asset.ancestors".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.gcp.models import conditions
from soc2_collectors.gcp.models.asset import Asset
from soc2_collectors.gcp.models.members import PUBLIC, Member, Sort
from soc2_collectors.gcp.models.predefined_roles import PREDEFINED
from soc2_collectors.gcp.models.privileges import (
    ACTING,
    ONLY_GRANTS,
    called_administrator,
    escalations,
    known_permissions,
)
from soc2_pac import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from soc2_pac.model import Scope

__all__ = ["PUBLIC", "Binding", "Condition", "IamPolicy", "Inheritance", "Member", "Policy"]

_NODE = "//cloudresourcemanager.googleapis.com/"
"""Names of projects, folders and organisations begin so."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When a binding holds, as an expression of the Common Expression Language."""

    expression: str
    title: str = ""

    def ended(self, now: datetime) -> bool:
        """Whether it can no longer hold; never of one that is not understood."""
        return conditions.ended(self.expression, now)

    @property
    def end(self) -> datetime | None:
        """The instant from which on it does not hold; ``None``: it has none that is understood."""
        return conditions.end_of(self.expression)

    def holds_for(self, name: str) -> bool:
        """Whether it surely holds for a resource of this name, whoever asks and whenever."""
        return conditions.asks_for_end(self.expression, name)

    def narrows(self, role: str) -> bool:
        """Whether it leaves one thing of what the role is granted on, or grants of harmless roles only."""
        return conditions.narrows(self.expression, _harmless if role in ONLY_GRANTS else None)


def _harmless(role: str) -> bool:
    """Whether who may grant a role gets no further by it, as far as is known of Google's own roles."""
    if not role.startswith("roles/") or called_administrator(role):
        return False
    held = known_permissions(role)
    return not escalations(held) and not held & ACTING


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a role."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "condition": "without one a binding holds always (IAM, Binding): the stricter reading",
        "members": "a binding that names nobody gives nobody anything",
    }

    role: str
    members: list[str] = []
    condition: Condition | None = None

    @property
    def principals(self) -> list[Member]:
        """The members, one by one."""
        return [Member(text) for text in self.members]


class AuditLogConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One sort of access that is logged."""

    log_type: str
    """``ADMIN_READ``, ``DATA_READ`` or ``DATA_WRITE``."""
    exempted_members: list[str] = []


class AuditConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which access to a service is logged."""

    service: str
    """``allServices`` or the name of one."""
    audit_log_configs: list[AuditLogConfig] = []


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An allow policy; Google leaves out what is empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "bindings": "left out where it is empty: a policy of audit logs grants nothing (IAM, Policy)",
    }

    bindings: list[Binding] = []
    audit_configs: list[AuditConfig] = []

    def granted(self, *roles: str) -> Iterator[tuple[Member, Binding]]:
        """Who holds one of the roles by this policy alone; without roles: everybody with any."""
        for binding in self.bindings:
            if not roles or binding.role in roles:
                for member in binding.principals:
                    yield member, binding

    @property
    def public_roles(self) -> list[tuple[str, str]]:
        """(member, role) of what anybody was granted, sorted; deleted principals are nobody.

        A condition is left aside: it never says who.
        """
        return sorted({(m.text, b.role) for m, b in self.granted() if m.public})


class IamPolicy(Asset, frozen=True, kw_only=True, rename="camel"):
    """The allow policy that is set on one resource (inventory content ``IAM_POLICY``)."""

    kind = "gcp.iam.policy"
    may_lack: ClassVar[Mapping[str, str]] = {
        "iamPolicy": "a policy that is there and empty grants nothing (IAM, Policy)",
    }

    iam_policy: Policy

    @property
    def node(self) -> str:
        """``projects/1``, ``folders/2``, ``organizations/3`` where that is what it is set on; else empty.

        Raises FactUnavailable where its name has a project's id and nothing says the number.
        """
        if not self.name.startswith(_NODE):
            return ""
        # The name has a project's id or its number, the ancestors always the number.
        named = self.name.removeprefix(_NODE)
        return named if named.rpartition("/")[2].isdigit() else self.above[0]

    def access_grants(self, scope: Scope) -> Iterable[identity.Access]:
        """Each binding of each member. Who is in a group, a domain or a pool no policy says."""
        system = f"gcp:{scope.boundary}"
        place = self.name.removeprefix("//").removeprefix("cloudresourcemanager.googleapis.com/")
        for member, binding in self.iam_policy.granted():
            if member.deleted:
                continue
            condition = binding.condition
            note = (
                f"under the condition {condition.title or condition.expression}"
                if condition
                else ""
            )
            on = place
            by_group = member.is_a not in (Sort.PERSON, Sort.ACCOUNT)
            holder = member.spelled if by_group else member.id.lower()
            if member.is_a is Sort.HOLDERS:
                # Buckets and datasets name them one by one: it is one grant to whoever has the project's role.
                on = f"resources of project {member.id}"
            if by_group:
                yield identity.Members(
                    system, holder, _called(member), unread=_UNREAD[member.is_a], gives=False
                )
            yield identity.Grant(
                system,
                holder,
                binding.role or "a role that the policy does not name",
                "role",
                on=on,
                by_group=by_group,
                of=system if by_group else "gcp",
                privileged=_administers(binding.role),
                note=note,
                holder_is=_sort(member),
            )


_UNREAD: Mapping[Sort, str] = {
    Sort.EVERYONE: "anybody on the internet",
    Sort.GROUP: "Cloud Identity keeps the members, and they are not collected",
    Sort.DOMAIN: "every account of the domain",
    Sort.WORKFORCE: "the identity provider of the pool knows them",
    Sort.WORKLOAD: "the identity provider of the pool knows them",
    Sort.ACCOUNTS: "every service account of the resource",
    Sort.HOLDERS: "whoever has the basic role on the project, by its own policy",
    Sort.UNKNOWN: "a sort of principal that is not known here",
}
"""Why it is not known who is behind a member of a policy."""


def _sort(member: Member) -> identity.Sort:
    if member.is_a is not Sort.ACCOUNT:
        return "person"
    return "bot" if member.service_agent else "service"


def _called(member: Member) -> str:
    return "everyone" if member.public else member.spelled


def _administers(role: str) -> bool | None:
    """Whether a role makes an administrator of what it is granted on; ``None`` for one of the company's own."""
    if called_administrator(role) or escalations(known_permissions(role)):
        return True
    return False if role in PREDEFINED else None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody holds on a resource, set there or inherited."""

    member: Member
    role: str
    condition: Condition | None
    """``None``: always."""
    source: str
    """The full name of the resource on which it is set."""
    inherited: bool


class Inheritance:
    """The policies of organisations, folders and projects, for what is below them.

    Where a policy of an ancestor is missing, nothing is known of what it grants: see ``unknown``. The
    inventory gives no policy for a node on which none is set; only ``known`` nodes tell the two apart.
    """

    def __init__(self, policies: Iterable[IamPolicy]) -> None:
        self._nodes: Mapping[str, IamPolicy] = {p.node: p for p in policies if p.node}

    def unknown(self, asset: Asset) -> list[str]:
        """Ancestors whose policy is not at hand: above the folder or project that the source reads."""
        return [one for one in asset.ancestors if one not in self._nodes]

    def grants(self, asset: Asset, own: Policy | None = None) -> Iterator[Grant]:
        """Every grant that reaches an asset: its own policy's first, then from the nearest ancestor up."""
        if own is None and isinstance(asset, IamPolicy):
            own = asset.iam_policy
        if own is not None:
            yield from _grants(own, asset.name, inherited=False)
        itself = asset.node if isinstance(asset, IamPolicy) else ""
        for ancestor in asset.ancestors:
            above = self._nodes.get(ancestor)
            if above is not None and not (ancestor == itself and own is not None):
                yield from _grants(above.iam_policy, above.name, inherited=True)


def _grants(policy: Policy, source: str, *, inherited: bool) -> Iterator[Grant]:
    for binding in policy.bindings:
        for member in binding.principals:
            yield Grant(member, binding.role, binding.condition, source, inherited)
