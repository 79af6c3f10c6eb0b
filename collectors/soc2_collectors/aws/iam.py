"""IAM: global, read once an account."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.iam import (
    AccountSummary,
    AwsPolicy,
    Credential,
    Group,
    PasswordPolicy,
    Policy,
    Role,
    RoleUsage,
    SamlProvider,
    ServerCertificate,
    User,
    VirtualMfaDevice,
)
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_REPORT_TRIES, _REPORT_PAUSE_SECONDS = 30, 1.0
_DETAILS = ["iam:GetAccountAuthorizationDetails"]


@collects(AccountSummary, calls=["iam:GetAccountSummary"], per="account", cost="1")
def account_summary(aws: Aws) -> Iterator[Document]:
    """One document an account."""
    yield Document(aws.account, aws.account, aws.ask("iam", "get_account_summary"))


@collects(PasswordPolicy, calls=["iam:GetAccountPasswordPolicy"], per="account", cost="1")
def password_policy(aws: Aws) -> Iterator[Document]:
    """One document an account, with or without a policy."""
    said = aws.fact(
        "iam", "get_account_password_policy", key="PasswordPolicy", absent=["NoSuchEntity"]
    )
    yield Document(aws.account, aws.account, {"GetAccountPasswordPolicy": said})


@collects(
    Credential,
    calls=["iam:GenerateCredentialReport", "iam:GetCredentialReport"],
    per="account",
    cost="2, and 1 a second while AWS makes the report",
)
def credentials(aws: Aws) -> Iterator[Document]:
    """The rows of the credential report, root included. AWS renews the report every four hours at most."""
    for _ in range(_REPORT_TRIES):
        if aws.ask("iam", "generate_credential_report").get("State") == "COMPLETE":
            break
        time.sleep(_REPORT_PAUSE_SECONDS)
    else:
        msg = (
            f"the credential report was not ready after {_REPORT_TRIES * _REPORT_PAUSE_SECONDS:g} s"
        )
        raise Unexpected(msg, operation="iam:GenerateCredentialReport")
    report = aws.ask("iam", "get_credential_report")
    for row in _rows(report.get("Content")):
        yield Document(row["arn"], row["user"], row, report.get("GeneratedTime"))


def _rows(content: object) -> Iterator[dict[str, str]]:
    """The rows of the report. Raises Unexpected for what is none, or was cut off: every report has rows."""
    try:
        text = content.decode() if isinstance(content, bytes) else str(content or "")
        table = csv.DictReader(io.StringIO(text), strict=True)
        whole = {"user", "arn"} <= set(table.fieldnames or ())
        for row in table:
            # A short row holds None, one that is too long holds the rest under None.
            whole = whole and None not in row and None not in row.values()
            if not whole:
                break
            yield row
        whole = whole and table.line_num > 1
    except (UnicodeDecodeError, csv.Error):
        whole = False
    if not whole:
        msg = "the credential report is not as expected, or was cut off"
        raise Unexpected(msg, operation="iam:GetCredentialReport")


@collects(User, calls=_DETAILS, per="account", cost="pages of 1,000")
def users(aws: Aws) -> Iterator[Document]:
    """Users with their policies and groups, a hundred a page."""
    for user in _details(aws, "User", "UserDetailList"):
        yield Document(user["Arn"], user["UserName"], user)


@collects(Group, calls=_DETAILS, per="account", cost="pages of 1,000")
def groups(aws: Aws) -> Iterator[Document]:
    """Groups with their policies."""
    for group in _details(aws, "Group", "GroupDetailList"):
        yield Document(group["Arn"], group["GroupName"], group)


@collects(Role, calls=_DETAILS, per="account", cost="pages of 1,000")
def roles(aws: Aws) -> Iterator[Document]:
    """Roles with their trust and other policies."""
    for role in _details(aws, "Role", "RoleDetailList"):
        yield Document(role["Arn"], role["RoleName"], role)


@collects(Policy, calls=_DETAILS, per="account", cost="pages of 1,000")
def policies(aws: Aws) -> Iterator[Document]:
    """Customer-managed policies, and the policies that stand within users, groups and roles."""
    filters = ["LocalManagedPolicy", "User", "Group", "Role"]
    for page in aws.pages("iam", "get_account_authorization_details", Filter=filters):
        for policy in page.get("Policies") or ():
            name = policy.get("PolicyName") or policy["Arn"].rpartition("/")[2]
            yield Document(policy["Arn"], name, policy)
        for owners, within in _INLINE:
            for owner in page.get(owners) or ():
                for policy in owner.get(within) or ():
                    uid = f"{owner['Arn']}#{policy['PolicyName']}"
                    yield Document(uid, policy["PolicyName"], {**policy, "Owner": owner["Arn"]})


@collects(AwsPolicy, calls=_DETAILS, per="account", cost="pages of 1,000")
def aws_policies(aws: Aws) -> Iterator[Document]:
    """Policies that AWS manages, where somebody has them or is limited by them."""
    found = aws.items(
        "iam", "get_account_authorization_details", "Policies", Filter=["AWSManagedPolicy"]
    )
    for policy in found:
        # There are more than a thousand that nobody in the account uses.
        if policy.get("AttachmentCount") == 0 and not policy.get("PermissionsBoundaryUsageCount"):
            continue
        name = policy.get("PolicyName") or policy["Arn"].rpartition("/")[2]
        yield Document(policy["Arn"], name, policy)


_INLINE = (
    ("UserDetailList", "UserPolicyList"),
    ("GroupDetailList", "GroupPolicyList"),
    ("RoleDetailList", "RolePolicyList"),
)


@collects(
    VirtualMfaDevice, calls=["iam:ListVirtualMFADevices"], per="account", cost="pages of 1,000"
)
def virtual_mfa_devices(aws: Aws) -> Iterator[Document]:
    """Assigned virtual MFA devices."""
    found = aws.items(
        "iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Assigned"
    )
    for device in found:
        yield Document(device["SerialNumber"], device["SerialNumber"], device)


@collects(RoleUsage, calls=_DETAILS, per="account", cost="pages of 1,000")
def role_usages(aws: Aws) -> Iterator[Document]:
    """When each role was last used."""
    for role in _details(aws, "Role", "RoleDetailList"):
        body = {key: role[key] for key in _USAGE if key in role}
        yield Document(role["Arn"], role["RoleName"], body)


_USAGE = ("Arn", "RoleName", "Path", "CreateDate", "RoleLastUsed")


@collects(
    ServerCertificate, calls=["iam:ListServerCertificates"], per="account", cost="pages of 1,000"
)
def server_certificates(aws: Aws) -> Iterator[Document]:
    """TLS certificates that were uploaded."""
    for item in aws.items("iam", "list_server_certificates", "ServerCertificateMetadataList"):
        yield Document(item["Arn"], item["ServerCertificateName"], item)


@collects(SamlProvider, calls=["iam:ListSAMLProviders"], per="account", cost="1")
def saml_providers(aws: Aws) -> Iterator[Document]:
    """Identity providers that people may sign in through."""
    for provider in aws.items("iam", "list_saml_providers", "SAMLProviderList"):
        yield Document(provider["Arn"], provider["Arn"].rpartition("/")[2], provider)


def _details(aws: Aws, what: str, key: str) -> Iterator[dict[str, Any]]:
    return aws.items("iam", "get_account_authorization_details", key, Filter=[what])
