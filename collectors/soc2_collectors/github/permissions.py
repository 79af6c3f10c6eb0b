"""What each call needs, and the list of permissions to grant, generated from declared calls.

Permission names are those of GitHub Apps and fine-grained tokens, from the page "Permissions required for
GitHub Apps" of GitHub's REST documentation; scopes are those of classic tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Need:
    """What one call needs; every permission with ``read`` access."""

    level: str
    """``organization`` or ``repository``: where a fine-grained token's form lists the permission."""
    names: tuple[str, ...]
    """As in an App's settings by API: ``organization_administration``; none where GitHub takes classic tokens
    only."""
    scopes: tuple[str, ...]
    """Of a classic token; none where GitHub takes Apps only."""
    note: str = ""
    """What else GitHub demands."""
    access: str = "read"
    """``write`` where GitHub lets nobody read with less. Such a call is listed and never granted."""

    def __str__(self) -> str:
        """``administration=read``, as GitHub writes it in its headers."""
        said = ", ".join(f"{name}={self.access}" for name in self.names)
        said = said or f"scope {', '.join(self.scopes)} of a classic token"
        return f"{said} ({self.note})" if self.note else said


_OWNER = "shown to organisation owners only"
_ADMIN_ORG = Need("organization", ("organization_administration",), ("admin:org",))
_MEMBERS = Need("organization", ("members",), ("read:org",))
_METADATA = Need("repository", ("metadata",), ("repo",))
_ADMINISTRATION = Need("repository", ("administration",), ("repo",))
_CODE_SCANNING = Need("repository", ("security_events",), ("repo",))
_CONTENTS = Need("repository", ("contents", "metadata"), ("repo",))
_DEPLOYMENTS = Need("repository", ("deployments", "metadata"), ("repo",))
_ACTIONS = Need("repository", ("actions",), ("repo",))
_COLLABORATORS = Need(
    "repository",
    ("metadata", "administration"),
    ("repo",),
    "shown to who may push to the repository",
)

NEEDS: dict[str, Need] = {
    "GET /orgs/{org}": Need(
        "organization",
        ("organization_administration", "organization_plan"),
        ("admin:org",),
        "the plan is shown with organization_plan, settings to owners",
    ),
    "GET /orgs/{org}/actions/permissions": _ADMIN_ORG,
    "GET /orgs/{org}/actions/permissions/selected-actions": _ADMIN_ORG,
    "GET /orgs/{org}/actions/permissions/workflow": _ADMIN_ORG,
    "GET /orgs/{org}/actions/runner-groups": Need(
        "organization", ("organization_self_hosted_runners",), ("admin:org",)
    ),
    "GET /orgs/{org}/actions/runner-groups/{runner_group_id}/runners": Need(
        "organization", ("organization_self_hosted_runners",), ("admin:org",)
    ),
    "GET /orgs/{org}/outside_collaborators": Need(
        "organization", ("members",), ("admin:org",), f"two-factor is {_OWNER}"
    ),
    "GET /orgs/{org}/teams": _MEMBERS,
    "GET /orgs/{org}/teams/{team_slug}/members": _MEMBERS,
    "GET /orgs/{org}/teams/{team_slug}/repos": _MEMBERS,
    "GET /orgs/{org}/repos": _METADATA,
    "GET /orgs/{org}/secret-scanning/alerts": Need(
        "repository", ("secret_scanning_alerts",), ("repo",)
    ),
    "GET /orgs/{org}/code-scanning/alerts": _CODE_SCANNING,
    "GET /orgs/{org}/dependabot/alerts": Need("repository", ("vulnerability_alerts",), ("repo",)),
    "GET /orgs/{org}/actions/secrets": Need(
        "organization", ("organization_secrets",), ("admin:org",)
    ),
    "GET /orgs/{org}/hooks": Need(
        "organization", ("organization_hooks",), ("admin:org_hook",), _OWNER
    ),
    "GET /orgs/{org}/installations": _ADMIN_ORG,
    "GET /orgs/{org}/personal-access-tokens": Need(
        "organization", ("organization_personal_access_tokens",), (), "GitHub answers to Apps only"
    ),
    "GET /orgs/{org}/credential-authorizations": Need(
        "organization",
        ("organization_administration",),
        ("read:org",),
        "Enterprise Cloud with SAML single sign-on of the organisation; shown to owners",
    ),
    "GET /orgs/{org}/packages": Need("organization", (), ("read:packages",)),
    "GET /scim/v2/organizations/{org}/Users": Need(
        "organization",
        ("members",),
        ("admin:org",),
        "Enterprise Cloud with SAML single sign-on of the organisation; shown to owners",
    ),
    "GET /enterprises/{enterprise}/audit-log/streams": Need(
        "organization", (), ("read:audit_log",), "of an owner of the enterprise; Enterprise Cloud"
    ),
    "GET /repos/{owner}/{repo}/actions/secrets": Need("repository", ("secrets",), ("repo",)),
    "GET /repos/{owner}/{repo}/hooks": Need(
        "repository", ("repository_hooks",), ("repo",), "shown to administrators of the repository"
    ),
    "GET /repos/{owner}/{repo}/keys": _ADMINISTRATION,
    "GET /repos/{owner}/{repo}/private-vulnerability-reporting": _ADMINISTRATION,
    "GET /repos/{owner}/{repo}/branches/{branch}/protection": _ADMINISTRATION,
    "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}": Need(
        "repository",
        ("metadata",),
        ("repo",),
        "bypass actors are shown to who may edit the ruleset",
    ),
    "GET /repos/{owner}/{repo}/collaborators": _METADATA,
    "GET /repos/{owner}/{repo}/vulnerability-alerts": _ADMINISTRATION,
    "GET /repos/{owner}/{repo}/automated-security-fixes": _ADMINISTRATION,
    "GET /repos/{owner}/{repo}/code-scanning/analyses": _CODE_SCANNING,
    "GET /repos/{owner}/{repo}/actions/workflows": _ACTIONS,
    "GET /repos/{owner}/{repo}/environments": _ACTIONS,
    "GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies": _ACTIONS,
    "GRAPHQL query DefaultBranches": Need(
        "repository", ("administration", "contents", "metadata"), ("repo",)
    ),
    "GRAPHQL query RepositorySettings": _COLLABORATORS,
    "GRAPHQL query Collaborators": _COLLABORATORS,
    "GRAPHQL query RepositoryWorkflows": _CONTENTS,
    "GRAPHQL query RepositoryReleases": _CONTENTS,
    "GRAPHQL query LocalAction": _CONTENTS,
    "GRAPHQL query RepositoryEnvironments": Need(
        "repository",
        ("actions", "administration", "metadata"),
        ("repo",),
        "rules of classic protection are counted for administrators of the repository",
    ),
    "GRAPHQL query RepositoryDeployKeys": _ADMINISTRATION,
    "GRAPHQL query RepositoryDeployments": _DEPLOYMENTS,
    "GRAPHQL query Deployments": _DEPLOYMENTS,
    "GRAPHQL query OrganizationId": _MEMBERS,
    "GRAPHQL query OrganizationSettings": Need(
        "organization", ("organization_administration", "members"), ("admin:org",), _OWNER
    ),
    "GRAPHQL query MemberActivity": Need(
        "organization",
        ("members",),
        ("read:org", "read:user"),
        "counts contributions to the repositories that the identity may read",
    ),
    "GRAPHQL query OrganizationMembers": Need(
        "organization", ("members",), ("read:org",), f"role and two-factor are {_OWNER}"
    ),
    "GRAPHQL query VerifiedMails": Need(
        "organization",
        ("members",),
        ("read:org",),
        f"addresses in the organisation's verified domains, {_OWNER}",
    ),
    "GRAPHQL query SamlIdentityProvider": Need(
        "organization", ("organization_administration",), ("admin:org",), _OWNER
    ),
    "GRAPHQL query ExternalIdentities": Need(
        "organization", ("organization_administration",), ("admin:org",), _OWNER
    ),
    "GRAPHQL query MergedPullRequests": Need(
        "repository", ("pull_requests", "issues", "contents", "checks", "statuses"), ("repo",)
    ),
    "GRAPHQL query MergedPullRequestCount": Need("repository", ("pull_requests",), ("repo",)),
    "GRAPHQL query PullRequestReviews": Need("repository", ("pull_requests",), ("repo",)),
    "GRAPHQL query PullRequestCommits": Need(
        "repository", ("pull_requests", "contents"), ("repo",)
    ),
    "GRAPHQL query RepositoryCommits": Need(
        "repository", ("contents", "pull_requests", "metadata"), ("repo",)
    ),
    "GRAPHQL query BranchCommits": Need("repository", ("contents", "pull_requests"), ("repo",)),
    "GET /orgs/{org}/audit-log": Need(
        "organization",
        ("organization_administration",),
        ("read:audit_log",),
        "Enterprise Cloud only, shown to organisation owners",
    ),
    "GET /orgs/{org}/rulesets/rule-suites": Need(
        "organization",
        ("organization_administration",),
        ("admin:org",),
        "GitHub shows rule suites only to who may change the organisation's settings",
        access="write",
    ),
}
"""Every call that the collectors declare. A test demands that none is missing."""


def grant(call: str) -> str | None:
    """What to grant for a call, e.g. ``members=read``; ``None`` for ``GET /user``, which needs nothing."""
    need = NEEDS.get(call)
    return str(need) if need else None


def permissions(calls: Sequence[str], form: str) -> str:
    """The least permissions for declared calls.

    Args:
        calls: declared calls; unknown ones (of a plugin) are listed as such.
        form: ``text``; or ``json``, the ``default_permissions`` of an App's manifest and the scopes of a
            classic token.

    Raises:
        UsageError: another form.
    """
    known = {call: NEEDS[call] for call in sorted(set(calls)) if call in NEEDS}
    granted = {call: need for call, need in known.items() if need.access == "read"}
    if form == "json":
        return json.dumps(
            {
                "default_permissions": dict.fromkeys(
                    sorted({n for d in granted.values() for n in d.names}), "read"
                ),
                "classic_token_scopes": sorted(
                    {s for need in granted.values() for s in need.scopes}
                ),
            },
            indent=2,
        )
    if form != "text":
        msg = f"permissions github cannot be written as '{form}': use text or json"
        raise UsageError(msg)
    lines = ["A GitHub App, or a fine-grained token of an organisation owner, with read access to:"]
    for level in ("organization", "repository"):
        names = sorted({n for need in granted.values() if need.level == level for n in need.names})
        lines += ["", f"{level.capitalize()} permissions"]
        for name in names:
            lines.append(f"  {name}: read")
            lines += [
                f"      {call}{_noted(d)}"
                for call, d in granted.items()
                if d.level == level and name in d.names
            ]
    bare = [call for call, need in known.items() if not need.names]
    if bare:
        lines += ["", "GitHub takes a classic token only for"]
        lines += [
            f"  {call}: {', '.join(known[call].scopes)}{_noted(known[call])}" for call in bare
        ]
    lines += [
        "",
        "Or a classic token of an organisation owner with the scopes "
        + ", ".join(sorted({s for need in granted.values() for s in need.scopes})),
    ]
    refused = {call: need for call, need in known.items() if need.access != "read"}
    if refused:
        lines += [
            "",
            "Left out, because GitHub shows it only with more than read access; what it would show is",
            "inconclusive until a source of its own, with credentials of its own, is granted it:",
            *(f"  {call}: {need}" for call, need in refused.items()),
        ]
    unknown = sorted(set(calls) - set(known))
    if unknown:
        lines += [
            "",
            "Calls of plugins, see their documentation:",
            *(f"  {call}" for call in unknown),
        ]
    return "\n".join(lines)


def _noted(need: Need) -> str:
    return f"  ({need.note})" if need.note else ""
