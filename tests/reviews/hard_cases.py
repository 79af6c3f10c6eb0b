"""Access that reviews tend to miss: what each case puts into a company, and every row that it must list.

The rows of all cases together are the whole population: nothing is missing, and nothing is listed that no
case speaks of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .company import Company, aws_policy, principal

if TYPE_CHECKING:
    from collections.abc import Callable

AWS_SYSTEM, GITHUB_SYSTEM, OKTA_SYSTEM = "aws:111122223333", "github:acme", "okta:acme.okta.com"
TENANT_SYSTEM, SUBSCRIPTION_SYSTEM = "azure:tenant-1", "azure:sub-1"
DIRECTORY_SYSTEM, PROJECT_SYSTEM = "gcp:organizations/9", "gcp:projects/acme-prod"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
OWNER, READER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
BREAK_GLASS = ("azure:*/emergency-*",)
BASE = ("read", "every repository", "every member of the organisation")


class Expected(NamedTuple):
    """A row."""

    system: str
    """Where the grant holds."""
    account: str
    """The login, or ``group NAME`` where its members were not read."""
    grant: str = "account"
    on: str = ""
    by: str = ""
    """The ways on which it comes, with ``; `` between them; empty: directly."""
    values: dict[str, Any] = {}  # noqa: RUF012 - never changed
    """Further fields of the row."""


class Case(NamedTuple):
    """One of the cases."""

    name: str
    build: Callable[[Company], None]
    rows: tuple[Expected, ...]


def row(
    system: str, account: str, grant: str = "account", on: str = "", by: str = "", **values: Any
) -> Expected:
    return Expected(system, account, grant, on, by, values)


def member(login: str, **values: Any) -> tuple[Expected, Expected]:
    """A member of the organisation and what every member may."""
    return (
        row(GITHUB_SYSTEM, login, **values),
        row(GITHUB_SYSTEM, login, BASE[0], BASE[1], BASE[2], **values),
    )


def nobody(**values: Any) -> dict[str, Any]:
    return {"owner": "", **values}


def _person(number: int) -> str:
    return f"roster:acme/{number}"


# -- the cases ------------------------------------------------------------------------------------------------


def reviewers(c: Company) -> None:
    c.person(1, "Rita")
    c.person(2, "Dan")
    c.organization("read")


def orphan_member(c: Company) -> None:
    c.member("ghost")


def orphan_user(c: Company) -> None:
    c.iam_user("left-behind", AttachedManagedPolicies=[aws_policy("AdministratorAccess")])


def likeness_of_names(c: Company) -> None:
    c.person(10, "Bo Berg")
    c.member("bo-berg")


def names_that_differ(c: Company) -> None:
    c.person(11, "Chris Chen")
    c.member("xX-dragon-Xx")
    body = {
        "guid": "e1",
        "user": {"login": "xX-dragon-Xx"},
        "samlIdentity": {"nameId": "P11@Acme.example"},
    }
    c.put("github.external_identity", "e1", body)


def plus_address(c: Company) -> None:
    c.person(12, "Di Dahl")
    c.iam_user("di", Tags=[{"Key": "email", "Value": "p12+aws@acme.example"}])


def leaver(c: Company) -> None:
    left = "2025-11-30T00:00:00.000Z"
    c.person(13, "Ed Ek", status="left", left_at=left)
    c.okta_user(13, "p13@acme.example")


def contractor(c: Company) -> None:
    c.person(14, "Flo Fox", department="Contractors", left_at="2026-03-31T00:00:00.000Z")
    c.okta_user(14, "p14@acme.example")


def two_accounts_of_one_person(c: Company) -> None:
    c.person(15, "Gus Green")
    c.entra_user("u15", "p15@acme.example")
    c.entra_user("u15a", "gus-admin@acme.example", employeeId="15")
    who = principal("u15a", "user", "Gus (admin)")
    c.entra_role("ra15", USER_ADMINISTRATOR, who)


def two_persons_claim_one_account(c: Company) -> None:
    c.person(16, "Hal One", mails=["team@acme.example"])
    c.person(17, "Hal Two", mails=["team@acme.example"])
    c.okta_user(16, "team@acme.example")


def shared_account(c: Company) -> None:
    c.iam_user("ops", UserPolicyList=[])
    c.mapped("aws", "ops", "1", sort="shared", note="on call")


def service_account_with_owner(c: Company) -> None:
    c.iam_user("ci", Tags=[{"Key": "owner", "Value": "p2@acme.example"}])
    c.mapped("aws:111122223333", "ci", "2", sort="service")


def local_accounts_of_an_application(c: Company) -> None:
    c.person(18, "Ida Ito")
    c.mapped("erp", "IITO", "18")
    c.mapped("erp", "BATCH", None, sort="service", note="nightly jobs")


def mapping_of_an_account_that_is_not_there(c: Company) -> None:
    c.mapped("github", "gone-long-ago", "1")


def outside_collaborator(c: Company) -> None:
    body = {"login": "agency", "node_id": "U_agency", "two_factor_disabled": True}
    c.put("github.outside_collaborator", "U_agency", body)
    outside = [{"permission": "WRITE", "node": {"login": "agency", "id": "U_agency"}}]
    c.repository("site", outside_collaborators=outside)


def guest(c: Company) -> None:
    c.entra_user(
        "g1", "eve_partner.example#EXT#@acme.example", userType="Guest", mail="eve@partner.example"
    )


def break_glass(c: Company) -> None:
    c.entra_user("bg1", "emergency-1@acme.example")
    who = principal("bg1", "user", "Emergency")
    c.entra_role("ra-bg", GLOBAL_ADMINISTRATOR, who)


def root(c: Company) -> None:
    arn = "arn:aws:iam::111122223333:root"
    c.put("aws.iam.credential", arn, {"user": "<root_account>", "arn": arn, "mfa_active": "false"})


def suspended(c: Company) -> None:
    c.okta_user(20, "sus@acme.example", "SUSPENDED", statusChanged="2025-12-01T00:00:00.000Z")
    c.okta_app(20, "Payroll", users=[20])


def disabled_with_a_role(c: Company) -> None:
    c.entra_user("d1", "off@acme.example", accountEnabled=False)
    c.entra_role("ra-d1", GLOBAL_ADMINISTRATOR, principal("d1", "user", "Off"))


def group_of_iam(c: Company) -> None:
    c.iam_group("admins", "AdministratorAccess", "ReadOnlyAccess")
    c.iam_user("grp", GroupList=["admins"])


def group_that_gives_nothing(c: Company) -> None:
    c.iam_group("parked")
    c.iam_user("idle", GroupList=["parked"])


def inline_policy_under_a_boundary(c: Company) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {
        "PolicyName": "all",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [everything]},
    }
    limit = {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/limit"}
    c.iam_user("inl", UserPolicyList=[policy], PermissionsBoundary=limit)


def cross_account_role(c: Company) -> None:
    c.iam_role("audit", {"AWS": "arn:aws:iam::444455556666:root"}, "SecurityAudit")


def role_of_a_user(c: Company) -> None:
    arn = c.iam_user("climber")
    c.iam_role("break-in", {"AWS": arn}, "AdministratorAccess")


def role_of_an_identity_provider(c: Company) -> None:
    provider = "arn:aws:iam::111122223333:saml-provider/okta"
    c.iam_role("sso-admin", {"Federated": provider}, "AdministratorAccess")


def role_of_a_service(c: Company) -> None:
    c.iam_role("lambda-runner", {"Service": "lambda.amazonaws.com"}, "AmazonS3ReadOnlyAccess")


def role_of_whoever_in_the_account(c: Company) -> None:
    c.iam_role("local", {"AWS": "111122223333"}, "ReadOnlyAccess")


def permission_sets(c: Company) -> None:
    c.put("aws.identity_center.user", "s1", {"UserId": "s1", "UserName": "sam@acme.example"})
    c.put("aws.identity_center.group", "sg1", {"GroupId": "sg1", "DisplayName": "Platform"})
    for name, policy, assigned in (
        ("Admin", "AdministratorAccess", True),
        ("Look", "ReadOnlyAccess", False),
    ):
        groups = [{"AccountId": "111122223333", "PrincipalType": "GROUP", "PrincipalId": "sg1"}]
        body = {
            "DescribePermissionSet": {"Name": name, "SessionDuration": "PT4H"},
            "ListManagedPoliciesInPermissionSet": [{"Name": policy, "Arn": f"arn:aws:iam::aws:policy/{policy}"}],
            "GetPolicyVersion": {}, "GetInlinePolicyForPermissionSet": "",
            "ListCustomerManagedPolicyReferencesInPermissionSet": [],
            "GetPermissionsBoundaryForPermissionSet": None,
            "ListAccountAssignments": groups if assigned else None,
            "ListGroupMemberships": {"sg1": [{"MemberId": {"UserId": "s1"}}]} if assigned else None,
        }  # fmt: skip
        c.put("aws.identity_center.permission_set", f"arn:aws:sso:::permissionSet/i/{name}", body)


def nested_group_of_entra(c: Company) -> None:
    c.entra_user("n1", "nina@acme.example")
    members = [principal("n1", "user", "Nina"), principal("inner", "group", "Helpers")]
    outer = principal("outer", "group", "Directory admins")
    c.entra_role("ra-n", USER_ADMINISTRATOR, outer, members=members)


def group_whose_members_were_denied(c: Company) -> None:
    denied = {"status": "denied", "reason": "Insufficient privileges"}
    gaps: dict[str, Any] = {"$gaps": {"members": denied}}
    c.entra_role("ra-hid", USER_ADMINISTRATOR, principal("hid", "group", "Hidden ones"), **gaps)


def eligible_role(c: Company) -> None:
    c.entra_user("e1", "eli@acme.example")
    who = principal("e1", "user", "Eli")
    end = {"endDateTime": "2026-06-30T00:00:00Z"}
    c.entra_role("re-1", GLOBAL_ADMINISTRATOR, who, "role_eligibility", memberType="Direct", **end)


def program_with_a_directory_role(c: Company) -> None:
    c.entra_role("ra-sp", GLOBAL_ADMINISTRATOR, principal("sp1", "servicePrincipal", "Backup app"))


def app_with_its_owner(c: Company) -> None:
    owner = {
        "id": "u15",
        "@odata.type": "#microsoft.graph.user",
        "userPrincipalName": "p15@acme.example",
    }
    for uid, name, tenant, owners in (
        ("sp2", "Invoices", "tenant-1", [owner]),
        ("sp3", "Microsoft Teams", "f8cdef31-a31e-4b4a-93e4-5f571e91255a", []),
    ):
        body = {
            "id": uid, "appId": f"app-{uid}", "displayName": name, "accountEnabled": True,
            "appOwnerOrganizationId": tenant, "passwordCredentials": [], "keyCredentials": [], "owners": owners,
        }  # fmt: skip
        c.put("azure.entra.service_principal", uid, body)
    grant = {
        "id": "ap1", "principalId": "sp2", "principalType": "ServicePrincipal", "appRoleId": "r1",
        "principalDisplayName": "Invoices", "appRole": {"value": "Mail.Read"},
    }  # fmt: skip
    c.put("azure.entra.app_permission", "ap1", grant)


def group_on_a_subscription(c: Company) -> None:
    c.entra_user("s2", "sub@acme.example")
    c.azure_role("z1", OWNER, "zg1", "Group", "/subscriptions/sub-1")
    body = {
        "id": "zg1",
        "group": {"displayName": "Subscription owners"},
        "members": [principal("s2", "user", "Sub")],
    }
    c.put("azure.entra.subscription_group", "zg1", body)


def groups_in_a_circle(c: Company) -> None:
    c.entra_user("c1", "circle@acme.example")
    c.azure_role("z2", CONTRIBUTOR, "loop1", "Group", "/subscriptions/sub-1/resourceGroups/x")
    for one, other in (("loop1", "loop2"), ("loop2", "loop1")):
        members = [principal("c1", "user", "Circle"), principal(other, "group", other)]
        body = {"id": one, "group": {"displayName": one}, "members": members}
        c.put("azure.entra.subscription_group", one, body)


def role_from_above(c: Company) -> None:
    above = "/providers/Microsoft.Management/managementGroups/root"
    c.azure_role("z3", READER, "ext-app", "ServicePrincipal", above)


def google_group_and_domain(c: Company) -> None:
    c.bindings(
        {"role": "roles/owner", "members": ["group:admins@acme.example"]},
        {"role": "roles/viewer", "members": ["domain:acme.example", "allAuthenticatedUsers"]},
        {"role": "roles/editor", "members": ["deleted:user:old@acme.example?uid=7"]},
    )


def google_people(c: Company) -> None:
    c.person(30, "Gia Gold")
    c.google_user("77", "gia@acme.example", aliases=["p30@acme.example"], isAdmin=True)
    condition = {
        "title": "until June",
        "expression": "request.time < timestamp('2026-06-30T00:00:00Z')",
    }
    c.bindings(
        {
            "role": "roles/compute.admin",
            "members": ["user:Gia@Acme.example"],
            "condition": condition,
        },
        {"role": "roles/viewer", "members": ["user:freelancer@mail.example"]},
        name="acme-test",
    )


def google_service_account(c: Company) -> None:
    mail = "batch@acme-prod.iam.gserviceaccount.com"
    full = f"//iam.googleapis.com/projects/acme-prod/serviceAccounts/{mail}"
    common = {"ancestors": ["projects/1", "organizations/9"]}
    body = {
        "name": full,
        "assetType": "iam.googleapis.com/ServiceAccount",
        "resource": {"data": {"email": mail}},
    }
    c.put("gcp.iam.service_account", full, {**body, **common})
    data = {
        "name": f"projects/acme-prod/serviceAccounts/{mail}/keys/k1", "keyType": "USER_MANAGED",
        "validAfterTime": "2025-01-01T00:00:00Z",
    }  # fmt: skip
    key = {
        "name": f"{full}/keys/k1",
        "assetType": "iam.googleapis.com/ServiceAccountKey",
        "resource": {"data": data},
    }
    c.put("gcp.iam.service_account_key", f"{full}/keys/k1", {**key, **common})
    c.bindings({"role": "roles/editor", "members": [f"serviceAccount:{mail}"]}, name="acme-batch")


def nested_team(c: Company) -> None:
    c.member("tess")
    c.repository("infra")
    c.team("platform", ["tess"], {"infra": "admin"})
    c.team("sre", ["tess"], {"infra": "admin"}, parent="platform")


def team_and_direct(c: Company) -> None:
    c.member("ugo")
    c.repository("api", {"ugo": "WRITE"})
    c.team("backend", ["ugo"], {"api": "push"})


def team_without_repositories(c: Company) -> None:
    c.member("vic")
    c.team("book-club", ["vic"])


def owner_of_the_organisation(c: Company) -> None:
    c.member("boss", owner=True, mail="p1@acme.example")


def app_and_deploy_key(c: Company) -> None:
    permissions = {"contents": "write", "members": "write"}
    body = {"app_slug": "renovate", "repository_selection": "all", "permissions": permissions}
    c.put("github.app_installation", "5", body)
    key = {"id": 9, "title": "jenkins", "read_only": False, "created_at": "2024-01-01T00:00:00Z"}
    c.put("github.deploy_key_list", "R_api", {"holder": {"name": "acme/api"}, "keys": [key]})


def app_by_group(c: Company) -> None:
    c.okta_user(40, "wes@acme.example")
    c.okta_group(1, "Finance", [40])
    c.okta_app(1, "Ledger", groups=[1])


def app_by_a_group_that_nobody_read(c: Company) -> None:
    c.okta_group(2, "Sales")
    c.okta_app(2, "Crm", groups=[2])


def app_by_a_group_that_nobody_knows(c: Company) -> None:
    c.okta_app(3, "Wiki", groups=[99])


def dynamic_group(c: Company) -> None:
    c.okta_user(41, "xia@acme.example")
    c.okta_group(4, "AD Engineers", [41], "APP_ADMIN", type="APP_GROUP")


def administrator_on_two_ways(c: Company) -> None:
    c.okta_user(42, "yan@acme.example")
    c.okta_group(5, "Help desk", [42], "HELP_DESK_ADMIN")
    roles = [{"type": "HELP_DESK_ADMIN", "status": "ACTIVE", "assignmentType": "USER"}]
    c.put("okta.admin", "00u42", {"id": "00u42", "roles": roles})


def service_app(c: Company) -> None:
    client = {"oauthClient": {"application_type": "service"}}
    c.okta_app(6, "Provisioner", settings=client, client_roles=[{"type": "SUPER_ADMIN"}])


def role_that_is_off(c: Company) -> None:
    c.okta_user(43, "zoe@acme.example")
    roles = [{"type": "SUPER_ADMIN", "status": "INACTIVE"}]
    c.put("okta.admin", "00u43", {"id": "00u43", "roles": roles})


def user(login: str, **values: Any) -> Expected:
    return row(OKTA_SYSTEM, login, **values)


CASES: tuple[Case, ...] = (
    Case("an orphan in GitHub", orphan_member, member("ghost", **nobody())),
    Case(
        "an orphan administrator in AWS",
        orphan_user,
        (
            row(AWS_SYSTEM, "left-behind", **nobody(administrator=True)),
            row(AWS_SYSTEM, "left-behind", "AdministratorAccess", privileged=True),
        ),
    ),
    Case("a likeness of names is no owner", likeness_of_names, member("bo-berg", **nobody())),
    Case(
        "names that differ, tied by SAML",
        names_that_differ,
        member("xX-dragon-Xx", owner=_person(11), owner_by="SAML NameID P11@Acme.example"),
    ),
    Case("a plus address is another one", plus_address, (row(AWS_SYSTEM, "di", **nobody()),)),
    Case(
        "somebody who left",
        leaver,
        (user("p13@acme.example", owner=_person(13), owner_left=True, active=True),),
    ),
    Case(
        "a contractor whose end is near",
        contractor,
        (user("p14@acme.example", owner=_person(14), owner_left=False, department="Contractors"),),
    ),
    Case(
        "two accounts of one person",
        two_accounts_of_one_person,
        (
            row(TENANT_SYSTEM, "p15@acme.example", owner=_person(15)),
            row(TENANT_SYSTEM, "gus-admin@acme.example", owner=_person(15), administrator=True),
            row(TENANT_SYSTEM, "gus-admin@acme.example", "User Administrator", privileged=True),
        ),
    ),
    Case(
        "two persons claim one account",
        two_persons_claim_one_account,
        (user("team@acme.example", **nobody()),),
    ),
    Case(
        "a shared account",
        shared_account,
        (row(AWS_SYSTEM, "ops", owner=_person(1), holder="shared", owner_note="on call"),),
    ),
    Case(
        "a service account with its owner",
        service_account_with_owner,
        (row(AWS_SYSTEM, "ci", owner=_person(2), holder="service"),),
    ),
    Case(
        "local accounts of an application",
        local_accounts_of_an_application,
        (
            row("erp", "IITO", owner=_person(18), home=""),
            row("erp", "BATCH", **nobody(holder="service", owner_note="nightly jobs")),
        ),
    ),
    Case(
        "the mapping names an account that is not there",
        mapping_of_an_account_that_is_not_there,
        (),
    ),
    Case(
        "an outside collaborator",
        outside_collaborator,
        (
            row(GITHUB_SYSTEM, "agency", guest=True, mfa=False),
            row(GITHUB_SYSTEM, "agency", "write", "acme/site", guest=True),
        ),
    ),
    Case(
        "a guest",
        guest,
        (row(TENANT_SYSTEM, "eve_partner.example#EXT#@acme.example", **nobody(guest=True)),),
    ),
    Case(
        "a break-glass account",
        break_glass,
        (
            row(TENANT_SYSTEM, "emergency-1@acme.example", break_glass=True),
            row(
                TENANT_SYSTEM,
                "emergency-1@acme.example",
                "Global Administrator",
                break_glass=True,
                privileged=True,
            ),
        ),
    ),
    Case(
        "the root of an account",
        root,
        (row(AWS_SYSTEM, "root", **nobody(holder="shared", mfa=False)),),
    ),
    Case(
        "a suspended user with an app",
        suspended,
        (
            user("sus@acme.example", active=False),
            user("sus@acme.example", grant="Payroll", active=False),
        ),
    ),
    Case(
        "a disabled user with a role",
        disabled_with_a_role,
        (
            row(TENANT_SYSTEM, "off@acme.example", active=False),
            row(
                TENANT_SYSTEM,
                "off@acme.example",
                "Global Administrator",
                active=False,
                privileged=True,
            ),
        ),
    ),
    Case(
        "rights by a group of IAM",
        group_of_iam,
        (
            row(AWS_SYSTEM, "grp", administrator=True),
            row(AWS_SYSTEM, "grp", "AdministratorAccess", by="admins", privileged=True),
            row(AWS_SYSTEM, "grp", "ReadOnlyAccess", by="admins", privileged=False),
        ),
    ),
    Case(
        "a group that gives nothing",
        group_that_gives_nothing,
        (row(AWS_SYSTEM, "idle"), row(AWS_SYSTEM, "idle", "parked", by="parked")),
    ),
    Case(
        "an inline policy under a boundary",
        inline_policy_under_a_boundary,
        (
            row(AWS_SYSTEM, "inl"),
            row(AWS_SYSTEM, "inl", "all (inline)", privileged=None, note="limited by limit"),
        ),
    ),
    Case(
        "a role for another account",
        cross_account_role,
        (
            row(AWS_SYSTEM, "audit", **nobody(holder="service")),
            row(AWS_SYSTEM, "audit", "SecurityAudit"),
            row(
                AWS_SYSTEM,
                "group principals of account 444455556666",
                "take on role audit",
                by="principals of account 444455556666",
                unread="another account: its own policies say who",
            ),
        ),
    ),
    Case(
        "a user who can take on a role",
        role_of_a_user,
        (
            row(AWS_SYSTEM, "climber"),
            row(AWS_SYSTEM, "climber", "take on role break-in", privileged=True),
            row(AWS_SYSTEM, "break-in", holder="service", administrator=True),
            row(AWS_SYSTEM, "break-in", "AdministratorAccess", privileged=True),
        ),
    ),
    Case(
        "a role for whoever signs in elsewhere",
        role_of_an_identity_provider,
        (
            row(AWS_SYSTEM, "sso-admin", holder="service"),
            row(AWS_SYSTEM, "sso-admin", "AdministratorAccess"),
            row(
                AWS_SYSTEM,
                "group people and programs of provider okta",
                "take on role sso-admin",
                by="people and programs of provider okta",
                privileged=True,
            ),
        ),
    ),
    Case(
        "a role of a service",
        role_of_a_service,
        (
            row(AWS_SYSTEM, "lambda-runner", holder="service"),
            row(AWS_SYSTEM, "lambda-runner", "AmazonS3ReadOnlyAccess", privileged=False),
        ),
    ),
    Case(
        "a role for whoever in the account",
        role_of_whoever_in_the_account,
        (
            row(AWS_SYSTEM, "local", holder="service"),
            row(AWS_SYSTEM, "local", "ReadOnlyAccess"),
            row(
                AWS_SYSTEM,
                "group principals of this account",
                "take on role local",
                by="principals of this account",
            ),
        ),
    ),
    Case(
        "permission sets, asked about and not",
        permission_sets,
        (
            row("aws-identity-center:111122223333", "sam@acme.example"),
            row(
                AWS_SYSTEM,
                "sam@acme.example",
                "permission set Admin",
                by="Platform",
                privileged=True,
            ),
            row(
                "aws-identity-center:111122223333",
                "group whoever has permission set Look",
                "permission set Look",
                by="whoever has permission set Look",
                privileged=False,
            ),
        ),
    ),
    Case(
        "a group within a group that holds a role",
        nested_group_of_entra,
        (
            row(TENANT_SYSTEM, "nina@acme.example", administrator=True),
            row(
                TENANT_SYSTEM,
                "nina@acme.example",
                "User Administrator",
                privileged=True,
                by="Directory admins (perhaps by Helpers in it)",
            ),
        ),
    ),
    Case(
        "a group whose members were denied",
        group_whose_members_were_denied,
        (
            row(
                TENANT_SYSTEM,
                "group Hidden ones",
                "User Administrator",
                by="Hidden ones",
                privileged=True,
                unread="Insufficient privileges",
            ),
        ),
    ),
    Case(
        "a role that must be activated",
        eligible_role,
        (
            row(TENANT_SYSTEM, "eli@acme.example"),
            row(
                TENANT_SYSTEM,
                "eli@acme.example",
                "Global Administrator (eligible)",
                privileged=True,
                note="must be activated, until 2026-06-30",
            ),
        ),
    ),
    Case(
        "a program with a role of the directory",
        program_with_a_directory_role,
        (
            row(
                TENANT_SYSTEM,
                "Backup app",
                "Global Administrator",
                holder="service",
                privileged=True,
            ),
        ),
    ),
    Case(
        "an app with its owner, and one of Microsoft's that may do nothing",
        app_with_its_owner,
        (
            row(TENANT_SYSTEM, "Invoices", owner=_person(15), holder="service"),
            row(TENANT_SYSTEM, "Invoices", "Mail.Read", "Microsoft Graph", owner=_person(15)),
        ),
    ),
    Case(
        "a group on a subscription",
        group_on_a_subscription,
        (
            row(TENANT_SYSTEM, "sub@acme.example"),
            row(
                SUBSCRIPTION_SYSTEM,
                "sub@acme.example",
                "Owner",
                "/subscriptions/sub-1",
                by="Subscription owners",
                privileged=True,
                home=TENANT_SYSTEM,
            ),
        ),
    ),
    Case(
        "groups in a circle",
        groups_in_a_circle,
        (
            row(TENANT_SYSTEM, "circle@acme.example"),
            row(
                SUBSCRIPTION_SYSTEM,
                "circle@acme.example",
                "Contributor",
                "/subscriptions/sub-1/resourcegroups/x",
                by="loop1 > loop2 (perhaps by loop1 in it); loop1 (perhaps by loop2 in it)",
            ),
        ),
    ),
    Case(
        "a role from above every subscription",
        role_from_above,
        (
            row(
                "azure:management-groups",
                "ext-app",
                "Reader",
                "/providers/microsoft.management/managementgroups/root",
                holder="service",
                privileged=False,
            ),
        ),
    ),
    Case(
        "a group, a domain and everybody in a policy of Google's",
        google_group_and_domain,
        (
            row(
                PROJECT_SYSTEM,
                "group group:admins@acme.example",
                "roles/owner",
                "projects/acme-prod",
                by="group:admins@acme.example",
                privileged=True,
                unread="Cloud Identity keeps the members, and they are not collected",
            ),
            row(
                PROJECT_SYSTEM,
                "group domain:acme.example",
                "roles/viewer",
                "projects/acme-prod",
                by="domain:acme.example",
            ),
            row(
                PROJECT_SYSTEM,
                "group everyone",
                "roles/viewer",
                "projects/acme-prod",
                by="everyone",
            ),
        ),
    ),
    Case(
        "people of Google's, one by an alias and one from outside",
        google_people,
        (
            row(DIRECTORY_SYSTEM, "gia@acme.example", owner=_person(30), administrator=True),
            row(DIRECTORY_SYSTEM, "gia@acme.example", "super administrator", privileged=True),
            row(
                PROJECT_SYSTEM,
                "gia@acme.example",
                "roles/compute.admin",
                "projects/acme-test",
                privileged=True,
                note="under the condition until June",
            ),
            row(
                PROJECT_SYSTEM,
                "freelancer@mail.example",
                "roles/viewer",
                "projects/acme-test",
                **nobody(home="gcp:unlisted", active=None),
            ),
        ),
    ),
    Case(
        "a service account with a key",
        google_service_account,
        (
            row(PROJECT_SYSTEM, "batch@acme-prod.iam.gserviceaccount.com", holder="service"),
            row(PROJECT_SYSTEM, "batch@acme-prod.iam.gserviceaccount.com", "key k1", sort="key"),
            row(
                PROJECT_SYSTEM,
                "batch@acme-prod.iam.gserviceaccount.com",
                "roles/editor",
                "projects/acme-batch",
                privileged=True,
            ),
        ),
    ),
    Case(
        "a team within a team",
        nested_team,
        (
            *member("tess"),
            row(
                GITHUB_SYSTEM,
                "tess",
                "admin",
                "acme/infra",
                privileged=True,
                by="team platform > team sre; team platform (perhaps by team sre in it); team sre",
            ),
        ),
    ),
    Case(
        "a repository by a team and directly",
        team_and_direct,
        (
            *member("ugo"),
            row(GITHUB_SYSTEM, "ugo", "write", "acme/api", by="directly; team backend"),
        ),
    ),
    Case(
        "a team that reaches nothing",
        team_without_repositories,
        (*member("vic"), row(GITHUB_SYSTEM, "vic", "team book-club", by="team book-club")),
    ),
    Case(
        "an owner of the organisation",
        owner_of_the_organisation,
        (
            *member("boss", owner=_person(1)),
            row(
                GITHUB_SYSTEM,
                "boss",
                "owner of the organisation",
                privileged=True,
                owner=_person(1),
            ),
        ),
    ),
    Case(
        "an App and a deploy key",
        app_and_deploy_key,
        (
            row(GITHUB_SYSTEM, "app renovate", **nobody(holder="service")),
            row(GITHUB_SYSTEM, "app renovate", "contents: write", "every repository"),
            row(GITHUB_SYSTEM, "app renovate", "members: write", privileged=True),
            row(GITHUB_SYSTEM, "deploy key jenkins", **nobody(holder="service")),
            row(GITHUB_SYSTEM, "deploy key jenkins", "write by key", "acme/api", sort="key"),
        ),
    ),
    Case(
        "an app by a group",
        app_by_group,
        (user("wes@acme.example"), user("wes@acme.example", grant="Ledger", by="Finance")),
    ),
    Case(
        "an app by a group that nobody read",
        app_by_a_group_that_nobody_read,
        (user("group Sales", grant="Crm", by="Sales"),),
    ),
    Case(
        "an app by a group that nobody knows",
        app_by_a_group_that_nobody_knows,
        (user("group 00g99", grant="Wiki", unread="nobody read who is in it"),),
    ),
    Case(
        "a dynamic group with a role",
        dynamic_group,
        (
            user("xia@acme.example", administrator=True),
            user(
                "xia@acme.example",
                grant="APP_ADMIN",
                privileged=True,
                by="AD Engineers (dynamic: by a rule of the directory or app)",
            ),
        ),
    ),
    Case(
        "an administrator on two ways",
        administrator_on_two_ways,
        (
            user("yan@acme.example"),
            user(
                "yan@acme.example",
                grant="HELP_DESK_ADMIN",
                by="directly; Help desk",
                privileged=True,
            ),
        ),
    ),
    Case(
        "a program that is super administrator",
        service_app,
        (
            user("Provisioner", holder="service"),
            user("Provisioner", grant="SUPER_ADMIN", privileged=True),
        ),
    ),
    Case("a role that is switched off", role_that_is_off, (user("zoe@acme.example"),)),
)


def whole() -> Company:
    """A company with every case."""
    company = Company("roster", "github", "aws", "okta", "azure", "gcp")
    reviewers(company)
    for case in CASES:
        case.build(company)
    return company
