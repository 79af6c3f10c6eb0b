"""The GitHub side of acme-robotics: its people, repositories and changes, and what it got wrong.

What is wrong on purpose is listed in :data:`PLANTED`. Names and ids are inventions. Ages count back from
the time of the call, so that the demo looks the same on any day.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from soc2_pac.demo.company import Planted
from soc2_pac.demo.github import Company, Refusal

LOGIN = "acme-robotics"

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
)
"""Every fault that was put in on purpose. Rules may find more, as in any company."""


@dataclass(frozen=True, slots=True)
class _Repo:
    name: str
    language: str
    protection: str = "ruleset"
    """``ruleset``: the organisation's; ``classic``; ``exempt``: classic without administrators; ``forced``:
    classic that allows force pushes; ``none``."""
    visibility: str = "private"
    archived: bool = False
    scanned: bool = True
    analysed: int | None = 2
    """Days since the last code analysis; ``None``: never."""


_REPOS = (
    _Repo("api", "Python"),
    _Repo("web", "TypeScript"),
    _Repo("robot-firmware", "C++"),
    _Repo("fleet-controller", "Go"),
    _Repo("infrastructure", "HCL"),
    _Repo("mobile-app", "Kotlin"),
    _Repo("billing", "Python", protection="exempt", analysed=60),
    _Repo("telemetry", "Go", protection="evaluate"),
    _Repo("docs", "MDX", protection="forced", visibility="public"),
    _Repo("robot-sdk", "Python", protection="classic", visibility="public"),
    _Repo("etl-jobs", "Python", protection="none", scanned=False, analysed=None),
    _Repo(
        "legacy-exporter",
        "Perl",
        protection="none",
        visibility="public",
        archived=True,
        analysed=None,
    ),
)

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
_AGENCY = ("pixel-agency-tom", "safety-lab-review")
_ORG_RULESET = 7001
_EVALUATED_RULESET = 7002


def acme_robotics(now: datetime | None = None) -> Company:
    """The company as of ``now`` (default: the clock's)."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    rest: dict[str, Any] = {
        "/user": {**_user("ana-kovac"), "name": "Ana Kovac"},
        f"/orgs/{LOGIN}": _organization(now),
        f"/orgs/{LOGIN}/repos": [_repository(repo, now) for repo in _REPOS],
        f"/orgs/{LOGIN}/outside_collaborators": [_user(login) for login in _AGENCY],
        f"/orgs/{LOGIN}/outside_collaborators?filter=2fa_disabled": [_user(_AGENCY[0])],
        f"/orgs/{LOGIN}/teams": [_team(1, "platform"), _team(2, "robotics"), _team(3, "security")],
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
        **_runners(),
        **_alerts(now),
    }
    for repo in _REPOS:
        rest.update(_repository_answers(repo, now))
    return Company(
        LOGIN,
        rest,
        members=[_member(login, now) for login in _MEMBERS],
        pull_requests=_pull_requests(now),
        commits=_commits(now),
    )


# -- people -----------------------------------------------------------------------------------------------


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _time(now: datetime, days: float) -> str:
    return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def _user(login: str) -> dict[str, Any]:
    number = _number(login)
    return {
        "login": login,
        "id": number,
        "node_id": f"U_kgDO{number:x}",
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{login}",
        "type": "User",
        "site_admin": False,
    }


def _member(login: str, now: datetime) -> dict[str, Any]:
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


def _team(number: int, slug: str) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"T_kwDO{number:04d}",
        "name": slug.title(),
        "slug": slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": f"https://api.github.com/teams/{number}",
        "parent": None,
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
            "name": "team",
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


def _runners() -> dict[str, Any]:
    def group(number: int, name: str, *, public: bool) -> dict[str, Any]:
        return {
            "id": number,
            "name": name,
            "visibility": "all",
            "default": number == 1,
            "inherited": False,
            "allows_public_repositories": public,
            "restricted_to_workflows": False,
            "selected_workflows": [],
        }

    def runner(number: int, name: str, *, ephemeral: bool) -> dict[str, Any]:
        return {
            "id": number,
            "name": name,
            "os": "linux",
            "status": "online",
            "busy": False,
            "ephemeral": ephemeral,
            "labels": [{"id": 5, "name": "self-hosted", "type": "read-only"}],
        }

    path = f"/orgs/{LOGIN}/actions/runner-groups"
    return {
        path: {
            "total_count": 2,
            "runner_groups": [
                group(1, "Default", public=False),
                group(2, "build-lab", public=True),
            ],
        },
        f"{path}/1/runners": {
            "total_count": 1,
            "runners": [runner(11, "k8s-runner", ephemeral=True)],
        },
        f"{path}/2/runners": {
            "total_count": 1,
            "runners": [runner(21, "bench-rig", ephemeral=False)],
        },
    }


# -- repositories -----------------------------------------------------------------------------------------


def _repository(repo: _Repo, now: datetime) -> dict[str, Any]:
    number = _number(repo.name)
    status = {"status": "enabled" if repo.scanned and not repo.archived else "disabled"}
    return {
        "id": number,
        "node_id": f"R_kgDO{number:x}",
        "name": repo.name,
        "full_name": f"{LOGIN}/{repo.name}",
        "owner": {
            "login": LOGIN,
            "id": 90417733,
            "node_id": "O_kgDOBWOmxQ",
            "type": "Organization",
        },
        "private": repo.visibility != "public",
        "visibility": repo.visibility,
        "fork": False,
        "disabled": False,
        "html_url": f"https://github.com/{LOGIN}/{repo.name}",
        "language": repo.language,
        "size": 1000 + number % 9000,
        "archived": repo.archived,
        "default_branch": "main",
        "stargazers_count": number % 40,
        "topics": [],
        "created_at": _time(now, 1200),
        "pushed_at": _time(now, 900 if repo.archived else 1),
        "updated_at": _time(now, 1),
        "permissions": {
            "admin": True,
            "maintain": True,
            "push": True,
            "triage": True,
            "pull": True,
        },
        "security_and_analysis": {
            "secret_scanning": status,
            "secret_scanning_push_protection": status,
            "dependabot_security_updates": status,
        },
    }


def _ruleset(number: int, name: str, enforcement: str, source: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "target": "branch",
        "enforcement": enforcement,
        "source_type": "Organization" if source == LOGIN else "Repository",
        "source": source,
        "node_id": f"RRS_{number}",
    }


_RULES: tuple[dict[str, Any], ...] = (
    {"type": "deletion"},
    {"type": "non_fast_forward"},
    {
        "type": "pull_request",
        "parameters": {
            "required_approving_review_count": 1,
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": True,
        },
    },
    {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": True,
            "required_status_checks": [{"context": "test"}],
        },
    },
)


def _protection(*, admins: bool, force: bool) -> dict[str, Any]:
    return {
        "required_status_checks": {
            "strict": True,
            "contexts": ["test"],
            "checks": [{"context": "test", "app_id": None}],
        },
        "required_pull_request_reviews": {
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 1,
        },
        "required_signatures": {"enabled": False},
        "enforce_admins": {"enabled": admins},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": force},
        "allow_deletions": {"enabled": False},
        "required_conversation_resolution": {"enabled": True},
    }


def _repository_answers(repo: _Repo, now: datetime) -> dict[str, Any]:
    root = f"/repos/{LOGIN}/{repo.name}"
    outside = {"web": [(_AGENCY[0], "admin")], "robot-sdk": [(_AGENCY[1], "read")]}.get(
        repo.name, []
    )
    return {
        **_branch_answers(repo),
        f"{root}/vulnerability-alerts": Refusal(204)
        if repo.scanned
        else Refusal(404, "Vulnerability alerts are disabled."),
        f"{root}/automated-security-fixes": {"enabled": repo.scanned, "paused": False},
        f"{root}/code-scanning/default-setup": {
            "state": "configured" if repo.analysed is not None else "not-configured",
            "languages": [],
        },
        f"{root}/code-scanning/analyses": Refusal(404, "no analysis found")
        if repo.analysed is None
        else [_analysis(repo, now)],
        f"{root}/collaborators": [
            {
                **_user(login),
                "role_name": role,
                "permissions": {"pull": True, "admin": role == "admin"},
            }
            for login, role in outside
        ],
        f"{root}/environments": _environments(repo, now),
    }


def _branch_answers(repo: _Repo) -> dict[str, Any]:
    root = f"/repos/{LOGIN}/{repo.name}"
    by_organization = repo.protection == "ruleset"
    classic = {"classic": (True, False), "exempt": (False, False), "forced": (True, True)}.get(
        repo.protection
    )
    rulesets = (
        [_ruleset(_ORG_RULESET, "default branches", "active", LOGIN)] if by_organization else []
    )
    if repo.protection == "evaluate":
        rulesets = [_ruleset(_EVALUATED_RULESET, "trial", "evaluate", f"{LOGIN}/{repo.name}")]
    source = {
        "ruleset_source_type": "Organization",
        "ruleset_source": LOGIN,
        "ruleset_id": _ORG_RULESET,
    }
    return {
        f"{root}/branches/main/protection": _protection(admins=classic[0], force=classic[1])
        if classic
        else Refusal(404, "Branch not protected"),
        f"{root}/rules/branches/main": [{**one, **source} for one in _RULES]
        if by_organization
        else [],
        f"{root}/rulesets": rulesets,
        **{
            f"{root}/rulesets/{ruleset['id']}": {
                **ruleset,
                "rules": list(_RULES),
                "bypass_actors": [],
                "current_user_can_bypass": "never",
                "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            }
            for ruleset in rulesets
        },
    }


def _analysis(repo: _Repo, now: datetime) -> dict[str, Any]:
    number = _number(f"analysis {repo.name}")
    return {
        "ref": "refs/heads/main",
        "commit_sha": _sha(f"{repo.name} head"),
        "analysis_key": "dynamic/codeql",
        "id": number,
        "environment": "{}",
        "error": "",
        "category": "/language",
        "created_at": _time(now, repo.analysed or 0),
        "results_count": 0,
        "rules_count": 160,
        "tool": {"name": "CodeQL", "guid": None, "version": "2.23.0"},
        "deletable": True,
        "warning": "",
    }


def _environments(repo: _Repo, now: datetime) -> dict[str, Any]:
    names = {"api": ["production", "staging"], "web": ["production"]}.get(repo.name, [])
    reviewed = {
        "id": 3755,
        "node_id": "GA_3755",
        "type": "required_reviewers",
        "prevent_self_review": True,
        "reviewers": [{"type": "Team", "reviewer": _team(1, "platform")}],
    }
    return {
        "total_count": len(names),
        "environments": [
            {
                "id": _number(f"{repo.name} {name}"),
                "node_id": f"EN_{_number(f'{repo.name} {name}'):x}",
                "name": name,
                "created_at": _time(now, 400),
                "updated_at": _time(now, 90),
                "protection_rules": [reviewed]
                if repo.name == "api" and name == "production"
                else [],
                "deployment_branch_policy": {
                    "protected_branches": True,
                    "custom_branch_policies": False,
                },
            }
            for name in names
        ],
    }


# -- alerts -----------------------------------------------------------------------------------------------


def _alerts(now: datetime) -> dict[str, Any]:
    def where(name: str) -> dict[str, Any]:
        found = _repository(next(repo for repo in _REPOS if repo.name == name), now)
        return {
            key: found[key] for key in ("id", "node_id", "name", "full_name", "private", "html_url")
        }

    def dependency(
        number: int, name: str, package: str, severity: str, days: int
    ) -> dict[str, Any]:
        flaw = {"ecosystem": "npm", "name": package}
        return {
            "number": number,
            "state": "open",
            "repository": where(name),
            "created_at": _time(now, days),
            "updated_at": _time(now, days),
            "fixed_at": None,
            "dismissed_at": None,
            "dependency": {
                "package": flaw,
                "manifest_path": "package-lock.json",
                "scope": "runtime",
            },
            "security_advisory": {
                "ghsa_id": f"GHSA-demo-{number:04d}-acme",
                "severity": severity,
                "summary": "an invention",
            },
            "security_vulnerability": {
                "package": flaw,
                "severity": severity,
                "vulnerable_version_range": "< 2.0.0",
            },
        }

    return {
        f"/orgs/{LOGIN}/secret-scanning/alerts": [
            {
                "number": 1,
                "state": "open",
                "created_at": _time(now, 21),
                "secret_type": "aws_access_key_id",
                "secret_type_display_name": "Amazon AWS Access Key ID",
                "validity": "unknown",
                "resolution": None,
                "publicly_leaked": False,
                "push_protection_bypassed": False,
                "repository": where("etl-jobs"),
            },
        ],
        f"/orgs/{LOGIN}/code-scanning/alerts": [
            {
                "number": 4,
                "state": "open",
                "created_at": _time(now, 12),
                "dismissed_at": None,
                "rule": {
                    "id": "py/sql-injection",
                    "severity": "error",
                    "security_severity_level": "high",
                },
                "tool": {"name": "CodeQL", "version": "2.23.0"},
                "repository": where("api"),
            },
        ],
        f"/orgs/{LOGIN}/dependabot/alerts": [
            dependency(17, "web", "acme-markdown", "critical", 33),
            dependency(18, "web", "acme-router", "medium", 50),
            dependency(3, "mobile-app", "acme-http", "high", 9),
        ],
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
        "author": {"__typename": "User", "login": reviewer},
        "commit": {"oid": seen},
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
        "author": {"__typename": "Bot" if author == "dependabot" else "User", "login": author},
        "mergedBy": {"__typename": "User", "login": merged_by or reviewer or author},
        "mergeCommit": {"oid": _sha(f"merge {repo} {number}")},
        "repository": {
            "id": f"R_kgDO{_number(repo):x}",
            "nameWithOwner": f"{LOGIN}/{repo}",
            "isArchived": False,
            "defaultBranchRef": {"name": "main"},
        },
        "reviews": {"nodes": [review] if reviewer else []},
        "commits": {
            "nodes": [
                {
                    "commit": {
                        "oid": head,
                        "author": {"user": {"login": author}},
                        "authors": {"nodes": [{"user": {"login": author}}]},
                        "committer": {"user": {"login": author}},
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
            ]
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
    for repo in _REPOS:
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
