"""Projects of Google Cloud: guardrails, perimeters, APIs, contacts and Google's own staff."""

from __future__ import annotations

from soc2_collectors.gcp.models.project import (
    AccessApproval,
    EssentialContacts,
    OrgPolicy,
    Perimeter,
    Project,
    Service,
    allowed_machines,
    effective,
    enforced,
    restricted,
)
from soc2_collectors.gcp.models.values import matches, unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_PROJECT = inconclusive("the inventory shows no project")
_EVERY_PRODUCT = {"all", "GA"}
_ALL_APPROVED = "JUSTIFICATION_BASED_APPROVAL_ENABLED_ALL"
_OWN_APPROVED = "JUSTIFICATION_BASED_APPROVAL_ENABLED_EXTERNAL_JUSTIFICATIONS"
_NONE_APPROVED = "JUSTIFICATION_BASED_APPROVAL_NOT_ENABLED"
_DELETED = not_applicable("the project is marked for deletion")
_YES_OR_NO = {
    "no new keys of service accounts": (
        "iam.disableServiceAccountKeyCreation",
        "iam.managed.disableServiceAccountKeyCreation",
    ),
    "no uploaded keys of service accounts": (
        "iam.disableServiceAccountKeyUpload",
        "iam.managed.disableServiceAccountKeyUpload",
    ),
    "no public addresses of Cloud SQL": ("sql.restrictPublicIp", "sql.managed.restrictPublicIp"),
    "no public buckets": ("storage.publicAccessPrevention",),
}
_LISTS = {
    "no public addresses of machines": (
        ("compute.vmExternalIpAccess", "compute.managed.vmExternalIpAccess"),
        True,
    ),
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

    New and uploaded keys of service accounts, public addresses of machines and databases, public buckets,
    members of other domains. Machines that are named one by one may have addresses; a pass says which. What
    is set nearest counts, as Google reckons it; ``not_needed`` names constraints.

    Why: a rule finds what is wrong after it was done; a guardrail keeps it from being done.
    Fix: gcloud resource-manager org-policies enable-enforce CONSTRAINT --organization ORGANIZATION; for
        lists, gcloud org-policies set-policy.
    """
    if not project.active:
        return _DELETED
    policies = evidence.index(OrgPolicy, "constraint", within="here")
    missing, spared = list[str](), set[str]()
    for what, names in _YES_OR_NO.items():
        chains = [effective(policies, name, project.ancestors) for name in names]
        if not set(names) & set(not_needed) and not any(enforced(chain) for chain in chains):
            missing.append(f"{what} ({names[0]})")
    for what, (names, denied) in _LISTS.items():
        chains = [effective(policies, name, project.ancestors) for name in names]
        managed = any(enforced(c) for n, c in zip(names, chains, strict=True) if ".managed." in n)
        kept = managed or any(restricted(chain, denied=denied) for chain in chains)
        if denied and not managed:
            spared |= {one for chain in chains for one in allowed_machines(chain)}
        if not set(names) & set(not_needed) and not kept:
            missing.append(f"{what} ({names[0]})")
    if not missing:
        left = f"; not asked for: {listed(not_needed)}" if not_needed else ""
        left += f"; may have public addresses: {listed(spared)}" if spared else ""
        return passed(f"all guardrails are set{left}")
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
    does not count, nor does a perimeter with a rule that lets anybody, any person or any service account through
    to a whole service. What access levels demand is not judged: a pass names them.

    Why: with a stolen credential data can be copied to a project of the thief's from anywhere; a perimeter
        lets it out nowhere.
    Fix: gcloud access-context-manager perimeters update PERIMETER --add-resources projects/NUMBER
        --add-restricted-services storage.googleapis.com.
    """
    if not project.active:
        return _DELETED
    if not matches(project.id, sensitive):
        return not_applicable("not named as sensitive")
    inside = set(project.above)
    around = [
        one
        for one in evidence.here(Perimeter)
        if one.perimeter.perimeter_type == "PERIMETER_TYPE_REGULAR"
        and one.perimeter.status is not None
        and inside.intersection(one.perimeter.status.resources)
    ]
    if not around:
        unread = unread_above(scope.boundary, project.ancestors)
        return inconclusive(unread) if unread else failed("stands in no perimeter")
    states = [one.perimeter.status for one in around if one.perimeter.status]
    kept = {service for state in states for service in state.restricted_services}
    wrong = [f"its perimeter does not restrict {one}" for one in services if one not in kept]
    wrong += [
        hole for one in services for state in states for hole in state.holes(one, project.ancestors)
    ]
    if wrong:
        return failed("; ".join(sorted(set(wrong))), on=around)
    levels = sorted({level.rpartition("/")[2] for state in states for level in state.access_levels})
    entries = sum(len(s.ingress_policies) + len(s.egress_policies) for s in states)
    said = f"stands in the perimeter {listed(one.perimeter.title for one in around)}"
    said += f"; let in by the access levels {listed(levels)}" if levels else ""
    said += (
        f"; {entries} rules for ingress and egress, none for anybody and everything"
        if entries
        else ""
    )
    return passed(said, on=around)


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:iam_account_access_approval_enabled",
        "powerpipe:project_access_approval_settings_enabled",
    ],
)
def gcp_access_approval(approval: AccessApproval, *, own_cases: bool = False) -> Verdict:
    """Google's staff asks before it looks at what is in the project, for every product that is out of preview.

    ``own_cases``: whether requests may be approved by themselves that belong to a support case of the
    company's own.

    Why: support may look at data to solve a case; who decides that should be the company.
    Fix: gcloud access-approval settings update --project PROJECT --enrolled_services all
        --notification_emails TEAM@COMPANY; better for the whole organisation.
    """
    settings = approval.settings
    if settings is None:
        return failed("Access Approval is not set up")
    enrolled, above = settings.enrolled, settings.enrolled_ancestor
    if not enrolled and above:
        return inconclusive(
            "Access Approval is on above the project; for which products is not said"
        )
    if not enrolled:
        return failed("Access Approval is on for no service")
    names = listed({one.cloud_product for one in enrolled})
    blocked = {one.cloud_product for one in enrolled if one.blocked}
    if not blocked:
        return inconclusive(f"what the enrolment of {names} does is not known")
    if not blocked & _EVERY_PRODUCT:
        return failed(f"Access Approval is on only for {names}")
    if settings.unasked == _ALL_APPROVED or (settings.unasked == _OWN_APPROVED and not own_cases):
        return failed(f"requests are approved without anybody asked: {settings.unasked}")
    if not settings.asks_for_all and settings.unasked not in (_NONE_APPROVED, _OWN_APPROVED):
        return inconclusive(
            f"which requests are approved by themselves is not known: {settings.unasked}"
        )
    return passed(f"Access Approval is on for {names}")


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

    A contact for all categories counts, and one that is set above.

    Why: Google writes to it about leaked keys and abuse; without one it writes to whoever is owner.
    Fix: gcloud essential-contacts create --email TEAM@COMPANY --language en --notification-categories security
        --organization ORGANIZATION.
    """
    contacts = whom.contacts
    security = [
        c for c in contacts if {"SECURITY", "ALL"} & {*c.notification_category_subscriptions}
    ]
    if not security:
        return failed(f"none of {len(contacts)} contacts is for security")
    valid = [c.email for c in security if c.validation_state == "VALID"]
    if not valid and all(c.validation_state == "INVALID" for c in security):
        return failed("the address of the security contact is not valid")
    if not valid:
        return inconclusive("whether the address of the security contact is confirmed is not said")
    return passed(f"security contacts: {listed(valid)}")


@rule(criteria=["CC7.1"], severity=Severity.LOW, known_as=["prowler:gemini_api_disabled"])
def gcp_unneeded_apis(
    service: Service,
    *,
    unwanted: tuple[str, ...] = ("generativelanguage.googleapis.com",),
    allowed: tuple[str, ...] = (),
) -> Verdict:
    """APIs that nobody agreed to are off.

    ``unwanted`` takes names or patterns. ``allowed`` names what was agreed to: without it nothing else is
    judged.

    Why: each API is a way to do something with the project, and one that nobody uses nobody watches.
    Fix: gcloud services disable API --project PROJECT.
    """
    if not service.enabled:
        return not_applicable(f"{service.api} is off")
    if matches(service.api, unwanted):
        return failed(f"{service.api} is on, and it is not wanted")
    if not allowed:
        return not_applicable("nothing says which APIs are agreed to: set allowed")
    if not matches(service.api, allowed):
        return failed(f"{service.api} is on, and it is not on the list of what is allowed")
    return passed(f"{service.api} may be on: it is on the list of what is allowed")
