"""Who may take on a role."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import Role
from soc2_collectors.aws.models.trust import (
    EVERYONE,
    narrowed,
    outsiders,
    principals,
    service,
    services_without_source,
)
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.models.policy import Statement

_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
_WEB_IDENTITIES = {
    "accounts.google.com": ("aud", "oaud", "sub"),
    "graph.facebook.com": ("app_id",),
    "www.amazon.com": ("app_id",),
}
"""Issuers that AWS knows without a provider in the account -> the claims that name one application of them. Cognito's
identity pools are another, by a name of their own in each partition."""
_COGNITO = re.compile(r"cognito-identity[a-z0-9.-]*\.amazonaws\.(com(\.cn)?|eu)")
_COGNITO_KEYS = ("cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com.cn")
"""How condition keys of Cognito begin; in other partitions some begin as the principal itself does."""
_GUEST = "unauthenticated"
"""What Cognito says of who has not signed in, as the claim ``amr``: Cognito developer guide, role trust."""


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:iam_role_cross_account_readonlyaccess_policy",
        "powerpipe:iam_role_cross_account_read_only_access_policy",
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

    ``known_accounts`` holds accounts, organisations (``o-...``), and networks that a condition names; third
    parties are accounts. Who signs in by Google, Amazon, Facebook or Cognito is anybody, unless the application is
    pinned; so are guests of an identity pool of Cognito, who do not sign in, unless the claim ``amr`` keeps them out or
    ``known_accounts`` names the pool.

    Why: a foreign account that may take on a role is inside; without an external id it may be
        tricked into it.
    Fix: remove the account from the trust policy, or list it in known_accounts or third_parties.
    """
    problems: list[str] = []
    unclear: list[str] = []
    foreign: set[str] = set()
    trust = role.trust
    for statement in _trusts(trust):
        denials = [other for other in trust if not other.allow]
        found = outsiders([statement, *denials], scope.account, (*known_accounts, *third_parties))
        external_id = _pinned(statement, "sts:ExternalId")
        foreign.update(found.known)
        unclear += found.unclear
        for party in found.strangers:
            if party == EVERYONE:
                problems.append("everyone is trusted")
            else:
                more = "" if external_id else " and needs no external id"
                problems.append(f"{party} is not known{more}")
        problems += [
            f"{party} is a third party and needs no external id of its own"
            for party in found.known
            if party in third_parties and party not in known_accounts and not external_id
        ]
        problems += [
            f"anybody of {issuer} is trusted"
            for issuer, names in _issuers(statement)
            if names is not None and not _pinned_any(statement, issuer, names)
        ]
        guests = _guests(statement, known_accounts)
        problems += [
            f"guests of {pool} are trusted, who do not sign in" for pool in guests.get(True, ())
        ]
        unclear += [f"guests of {pool}, if it has any" for pool in guests.get(None, ())]
    if problems:
        return failed("; ".join(dict.fromkeys(problems)))
    if unclear:
        return inconclusive(f"nobody can tell whose these are: {', '.join(sorted(set(unclear)))}")
    if not foreign:
        return not_applicable("trusts no other account")
    return passed(f"trusts known accounts: {', '.join(sorted(foreign))}")


@rule(criteria=["CC6.1", "CC8.1"], severity=Severity.CRITICAL)
def aws_trust_oidc_scoped(role: Role) -> Verdict:
    """Roles that trust an OIDC issuer pin both audience and subject; those of AWS's own list pin the application.

    AWS knows Google, Amazon, Facebook and Cognito without a provider in the account: there the application (the
    identity pool) is what tells yours from anybody's. In place of the subject, another claim that AWS evaluates may
    say whose the request is: the repository, its owner or the enterprise (by number, too) of GitHub, the project or
    namespace of GitLab, the pipeline or organisation of Buildkite, the project of CircleCI, the resource of Oracle.

    Why: every repository of GitHub has the same issuer; only the subject says which one may come
        in.
    Fix: add conditions on ISSUER:aud and ISSUER:sub, the latter with the owner and as narrow as
        repo:ORG/REPO:ref:refs/heads/main.
    """
    federated = [
        (statement, issuer, names)
        for statement in _trusts(role.trust)
        for issuer, names in _issuers(statement)
    ]
    if not federated:
        return not_applicable("trusts no OIDC issuer")
    for statement, issuer, names in federated:
        if names is not None:
            if not _pinned_any(statement, issuer, names):
                return failed(f"the application of {issuer} is not pinned")
            continue
        if not _pinned(statement, f"{issuer}:aud"):
            return failed(f"the audience of {issuer} is not pinned")
        if not _pinned(statement, f"{issuer}:sub", subject=True) and not _owned(statement, issuer):
            return failed(f"the subject of {issuer} is not pinned")
    own = sorted({issuer for _, issuer, names in federated if names is None})
    others = sorted({issuer for _, issuer, names in federated if names is not None})
    told = [f"the audience of {', '.join(own)} is pinned, and whose token it is"] if own else []
    told += [f"the application of {', '.join(others)} is pinned"] if others else []
    return passed("; ".join(told))


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
    scope: Scope,
    *,
    services: tuple[str, ...] = (
        "cloudtrail.amazonaws.com",
        "config.amazonaws.com",
        "s3.amazonaws.com",
        "batchoperations.s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
        "scheduler.amazonaws.com",
        "pipes.amazonaws.com",
        "logs.amazonaws.com",
        "vpc-flow-logs.amazonaws.com",
        "backup.amazonaws.com",
    ),
    known_accounts: tuple[str, ...] = (),
) -> Verdict:
    """Roles that these AWS services take on for somebody say for whom: this account, or a known one.

    ``services`` holds those that are judged, in every Region and partition; ``known_accounts`` accounts and
    organisations that may be named beside the role's own. Where a request comes from says not for whom it is.

    Why: such a service serves everyone; without the condition it can be made to use your role for a
        stranger.
    Fix: add a condition on aws:SourceAccount, or aws:SourceArn with your account, to the trust policy.
    """
    if role.service_linked:
        return not_applicable("AWS owns this role")
    judged = {service(name) or name for name in services}
    trust = role.trust
    found = [
        (name, source)
        for name, source in services_without_source(_trusts(trust), scope.account, known_accounts)
        if name in judged or name == EVERYONE
    ]
    if open_to := sorted({name for name, source in found if source is None}):
        return failed(f"{', '.join(open_to)} may take it on for any account, or for another one")
    unclear = sorted({text for _, source in found for text in source or ()})
    if unclear:
        return inconclusive(f"nobody can tell whose these are: {', '.join(unclear)}")
    unknown = sorted(str(p) for s in _trusts(trust) for p in principals(s) if p.sort == "unknown")
    if unknown:
        return inconclusive(f"who these are cannot be read: {', '.join(unknown)}")
    if not found:
        return not_applicable("none of the services is trusted")
    names = sorted({name for name, _ in found})
    return passed(f"{', '.join(names)} may take it on for known accounts only")


def _trusts(trust: list[Statement]) -> list[Statement]:
    """What a trust policy allows of taking the role on, with what its denials ask for."""
    found = [
        replace(s, actions=actions, not_actions=(), memo={})
        for s in trust
        if s.allow and (actions := tuple(action for action in _ASSUME if s.covers(action)))
    ]
    return narrowed([*found, *(s for s in trust if not s.allow)])


def _issuers(statement: Statement) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """OIDC issuers that a statement trusts, with the claims that name an application of AWS's own list."""
    for kind, value in statement.principals:
        if kind != "Federated" or ":saml-provider/" in value:
            continue
        issuer = value.partition("oidc-provider/")[2] or value
        yield issuer, _claims(issuer) if "oidc-provider/" not in value else None


def _claims(issuer: str) -> tuple[str, ...] | None:
    return ("aud",) if _COGNITO.fullmatch(issuer) else _WEB_IDENTITIES.get(issuer)


def _prefixes(issuer: str) -> tuple[str, ...]:
    """How the condition keys about an issuer may begin."""
    return (issuer, *_COGNITO_KEYS) if _COGNITO.fullmatch(issuer) else (issuer,)


def _pinned_any(statement: Statement, issuer: str, names: tuple[str, ...]) -> bool:
    return any(
        _pinned(statement, f"{prefix}:{name}") for prefix in _prefixes(issuer) for name in names
    )


def _guests(statement: Statement, known: tuple[str, ...]) -> dict[bool | None, set[str]]:
    """Identity pools whose guests a statement lets in; ``None``: those of which it does not ask who signed in."""
    found: dict[bool | None, set[str]] = {}
    for issuer, _ in _issuers(statement):
        if not _COGNITO.fullmatch(issuer):
            continue
        keys = {f"{prefix}:{claim}" for prefix in _prefixes(issuer) for claim in ("aud", "amr")}
        asked = [one for one in statement.conditions if one.key in keys]
        pools = {v for one in asked if one.key.endswith(":aud") for v in one.values} - set(known)
        held = [one.holds(_GUEST) for one in asked if one.key.endswith(":amr")]
        if pools and False not in held:
            found.setdefault(True if held and None not in held else None, set()).update(pools)
    return found


def _pinned(statement: Statement, key: str, *, subject: bool = False, owner: bool = False) -> bool:
    """Whether a condition asks for values of a key that say whose somebody is.

    Before a wildcard, a subject must name a tenant whole, and so must an ``owner``: ``acme/*``.
    """
    return any(
        one.key == key.lower()
        and one.names_values
        and one.values
        and all(
            _specific(value, wildcards=one.test == "stringlike", subject=subject)
            and (one.key != f"{_GITHUB}:sub" or _of_github(value))
            and (not owner or one.test != "stringlike" or _whole(value))
            for value in one.values
        )
        for one in statement.conditions
        if one.test in ("stringequals", "stringequalsignorecase", "stringlike")
    )


_GITHUB = "token.actions.githubusercontent.com"
_OWNERS = re.compile(
    r"(^|:)(repo|repository|repository_id|repository_owner|repository_owner_id|enterprise|enterprise_id|workflow_ref)"
    r":[^:/*?$]+([:/]|$)"
)
"""Parts of GitHub's subjects that say whose repository asks. Whoever owns one may choose its subject's other parts:
an environment, a branch, a reusable workflow that is called."""


def _of_github(value: str) -> bool:
    """Whether a subject of GitHub names an owner, whole, before any wildcard."""
    literal = re.split(r"[*?]", value, maxsplit=1)[0]
    # What a wildcard cuts short is no whole name.
    end = (
        literal if literal == value else literal[: max(literal.rfind(":"), literal.rfind("/")) + 1]
    )
    return _OWNERS.search(end) is not None


def _whole(value: str) -> bool:
    """Whether an owner stands whole before any wildcard, in the name of a repository or in a number."""
    return not set(value.partition("/")[0]) & set("*?")


_OWNING = (
    (
        re.compile(
            r"token\.actions\.githubusercontent\.com(/.+)?|token\.actions\.[^/]+\.ghe\.com"
            r"|github\.com/enterprises/[^/]+"
        ),
        ("repository", "repository_id", "repository_owner_id", "enterprise_id"),
    ),
    (re.compile(r"gitlab\.com"), ("project_id", "namespace_id")),
    (
        re.compile(r"agent(\.[^/]+)?\.buildkite\.(com|dev|site)"),
        ("pipeline_id", "organization_id", "organization_slug"),
    ),
    (re.compile(r"oidc\.circleci\.com/org/[^/]+"), ("oidc.circleci.com/project-id",)),
    (re.compile(r"idcs-[^/]+\.identity\.oraclecloud\.com"), ("rpst_id",)),
)
"""Issuers of which AWS evaluates more than the subject -> the claims that say whose a token is. Those of a workflow, a
branch, an environment or a person are the same in a stranger's repository. Source: service authorization reference,
condition keys of AWS STS; IAM user guide, keys for AWS OIDC federation."""


def _owned(statement: Statement, issuer: str) -> bool:
    """Whether a claim other than the subject is pinned that says whose a token is."""
    names = [name for pattern, claims in _OWNING if pattern.fullmatch(issuer) for name in claims]
    return any(_pinned(statement, f"{issuer}:{name}", owner=True) for name in names)


_SEPARATORS = re.compile(r"[:/]")
_UUID = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}")
"""How the subjects of Bitbucket begin: the repository, by an id that nobody else can have."""
_SERVICE_ACCOUNT = "system:serviceaccount:"
"""How the subjects of Kubernetes' service accounts begin; their namespace follows."""


def _specific(value: str, *, wildcards: bool, subject: bool) -> bool:
    """Whether a value names somebody: before a wildcard of a subject, a label and a tenant must stand whole.

    ``repo:acme/*`` is one owner's repositories, ``repo:acme*`` those of everybody who is called so.
    """
    if not value.strip("*?:/") or "${" in value:
        return False
    if not wildcards or not set(value) & set("*?"):
        return True
    literal = re.split(r"[*?]", value, maxsplit=1)[0]
    if not subject or _UUID.match(literal):
        return bool(literal)
    whole = _SEPARATORS.split(literal)[:-1]
    wanted = 3 if value.startswith(_SERVICE_ACCOUNT) else 2
    return len([part for part in whole if part]) >= wanted
