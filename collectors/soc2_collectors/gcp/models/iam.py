"""IAM policies as Cloud Asset Inventory gives them, and what is inherited from above.

A policy holds for the resource that it is set on and for everything below: what somebody may do with a
bucket is granted on the bucket, on its project, on any folder above, or on the organisation.

Source: Google, "IAM: Policy", "Understanding allow policies", "Principal identifiers"; "Cloud Asset
Inventory: Asset.ancestors".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.gcp.models.asset import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})
"""Anybody, and anybody with a Google account."""
_NODES = frozenset(
    {
        "cloudresourcemanager.googleapis.com/Organization",
        "cloudresourcemanager.googleapis.com/Folder",
        "cloudresourcemanager.googleapis.com/Project",
    }
)
BASIC_ROLES = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_DEFAULT_ACCOUNTS = (
    "-compute@developer.gserviceaccount.com",
    "@appspot.gserviceaccount.com",
)
_AGENT_DOMAINS = (
    "bigquery-encryption.iam.",
    "cloud-filer.iam.",
    "cloud-redis.iam.",
    "cloudservices.gserviceaccount.",
    "compute-system.iam.",
    "container-engine-robot.iam.",
    "containerregistry.iam.",
    "dataflow-service-producer-prod.iam.",
    "dataproc-accounts.iam.",
    "endpoints-portal.iam.",
    "firebase-rules.iam.",
    "gae-api-prod.google.com.iam.",
    "gcf-admin-robot.iam.",
    "gs-project-accounts.iam.",
    "serverless-robot-prod.iam.",
    "service-networking.iam.",
    "sourcerepo-service-accounts.iam.",
)
"""Of Google's own projects. That an account is called ``service-1`` alone proves nothing: anybody may call
one so."""


@dataclass(frozen=True, slots=True)
class Member:
    """A principal as a binding names it."""

    text: str
    """As it came: ``user:ana@acme.example``, ``allUsers``, ``deleted:user:bo@acme.example?uid=1``."""

    @property
    def deleted(self) -> bool:
        """Whether the principal no longer exists: the grant is dead until it is restored."""
        return self.text.startswith("deleted:")

    @property
    def sort(self) -> str:
        """``user``, ``group``, ``serviceAccount``, ``domain``, ``principalSet``, ``allUsers``."""
        return self.text.removeprefix("deleted:").partition(":")[0]

    @property
    def id(self) -> str:
        """What follows the sort, without the uid of a deleted principal: a mail address, a domain."""
        said = self.text.removeprefix("deleted:").partition(":")[2]
        return said.partition("?uid=")[0] if self.deleted else said

    @property
    def public(self) -> bool:
        """Whether it is anybody at all, or anybody with a Google account."""
        return self.text in PUBLIC

    @property
    def domain(self) -> str:
        """Of the mail address or the domain, in lower case; empty where it has none."""
        if self.sort == "domain":
            return self.id.lower()
        return self.id.rpartition("@")[2].lower() if "@" in self.id else ""

    @property
    def service_account(self) -> bool:
        """Whether it is a service account, Google's own included."""
        return self.sort == "serviceAccount"

    @property
    def service_agent(self) -> bool:
        """Whether it is an account by which Google itself works: ``service-1@gcp-sa-pubsub.iam...``."""
        local, _, domain = self.id.partition("@")
        if not self.service_account or not domain.endswith((".gserviceaccount.com", ".google.com")):
            return False
        return domain.startswith(_AGENT_DOMAINS) or (
            local.startswith("service-") and domain.startswith("gcp-sa-")
        )

    @property
    def default_account(self) -> bool:
        """Whether it is the default account of Compute Engine or App Engine."""
        return self.service_account and self.id.endswith(_DEFAULT_ACCOUNTS)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When a binding holds, as an expression of the Common Expression Language."""

    expression: str
    title: str = ""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a role."""

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
        """(member, role) of what anybody was granted, sorted; deleted principals are nobody."""
        return sorted({(m.text, b.role) for m, b in self.granted() if m.public})


class IamPolicy(Asset, frozen=True, kw_only=True, rename="camel"):
    """The allow policy that is set on one resource (inventory content ``IAM_POLICY``)."""

    kind = "gcp.iam.policy"

    iam_policy: Policy

    @property
    def node(self) -> str:
        """``projects/1``, ``folders/2``, ``organizations/3`` where that is what it is set on; else empty."""
        return self.ancestors[0] if self.asset_type in _NODES and self.ancestors else ""


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
