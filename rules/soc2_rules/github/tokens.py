"""Personal access tokens that reach the organisation."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.access import CredentialAuthorization, PersonalAccessToken
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_logins import among

_SHOWN = 5
_SMALL_SCOPES = frozenset(
    {
        "admin:gpg_key", "admin:public_key", "admin:ssh_signing_key", "audit_log", "codespace",
        "codespace:secrets", "copilot", "gist", "notifications", "project", "public_repo", "read:audit_log",
        "read:discussion", "read:enterprise", "read:gpg_key", "read:network_configurations", "read:org",
        "read:packages", "read:project", "read:public_key", "read:repo_hook", "read:ssh_signing_key",
        "read:user", "repo", "repo:invite", "repo:status", "repo_deployment", "security_events", "user",
        "user:email", "user:follow", "workflow", "write:discussion", "write:gpg_key", "write:packages",
        "write:public_key", "write:repo_hook", "write:ssh_signing_key",
    }
)  # fmt: skip
"""Scopes of classic tokens that do not administer, but for what their owner may (GitHub Docs, "Scopes for
OAuth apps")."""


_OTHER_CREDENTIALS = frozenset({"SSH key", "OAuth app token", "GitHub app token"})


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    empty=not_applicable("no fine-grained token reaches the organisation"),
)
def github_fine_grained_pat_policy(
    token: PersonalAccessToken,
    now: datetime,
    *,
    max_lifetime_days: int = 366,
    all_repositories_may_write: bool = False,
    organization_may_write: bool = False,
) -> Verdict:
    """Fine-grained tokens expire, and none may change every repository or the organisation itself.

    GitHub shows these tokens to Apps only. By no call does it show whether classic tokens are let in, nor
    whether new tokens need approval: look at the organisation's settings for these. Classic tokens that
    passed single sign-on are judged by github-classic-tokens-expire.

    Why: a token acts for its owner without a second factor. One that never expires works for whoever finds
        it in years.
    Fix: organisation settings, Personal access tokens: require approval, set a longest lifetime, restrict
        classic tokens; revoke the token in its list of active tokens.
    """
    what = f"'{token.token_name}' of {token.owner.login}"
    if token.token_expired:
        return not_applicable(f"the token {what} has expired")
    if token.token_expires_at is None:
        return failed(f"the token {what} never expires")
    if now >= token.token_expires_at:
        return not_applicable(f"the token {what} expired on {token.token_expires_at:%Y-%m-%d}")
    until = token.token_expires_at
    if until - token.access_granted_at > timedelta(days=max_lifetime_days):
        return failed(
            f"the token {what} was let in on {token.access_granted_at:%Y-%m-%d} and lasts until "
            f"{until:%Y-%m-%d}, more than {max_lifetime_days} days",
            until=until,
        )
    if token.permissions is None:
        return inconclusive(f"GitHub does not say what the token {what} may", until=until)
    writes = {
        sort: sorted(name for name, level in given.items() if level not in ("read", "none"))
        for sort, given in token.permissions.items()
    }
    everywhere = token.repository_selection not in ("none", "subset")
    repositories = [] if all_repositories_may_write else writes.get("repository", [])
    if everywhere and repositories:
        if token.repository_selection != "all":
            return inconclusive(
                f"the token {what} reaches {token.repository_selection} repositories: unknown",
                until=until,
            )
        return failed(
            f"the token {what} may change {', '.join(repositories[:_SHOWN])} of all repositories",
            until=until,
        )
    beyond = [name for sort in sorted(writes) if sort != "repository" for name in writes[sort]]
    if beyond and not organization_may_write:
        return failed(
            f"the token {what} may change {', '.join(beyond[:_SHOWN])} of the organisation",
            until=until,
        )
    return passed(f"the token {what} expires on {until:%Y-%m-%d}", until=until)


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    empty=not_applicable("no credential passed through the organisation's single sign-on"),
)
def github_classic_tokens_expire(
    credential: CredentialAuthorization,
    now: datetime,
    *,
    max_lifetime_days: int = 366,
    powerful: tuple[str, ...] = (
        "admin:enterprise",
        "admin:org",
        "admin:org_hook",
        "admin:repo_hook",
        "delete:packages",
        "delete_repo",
        "manage_billing:copilot",
        "manage_billing:enterprise",
        "manage_runners:enterprise",
        "manage_runners:org",
        "scim:enterprise",
        "site_admin",
        "write:network_configurations",
        "write:org",
    ),
    approved: tuple[str, ...] = (),
) -> Verdict:
    """Classic tokens that single sign-on lets in expire, and do not administer.

    GitHub shows them where the organisation has SAML single sign-on on Enterprise Cloud. ``approved`` names
    members whose tokens may have scopes in ``powerful``. What is not a classic token is not judged here.

    Why: a classic token reaches all that its owner reaches, in every repository. One that never expires does
        so for whoever finds it.
    Fix: organisation settings, Personal access tokens, restrict classic tokens, or set a longest lifetime;
        gh api -X DELETE /orgs/ORG/credential-authorizations/ID shuts one out.
    """
    if credential.credential_type in _OTHER_CREDENTIALS:
        return not_applicable(f"{credential.label} is no classic token")
    if credential.credential_type != "personal access token":
        return inconclusive(f"{credential.label} is of an unknown type")
    expires = credential.authorized_credential_expires_at
    if expires is not None and now >= expires:
        return not_applicable(f"{credential.label} expired on {expires:%Y-%m-%d}")
    if expires is None:
        return failed(f"{credential.label} never expires")
    start = credential.credential_authorized_at
    if expires - start > timedelta(days=max_lifetime_days):
        return failed(
            f"{credential.label} was let in on {start:%Y-%m-%d} and lasts until {expires:%Y-%m-%d}",
            until=expires,
        )
    if among(credential.login, approved):
        return passed(f"{credential.label} expires on {expires:%Y-%m-%d}", until=expires)
    if credential.scopes is None:
        return inconclusive(f"GitHub does not say what {credential.label} may", until=expires)
    strong = sorted(set(credential.scopes) & set(powerful))
    if strong:
        return failed(f"{credential.label} may {', '.join(strong)}", until=expires)
    unknown = sorted(set(credential.scopes) - _SMALL_SCOPES - set(powerful))
    if unknown:
        return inconclusive(
            f"{credential.label} has the scope {unknown[0]}: unknown", until=expires
        )
    return passed(f"{credential.label} expires on {expires:%Y-%m-%d}", until=expires)
