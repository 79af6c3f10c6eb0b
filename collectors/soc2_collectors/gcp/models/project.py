"""Projects, and what holds for each of them.

Source: Resource Manager API v1 and v3, ``Project``; Service Usage API v1, ``Service``; Organization Policy
API v2, ``Policy``; Access Context Manager API v1, ``ServicePerimeter``; Access Approval API v1,
``AccessApprovalSettings``; Essential Contacts API v1, ``Contact``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.privileges import called_administrator
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

_MACHINE = re.compile(r"(is:)?projects/[^/*]+/zones/[^/*]+/instances/[^/*]+")
"""A machine, as the constraint for addresses names it."""
_BASIC = ("owner", "editor", "admin", "writer")
"""Basic roles that reach every service."""


class ProjectData(msgspec.Struct, frozen=True, rename="camel"):
    """``Project``; its state is called otherwise in v1 and in v3."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "lifecycleState": "the name in v1; without a state the project counts as active, and is judged",
        "state": "the name in v3; without a state the project counts as active, and is judged",
    }

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

    may_lack: ClassVar[Mapping[str, str]] = {
        "condition": "a rule without a condition holds everywhere (Organization Policy, PolicyRule)",
        "allowAll": "left out where it is false (PolicyRule); true takes a pass away",
        "denyAll": "left out where it is false (PolicyRule); what a rule forbids must stand elsewhere then",
        "values": "other sorts of rule have none (PolicyRule); what is forbidden must stand elsewhere then",
    }

    enforce: bool | None = None
    allow_all: bool = False
    deny_all: bool = False
    values: Values | None = None
    parameters: dict[str, Any] | None = None
    condition: dict[str, Any] | None = None

    @property
    def machines(self) -> list[str]:
        """The machines that alone are allowed; empty where there are none, or anything else is allowed."""
        allowed = self.values.allowed_values if self.values else []
        return allowed if all(_MACHINE.fullmatch(one) for one in allowed) else []


class PolicySpec(msgspec.Struct, frozen=True, rename="camel"):
    """Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "inheritFromParent": "left out where it is false (PolicySpec); then the policy stands alone",
        "reset": "left out where it is false (PolicySpec); true takes a pass away",
    }

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


class Selector(msgspec.Struct, frozen=True, rename="camel"):
    """A method or a permission; ``*`` for all of them."""

    method: str = ""
    permission: str = ""


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """What may be called; a service of ``*`` is every one."""

    service_name: str = ""
    method_selectors: list[Selector] = []

    def covers(self, service: str) -> bool:
        """Whether every method of a service may be called."""
        if self.service_name == "*":
            return True
        return self.service_name == service and any(
            "*" in (one.method, one.permission) for one in self.method_selectors
        )


class Origin(msgspec.Struct, frozen=True, rename="camel"):
    """Where a request comes from; an access level of ``*`` is anywhere."""

    access_level: str = ""
    resource: str = ""


class From(msgspec.Struct, frozen=True, rename="camel"):
    """``IngressFrom`` and ``EgressFrom``: who, and from where."""

    identity_type: str = ""
    sources: list[Origin] = []

    @property
    def anybody(self) -> str:
        """Whom it takes without naming them, a kind that is not known too; empty: those that it names."""
        said = {"ANY_IDENTITY": "anybody", "ANY_USER_ACCOUNT": "any person", "": ""}
        said |= {"ANY_SERVICE_ACCOUNT": "any service account", "IDENTITY_TYPE_UNSPECIFIED": ""}
        return said.get(self.identity_type, self.identity_type)


class To(msgspec.Struct, frozen=True, rename="camel"):
    """``IngressTo`` and ``EgressTo``: what of which projects, by operations or by roles."""

    resources: list[str] = []
    operations: list[Operation] = []
    roles: list[str] = []

    def covers(self, service: str) -> bool:
        """Whether every method of a service may be called; a role of the company's own may hold them all."""
        name = service.partition(".")[0]
        wide = (
            not role.startswith("roles/")
            or (
                called_administrator(role)
                and role.partition("/")[2].startswith((f"{name}.", *_BASIC))
            )
            for role in self.roles
        )
        return any(wide) or any(one.covers(service) for one in self.operations)


class Ingress(msgspec.Struct, frozen=True, rename="camel"):
    """Who is let in."""

    ingress_from: From = From()
    ingress_to: To = To()


class Egress(msgspec.Struct, frozen=True, rename="camel"):
    """What is let out."""

    egress_from: From = From()
    egress_to: To = To()


class PerimeterStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What a perimeter does."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ingressPolicies": "a perimeter that lets nobody in has none (ServicePerimeterConfig)",
        "egressPolicies": "a perimeter that lets nothing out has none (ServicePerimeterConfig)",
        "accessLevels": "a perimeter without levels lets nobody in by them (ServicePerimeterConfig)",
    }

    resources: list[str] = []
    """``projects/123``, ``folders/1``, and networks by their full names."""
    restricted_services: list[str] = []
    access_levels: list[str] = []
    ingress_policies: list[Ingress] = []
    egress_policies: list[Egress] = []

    def holes(self, service: str, ancestors: Sequence[str]) -> list[str]:
        """Ways on which anybody gets through to everything of a service, of what has these ancestors."""
        found = []
        inside = {"*", *ancestors}
        for rule in self.ingress_policies:
            to = rule.ingress_to
            if (
                rule.ingress_from.anybody
                and any(one.access_level == "*" for one in rule.ingress_from.sources)
                and inside & set(to.resources)
                and to.covers(service)
            ):
                found.append(f"{service} is let in for {rule.ingress_from.anybody} from anywhere")
        for way in self.egress_policies:
            out = way.egress_to
            if way.egress_from.anybody and "*" in out.resources and out.covers(service):
                found.append(f"{service} is let out by {way.egress_from.anybody} to anywhere")
        return sorted(set(found))


class PerimeterData(msgspec.Struct, frozen=True, rename="camel"):
    """``ServicePerimeter``; without ``status`` it is a dry run."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "perimeterType": "REGULAR is the enumeration's first value, and left out (ServicePerimeter)",
    }

    name: str
    title: str = ""
    perimeter_type: str = "PERIMETER_TYPE_REGULAR"
    status: PerimeterStatus | None = None


class Perimeter(Asset, frozen=True, kw_only=True, rename="camel"):
    """A perimeter of VPC Service Controls (inventory content ``ACCESS_POLICY``).

    The asset is the organisation: only the perimeter in it has a name of its own.
    """

    kind = "gcp.access_context.perimeter"
    volatile = ("updateTime", "servicePerimeter.etag")

    service_perimeter: PerimeterData

    @property
    def perimeter(self) -> PerimeterData:
        """What Access Context Manager says."""
        return self.service_perimeter


class EnrolledService(msgspec.Struct, frozen=True, rename="camel"):
    """A product whose access by Google's staff awaits approval."""

    cloud_product: str = ""
    enrollment_level: str = "ENROLLMENT_LEVEL_UNSPECIFIED"

    @property
    def blocked(self) -> bool:
        """Whether nothing is looked at without approval."""
        return self.enrollment_level == "BLOCK_ALL"


class ApprovalPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """``CustomerApprovalApprovalPolicy``: which requests are approved without anybody asked."""

    justification_based_approval_policy: str = ""


class ApprovalSettings(msgspec.Struct, frozen=True, rename="camel"):
    """``AccessApprovalSettings``. Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enrolledAncestor": "left out where it is false (AccessApprovalSettings)",
        "ancestorsEnrolledServices": "only adds to what is enrolled here",
        "enrolledServices": "left out where it is empty; what is enrolled above counts then",
        "approvalPolicy": "optional: without one each request awaits approval",
        "effectiveApprovalPolicy": "optional: without one each request awaits approval",
    }

    enrolled_services: list[EnrolledService] | EnrolledService = []
    enrolled_ancestor: bool = False
    ancestors_enrolled_services: list[EnrolledService] = []
    notification_emails: list[str] = []
    approval_policy: ApprovalPolicy | None = None
    effective_approval_policy: ApprovalPolicy | None = None

    @property
    def enrolled(self) -> list[EnrolledService]:
        """Products that are enrolled here or above."""
        own = self.enrolled_services
        return [
            *([own] if isinstance(own, EnrolledService) else own),
            *self.ancestors_enrolled_services,
        ]

    @property
    def unasked(self) -> str:
        """Which requests are approved without anybody asked, in Google's words; empty: nothing is said."""
        said = self.effective_approval_policy or self.approval_policy
        return said.justification_based_approval_policy if said else ""

    @property
    def asks_for_all(self) -> bool:
        """Whether no policy says that some requests need no approval."""
        return self.effective_approval_policy is None and self.approval_policy is None


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

    A rule with a condition holds where a tag says so: one without must be there, and none may let off.
    """
    spec = chain[0].resource.data.spec if chain else None
    if spec is None or not all(rule.enforce for rule in spec.rules):
        return False
    return any(rule.condition is None for rule in spec.rules)


def allowed_machines(chain: Sequence[OrgPolicy]) -> list[str]:
    """Machines that policies name one by one as those that are allowed."""
    specs = [policy.resource.data.spec or PolicySpec() for policy in chain]
    return sorted({one for spec in specs for rule in spec.rules for one in rule.machines})


def restricted(chain: Sequence[OrgPolicy], *, denied: bool) -> bool:
    """Whether a constraint over lists keeps something out, by what :func:`effective` gives.

    Args:
        chain: the policies that decide.
        denied: whether all values must be denied but machines that are named one by one; otherwise a list of
            allowed ones will do.
    """
    rules = [r for policy in chain for r in (policy.resource.data.spec or PolicySpec()).rules]
    if any(one.allow_all for one in rules):
        return False
    everywhere = [one for one in rules if one.condition is None]
    if denied:
        return bool(everywhere) and all(one.deny_all or one.machines for one in rules)
    return any(one.deny_all or (one.values and one.values.allowed_values) for one in everywhere)
