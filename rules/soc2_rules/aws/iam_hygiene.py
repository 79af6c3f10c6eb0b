"""What lies about in IAM: unused roles, empty groups, long-lived keys, and how people get in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import (
    AccountSummary,
    Credential,
    Group,
    Policy,
    Role,
    RoleUsage,
    SamlProvider,
    ServerCertificate,
    User,
    VirtualMfaDevice,
)
from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_BACK_DAYS = 400
"""AWS forgets when a role was used after this many days, and says no more than if it never was."""


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:iam_role_unused_60"],
)
def aws_role_unused(
    role: RoleUsage,
    now: datetime,
    *,
    max_unused_days: int = 90,
    allowed_roles: tuple[str, ...] = (),
) -> Verdict:
    """Roles that nobody uses are removed.

    Why: an old role keeps old rights and old trusts, and nobody would miss it before it is misused.
    Fix: aws iam delete-role once its owner agrees; list break-glass roles in allowed_roles.
    """
    if role.path.startswith("/aws-service-role/"):
        return not_applicable("AWS owns this role")
    if role.role_name in allowed_roles:
        return not_applicable("allowed by configuration")
    used = role.role_last_used.last_used_date
    last = used or role.create_date
    due = days_after(last, max_unused_days)
    how = f"last used on {last:%Y-%m-%d}" if used else f"made on {last:%Y-%m-%d}, no use known"
    if now < due:
        return passed(how, until=due)
    window = "" if used else f" within the {_LOOK_BACK_DAYS} days that AWS remembers"
    return failed(f"{how}{window}, over {max_unused_days} days")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.LOW,
    needs=[User],
    known_as=["powerpipe:iam_group_not_empty"],
)
def aws_no_empty_groups(group: Group, evidence: Evidence) -> Verdict:
    """IAM groups have at least one member.

    Why: rights that are ready for nobody in particular are given to the wrong person one day.
    Fix: aws iam delete-group, after detaching its policies.
    """
    members = sum(group.group_name in user.group_list for user in evidence.account(User))
    return passed(f"{members} members") if members else failed("nobody is in it")


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_no_expired_server_certificates_stored",
        "powerpipe:iam_server_certificate_not_expired",
    ],
)
def aws_expired_server_certs(certificate: ServerCertificate, now: datetime) -> Verdict:
    """TLS certificates that are kept in IAM have not expired.

    Why: a load balancer that still uses one trains people to click warnings away.
    Fix: move to AWS Certificate Manager, which renews; aws iam delete-server-certificate.
    """
    ends = certificate.expiration
    if now < ends:
        return passed(f"valid until {ends:%Y-%m-%d}", until=ends)
    return failed(f"expired on {ends:%Y-%m-%d}")


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.MEDIUM,
    empty=failed("the account has no SAML provider"),
    known_as=["prowler:iam_check_saml_providers_sts"],
)
def aws_workforce_federated(provider: SamlProvider, now: datetime) -> Verdict:
    """People arrive through an identity provider.

    Why: whoever leaves the company loses access in one place, and sign-in rules are the company's own.
    Fix: enable IAM Identity Center, or aws iam create-saml-provider with your provider's metadata.
    """
    ends = provider.valid_until
    if now < ends:
        return passed(f"its certificate is valid until {ends:%Y-%m-%d}", until=ends)
    return failed(f"its certificate expired on {ends:%Y-%m-%d}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:iam_user_with_temporary_credentials"],
)
def aws_workload_temp_credentials(
    credential: Credential, *, allowed_users: tuple[str, ...] = ()
) -> Verdict:
    """Workloads use roles, not the long-lived keys of users made for them.

    Why: a key in a configuration file works for whoever reads the file, from anywhere, until replaced.
    Fix: use an instance profile, IRSA, OIDC federation or Roles Anywhere; list what cannot in
        allowed_users.
    """
    if credential.is_root:
        return not_applicable("root is judged by rules of its own")
    count = len(credential.keys)
    if not count:
        return passed("no active access key")
    if credential.has_password:
        return not_applicable("a person's key, judged by its age and use")
    if credential.user in allowed_users:
        return passed(f"{count} active access keys, and the user is on the approved list")
    return failed(
        f"no console password and {count} active access keys: a workload's long-lived key"
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    needs=[VirtualMfaDevice],
    known_as=[
        "prowler:iam_user_hardware_mfa_enabled",
        "powerpipe:iam_user_hardware_mfa_enabled",
    ],
)
def aws_user_phishing_resistant_mfa(credential: Credential, evidence: Evidence) -> Verdict:
    """The MFA of console users is a hardware key or passkey rather than a code from an app.

    Why: a code can be typed into a false page; a passkey cannot.
    Fix: register a passkey for the user, then aws iam deactivate-mfa-device for the virtual one.
    """
    if credential.is_root or not credential.has_password:
        return not_applicable("no user with a console password")
    if not credential.flag("mfa_active"):
        return failed("no MFA at all")
    owners = evidence.index(VirtualMfaDevice, "owner")
    if credential.arn in owners:
        return failed("a virtual MFA device is the user's")
    return passed("has MFA, and no virtual device is the user's")


_FULL_ACCESS = {
    "bedrock": "AmazonBedrockFullAccess",
    "aws-marketplace": "AWSMarketplaceFullAccess",
    "cloudshell": "AWSCloudShellFullAccess",
}
"""Services whose full access costs money or opens a way out, and AWS's policy that gives it."""


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[User, Group, Role, Policy],
    known_as=[
        "prowler:bedrock_full_access_policy_attached",
        "prowler:iam_policy_no_wildcard_marketplace_subscribe",
        "prowler:iam_inline_policy_no_wildcard_marketplace_subscribe",
        "prowler:iam_policy_cloudshell_admin_not_attached",
        "powerpipe:iam_user_group_role_cloudshell_fullaccess_restricted",
    ],
)
def aws_sensitive_service_full_access(
    account: AccountSummary,
    evidence: Evidence,
    *,
    services: tuple[str, ...] = tuple(_FULL_ACCESS),
    allowed_principals: tuple[str, ...] = (),
) -> Verdict:
    """Full access to AI services, the marketplace and CloudShell is given to approved principals only.

    Why: models and subscriptions run up cost unseen, and CloudShell carries files out past the network.
    Fix: name the actions that are needed, or list the principal's ARN in allowed_principals.
    """
    del account  # one verdict an account
    wanted = [service.lower() for service in services]
    found = {arn for service in wanted for arn in _holders(evidence, service)}
    unknown = sorted(found - set(allowed_principals))
    if unknown:
        return failed(f"full access to {', '.join(wanted)} is held by {', '.join(unknown)}")
    return passed(f"nobody but approved principals has full access to {', '.join(wanted)}")


def _holders(evidence: Evidence, service: str) -> Iterator[str]:
    """ARNs of the principals that hold every action of a service: by AWS's policy, or by one of their own."""
    whole = {
        policy.arn if not policy.inline else policy.owner
        for policy in evidence.account(Policy)
        if any(_gives_all(statement, service) for statement in statements(policy.document))
    }
    named = _FULL_ACCESS.get(service, "")
    for kind in (User, Group, Role):
        for principal in evidence.account(kind):
            attached = principal.attached_managed_policies
            by_name = any(p.of_aws and p.policy_name == named for p in attached)
            if by_name or principal.arn in whole or any(p.policy_arn in whole for p in attached):
                yield principal.arn


def _gives_all(statement: Statement, service: str) -> bool:
    """Names the whole service; administrators, who hold everything, are judged by rules of their own."""
    return (
        statement.allow
        and statement.every_resource
        and not statement.limited
        and any(action.lower() == f"{service}:*" for action in statement.actions)
    )
