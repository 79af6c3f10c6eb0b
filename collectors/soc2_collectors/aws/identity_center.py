"""IAM Identity Center: it lives in one region of one account; others list no instance."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.iam import strong_by_name
from soc2_collectors.aws.models.identity_center import Group, PermissionSet, User, strength
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
        "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
        "sso:GetInlinePolicyForPermissionSet",
        "sso:GetPermissionsBoundaryForPermissionSet",
        "sso:ListAccountsForProvisionedPermissionSet",
        "sso:ListAccountAssignments",
        "identitystore:ListGroupMemberships",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
    ],
    per="region",
    cost="1 + pages of 100 + 8 N + 2 per policy of AWS + 1 per account and group of a set that administers",
)
def permission_sets(aws: Aws) -> Iterator[Document]:
    """Permission sets with their policies, and who has those that may grant administrator rights."""
    for instance in _instances(aws):
        where = {"InstanceArn": instance["InstanceArn"]}
        known: dict[str, object] = {}
        members = _Members(aws, instance["IdentityStoreId"])
        for arn in aws.children("sso-admin", "list_permission_sets", "PermissionSets", **where):
            asked = {**where, "PermissionSetArn": arn}
            told = _Told(aws, asked, known, members)
            yield Document(
                arn,
                arn.rpartition("/")[2],
                {
                    "PermissionSetArn": arn,
                    **where,
                    "DescribePermissionSet": aws.fact(
                        "sso-admin", "describe_permission_set", key="PermissionSet", **asked
                    ),
                    "ListManagedPoliciesInPermissionSet": told.attached,
                    "ListCustomerManagedPolicyReferencesInPermissionSet": told.references,
                    "GetInlinePolicyForPermissionSet": told.inline,
                    "GetPermissionsBoundaryForPermissionSet": aws.fact(
                        "sso-admin",
                        "get_permissions_boundary_for_permission_set",
                        key="PermissionsBoundary",
                        absent=["ResourceNotFoundException"],
                        optional=True,
                        **asked,
                    ),
                    "GetPolicyVersion": Fact("iam:GetPolicyVersion", told.documents),
                    "ListAccountsForProvisionedPermissionSet": told.outdated,
                    "ListAccountAssignments": told.assignments,
                    "ListGroupMemberships": Fact(
                        "identitystore:ListGroupMemberships", told.memberships
                    ),
                },
            )


class _Members:
    """Who is in a group of the identity store; each group is asked about once."""

    def __init__(self, aws: Aws, store: str) -> None:
        self._aws = aws
        self._store = store
        self._known: dict[str, list[object]] = {}

    def of(self, group: str) -> list[object]:
        """Its memberships."""
        if group not in self._known:
            self._known[group] = list(
                self._aws.items(
                    "identitystore",
                    "list_group_memberships",
                    "GroupMemberships",
                    IdentityStoreId=self._store,
                    GroupId=group,
                )
            )
        return self._known[group]


class _Told:
    """What AWS tells of one permission set. Each answer is asked for once, however many facts need it."""

    def __init__(
        self, aws: Aws, asked: dict[str, Any], known: dict[str, object], members: _Members
    ) -> None:
        self._aws = aws
        self._asked = asked
        self._known = known
        self._members = members
        self.assignments = _once(Fact("sso:ListAccountAssignments", self._assignments))
        self.attached = self._all(
            "list_managed_policies_in_permission_set", "AttachedManagedPolicies"
        )
        self.references = self._all(
            "list_customer_managed_policy_references_in_permission_set",
            "CustomerManagedPolicyReferences",
        )
        self.outdated = self._all(
            "list_accounts_for_provisioned_permission_set",
            "AccountIds",
            ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
        )
        self.inline = _once(
            aws.fact(
                "sso-admin", "get_inline_policy_for_permission_set", key="InlinePolicy", **asked
            )
        )

    def _all(self, operation: str, key: str, **more: Any) -> Fact:  # noqa: ANN401 - as boto3 takes them
        """A fact of several pages."""
        asked = self._aws.fact("sso-admin", operation, **self._asked, **more)
        items = functools.partial(
            self._aws.items, "sso-admin", operation, key, **self._asked, **more
        )
        return _once(Fact(asked.operation, lambda: list(items())))

    def documents(self) -> dict[str, object]:
        """The documents of AWS's policies whose names do not tell: they are the same in every account."""
        policies: Any = self.attached.call()
        wanted = {policy["Arn"] for policy in policies if strong_by_name(policy["Arn"]) is None}
        return {arn: self._document(arn) for arn in sorted(wanted)}

    def _document(self, arn: str) -> object:
        if arn not in self._known:
            version = self._aws.ask("iam", "get_policy", PolicyArn=arn)["Policy"][
                "DefaultVersionId"
            ]
            answer = self._aws.ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
            self._known[arn] = answer["PolicyVersion"]["Document"]
        return self._known[arn]

    def memberships(self) -> object:
        """Who is in the groups that have the set; ``None`` where nobody asked who has it."""
        assigned: Any = self.assignments.call()
        if assigned is None:
            return None
        groups = {one["PrincipalId"] for one in assigned if one["PrincipalType"] == "GROUP"}
        return {group: self._members.of(group) for group in sorted(groups)}

    def _assignments(self) -> object:
        """Who has the set, account by account, where it may grant administrator rights.

        AWS has no listing of all, and of most sets nobody asks.
        """
        if not (self.references.call() or self._strong()):
            return None
        accounts = self._aws.items(
            "sso-admin",
            "list_accounts_for_provisioned_permission_set",
            "AccountIds",
            **self._asked,
        )
        return [
            assignment
            for account in accounts
            for assignment in self._aws.items(
                "sso-admin",
                "list_account_assignments",
                "AccountAssignments",
                AccountId=account,
                **self._asked,
            )
        ]

    def _strong(self) -> bool:
        policies: Any = self.attached.call()
        inline: Any = self.inline.call()
        arns = [policy["Arn"] for policy in policies]
        proven = strength(arns, inline, {}).administrator
        if proven is not None:
            return proven
        return strength(arns, inline, self.documents()).administrator is not False


def _once(fact: Fact) -> Fact:
    """A fact whose call is made once, whoever reads it; a refusal is asked for again."""
    return Fact(fact.operation, functools.cache(fact.call))


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
