"""AWS Organizations: an account's membership, and what only the management account can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.organizations import (
    Account,
    DelegatedAdministrator,
    Membership,
    Organization,
    ServiceControlPolicy,
)
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_NOT_IN_ONE = ["AWSOrganizationsNotInUseException"]
_NO_TRUSTED_ACCESS = ["ServiceAccessNotEnabledException"]


@collects(Membership, calls=["organizations:DescribeOrganization"], per="account", cost="1")
def membership(aws: Aws) -> Iterator[Document]:
    """One document an account; any member may ask."""
    told = aws.fact(
        "organizations", "describe_organization", key="Organization", absent=_NOT_IN_ONE
    )
    body = {"AccountId": aws.account, "DescribeOrganization": told}
    yield Document(aws.account, aws.account, body)


@collects(
    Organization,
    calls=["organizations:DescribeOrganization", "iam:ListOrganizationsFeatures"],
    per="organization",
    cost="2",
)
def organization(aws: Aws) -> Iterator[Document]:
    """One document an organisation."""
    told = aws.ask("organizations", "describe_organization")["Organization"]
    features = aws.fact("iam", "list_organizations_features", absent=_NO_TRUSTED_ACCESS)
    yield Document(told["Arn"], told["Id"], {**told, "ListOrganizationsFeatures": features})


@collects(
    Account,
    calls=[
        "organizations:ListRoots",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListAccountsForParent",
    ],
    per="organization",
    cost="1 + pages of 20 accounts + 2 per organizational unit",
)
def accounts(aws: Aws) -> Iterator[Document]:
    """Accounts with the units above them, read down the tree: calls grow with units, not with accounts."""
    for root in aws.items("organizations", "list_roots", "Roots"):
        yield from _below(aws, root["Id"], [root["Id"]])


def _below(aws: Aws, parent: str, parents: list[str]) -> Iterator[Document]:
    for item in aws.items("organizations", "list_accounts_for_parent", "Accounts", ParentId=parent):
        yield Document(item["Arn"], item.get("Name") or item["Id"], {**item, "Parents": parents})
    units = aws.items(
        "organizations",
        "list_organizational_units_for_parent",
        "OrganizationalUnits",
        ParentId=parent,
    )
    for unit in units:
        yield from _below(aws, unit["Id"], [*parents, unit["Id"]])


@collects(
    ServiceControlPolicy,
    calls=[
        "organizations:ListPolicies",
        "organizations:DescribePolicy",
        "organizations:ListTargetsForPolicy",
    ],
    per="organization",
    cost="pages of 20 + 2 N",
)
def service_control_policies(aws: Aws) -> Iterator[Document]:
    """Service control policies, AWS's own ``FullAWSAccess`` included."""
    for item in aws.items(
        "organizations", "list_policies", "Policies", Filter="SERVICE_CONTROL_POLICY"
    ):
        number = item["Id"]
        details = aws.fact("organizations", "describe_policy", key="Policy", PolicyId=number)
        yield Document(
            item["Arn"],
            item["Name"],
            {
                **item,
                "DescribePolicy": details,
                "ListTargetsForPolicy": _all(
                    aws, "list_targets_for_policy", "Targets", PolicyId=number
                ),
            },
        )


@collects(
    DelegatedAdministrator,
    calls=[
        "organizations:ListDelegatedAdministrators",
        "organizations:ListDelegatedServicesForAccount",
    ],
    per="organization",
    cost="pages of 20 + N",
)
def delegated_administrators(aws: Aws) -> Iterator[Document]:
    """Accounts that administer services, with the services."""
    for item in aws.items(
        "organizations", "list_delegated_administrators", "DelegatedAdministrators"
    ):
        services = _all(
            aws, "list_delegated_services_for_account", "DelegatedServices", AccountId=item["Id"]
        )
        yield Document(
            item["Arn"],
            item.get("Name") or item["Id"],
            {**item, "ListDelegatedServicesForAccount": services},
        )


def _all(aws: Aws, operation: str, key: str, **params: Any) -> Fact:  # noqa: ANN401 - as boto3 takes them
    """A fact of several pages."""
    asked = aws.fact("organizations", operation, **params)
    return Fact(asked.operation, lambda: list(aws.items("organizations", operation, key, **params)))
