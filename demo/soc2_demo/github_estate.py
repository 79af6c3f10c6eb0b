"""The repositories of the emulated GitHub company, and what protects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.github_reach import actions, deploy_keys, deployments, release, workflows
from soc2_demo.github_state import Refusal
from soc2_demo.github_words import (
    LOGIN,
    Repo,
    account,
    days_ago,
    number_of,
    sha_of,
    team_of,
)

if TYPE_CHECKING:
    from datetime import datetime

AGENCY = ("pixel-agency-tom", "safety-lab-review")
_ORG_RULESET = 7001
_EVALUATED_RULESET = 7002


def repository(repo: Repo, now: datetime) -> dict[str, Any]:
    """A repository as the organisation's listing has it."""
    number = number_of(repo.name)
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
        "created_at": days_ago(now, 1200),
        "pushed_at": days_ago(
            now, 900 if repo.archived else 500 if repo.name == "mobile-app" else 1
        ),
        "updated_at": days_ago(now, 1),
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
            "require_code_owner_review": True,
            "require_last_push_approval": False,
            "required_review_thread_resolution": True,
            "dismissal_restriction": {"enabled": True, "allowed_actors": []},
        },
    },
    {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": True,
            "required_status_checks": [{"context": "test", "integration_id": 15368}],
        },
    },
)


def repository_answers(repo: Repo, now: datetime) -> dict[str, Any]:
    """What REST says of one repository, by path."""
    root = f"/repos/{LOGIN}/{repo.name}"
    return {
        **_branch_answers(repo),
        f"{root}/vulnerability-alerts": Refusal(204)
        if repo.scanned
        else Refusal(404, "Vulnerability alerts are disabled."),
        f"{root}/automated-security-fixes": {"enabled": repo.scanned, "paused": False},
        f"{root}/code-scanning/analyses": Refusal(404, "no analysis found")
        if repo.analysed is None
        else [_analysis(repo, now)],
        f"{root}/environments": _environments(repo, now),
        f"{root}/actions/workflows": {
            "total_count": len(workflows(repo)),
            "workflows": [
                {"id": number, "path": f".github/workflows/{name}", "state": "active"}
                for number, name in enumerate(workflows(repo), start=1)
            ],
        },
        f"{root}/environments/production/deployment-branch-policies": {
            "total_count": 1,
            "branch_policies": [
                {"id": 361471, "node_id": "GA_361471", "name": "main", "type": "branch"}
            ],
        },
    }


def _branch_answers(repo: Repo) -> dict[str, Any]:
    root = f"/repos/{LOGIN}/{repo.name}"
    rulesets = [
        _ruleset(_ORG_RULESET, "default branches", "active", LOGIN),
        _ruleset(_EVALUATED_RULESET, "trial", "evaluate", f"{LOGIN}/{repo.name}"),
    ]
    return {
        f"{root}/branches/main/protection": Refusal(404, "Branch not protected"),
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


def _protection(*, admins: bool, force: bool) -> dict[str, Any]:
    return {
        "id": "BPR_kwDO",
        "pattern": "main",
        "isAdminEnforced": admins,
        "requiresApprovingReviews": True,
        "requiredApprovingReviewCount": 1,
        "dismissesStaleReviews": True,
        "requiresCodeOwnerReviews": True,
        "requireLastPushApproval": False,
        "requiresStatusChecks": True,
        "requiredStatusCheckContexts": ["test"],
        "requiresStrictStatusChecks": True,
        "requiresConversationResolution": True,
        "requiresCommitSignatures": False,
        "requiresLinearHistory": False,
        "allowsForcePushes": force,
        "allowsDeletions": False,
        "restrictsPushes": admins,
        "restrictsReviewDismissals": not force,
        "requiredStatusChecks": [{"context": "test", "app": {"slug": "github-actions"}}],
        "lockBranch": False,
        "bypassPullRequestAllowances": {"pageInfo": {"hasNextPage": False}, "nodes": []},
        "bypassForcePushAllowances": {"pageInfo": {"hasNextPage": False}, "nodes": []},
    }


def nodes(repo: Repo, now: datetime) -> dict[str, Any]:
    """A repository as GraphQL has it, with all that hangs on it."""
    found = repository(repo, now)
    classic = {
        "classic": _protection(admins=True, force=False),
        "exempt": _protection(admins=False, force=False),
        "forced": _protection(admins=True, force=True),
    }
    source = {"databaseId": _ORG_RULESET, "name": "default branches", "enforcement": "ACTIVE"}
    rules: tuple[dict[str, Any], ...] = _RULES if repo.protection == "ruleset" else ()
    people = {
        "web": [(AGENCY[0], "ADMIN")],
        "robot-sdk": [(AGENCY[1], "READ")],
        "fleet-controller": [("goran-petrov", "WRITE")],
    }.get(repo.name, [])
    edges: list[dict[str, Any]] = [
        {"permission": permission, "node": {"id": account(login)["node_id"], "login": login}}
        for login, permission in people
    ]
    return {
        "id": found["node_id"],
        "databaseId": found["id"],
        "name": repo.name,
        "nameWithOwner": found["full_name"],
        "isArchived": repo.archived,
        "isEmpty": False,
        "visibility": repo.visibility.upper(),
        "viewerCanAdminister": True,
        "mergeQueue": None,
        "head": {"oid": sha_of(f"{repo.name} head")},
        "codeowners": None if repo.name == "web" else {"errors": []},
        "defaultBranchRef": {
            "name": "main",
            "branchProtectionRule": classic.get(repo.protection),
            "rules": {
                "pageInfo": {"hasNextPage": False},
                "nodes": [{"type": r["type"].upper(), "repositoryRuleset": source} for r in rules],
            },
        },
        "deleteBranchOnMerge": True,
        "hasVulnerabilityAlertsEnabled": repo.scanned,
        "isSecurityPolicyEnabled": repo.name != "docs",
        "direct": edges,
        "outside": [edge for edge in edges if edge["node"]["login"] in AGENCY],
        "object": _folder(repo),
        "files": {path: _blob(text) for path, text in actions(repo).items()},
        "environments": len(_environments(repo, now)["environments"]),
        "branchProtectionRules": int(repo.protection in classic),
        "deployKeys": len(deploy_keys(repo, now)),
        "deployments": deployments(repo, now),
        "latestRelease": release(repo, now),
    }


def _folder(repo: Repo) -> dict[str, Any] | None:
    """``.github/workflows`` as a tree; ``None`` where there is no such folder."""
    entries = [
        {
            "name": name,
            "path": f".github/workflows/{name}",
            "type": "blob",
            "object": _blob(text),
        }
        for name, text in workflows(repo).items()
    ]
    return {"entries": entries} if entries else None


def _blob(text: str) -> dict[str, Any]:
    return {
        "oid": sha_of(text),
        "byteSize": len(text),
        "isBinary": False,
        "isTruncated": False,
        "text": text,
    }


def _analysis(repo: Repo, now: datetime) -> dict[str, Any]:
    number = number_of(f"analysis {repo.name}")
    return {
        "ref": "refs/heads/main",
        "commit_sha": sha_of(f"{repo.name} head"),
        "analysis_key": "dynamic/codeql",
        "id": number,
        "environment": "{}",
        "error": "",
        "category": "/language",
        "created_at": days_ago(now, repo.analysed or 0),
        "results_count": 0,
        "rules_count": 160,
        "tool": {"name": "CodeQL", "guid": None, "version": "2.23.0"},
        "deletable": True,
        "warning": "",
    }


def _environments(repo: Repo, now: datetime) -> dict[str, Any]:
    names = {"api": ["production", "staging"], "web": ["production"]}.get(repo.name, [])
    reviewed = {
        "id": 3755,
        "node_id": "GA_3755",
        "type": "required_reviewers",
        "prevent_self_review": True,
        "reviewers": [{"type": "Team", "reviewer": team_of(1, "platform")}],
    }
    return {
        "total_count": len(names),
        "environments": [
            {
                "id": number_of(f"{repo.name} {name}"),
                "node_id": f"EN_{number_of(f'{repo.name} {name}'):x}",
                "name": name,
                "created_at": days_ago(now, 400),
                "updated_at": days_ago(now, 90),
                "protection_rules": [reviewed]
                if repo.name == "api" and name == "production"
                else [],
                "can_admins_bypass": False,
                "deployment_branch_policy": {
                    "protected_branches": name != "production",
                    "custom_branch_policies": name == "production",
                },
            }
            for name in names
        ],
    }
