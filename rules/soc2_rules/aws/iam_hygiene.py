"""What lies about in IAM: unused roles, empty groups, long-lived keys, and how people get in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from soc2_collectors.aws.models.iam import (
    AccountSummary,
    AttachedPolicy,
    AwsPolicy,
    Credential,
    Group,
    Policy,
    Role,
    RoleUsage,
    SamlProvider,
    ServerCertificate,
    User,
    VirtualMfaDevice,
    strong_by_name,
)
from soc2_collectors.aws.models.policy import ANYTHING, matches
from soc2_collectors.aws.models.rights import Grants, grants_of
from soc2_collectors.aws.models.times import days_after
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable, Soc2PacError
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.resources import Resource
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_credentials import unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

R = TypeVar("R", bound=Resource)

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
    Fix: aws iam delete-role once its owner agrees; list break-glass roles in allowed_roles. Roles of Identity Center
        (AWSReservedSSO_...) go with their assignment: aws sso-admin delete-account-assignment.
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
    users = evidence.account(User)
    members = [user for user in users if group.group_name in (user.group_list or ())]
    if members:
        return passed(f"{len(members)} members", on=members[:1])
    for user in users:
        _ = user.groups  # raises where they were not given: it may be in this one
    return failed("nobody is in it")


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
    """The account has a SAML identity provider, whose certificate is valid.

    That people sign in through it is not visible here; console passwords are judged by rules of their own.

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
    """Workloads use roles, not the long-lived access keys or certificates of users made for them.

    Credentials of single services (API keys of Bedrock, passwords of CodeCommit and Keyspaces) are not read.

    Why: a key in a configuration file works for whoever reads the file, from anywhere, until replaced.
    Fix: use an instance profile, IRSA, OIDC federation or Roles Anywhere; list what cannot in
        allowed_users.
    """
    if credential.is_root:
        return not_applicable("root is judged by rules of its own")
    keys = len(credential.keys)
    certificates = sum(credential.flag(f"cert_{number}_active") for number in (1, 2))
    count = f"{keys} active access keys and {certificates} signing certificates"
    if not keys + certificates:
        return unseen(credential) or passed(count)
    if credential.has_password:
        return not_applicable("a person's key, judged by its age and use")
    if credential.user in allowed_users:
        return unseen(credential) or passed(f"{count}, and the user is on the approved list")
    return failed(f"no console password, {count}: a workload's long-lived credentials")


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
    """The MFA of console users is no virtual device: no app shows the codes.

    Hardware tokens that show codes are not told apart from security keys and passkeys.

    Why: a secret within an app is copied with the phone, and a code can be typed into a false page; a passkey
        cannot.
    Fix: register a passkey for the user, then aws iam deactivate-mfa-device for the virtual one.
    """
    if credential.is_root or not credential.has_password:
        return not_applicable("no user with a console password")
    if not credential.flag("mfa_active"):
        return failed("no MFA at all")
    devices = evidence.account(VirtualMfaDevice)
    if own := [device for device in devices if device.owner == credential.arn]:
        return failed("a virtual MFA device is the user's", on=own)
    if unknown := [d.serial_number for d in devices if not d.owner and d.of_root is None]:
        return inconclusive(f"whose the virtual devices {', '.join(unknown)} are is not known")
    return passed("has MFA, and no virtual device is the user's")


_FULL_ACCESS = {
    "bedrock": "AmazonBedrockFullAccess",
    "aws-marketplace": "AWSMarketplaceFullAccess",
    "aws-marketplace:Subscribe": "AWSMarketplaceFullAccess",
    "cloudshell": "AWSCloudShellFullAccess",
}
"""What costs money or opens a way out, and AWS's policy that gives it."""


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[User, Group, Role, Policy, AwsPolicy],
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
    services: tuple[str, ...] = ("bedrock", "aws-marketplace:Subscribe", "cloudshell"),
    allowed_principals: tuple[str, ...] = (),
) -> Verdict:
    """Full access to AI services and CloudShell, and marketplace subscriptions, are for approved principals only.

    ``services`` holds services, of which all actions count when a policy allows them, by SERVICE:* or by
    everything but some others, and single actions that count on every resource. A denial counts where it
    stands in the same policy. Who may do everything is judged by rules about administrators.

    Why: models and subscriptions run up cost unseen, and CloudShell carries files out past the network.
    Fix: name the actions that are needed, or list the principal's ARN in allowed_principals.
    """
    del account  # one verdict an account
    wanted = [service for service in services if service]
    missing: list[Soc2PacError] = []
    own, aws = _there(evidence, Policy, missing), _there(evidence, AwsPolicy, missing)
    policies: list[Policy | AwsPolicy] = [*own, *aws]
    giving = _giving(policies, wanted, missing)
    known = {str(policy.arn) for policy in policies}
    principals: list[User | Group | Role] = [
        *_there(evidence, User, missing),
        *_there(evidence, Group, missing),
        *_there(evidence, Role, missing),
    ]
    found: dict[str, Resource] = {}
    unread: set[str] = set()
    for principal in principals:
        attached = principal.attached_managed_policies or ()
        by_name = [p for p in attached if p.policy_arn not in known and _by_name(p, wanted)]
        ways = [
            giving[arn]
            for arn in (principal.arn, *(p.policy_arn for p in attached))
            if arn in giving
        ]
        if ways or by_name:
            found[principal.arn] = ways[0] if ways else principal
        unread |= {p.policy_arn for p in attached} - known
    told = ", ".join(wanted)
    if unknown := sorted(set(found) - set(allowed_principals)):
        who = ", ".join(unknown)
        return failed(f"full access to {told} is held by {who}", on=[found[arn] for arn in unknown])
    if missing:
        raise missing[0]
    for principal in principals:
        _ = principal.attached  # raises where it was not given
    if unjudged := [arn for arn in sorted(unread) if not _told_by_name(arn, wanted)]:
        return inconclusive(f"not among those collected: {', '.join(unjudged)}")
    return passed(f"nobody but approved principals has full access to {told}")


def _giving(
    policies: Sequence[Policy | AwsPolicy], wanted: Sequence[str], missing: list[Soc2PacError]
) -> dict[str, Resource]:
    """Policies that give one of the services, by the ARN of the policy or of whom it stands in."""
    found: dict[str, Resource] = {}
    for policy in policies:
        where = policy.owner if isinstance(policy, Policy) and policy.owner else policy.arn
        try:
            grants = grants_of([policy.statements], arn=str(where))
        except FactUnavailable as error:
            missing.append(error)
            continue
        if any(_gives(grants, service) for service in wanted):
            found[str(where)] = policy
    return found


def _told_by_name(arn: str, wanted: Sequence[str]) -> bool:
    """Whether the name of a policy says all there is to say here."""
    names = {_FULL_ACCESS.get(service) for service in wanted}
    return strong_by_name(arn) is not None or arn.rpartition("/")[2] in names


def _there(evidence: Evidence, kind: type[R], missing: list[Soc2PacError]) -> Sequence[R]:
    """What there is of a kind; what is missing may hide something, and what is there may prove something."""
    try:
        return evidence.account(kind)
    except (EvidenceIncomplete, FactUnavailable) as error:
        missing.append(error)
        return ()


def _by_name(attached: AttachedPolicy, wanted: Sequence[str]) -> bool:
    return attached.of_aws and any(
        _FULL_ACCESS.get(service) == attached.policy_name for service in wanted
    )


def _gives(grants: Grants, service: str) -> bool:
    """Whether policies give a whole service, or an action; who has everything has it by the way."""
    action = service if ":" in service else f"{service}:{ANYTHING}"
    if not grants.allows(grants.request(action, everywhere=True)):
        return False
    named = any(
        statement.allow
        and statement.every_resource
        and any(
            not pattern.startswith("*") and matches(pattern, action)
            for pattern in statement.actions
        )
        for statement in grants.statements
    )
    return named or not grants.everything
