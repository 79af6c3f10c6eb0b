"""Collects repositories and their deployment environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.github.models.repository import Environment, Repository
from soc2_collectors.github.permissions import grant
from soc2_pac.model import CollectionStatus, Document, Fact, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

REPOSITORIES = "/orgs/{org}/repos"
_ALERTS = "/repos/{owner}/{repo}/vulnerability-alerts"
_FIXES = "/repos/{owner}/{repo}/automated-security-fixes"
_DEFAULT_SETUP = "/repos/{owner}/{repo}/code-scanning/default-setup"
_ANALYSES = "/repos/{owner}/{repo}/code-scanning/analyses"
_COLLABORATORS = "/repos/{owner}/{repo}/collaborators"
_ENVIRONMENTS = "/repos/{owner}/{repo}/environments"

_ALERTS_OFF = "Vulnerability alerts are disabled."
_FIXES_OFF = "Automated security fixes are disabled."
_NO_ANALYSIS = "no analysis found"


def named(repository: dict[str, Any]) -> dict[str, object]:
    """The part of a repository that documents of its branches and environments carry."""
    keys = ("id", "node_id", "name", "full_name", "visibility", "archived")
    return {key: repository[key] for key in keys if key in repository}


@collects(
    Repository,
    calls=[
        f"GET {path}"
        for path in (REPOSITORIES, _ALERTS, _FIXES, _DEFAULT_SETUP, _ANALYSES, _COLLABORATORS)
    ],
    per="organization",
)
def repositories(github: Github) -> Iterator[Document]:
    """Repositories. Of an archived one, which nobody can change, only the listing is read."""
    for repository in github.items(REPOSITORIES, type="all"):
        body: dict[str, object] = dict(repository)
        if repository.get("security_and_analysis") is None:
            body["security_and_analysis"] = Gap(
                CollectionStatus.DENIED,
                f"GET {REPOSITORIES}",
                "GitHub shows this to administrators of the repository only",
                grant(f"GET {_FIXES}"),
            )
        if not repository.get("archived"):
            body.update(_facts(github, repository))
        yield Document(uid=repository["node_id"], name=repository["full_name"], body=body)


def _facts(github: Github, repository: dict[str, Any]) -> dict[str, object]:
    repo = repository["name"]
    ref = f"refs/heads/{repository['default_branch']}"
    analyses = github.fact(
        _ANALYSES, absent=(_NO_ANALYSIS,), plan_may_lack=True, repo=repo, ref=ref, per_page=1
    )

    def latest() -> object:
        found = analyses.call()
        return found[0] if isinstance(found, list) and found else None

    return {
        "vulnerability_alerts": github.fact(_ALERTS, absent=(_ALERTS_OFF,), repo=repo),
        "automated_security_fixes": github.fact(_FIXES, absent=(_FIXES_OFF,), repo=repo),
        "code_scanning_default_setup": github.fact(
            _DEFAULT_SETUP, absent=(), plan_may_lack=True, repo=repo
        ),
        "code_scanning_latest_analysis": Fact(analyses.operation, latest),
        "outside_collaborators": github.list_fact(_COLLABORATORS, repo=repo, affiliation="outside"),
    }


@collects(Environment, calls=[f"GET {REPOSITORIES}", f"GET {_ENVIRONMENTS}"], per="organization")
def environments(github: Github) -> Iterator[Document]:
    """Deployment environments of every repository that is not archived."""
    for repository in github.items(REPOSITORIES, type="all"):
        if repository.get("archived"):
            continue
        for environment in github.items(_ENVIRONMENTS, key="environments", repo=repository["name"]):
            yield Document(
                uid=environment["node_id"],
                name=f"{repository['full_name']}/{environment['name']}",
                body={**environment, "repository": named(repository)},
            )
