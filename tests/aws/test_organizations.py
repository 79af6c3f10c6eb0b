"""Organizations, Identity Center and Artifact: over HTTP against moto, and as AWS documents them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto.ssoadmin.responses import SSOAdminResponse

from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FREEZE = json.dumps(
    {"Statement": [{"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}]}
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        organizations = made.client("organizations", "us-east-1")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = _unit(organizations, root, "production")
        inner = _unit(organizations, unit, "payments")
        for name, parent in (("shop", inner), ("sandbox", root)):
            created = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
            number = created["CreateAccountStatus"]["AccountId"]
            if parent != root:
                organizations.move_account(
                    AccountId=number, SourceParentId=root, DestinationParentId=parent
                )
        policy = organizations.create_policy(
            Name="freeze", Type="SERVICE_CONTROL_POLICY", Content=FREEZE, Description=""
        )["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=policy, TargetId=unit)
        shop = next(
            a["Id"] for a in organizations.list_accounts()["Accounts"] if a["Name"] == "shop"
        )
        organizations.register_delegated_administrator(
            AccountId=shop, ServicePrincipal="guardduty.amazonaws.com"
        )
        yield made


def _unit(organizations: Any, parent: str, name: str) -> str:
    made = organizations.create_organizational_unit(ParentId=parent, Name=name)
    return str(made["OrganizationalUnit"]["Id"])


def test_accounts_know_the_units_above_them(aws: Account) -> None:
    found = {seen.name: seen.view for seen in aws.collect("aws.organizations.account")}
    assert len(found["sandbox"].parents) == 1
    assert len(found["shop"].parents) == 3
    assert found["shop"].parents[0] == found["sandbox"].parents[0]
    # Calls grow with units: the root and two units, two questions each, and the roots.
    assert sum(aws.calls.values()) == 1 + 2 * 3


def test_a_policy_above_an_account_limits_it(aws: Account) -> None:
    policies = {s.name: s.view for s in aws.collect("aws.organizations.service_control_policy")}
    assert set(policies) == {"FullAWSAccess", "freeze"}
    accounts = {s.name: s for s in aws.collect("aws.organizations.account")}
    from soc2_pac import plugins
    from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
    from soc2_pac.evaluate.judge import judge
    from soc2_pac.model import Scope

    rule = plugins.load().rules["aws-account-in-org"]
    scope = Scope("aws", accounts["shop"].view.id)
    bodies = {
        needed.kind: [seen.body for seen in aws.collect(needed.kind)] for needed in rule.needs
    }
    evidence = JoinedEvidence(rule, GivenDocuments(scope, bodies)).at(scope)
    organization = aws.collect("aws.organizations.membership")[0].view.organization
    for name, status in (("shop", Status.PASS), ("sandbox", Status.FAIL)):
        body = {
            "AccountId": accounts[name].view.id,
            "DescribeOrganization": {
                "Id": organization.id, "MasterAccountId": organization.master_account_id
            },
        }  # fmt: skip
        verdict = judge(rule, json.dumps(body), now=NOW, scope=scope, evidence=evidence)
        assert verdict.status is status, verdict.message


def test_a_delegated_administrator_and_its_services(aws: Account) -> None:
    seen = aws.one("aws.organizations.delegated_administrator", "shop").view
    assert [s.service_principal for s in seen.services] == ["guardduty.amazonaws.com"]
    verdict = aws.judge("aws-delegated-admins-known", "shop", NOW)
    assert verdict.status is Status.INCONCLUSIVE
    assert "guardduty" in verdict.message


def test_an_account_in_no_organisation() -> None:
    with account() as alone:
        (seen,) = alone.collect("aws.organizations.membership")
        assert seen.view.organization is None
        assert alone.judge("aws-org-trail", alone.number, NOW).status is Status.NOT_APPLICABLE


# -- Identity Center ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def center() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch, account() as made:
        # moto knows no state of provisioning: what it has is the newest.
        patch.setattr(SSOAdminResponse, _PROVISIONED, _provisioned)
        sso, store = made.client("sso-admin"), made.client("identitystore")
        (instance,) = sso.list_instances()["Instances"]
        where = {"InstanceArn": instance["InstanceArn"]}
        for name in ("anna", "erik"):
            store.create_user(
                IdentityStoreId=instance["IdentityStoreId"], UserName=name, DisplayName=name,
                Name={"GivenName": name, "FamilyName": "Berg"},
                Emails=[{"Value": f"{name}@example.com", "Type": "work", "Primary": True}],
                PhoneNumbers=[{"Value": "+4600000001", "Type": "work", "Primary": True}],
            )  # fmt: skip
        group = store.create_group(
            IdentityStoreId=instance["IdentityStoreId"], DisplayName="platform"
        )["GroupId"]
        (anna,) = [
            user["UserId"]
            for user in store.list_users(IdentityStoreId=instance["IdentityStoreId"])["Users"]
            if user["UserName"] == "anna"
        ]
        store.create_group_membership(
            IdentityStoreId=instance["IdentityStoreId"], GroupId=group, MemberId={"UserId": anna}
        )
        for name, duration, administers in (("Admin", "PT4H", True), ("Read", "PT8H", False)):
            made_set = sso.create_permission_set(Name=name, SessionDuration=duration, **where)
            arn = made_set["PermissionSet"]["PermissionSetArn"]
            policy = "AdministratorAccess" if administers else "ReadOnlyAccess"
            sso.attach_managed_policy_to_permission_set(
                PermissionSetArn=arn, ManagedPolicyArn=f"arn:aws:iam::aws:policy/{policy}", **where
            )
            sso.create_account_assignment(
                PermissionSetArn=arn, TargetId=made.number, TargetType="AWS_ACCOUNT",
                PrincipalType="GROUP", PrincipalId=group, **where,
            )  # fmt: skip
            sso.provision_permission_set(
                PermissionSetArn=arn, TargetType="AWS_ACCOUNT", TargetId=made.number, **where
            )
        yield made


_PROVISIONED = "list_accounts_for_provisioned_permission_set"
_OUTDATED: set[str] = set()
"""Permission sets whose newest state is not provisioned."""
_all_provisioned = getattr(SSOAdminResponse, _PROVISIONED)


def _provisioned(said: Any) -> str:
    arn = said._get_param("PermissionSetArn")
    outdated = said._get_param("ProvisioningStatus") == "LATEST_PERMISSION_SET_NOT_PROVISIONED"
    if outdated and arn not in _OUTDATED:
        return json.dumps({"AccountIds": []})
    return str(_all_provisioned(said))


def test_a_set_that_was_changed_and_not_provisioned_is_known_by_what_it_says_only(
    center: Account,
) -> None:
    found = {s.view.details.name: s for s in center.collect("aws.identity_center.permission_set")}
    arn = json.loads(found["Read"].body)["PermissionSetArn"]
    _OUTDATED.add(arn)
    try:
        verdict = center.judge("aws-permission-set-session", found["Read"].name, NOW)
    finally:
        _OUTDATED.discard(arn)
    assert (verdict.status, center.number in verdict.message) == (Status.INCONCLUSIVE, True)


def test_who_has_administrator_sets_is_asked_and_who_has_others_is_not(center: Account) -> None:
    (anna,) = [s.uid for s in center.collect("aws.identity_center.user") if s.name == "anna"]
    found = {
        s.view.details.name: s.view for s in center.collect("aws.identity_center.permission_set")
    }
    assert found["Admin"].proven.administrator
    assert found["Admin"].administers is None, "its boundary is a call that the emulator refuses"
    assert found["Admin"].users == ({anna.rpartition("/")[2]}, None)
    assert found["Read"].administers is False
    assert found["Read"].members is None
    assert [a.principal_type for a in found["Admin"].assignments] == ["GROUP"]
    assert found["Read"].proven.administrator is False
    assert found["Read"].assignments is None
    assert center.calls["sso:ListAccountAssignments"] == 1
    assert center.calls["identitystore:ListGroupMemberships"] == 1


def test_permission_sets_are_judged(center: Account) -> None:
    names = {
        s.view.details.name: s.name for s in center.collect("aws.identity_center.permission_set")
    }
    assert center.judge("aws-permission-set-session", names["Read"], NOW).status is Status.PASS
    verdict = center.judge("aws-permission-set-session", names["Admin"], NOW)
    assert (verdict.status, "platform" in verdict.message) == (Status.INCONCLUSIVE, True)


def test_what_is_private_of_a_person_is_not_kept(center: Account) -> None:
    seen = center.one("aws.identity_center.user", "anna")
    assert b"+4600000001" not in seen.body
    assert seen.view.names == {"anna", "anna@example.com"}


def test_a_region_without_an_instance_has_nothing(center: Account) -> None:
    # AWS answers so in every region but one; moto has an instance everywhere, so the answer is cut down.
    from soc2_collectors.aws.identity_center import _instances

    class Elsewhere:
        region = "ap-south-1"

        def items(self, *_: object) -> list[dict[str, str]]:
            return [{"InstanceArn": "a", "IdentityStoreId": "d-1", "PrimaryRegion": "eu-west-1"}]

    elsewhere: Any = Elsewhere()
    assert list(_instances(elsewhere)) == []


# -- as AWS documents them ---------------------------------------------------------------------------------


def test_documented_answers(recordings: Callable[[str], Path]) -> None:
    folder = recordings("aws")
    organizations = [said for _, said in answers(folder, "organizations.DescribeOrganization")]
    assert organizations
    for said in organizations:
        body = said["Organization"]
        judged("aws.organizations.organization", {**body, "ListOrganizationsFeatures": None})
        judged("aws.organizations.membership", {"AccountId": "1", "DescribeOrganization": body})
    accounts = [
        a for _, said in answers(folder, "organizations.ListAccounts") for a in said["Accounts"]
    ]
    assert accounts
    for item in accounts:
        judged("aws.organizations.account", {**item, "Parents": ["r-1"]})
    policies = [
        p for _, said in answers(folder, "organizations.ListPolicies") for p in said["Policies"]
    ]
    contents = [said["Policy"] for _, said in answers(folder, "organizations.DescribePolicy")]
    targets = [said["Targets"] for _, said in answers(folder, "organizations.ListTargetsForPolicy")]
    assert all((policies, contents, targets))
    for item in policies:
        judged(
            "aws.organizations.service_control_policy",
            {**item, "DescribePolicy": contents[0], "ListTargetsForPolicy": targets[0]},
        )
