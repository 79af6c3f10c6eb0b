"""Projects, and what holds for each of them.

Source: Resource Manager API v1 and v3, ``Project``; Service Usage API v1, ``Service``; Organization Policy
API v2, ``Policy``; Access Context Manager API v1, ``ServicePerimeter``; Access Approval API v1,
``AccessApprovalSettings``; Essential Contacts API v1, ``Contact``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ProjectData(msgspec.Struct, frozen=True, rename="camel"):
    """``Project``; its state is called otherwise in v1 and in v3."""

    project_id: str
    lifecycle_state: str | None = None
    state: str | None = None
    labels: dict[str, str] = {}


class Project(Asset, frozen=True, kw_only=True, rename="camel"):
    """A project. The project itself as recorded, as an asset from documentation."""

    kind = "gcp.project"
    resource: Held[ProjectData]

    @property
    def id(self) -> str:
        """Its id, ``acme-prod``."""
        return self.resource.data.project_id

    @property
    def active(self) -> bool:
        """Whether it is in use: one that awaits its deletion is not."""
        data = self.resource.data
        return (data.lifecycle_state or data.state or "ACTIVE") == "ACTIVE"


class ServiceData(msgspec.Struct, frozen=True, rename="camel"):
    """``Service``."""

    name: str
    """``projects/123/services/cloudasset.googleapis.com``."""
    state: str


class Service(Asset, frozen=True, kw_only=True, rename="camel"):
    """An API of a project. The service itself as recorded, as an asset from documentation."""

    kind = "gcp.service"
    resource: Held[ServiceData]

    @property
    def api(self) -> str:
        """``cloudasset.googleapis.com``."""
        return self.resource.data.name.rpartition("/")[2]

    @property
    def enabled(self) -> bool:
        """Whether the project may call it."""
        return self.resource.data.state == "ENABLED"


class Values(msgspec.Struct, frozen=True, rename="camel"):
    """Of a list constraint."""

    allowed_values: list[str] = []
    denied_values: list[str] = []


class PolicyRule(msgspec.Struct, frozen=True, rename="camel"):
    """One rule; with a condition it holds only where a tag says so."""

    enforce: bool | None = None
    allow_all: bool = False
    deny_all: bool = False
    values: Values | None = None
    parameters: dict[str, Any] | None = None
    condition: dict[str, Any] | None = None


class PolicySpec(msgspec.Struct, frozen=True, rename="camel"):
    """Google leaves out what is false or empty."""

    rules: list[PolicyRule] = []
    inherit_from_parent: bool = False
    reset: bool = False


class OrgPolicyData(msgspec.Struct, frozen=True, rename="camel"):
    """``Policy`` of v2."""

    name: str
    """``projects/123/policies/iam.disableServiceAccountKeyCreation``."""
    spec: PolicySpec | None = None
    """None where there is only a dry run."""


class OrgPolicy(Asset, frozen=True, kw_only=True, rename="camel"):
    """An organisation policy that is set somewhere. Shape from documentation."""

    kind = "gcp.org_policy"
    volatile = ("updateTime", "resource.data.etag", "resource.data.spec.etag")
    resource: Held[OrgPolicyData]

    @property
    def constraint(self) -> str:
        """``iam.disableServiceAccountKeyCreation``."""
        return self.resource.data.name.rpartition("/policies/")[2]

    @property
    def node(self) -> str:
        """Where it is set: ``folders/1``."""
        return self.ancestors[0] if self.ancestors else ""


class PerimeterStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What a perimeter does."""

    resources: list[str] = []
    """``projects/123``."""
    restricted_services: list[str] = []


class PerimeterData(msgspec.Struct, frozen=True, rename="camel"):
    """``ServicePerimeter``; without ``status`` it is a dry run."""

    title: str = ""
    perimeter_type: str = "PERIMETER_TYPE_REGULAR"
    status: PerimeterStatus | None = None


class Perimeter(Asset, frozen=True, kw_only=True, rename="camel"):
    """A perimeter of VPC Service Controls. Shape from documentation."""

    kind = "gcp.access_context.perimeter"
    resource: Held[PerimeterData]

    @property
    def perimeter(self) -> PerimeterData:
        """What Access Context Manager says."""
        return self.resource.data


class EnrolledService(msgspec.Struct, frozen=True, rename="camel"):
    """A product whose access by Google's staff awaits approval."""

    cloud_product: str = "all"
    enrollment_level: str = "ENROLLMENT_LEVEL_UNSPECIFIED"


class ApprovalSettings(msgspec.Struct, frozen=True, rename="camel"):
    """``AccessApprovalSettings``. Google leaves out what is false or empty."""

    enrolled_services: list[EnrolledService] | EnrolledService = []
    enrolled_ancestor: bool = False
    notification_emails: list[str] = []


class AccessApproval(Resource, frozen=True, kw_only=True, rename="camel"):
    """Whether Google's staff asks before it looks (``projects.getAccessApprovalSettings``)."""

    kind = "gcp.access_approval"

    name: str
    settings: ApprovalSettings | None
    """None where Access Approval was never set up."""


class Contact(msgspec.Struct, frozen=True, rename="camel"):
    """``Contact``."""

    email: str
    notification_category_subscriptions: list[str] = []
    validation_state: str = "VALIDATION_STATE_UNSPECIFIED"


class EssentialContacts(Resource, frozen=True, kw_only=True, rename="camel"):
    """Whom Google writes to (``contacts.list``)."""

    kind = "gcp.essential_contacts"

    name: str
    contacts: list[Contact]


def effective(
    policies: Mapping[str, Sequence[OrgPolicy]], constraint: str, ancestors: Sequence[str]
) -> list[OrgPolicy]:
    """The policies that decide a constraint for a place: the nearest, and those that it says it inherits.

    Empty where nothing is set, or a reset goes back to Google's default.

    Args:
        policies: by constraint.
        constraint: ``iam.disableServiceAccountKeyCreation``.
        ancestors: of the place, from the nearest up.
    """
    at = {policy.node: policy for policy in policies.get(constraint, ())}
    found = []
    for node in ancestors:
        policy = at.get(node)
        if policy is None or policy.resource.data.spec is None:
            continue
        if policy.resource.data.spec.reset:
            break
        found.append(policy)
        if not policy.resource.data.spec.inherit_from_parent:
            break
    return found


def enforced(chain: Sequence[OrgPolicy]) -> bool:
    """Whether a yes-or-no constraint holds everywhere in a place, by what :func:`effective` gives.

    A rule with a condition may let something off; then it does not hold everywhere.
    """
    spec = chain[0].resource.data.spec if chain else None
    return spec is not None and bool(spec.rules) and all(rule.enforce for rule in spec.rules)


def restricted(chain: Sequence[OrgPolicy], *, denied: bool) -> bool:
    """Whether a constraint over lists keeps something out, by what :func:`effective` gives.

    Args:
        chain: the policies that decide.
        denied: whether all values must be denied; otherwise a list of allowed ones will do.
    """
    rules = [r for policy in chain for r in (policy.resource.data.spec or PolicySpec()).rules]
    if not rules or any(one.allow_all for one in rules):
        return False
    if denied:
        return all(one.deny_all for one in rules)
    return any(one.deny_all or (one.values and one.values.allowed_values) for one in rules)
