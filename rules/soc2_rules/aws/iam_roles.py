"""Who may take on a role."""

from __future__ import annotations

from soc2_collectors.aws.models.iam import Role
from soc2_collectors.aws.models.policy import EVERYONE, Statement, statements
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:iam_no_custom_policy_permissive_role_assumption",
        "prowler:iam_role_cross_account_readonlyaccess_policy",
        "powerpipe:iam_role_cross_account_read_only_access_policy",
        "powerpipe:iam_policy_custom_no_permissive_role_assumption",
    ],
)
def aws_trust_external_accounts(
    role: Role,
    scope: Scope,
    *,
    known_accounts: tuple[str, ...] = (),
    third_parties: tuple[str, ...] = (),
) -> Verdict:
    """Roles trust known accounts only, and third parties only with an external id.

    Why: a foreign account that may take on a role is inside; without an external id it may be
        tricked into it.
    Fix: remove the account from the trust policy, or list it in known_accounts or third_parties.
    """
    problems: list[str] = []
    foreign: set[str] = set()
    for statement in _trusts(role):
        for party in sorted(statement.trusted() - {scope.account}):
            foreign.add(party)
            external_id = _pinned(statement, "sts:ExternalId")
            if party == EVERYONE:
                problems.append("everyone is trusted")
            elif party in third_parties and not external_id:
                problems.append(f"{party} is a third party and needs no external id of its own")
            elif party not in known_accounts and party not in third_parties:
                problems.append(
                    f"{party} is not known{'' if external_id else ' and needs no external id'}"
                )
    if problems:
        return failed("; ".join(dict.fromkeys(problems)))
    if not foreign:
        return not_applicable("trusts no other account")
    return passed(f"trusts known accounts: {', '.join(sorted(foreign))}")


@rule(criteria=["CC6.1", "CC8.1"], severity=Severity.CRITICAL)
def aws_trust_oidc_scoped(role: Role) -> Verdict:
    """Roles that trust an OIDC issuer pin both audience and subject.

    Why: every repository of GitHub has the same issuer; only the subject says which one may come
        in.
    Fix: add conditions on ISSUER:aud and ISSUER:sub, the latter as narrow as
        repo:ORG/REPO:ref:refs/heads/main.
    """
    federated = [
        (statement, value.partition("oidc-provider/")[2])
        for statement in _trusts(role)
        for kind, value in statement.principals
        if kind == "Federated" and "oidc-provider/" in value
    ]
    if not federated:
        return not_applicable("trusts no OIDC issuer")
    for statement, issuer in federated:
        if not _pinned(statement, f"{issuer}:aud"):
            return failed(f"the audience of {issuer} is not pinned")
        if not _pinned(statement, f"{issuer}:sub"):
            return failed(f"the subject of {issuer} is not pinned")
    return passed(
        f"audience and subject of {', '.join(sorted({issuer for _, issuer in federated}))} are pinned"
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_role_cross_service_confused_deputy_prevention",
        "prowler:iam_role_service_trust_restricts_source_to_account",
    ],
)
def aws_service_trust_confused_deputy(
    role: Role,
    *,
    services: tuple[str, ...] = (
        "cloudtrail.amazonaws.com",
        "config.amazonaws.com",
        "s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
        "scheduler.amazonaws.com",
        "logs.amazonaws.com",
        "backup.amazonaws.com",
    ),
) -> Verdict:
    """Roles that AWS services take on for somebody say for whom.

    Why: such a service serves everyone; without the condition it can be made to use your role for a
        stranger.
    Fix: add a condition on aws:SourceAccount or aws:SourceArn to the trust policy.
    """
    if role.service_linked:
        return not_applicable("AWS owns this role")
    open_to = sorted(
        {
            value
            for statement in _trusts(role)
            if not statement.narrowed
            for kind, value in statement.principals
            if kind == "Service" and value in services
        }
    )
    if open_to:
        return failed(f"{', '.join(open_to)} may take it on for any account")
    named = any(v in services for s in _trusts(role) for k, v in s.principals if k == "Service")
    return (
        passed("narrowed to an account or resource")
        if named
        else not_applicable("no such service is trusted")
    )


def _trusts(role: Role) -> list[Statement]:
    found = statements(role.assume_role_policy_document)
    return [s for s in found if s.allow and any(s.covers(action) for action in _ASSUME)]


def _pinned(statement: Statement, key: str) -> bool:
    """Some positive condition gives values that are more than wildcards."""
    return any(
        values and all(_specific(value) for value in values)
        for operator, values in statement.condition_values(key)
        if operator.removeprefix("foranyvalue:")
        in ("stringequals", "stringlike", "stringequalsignorecase")
    )


def _specific(value: str) -> bool:
    """More than ``*``: for GitHub's subjects the repository's owner must be named."""
    head = value.partition("/")[0] if value.startswith("repo:") else value
    return bool(value.strip("*?:")) and "*" not in head and head != "repo:"
