"""The GitHub side of acme-robotics: its people, repositories and changes, and what it got wrong.

What is wrong on purpose is listed in :data:`PLANTED`. Names and ids are inventions. Ages count back from
the time of the call, so that the demo looks the same on any day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from soc2_demo.company import Planted
from soc2_demo.github_alerts import alerts, runners
from soc2_demo.github_estate import AGENCY, nodes, repository, repository_answers
from soc2_demo.github_reach import organization_reach, repository_reach
from soc2_demo.github_state import Company, Refusal
from soc2_demo.github_words import LOGIN, REPOS, team_of
from soc2_demo.github_words import account as _user
from soc2_demo.github_words import days_ago as _time
from soc2_demo.github_words import number_of as _number
from soc2_demo.github_words import sha_of as _sha

PLANTED: tuple[Planted, ...] = (
    Planted(
        "github-members-without-2fa", "erik-holm", "a member without two-factor authentication"
    ),
    Planted("github-base-permission", LOGIN, "every member may write to every repository"),
    Planted("github-saml-sso-enforced", LOGIN, "no SAML identity provider"),
    Planted("github-allowed-actions", LOGIN, "every action is allowed"),
    Planted(
        "github-default-branch-protected", "acme-robotics/etl-jobs:main", "an unprotected branch"
    ),
    Planted(
        "github-required-reviews", "acme-robotics/telemetry:main", "its ruleset only evaluates"
    ),
    Planted("github-admins-not-exempt", "acme-robotics/billing:main", "administrators are exempt"),
    Planted("github-no-force-push", "acme-robotics/docs:main", "force pushes are allowed"),
    Planted(
        "github-merged-pr-population", "acme-robotics/api#412", "merged by its author, unreviewed"
    ),
    Planted("github-merged-pr-population", "acme-robotics/api#371", "changed after the approval"),
    Planted("github-merged-pr-checks", "acme-robotics/robot-firmware#88", "merged with a red test"),
    Planted("github-bypass-events", "api@", "an owner pushed past the ruleset"),
    Planted(
        "github-protection-changes",
        "protected_branch.policy_override acme-robotics/billing",
        "an administrator merged past the protection",
    ),
    Planted("github-pr-ticket-link", "acme-robotics/api#412", "names no ticket"),
    Planted("github-no-direct-push", "acme-robotics/etl-jobs", "pushed straight to main"),
    Planted("github-visibility-expected", "acme-robotics/legacy-exporter", "public by mistake"),
    Planted("github-outside-collaborators", "acme-robotics/web", "an agency administers it"),
    Planted("github-outside-collaborators-without-2fa", "pixel-agency-tom", "no second factor"),
    Planted("github-secret-scanning", "acme-robotics/etl-jobs", "secret scanning is off"),
    Planted("github-dependabot-on", "acme-robotics/etl-jobs", "dependency alerts are off"),
    Planted("github-code-scanning", "acme-robotics/billing", "the analysis stopped 60 days ago"),
    Planted("github-secret-alerts-sla", "acme-robotics/etl-jobs#1", "an AWS key, open for 21 days"),
    Planted("github-dependabot-alerts-sla", "acme-robotics/web#17", "critical, open for 33 days"),
    Planted("github-prod-environment-reviewers", "acme-robotics/web/production", "no reviewers"),
    Planted("github-self-hosted-runners", "build-lab", "open to public repositories"),
    Planted("github-fine-grained-pat-policy", "erik-holm: etl export", "it never expires"),
    Planted("github-classic-tokens-expire", "kenji-mori", "a classic token that never expires"),
    Planted("github-app-policy", "legacy-ci", "it administers all repositories, unreviewed"),
    Planted("github-deploy-keys", "acme-robotics/robot-firmware", "its deploy key may write"),
    Planted("github-actions-secrets-age", "acme-robotics/infrastructure", "an old key of AWS"),
    Planted("github-webhooks-secure", "acme-robotics", "an unencrypted, unsigned webhook"),
    Planted("github-package-registry-access", "container/robot-sim", "a public image"),
    Planted("github-inactive-members", "marek-zielinski", "a member who contributes nothing"),
    Planted("github-repo-admins", "acme-robotics/fleet-controller", "a member without a team"),
    Planted("github-inactive-repos", "acme-robotics/mobile-app", "nobody pushed for 500 days"),
    Planted("github-codeowners-review", "acme-robotics/web:main", "no CODEOWNERS file"),
    Planted("github-push-restricted", "acme-robotics/api:main", "every writer may push"),
    Planted("github-dismissal-restricted", "acme-robotics/docs:main", "anybody dismisses reviews"),
    Planted(
        "github-workflow-hardening",
        "acme-robotics/web/preview.yml",
        "runs strangers' pull requests",
    ),
    Planted(
        "github-pipeline-as-code", "acme-robotics/etl-jobs/backfill.yml", "by hand, with secrets"
    ),
    Planted(
        "github-iac-and-license-scan", "acme-robotics/infrastructure", "Terraform is not scanned"
    ),
    Planted(
        "github-release-integrity", "acme-robotics/robot-sdk v2.3.0", "neither fixed nor signed"
    ),
    Planted("github-deployments-logged", "acme-robotics/billing", "deployed by a deleted account"),
    Planted("github-security-policy", "acme-robotics/docs", "public, without SECURITY.md"),
    Planted("github-audit-log-streaming", "acme-holding: Splunk", "the stream is paused"),
    Planted("github-ip-allow-list", LOGIN, "there is none"),
    Planted("github-scim-provisioned", LOGIN, "accounts are made by hand"),
    Planted("github-verified-domain", LOGIN, "notifications go to any address"),
)
"""Every fault that was put in on purpose. Rules may find more, as in any company."""


_OWNERS = ("ana-kovac", "david-lindqvist")
_MEMBERS = (
    *_OWNERS,
    "ben-osei",
    "chloe-martin",
    "erik-holm",
    "fatima-haddad",
    "goran-petrov",
    "hanna-virtanen",
    "ivan-novak",
    "julia-santos",
    "kenji-mori",
    "lea-dubois",
    "marek-zielinski",
    "nadia-rahman",
)
_WITHOUT_2FA = "erik-holm"


_TEAMS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "platform": (
        "admin",
        ("ben-osei", "chloe-martin", "hanna-virtanen"),
        ("api", "infrastructure"),
    ),
    "robotics": ("push", ("goran-petrov", "ivan-novak", "julia-santos"), ("robot-firmware",)),
    "security": ("pull", ("fatima-haddad",), ("api", "robot-firmware")),
}
"""Slug -> permission, members, repositories."""


def _teams(now: datetime) -> dict[str, Any]:
    """Teams, who is in them, and what they reach."""
    repositories = {repo.name: repo for repo in REPOS}
    found: dict[str, Any] = {
        f"/orgs/{LOGIN}/teams": [team_of(n, slug) for n, slug in enumerate(_TEAMS, 1)]
    }
    for slug, (permission, members, reached) in _TEAMS.items():
        found[f"/orgs/{LOGIN}/teams/{slug}/members"] = [_user(login) for login in members]
        found[f"/orgs/{LOGIN}/teams/{slug}/repos"] = [
            {
                **repository(repositories[name], now),
                "permissions": {permission: True},
                "role_name": permission,
            }
            for name in reached
        ]
    return found


def acme_robotics(now: datetime | None = None) -> Company:
    """The company as of ``now`` (default: the clock's)."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    rest: dict[str, Any] = {
        "/user": {**_user("ana-kovac"), "name": "Ana Kovac"},
        f"/orgs/{LOGIN}": _organization(now),
        f"/orgs/{LOGIN}/repos": [repository(repo, now) for repo in REPOS],
        f"/orgs/{LOGIN}/outside_collaborators": [_user(login) for login in AGENCY],
        f"/orgs/{LOGIN}/outside_collaborators?filter=2fa_disabled": [_user(AGENCY[0])],
        f"/orgs/{LOGIN}/actions/permissions": {
            "enabled_repositories": "all",
            "allowed_actions": "all",
            "sha_pinning_required": False,
        },
        f"/orgs/{LOGIN}/actions/permissions/selected-actions": Refusal(409, "Conflict"),
        f"/orgs/{LOGIN}/actions/permissions/workflow": {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        },
        f"/orgs/{LOGIN}/rulesets/rule-suites": [_bypass(now)],
        f"/orgs/{LOGIN}/audit-log": _protection_events(now),
        **_teams(now),
        **runners(),
        **alerts(now),
        **organization_reach(now),
    }
    for repo in REPOS:
        rest.update(repository_answers(repo, now))
        rest.update(repository_reach(repo, now))
    return Company(
        LOGIN,
        rest,
        members=[member(login, now) for login in _MEMBERS],
        pull_requests=_pull_requests(now),
        commits=_commits(now),
        repositories=[nodes(repo, now) for repo in REPOS],
        settings={
            "isVerified": True,
            "notificationDeliveryRestrictionEnabledSetting": "DISABLED",
            "ipAllowListEnabledSetting": "DISABLED",
            "ipAllowListForInstalledAppsEnabledSetting": "DISABLED",
            "ipAllowListEntries": {"pageInfo": {"hasNextPage": False}, "nodes": []},
        },
        idle={"marek-zielinski"},
    )


# -- people -----------------------------------------------------------------------------------------------


def member(login: str, now: datetime) -> dict[str, Any]:
    """A member as an edge of GraphQL's ``membersWithRole``."""
    user = _user(login)
    return {
        "role": "ADMIN" if login in _OWNERS else "MEMBER",
        "hasTwoFactorEnabled": login != _WITHOUT_2FA,
        "node": {
            "id": user["node_id"],
            "databaseId": user["id"],
            "login": login,
            "isSiteAdmin": False,
            "name": login.replace("-", " ").title(),
            "createdAt": _time(now, 900),
        },
    }


def _organization(now: datetime) -> dict[str, Any]:
    return {
        "login": LOGIN,
        "id": 90417733,
        "node_id": "O_kgDOBWOmxQ",
        "url": f"https://api.github.com/orgs/{LOGIN}",
        "name": "Acme Robotics",
        "type": "Organization",
        "is_verified": True,
        "created_at": _time(now, 2100),
        "updated_at": _time(now, 3),
        "public_repos": 3,
        "total_private_repos": 9,
        "plan": {
            "name": "enterprise",
            "space": 976562499,
            "private_repos": 999999,
            "filled_seats": 14,
            "seats": 20,
        },
        "two_factor_requirement_enabled": False,
        "default_repository_permission": "write",
        "members_can_create_repositories": True,
        "members_can_create_public_repositories": False,
        "members_can_create_private_repositories": True,
        "members_can_fork_private_repositories": False,
        "members_can_delete_repositories": True,
        "members_can_change_repo_visibility": False,
        "members_can_delete_issues": False,
    }


# -- changes ----------------------------------------------------------------------------------------------


def _change(
    now: datetime,
    repo: str,
    number: int,
    author: str,
    days: int,
    *,
    reviewer: str | None = None,
    merged_by: str | None = None,
    pushed_after: bool = False,
    checks: str = "SUCCESS",
) -> dict[str, Any]:
    head = _sha(f"{repo} {number}")
    seen = _sha(f"{repo} {number} before") if pushed_after else head
    review = {
        "id": f"PRR_{repo}_{number}",
        "state": "APPROVED",
        "submittedAt": _time(now, days + 0.2),
        "authorAssociation": "MEMBER",
        "authorCanPushToRepository": True,
        "author": {"__typename": "User", "login": reviewer, "databaseId": _number(reviewer or "")},
        "commit": {"oid": seen},
    }
    bot = author == "dependabot"
    user = None if bot else {"login": author, "databaseId": _number(author)}
    wrote = {"name": f"{author}[bot]" if bot else author, "user": user}
    made = {
        "oid": head,
        "author": wrote,
        "authors": {"totalCount": 1, "nodes": [wrote]},
        "committer": {"user": user},
    }
    return {
        "id": f"PR_{repo}_{number}",
        "number": number,
        "title": f"Change {number}" if reviewer is None else f"ROBO-{number}: Change {number}",
        "url": f"https://github.com/{LOGIN}/{repo}/pull/{number}",
        "createdAt": _time(now, days + 1),
        "mergedAt": _time(now, days),
        "updatedAt": _time(now, days),
        "baseRefName": "main",
        "headRefName": f"{author}/change-{number}",
        "headRefOid": head,
        "labels": {"nodes": []},
        "closingIssuesReferences": {"totalCount": 0, "nodes": []},
        "author": {"__typename": "Bot", "login": author}
        if bot
        else {"__typename": "User", "login": author, "databaseId": _number(author)},
        "mergedBy": {"__typename": "User", "login": merged_by or reviewer or author},
        "mergeCommit": {"oid": _sha(f"merge {repo} {number}")},
        "repository": {
            "id": f"R_kgDO{_number(repo):x}",
            "nameWithOwner": f"{LOGIN}/{repo}",
            "isArchived": False,
            "defaultBranchRef": {"name": "main"},
        },
        "reviews": {"nodes": [review] if reviewer else []},
        "allCommits": {"totalCount": 1, "nodes": [{"commit": made}]},
        "commits": {
            "totalCount": 1,
            "nodes": [
                {
                    "commit": {
                        **made,
                        "statusCheckRollup": {
                            "state": checks,
                            "contexts": {
                                "pageInfo": {"hasNextPage": False},
                                "nodes": [
                                    {"__typename": "CheckRun", "name": "test", "conclusion": checks}
                                ],
                            },
                        },
                    }
                }
            ],
        },
    }


def _pull_requests(now: datetime) -> dict[str, list[dict[str, Any]]]:
    people = _MEMBERS[2:]
    found = {
        repo: [
            _change(
                now,
                repo,
                first + 20 - i,
                people[i % len(people)],
                4 * i + 3,
                reviewer=people[(i + 5) % len(people)],
            )
            for i in range(count)
        ]
        for repo, first, count in (
            ("api", 390, 14),
            ("web", 210, 11),
            ("robot-firmware", 60, 9),
            ("fleet-controller", 130, 8),
            ("infrastructure", 75, 6),
            ("billing", 40, 4),
        )
    }
    found["api"] += [
        _change(now, "api", 412, "ben-osei", 1, merged_by="ben-osei"),
        _change(now, "api", 411, "dependabot", 2, reviewer="ana-kovac"),
        _change(now, "api", 371, "julia-santos", 40, reviewer="kenji-mori", pushed_after=True),
    ]
    found["robot-firmware"].append(
        _change(now, "robot-firmware", 88, "ivan-novak", 5, reviewer="lea-dubois", checks="FAILURE")
    )
    for pulls in found.values():
        pulls.sort(key=lambda pull: pull["updatedAt"], reverse=True)
    return found


def _commit(repo: str, oid: str, date: str, author: str, number: int | None) -> dict[str, Any]:
    pulls = (
        []
        if number is None
        else [{"number": number, "state": "MERGED", "baseRefName": "main", "mergedAt": date}]
    )
    return {
        "id": f"C_{oid[:16]}",
        "oid": oid,
        "committedDate": date,
        "messageHeadline": f"Change {number or oid[:7]}",
        "url": f"https://github.com/{LOGIN}/{repo}/commit/{oid}",
        "author": {"name": author, "user": {"login": author}},
        "associatedPullRequests": {"totalCount": len(pulls), "nodes": pulls},
    }


def _commits(now: datetime) -> dict[str, list[dict[str, Any]]]:
    found = {
        repo: [
            _commit(repo, p["mergeCommit"]["oid"], p["mergedAt"], p["author"]["login"], p["number"])
            for p in pulls
        ]
        for repo, pulls in _pull_requests(now).items()
    }
    for repo in REPOS:
        found.setdefault(repo.name, [])
    found["etl-jobs"] = [
        _commit("etl-jobs", _sha("etl hotfix"), _time(now, 6), "erik-holm", None),
        _commit("etl-jobs", _sha("etl cron"), _time(now, 19), "erik-holm", None),
    ]
    return found


def _bypass(now: datetime) -> dict[str, Any]:
    return {
        "id": 21,
        "actor_id": 1,
        "actor_name": "david-lindqvist",
        "before_sha": _sha("api before"),
        "after_sha": _sha("api head"),
        "ref": "refs/heads/main",
        "repository_id": _number("api"),
        "repository_name": "api",
        "pushed_at": _time(now, 6),
        "result": "bypass",
    }


def _protection_events(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "@timestamp": int((now - timedelta(days=days)).timestamp() * 1000),
            "_document_id": _sha(f"{action} {repo}")[:22],
            "action": action,
            "actor": "david-lindqvist",
            "org": LOGIN,
            "repo": f"{LOGIN}/{repo}",
        }
        for action, repo, days in (
            ("protected_branch.create", "robot-sdk", 60),
            ("protected_branch.policy_override", "billing", 12),
            ("repository_ruleset.update", "telemetry", 9),
        )
    ]
