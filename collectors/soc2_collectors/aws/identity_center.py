"""IAM Identity Center: it lives in one region of one account; others list no instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.identity_center import Group, PermissionSet, User, administers
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    PermissionSet,
    calls=[
        "sso:ListInstances",
        "sso:ListPermissionSets",
        "sso:DescribePermissionSet",
        "sso:ListManagedPoliciesInPermissionSet",
        "sso:GetInlinePolicyForPermissionSet",
        "sso:ListAccountsForProvisionedPermissionSet",
        "sso:ListAccountAssignments",
    ],
    per="region",
    cost="1 + pages of 100 + 5 N + 1 per account of a set with administrator rights",
)
def permission_sets(aws: Aws) -> Iterator[Document]:
    """Permission sets, and who has those that grant administrator rights."""
    for instance in _instances(aws):
        where = {"InstanceArn": instance["InstanceArn"]}
        for arn in aws.children("sso-admin", "list_permission_sets", "PermissionSets", **where):
            asked = {**where, "PermissionSetArn": arn}
            details = aws.fact("sso-admin", "describe_permission_set", key="PermissionSet", **asked)
            attached = _attached(aws, asked)
            inline = aws.fact(
                "sso-admin", "get_inline_policy_for_permission_set", key="InlinePolicy", **asked
            )
            yield Document(
                arn,
                arn.rpartition("/")[2],
                {
                    "PermissionSetArn": arn,
                    **where,
                    "DescribePermissionSet": details,
                    "ListManagedPoliciesInPermissionSet": attached,
                    "GetInlinePolicyForPermissionSet": inline,
                    "ListAccountAssignments": _assignments(aws, asked, attached, inline),
                },
            )


def _attached(aws: Aws, asked: dict[str, Any]) -> Fact:
    def call() -> object:
        return list(
            aws.items(
                "sso-admin",
                "list_managed_policies_in_permission_set",
                "AttachedManagedPolicies",
                **asked,
            )
        )

    return Fact("sso:ListManagedPoliciesInPermissionSet", call)


def _assignments(aws: Aws, asked: dict[str, Any], attached: Fact, inline: Fact) -> Fact:
    """Who has a set with administrator rights, account by account; AWS has no listing of all.

    It asks again what the set grants: facts are read each for itself, and this one is rarely needed.
    """

    def call() -> object:
        policies: Any = attached.call()
        if not administers([policy["Arn"] for policy in policies], inline.call()):
            return None
        accounts = aws.items(
            "sso-admin", "list_accounts_for_provisioned_permission_set", "AccountIds", **asked
        )
        return [
            assignment
            for account in accounts
            for assignment in aws.items(
                "sso-admin",
                "list_account_assignments",
                "AccountAssignments",
                AccountId=account,
                **asked,
            )
        ]

    return Fact("sso:ListAccountAssignments", call)


@collects(
    Group,
    calls=["sso:ListInstances", "identitystore:ListGroups"],
    per="region",
    cost="1 + pages of 100",
)
def groups(aws: Aws) -> Iterator[Document]:
    """Groups of the identity store."""
    for store in _stores(aws):
        for item in aws.children("identitystore", "list_groups", "Groups", IdentityStoreId=store):
            name = item.get("DisplayName") or item["GroupId"]
            yield Document(f"{store}/{item['GroupId']}", name, item)


@collects(
    User,
    calls=["sso:ListInstances", "identitystore:ListUsers"],
    per="region",
    cost="1 + pages of 100",
)
def users(aws: Aws) -> Iterator[Document]:
    """Users of the identity store."""
    for store in _stores(aws):
        for item in aws.children("identitystore", "list_users", "Users", IdentityStoreId=store):
            name = item.get("UserName") or item["UserId"]
            yield Document(f"{store}/{item['UserId']}", name, item)


def _stores(aws: Aws) -> Iterator[str]:
    for instance in _instances(aws):
        yield instance["IdentityStoreId"]


def _instances(aws: Aws) -> Iterator[dict[str, Any]]:
    """Instances whose home this region is: one that is copied to further regions is read once."""
    for instance in aws.items("sso-admin", "list_instances", "Instances"):
        if instance.get("PrimaryRegion") in (None, aws.region):
            yield instance
