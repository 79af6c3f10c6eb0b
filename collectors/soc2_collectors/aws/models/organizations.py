"""Views of AWS Organizations: the organisation, its accounts and policies, and who administers what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact

ROOT_CREDENTIALS, ROOT_SESSIONS = "RootCredentialsManagement", "RootSessions"
"""The features by which an organisation manages the root users of its accounts."""


class Described(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeOrganization``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "FeatureSet": "only an organisation with all features has service control policies: one that is attached "
        "says as much (Organizations user guide, feature sets)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "FeatureSet": "a service control policy that is attached is in force, whatever the features are called",
    }
    id: str
    master_account_id: str
    feature_set: str | None = None
    """``ALL``, or ``CONSOLIDATED_BILLING``: no policy limits the accounts then."""


class Membership(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An account and the organisation that it is in, as it can tell itself."""

    kind = "aws.organizations.membership"
    account_id: str
    organization: Described | None = fact("DescribeOrganization")
    """``None``: the account is in no organisation."""


class RootFeatures(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``iam:ListOrganizationsFeatures``."""

    enabled_features: list[str] = []


class Organization(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An organisation, as its management account sees it."""

    kind = "aws.organizations.organization"
    id: str
    master_account_id: str
    root_features: RootFeatures | None = fact("ListOrganizationsFeatures")
    """``None``: IAM has no trusted access to the organisation, so none is on."""


class Account(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An account of the organisation, closed ones included while AWS still lists them."""

    kind = "aws.organizations.account"
    id: str
    name: str = ""
    state: str | None = None
    status: str | None = None
    """What ``State`` replaces."""
    parents: list[str]
    """The root and the units above it, the root first: where policies are inherited from."""


class PolicyDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribePolicy``."""

    content: str


class Target(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a policy is attached to: a root, a unit or an account."""

    target_id: str


class ServiceControlPolicy(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A service control policy with its content and what it is attached to."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ListTargetsForPolicy": "a policy may be attached to nothing; it limits nobody then",
    }
    kind = "aws.organizations.service_control_policy"
    id: str
    name: str = ""
    aws_managed: bool = False
    policy: PolicyDetails = fact("DescribePolicy")
    targets: list[Target] = fact("ListTargetsForPolicy")

    @property
    def statements(self) -> list[Statement]:
        """What it says. Raises FactUnavailable where its content is no policy."""
        return statements(self.policy.content, granting=True)


class DelegatedService(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A service that an account administers for the organisation."""

    may_lack: ClassVar[Mapping[str, str]] = {"ServicePrincipal": "a message names it"}
    any_value: ClassVar[Mapping[str, str]] = {"ServicePrincipal": "a message names it"}
    service_principal: str


class DelegatedAdministrator(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A member account that administers services for the whole organisation."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ListDelegatedServicesForAccount": "an account may administer no service yet; a message names them",
    }
    kind = "aws.organizations.delegated_administrator"
    id: str
    arn: str = ""
    name: str = ""
    services: list[DelegatedService] = fact("ListDelegatedServicesForAccount")

    def administers(self, service: str, organization: str) -> bool:
        """Whether it administers a service for an organisation, both by id; the ARN names the organisation."""
        inside = f"/{organization}/" in self.arn if self.arn else True
        return inside and any(one.service_principal == service for one in self.services)
