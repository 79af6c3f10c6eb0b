"""Projects of Google Cloud: guardrails, perimeters, APIs, contacts and Google's own staff."""

from __future__ import annotations

from soc2_collectors.gcp.models.project import (
    AccessApproval,
    EnrolledService,
    EssentialContacts,
    OrgPolicy,
    Perimeter,
    Project,
    Service,
    effective,
    enforced,
    restricted,
)
from soc2_collectors.gcp.models.values import matches, unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_PROJECT = inconclusive("the inventory shows no project")
_DELETED = not_applicable("the project is marked for deletion")
_YES_OR_NO = {
    "no keys of service accounts": (
        "iam.disableServiceAccountKeyCreation",
        "iam.managed.disableServiceAccountKeyCreation",
    ),
    "no public addresses of Cloud SQL": ("sql.restrictPublicIp",),
    "no public buckets": ("storage.publicAccessPrevention",),
}
_LISTS = {
    "no public addresses of machines": (("compute.vmExternalIpAccess",), True),
    "no members of other domains": (
        ("iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers"),
        False,
    ),
}
"""What must be forbidden -> the constraints by which it can be; whether all values must be denied."""


@rule(
    criteria=["CC6.1", "CC6.6", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[OrgPolicy],
    empty=_NO_PROJECT,
)
def gcp_org_policy_guardrails(
    project: Project, evidence: Evidence, scope: Scope, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Organisation policies forbid what no project should do.

    Keys of service accounts, public addresses of machines and databases, public buckets, members of other
    domains. What is set nearest counts, as Google reckons it; ``not_needed`` names constraints.

    Why: a rule finds what is wrong after it was done; a guardrail keeps it from being done.
    Fix: gcloud resource-manager org-policies enable-enforce CONSTRAINT --organization ORGANIZATION; for
        lists, gcloud org-policies set-policy.
    """
    if not project.active:
        return _DELETED
    policies = evidence.index(OrgPolicy, "constraint", within="here")
    missing = []
    for what, names in _YES_OR_NO.items():
        chains = [effective(policies, name, project.ancestors) for name in names]
        if not set(names) & set(not_needed) and not any(enforced(chain) for chain in chains):
            missing.append(f"{what} ({names[0]})")
    for what, (names, denied) in _LISTS.items():
        chains = [effective(policies, name, project.ancestors) for name in names]
        managed = any(enforced(c) for n, c in zip(names, chains, strict=True) if ".managed." in n)
        kept = managed or any(restricted(chain, denied=denied) for chain in chains)
        if not set(names) & set(not_needed) and not kept:
            missing.append(f"{what} ({names[0]})")
    if not missing:
        return passed("all guardrails are set")
    said = f"not set: {', '.join(missing)}"
    unread = unread_above(scope.boundary, project.ancestors)
    return inconclusive(f"{said}; {unread}") if unread else failed(said)


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.LOW,
    needs=[Perimeter],
    known_as=["prowler:cloudstorage_uses_vpc_service_controls"],
    empty=_NO_PROJECT,
)
def gcp_vpc_sc(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    *,
    sensitive: tuple[str, ...] = (),
    services: tuple[str, ...] = ("storage.googleapis.com",),
) -> Verdict:
    """Projects with sensitive data stand in a perimeter of VPC Service Controls.

    ``sensitive`` takes ids or patterns of projects, ``services`` what the perimeter must restrict. A dry run
    does not count.

    Why: with a stolen credential data can be copied to a project of the thief's from anywhere; a perimeter
        lets it out nowhere.
    Fix: gcloud access-context-manager perimeters update PERIMETER --add-resources projects/NUMBER
        --add-restricted-services storage.googleapis.com.
    """
    if not project.active:
        return _DELETED
    if not matches(project.id, sensitive):
        return not_applicable("not named as sensitive")
    around = [
        one.perimeter
        for one in evidence.here(Perimeter)
        if one.perimeter.perimeter_type != "PERIMETER_TYPE_BRIDGE"
        and one.perimeter.status is not None
        and project.project in one.perimeter.status.resources
    ]
    if not around:
        unread = unread_above(scope.boundary, project.ancestors)
        return inconclusive(unread) if unread else failed("stands in no perimeter")
    kept = {s for one in around if one.status for s in one.status.restricted_services}
    open_ = [one for one in services if one not in kept]
    if open_:
        return failed(f"its perimeter does not restrict {listed(open_)}")
    return passed(f"stands in the perimeter {listed(one.title for one in around)}")


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:iam_account_access_approval_enabled",
        "powerpipe:project_access_approval_settings_enabled",
    ],
)
def gcp_access_approval(approval: AccessApproval) -> Verdict:
    """Google's staff asks before it looks at what is in the project.

    Why: support may look at data to solve a case; who decides that should be the company.
    Fix: gcloud access-approval settings update --project PROJECT --enrolled_services all
        --notification_emails TEAM@COMPANY; better for the whole organisation.
    """
    settings = approval.settings
    if settings is None:
        return failed("Access Approval is not set up")
    if settings.enrolled_ancestor:
        return passed("Access Approval is on above the project")
    services = settings.enrolled_services
    named = [services] if isinstance(services, EnrolledService) else services
    if not named:
        return failed("Access Approval is on for no service")
    return passed(f"Access Approval is on for {listed(one.cloud_product for one in named)}")


@rule(
    criteria=["CC6.1", "CC6.8", "CC7.1", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[Service],
    known_as=[
        "prowler:iam_cloud_asset_inventory_enabled",
        "powerpipe:project_service_cloudasset_api_enabled",
    ],
    empty=_NO_PROJECT,
)
def gcp_asset_inventory(project: Project, evidence: Evidence) -> Verdict:
    """Cloud Asset Inventory is on in the project.

    Why: it is what tells which resources there were on a day five weeks back, and who could do what with
        them.
    Fix: gcloud services enable cloudasset.googleapis.com --project PROJECT.
    """
    if not project.active:
        return _DELETED
    services = evidence.index(Service, "project", within="here").get(project.project, ())
    if any(one.api == "cloudasset.googleapis.com" and one.enabled for one in services):
        return passed("cloudasset.googleapis.com is enabled")
    return failed("cloudasset.googleapis.com is not enabled")


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_organization_essential_contacts_configured",
        "powerpipe:organization_essential_contacts_configured",
    ],
)
def gcp_essential_contacts(whom: EssentialContacts) -> Verdict:
    """Google has a contact for security, whose address is confirmed.

    A contact for all categories counts.

    Why: Google writes to it about leaked keys and abuse; without one it writes to whoever is owner.
    Fix: gcloud essential-contacts create --email TEAM@COMPANY --notification-categories security
        --organization ORGANIZATION.
    """
    contacts = whom.contacts
    security = [
        c for c in contacts if {"SECURITY", "ALL"} & {*c.notification_category_subscriptions}
    ]
    if not security:
        return failed(f"none of {len(contacts)} contacts is for security")
    valid = [c.email for c in security if c.validation_state != "INVALID"]
    if not valid:
        return failed("the address of the security contact is not valid")
    return passed(f"security contacts: {listed(valid)}")


@rule(criteria=["CC7.1"], severity=Severity.LOW, known_as=["prowler:gemini_api_disabled"])
def gcp_unneeded_apis(
    service: Service,
    *,
    unwanted: tuple[str, ...] = ("generativelanguage.googleapis.com",),
    allowed: tuple[str, ...] = (),
) -> Verdict:
    """APIs that nobody agreed to are off.

    ``unwanted`` takes names or patterns. With ``allowed`` everything that it does not name is unwanted, too.

    Why: each API is a way to do something with the project, and one that nobody uses nobody watches.
    Fix: gcloud services disable API --project PROJECT.
    """
    if not service.enabled:
        return not_applicable(f"{service.api} is off")
    if matches(service.api, unwanted):
        return failed(f"{service.api} is on, and it is not wanted")
    if allowed and not matches(service.api, allowed):
        return failed(f"{service.api} is on, and it is not on the list of what is allowed")
    return passed(f"{service.api} may be on")
