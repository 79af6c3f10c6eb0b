"""Collects repositories and their deployment environments."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.inventory import (
    COLLABORATORS,
    REPOSITORY_ENVIRONMENTS,
    REPOSITORY_SETTINGS,
    listed,
    named,
    refuse,
)
from soc2_collectors.github.models.repository import Environment, Repository
from soc2_collectors.github.permissions import grant
from soc2_pac import clock
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.model import CollectionStatus, Document, Fact, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.github.client import Github

REPOSITORIES = "/orgs/{org}/repos"
_ALERTS = "/repos/{owner}/{repo}/vulnerability-alerts"
_FIXES = "/repos/{owner}/{repo}/automated-security-fixes"
_ANALYSES = "/repos/{owner}/{repo}/code-scanning/analyses"
_REPORTING = "/repos/{owner}/{repo}/private-vulnerability-reporting"
_PEOPLE = "/repos/{owner}/{repo}/collaborators"
_ENVIRONMENTS = "/repos/{owner}/{repo}/environments"
_PATTERNS = "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies"

_ALERTS_OFF = "Vulnerability alerts are disabled."
_FIXES_OFF = "Automated security fixes are disabled."
_NO_ANALYSIS = "no analysis found"
_ACTIVE_DAYS = 30
_NAMES = ("node_id", "name", "full_name", "default_branch")
_PAGE = 100
"""Analyses that are read of each repository: enough for the newest of each tool."""
_SETTINGS = ("deleteBranchOnMerge", "isSecurityPolicyEnabled")


@collects(
    Repository,
    calls=[
        f"GET {path}" for path in (REPOSITORIES, _ALERTS, _FIXES, _ANALYSES, _REPORTING, _PEOPLE)
    ]
    + [REPOSITORY_SETTINGS.call, COLLABORATORS.call],
    per="organization",
    cost="2 x pages of 100 + 2 N; + 1 for each public one and each without dependency alerts",
    version="4",
)
def repositories(github: Github) -> Iterator[Document]:
    """Repositories. Of an archived one, which nobody can change, only who has access is read."""
    active = clock.now() - timedelta(days=_ACTIVE_DAYS)
    for repository in github.items(REPOSITORIES, type="all"):
        body: dict[str, object] = dict(repository)
        if repository.get("security_and_analysis") is None:
            body["security_and_analysis"] = Gap(
                CollectionStatus.DENIED,
                f"GET {REPOSITORIES}",
                "GitHub shows this to administrators of the repository only",
                grant(f"GET {_FIXES}"),
            )
        pushed = repository.get("pushed_at") or repository.get("created_at")
        if pushed:
            body["dormant_since"] = pushed if datetime.fromisoformat(pushed) < active else None
        named = all(repository.get(key) for key in _NAMES)
        if named:
            body.update(_access(github, repository))
        if named and not repository.get("archived"):
            body.update(_facts(github, repository))
        uid = str(repository["node_id"]) if named else ""  # one without an id costs no other
        yield Document(uid=uid, name=str(repository.get("full_name")), body=body)


def _access(github: Github, repository: dict[str, Any]) -> dict[str, object]:
    settings = partial(_settings, github, repository["node_id"])
    return {
        f"{sort}_collaborators": _collaborators(github, settings, sort)
        for sort in ("direct", "outside")
    }


def _facts(github: Github, repository: dict[str, Any]) -> dict[str, object]:
    repo = repository["name"]
    ref = f"refs/heads/{repository['default_branch']}"
    analyses = github.fact(
        _ANALYSES, absent=(_NO_ANALYSIS,), plan_may_lack=True, repo=repo, ref=ref, per_page=_PAGE
    )
    alerts = github.fact(_ALERTS, absent=(_ALERTS_OFF,), says_yes=True, repo=repo)
    settings = partial(_settings, github, repository["node_id"])

    def vulnerability_alerts() -> object:
        # GraphQL says "off" also where the identity may not know: that is asked again.
        said = {key: settings().get(key) for key in ("hasVulnerabilityAlertsEnabled",)}
        return said if all(said.values()) else alerts.call()

    facts: dict[str, object] = {
        "settings": Fact(REPOSITORY_SETTINGS.call, lambda: _plain(settings())),
        "vulnerability_alerts": Fact(alerts.operation, vulnerability_alerts),
        "automated_security_fixes": github.fact(_FIXES, absent=(_FIXES_OFF,), repo=repo),
        "code_scanning_analyses": Fact(
            analyses.operation, lambda: _newest(analyses.call(), analyses.operation)
        ),
    }
    if repository.get("visibility") == "public":
        facts["private_vulnerability_reporting"] = github.fact(_REPORTING, absent=(), repo=repo)
    return facts


def _newest(said: object, operation: str) -> list[dict[str, Any]]:
    """Of each tool and category the newest analysis, the newest of all first."""
    if said is None:
        return []
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        msg = f"{operation} answered no list of objects"
        raise Unexpected(msg, operation=operation)
    found: dict[tuple[object, object], dict[str, Any]] = {}
    for one in said:  # the newest come first
        found.setdefault(((one.get("tool") or {}).get("name"), one.get("category")), one)
    return list(found.values())


def _settings(github: Github, node_id: str) -> dict[str, Any]:
    """What GraphQL says of a repository; asked for all of them at once."""

    def read() -> dict[str, Any]:
        gaps = ("direct", "outside", *_SETTINGS)
        return {node["id"]: node for node in listed(github, REPOSITORY_SETTINGS, gaps=gaps)}

    found: dict[str, dict[str, Any]] = github.once("repository settings", read)
    if node_id not in found:
        call = REPOSITORY_SETTINGS.call
        msg = "GraphQL does not list the repository to this identity"
        raise Denied(msg, operation=call, permission=grant(call))
    return found[node_id]


def _plain(node: dict[str, Any]) -> dict[str, object]:
    for key in _SETTINGS:
        if isinstance(node.get(key), Gap):
            refuse(node[key])
    return {key: node[key] for key in _SETTINGS if key in node}


def _collaborators(
    github: Github, settings: Callable[[], dict[str, Any]], affiliation: str
) -> Fact:
    def read() -> object:
        node = settings()
        found = node.get(affiliation)
        if found is None or isinstance(found, Gap):
            # GraphQL shows them to people who may push, and by which grant they come to fewer still; an App reads
            # them by a permission of its own.
            people = github.items(_PEOPLE, repo=node["name"], affiliation=affiliation)
            return sorted(people, key=lambda person: str(person["login"]))
        if not found["pageInfo"]["hasNextPage"]:
            return sorted(found["edges"], key=lambda edge: str(edge["node"]["login"]))
        variables = {"id": node["id"], "affiliation": affiliation.upper()}
        edges = github.graphql(COLLABORATORS, variables, "node.collaborators")
        return sorted(edges, key=lambda edge: str(edge["node"]["login"]))

    return Fact(REPOSITORY_SETTINGS.call, read)


@collects(
    Environment,
    calls=[REPOSITORY_ENVIRONMENTS.call, f"GET {_ENVIRONMENTS}", f"GET {_PATTERNS}"],
    per="organization",
    cost="pages of 100 + 1 for each repository that has environments + 1 for each that names branches",
    version="3",
)
def environments(github: Github) -> Iterator[Document]:
    """Deployment environments of every repository that is not archived."""
    for node in listed(github, REPOSITORY_ENVIRONMENTS):
        if node["isArchived"] or not node["environments"]["totalCount"]:
            continue
        for environment in github.items(_ENVIRONMENTS, key="environments", repo=node["name"]):
            name = environment.get("name", "")
            body: dict[str, object] = {
                **environment,
                "repository": {**named(node), "viewerCanAdminister": node["viewerCanAdminister"]},
                "branch_protection_rules": node["branchProtectionRules"],
            }
            if (environment.get("deployment_branch_policy") or {}).get("custom_branch_policies"):
                body["branch_policies"] = github.list_fact(
                    _PATTERNS, key="branch_policies", repo=node["name"], environment_name=name
                )
            uid = environment.get("node_id", "")
            yield Document(uid, f"{node['nameWithOwner']}/{name}", body)
