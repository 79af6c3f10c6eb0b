"""IAM of Google Cloud: basic roles, roles that must not meet, and who the members are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.grants import held
from soc2_collectors.gcp.models.iam import PUBLIC, IamPolicy
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection

_NOBODY = inconclusive("the inventory shows no IAM policy, and every project has one")
_BASIC = ("roles/owner", "roles/editor")
_PEOPLE = ("user:", "group:", "domain:")
_ACTING = ("roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator")
_KMS_ADMIN = frozenset({"roles/cloudkms.admin"})
_KMS_USE = frozenset(
    {
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.cryptoKeyEncrypter",
        "roles/cloudkms.cryptoKeyDecrypter",
        "roles/cloudkms.cryptoOperator",
    }
)
_SA_ADMIN = frozenset({"roles/iam.serviceAccountAdmin"})
_SA_USE = frozenset({"roles/iam.serviceAccountUser"})
_CONSUMER = ("gmail.com", "googlemail.com")
_LISTS = ("googlegroups.com",)


@rule(criteria=["CC6.3"], severity=Severity.HIGH, empty=_NOBODY)
def gcp_no_primitive_roles(
    policy: IamPolicy,
    *,
    not_production: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """People and groups hold neither Owner nor Editor.

    Policies of projects, folders and the organisation are judged. ``not_production`` names projects and
    folders where it is allowed, as the inventory does (``projects/123``); ``exempt`` takes members or
    patterns (``group:gcp-break-glass@*``).

    Why: the two roles reach every service that there is and every one that is still to come.
    Fix: grant the roles that the work needs, then gcloud projects remove-iam-policy-binding PROJECT
        --member MEMBER --role roles/editor.
    """
    if not policy.node:
        return not_applicable("basic roles are given on projects, folders and the organisation")
    if matches(policy.node, not_production):
        return not_applicable(f"{policy.node} is not production")
    found = [
        f"{member} ({role.removeprefix('roles/')})"
        for member, role in held(policy)
        if role in _BASIC
        and (member.startswith(_PEOPLE) or member in PUBLIC)
        and not matches(member, exempt)
    ]
    if found:
        return failed(f"basic roles: {listed(found)}")
    return passed("no person and no group holds Owner or Editor")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_no_service_roles_at_project_level",
        "powerpipe:iam_user_not_assigned_service_account_user_role_project_level",
    ],
    empty=_NOBODY,
)
def gcp_no_sa_user_at_project(policy: IamPolicy, *, exempt: tuple[str, ...] = ()) -> Verdict:
    """Nobody may act as every service account of a project, folder or organisation.

    The roles are Service Account User and Service Account Token Creator. ``exempt`` takes members or
    patterns.

    Why: on a project they open every service account in it, those of tomorrow too, with all their rights.
    Fix: grant the role on the one account (gcloud iam service-accounts add-iam-policy-binding), and
        take it from the project (gcloud projects remove-iam-policy-binding).
    """
    if not policy.node:
        return not_applicable("the policy of a single resource")
    found = [
        f"{member} ({role.removeprefix('roles/iam.')})"
        for member, role in held(policy)
        if role in _ACTING and not matches(member, exempt)
    ]
    if found:
        return failed(f"may act as all service accounts below: {listed(found)}")
    return passed("nobody may act as all service accounts below")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy],
    known_as=[
        "prowler:iam_role_kms_enforce_separation_of_duties",
        "powerpipe:kms_key_separation_of_duties_enforced",
        "powerpipe:iam_user_kms_separation_of_duty_enforced",
    ],
    empty=_NOBODY,
)
def gcp_sod_kms_roles(
    policy: IamPolicy, evidence: Evidence, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Nobody both administers keys and encrypts or decrypts with them.

    Roles that are inherited count, where one of the two is set here. ``exempt`` takes members or patterns.

    Why: who rules a key and reads with it leaves no second person who would notice.
    Fix: take one of the roles away: gcloud kms keys remove-iam-policy-binding, or gcloud projects
        remove-iam-policy-binding.
    """
    return _apart(policy, evidence, _KMS_ADMIN, _KMS_USE, exempt)


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy],
    known_as=[
        "prowler:iam_role_sa_enforce_separation_of_duties",
        "powerpipe:iam_user_separation_of_duty_enforced",
    ],
    empty=_NOBODY,
)
def gcp_sod_sa_roles(
    policy: IamPolicy, evidence: Evidence, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Nobody both administers service accounts and acts as them.

    Roles that are inherited count, where one of the two is set here. ``exempt`` takes members or patterns.

    Why: who makes a service account and acts as it gives the rights to themselves.
    Fix: take one of the roles away: gcloud projects remove-iam-policy-binding PROJECT --member MEMBER
        --role roles/iam.serviceAccountUser.
    """
    return _apart(policy, evidence, _SA_ADMIN, _SA_USE, exempt)


def _apart(
    policy: IamPolicy,
    evidence: Evidence,
    one: Collection[str],
    other: Collection[str],
    exempt: tuple[str, ...],
) -> Verdict:
    """Whether nobody holds roles of both sorts here, one of them at least by this very policy."""
    here = {(member, role) for member, role in held(policy) if role in one or role in other}
    if not here:
        return not_applicable("grants none of these roles")
    above = set(policy.ancestors) - {policy.node}
    from_above = {
        (member, role)
        for node in above
        for parent in evidence.index(IamPolicy, "node", within="here").get(node, ())
        for member, role in held(parent)
    }
    everything = here | from_above
    both = {
        member
        for member, _ in here
        if not matches(member, exempt)
        and any(m == member and role in one for m, role in everything)
        and any(m == member and role in other for m, role in everything)
    }
    if both:
        return failed(f"hold both: {listed(both)}")
    return passed("no member holds both")


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.HIGH,
    known_as=["powerpipe:only_my_domain"],
    empty=_NOBODY,
)
def gcp_corporate_identities_only(
    policy: IamPolicy, *, domains: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Verdict:
    """Members of IAM policies are accounts of the company.

    ``domains`` names those of the company and of partners that it trusts: without it only consumer accounts
    can be told apart. ``exempt`` takes members or patterns.

    Why: an account that the company does not manage has no second factor that it demands, and stays when
        the person leaves.
    Fix: gcloud projects remove-iam-policy-binding for the member, and the constraint
        iam.allowedPolicyMemberDomains so that it does not come back.
    """
    people = sorted(
        {
            member
            for member, _ in held(policy)
            if member.startswith(_PEOPLE) and not matches(member, exempt)
        }
    )
    if not people:
        return not_applicable("no person, group or domain is a member")
    homes = {member: member.partition(":")[2].rpartition("@")[2].lower() for member in people}
    mine = {domain.lower() for domain in domains}
    consumer = [m for m in people if homes[m] in (*_CONSUMER, *_LISTS) and homes[m] not in mine]
    if consumer:
        return failed(f"consumer accounts: {listed(consumer)}")
    if not mine:
        said = listed(set(homes.values()))
        return inconclusive(f"set domains: which of these are the company's is not known: {said}")
    foreign = [member for member in people if homes[member] not in mine]
    if foreign:
        return failed(f"of other domains: {listed(foreign)}")
    return passed(f"members are of {listed(set(homes.values()))}")
