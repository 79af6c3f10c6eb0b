"""Collects the default branch of every repository with what protects it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.models.branch import Branch
from soc2_collectors.github.repositories import REPOSITORIES, named
from soc2_pac.errors import NotEnabled
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_PROTECTION = "/repos/{owner}/{repo}/branches/{branch}/protection"
_RULES = "/repos/{owner}/{repo}/rules/branches/{branch}"
_RULESETS = "/repos/{owner}/{repo}/rulesets"
_RULESET = "/repos/{owner}/{repo}/rulesets/{ruleset_id}"
_NOT_PROTECTED = "Branch not protected"


@collects(
    Branch,
    calls=[f"GET {path}" for path in (REPOSITORIES, _PROTECTION, _RULES, _RULESETS, _RULESET)],
    per="organization",
)
def branches(github: Github) -> Iterator[Document]:
    """Default branches. Archived repositories cannot change: their branches are listed without facts."""
    for repository in github.items(REPOSITORIES, type="all"):
        branch = repository["default_branch"]
        body: dict[str, object] = {"name": branch, "repository": named(repository)}
        if not repository.get("archived"):
            body.update(_facts(github, repository["name"], branch))
        yield Document(
            uid=f"{repository['node_id']}:default_branch",
            name=f"{repository['full_name']}:{branch}",
            body=body,
        )


def _facts(github: Github, repo: str, branch: str) -> dict[str, object]:
    def rules() -> object:
        return _listed(github, _RULES, repo=repo, branch=branch)

    def rulesets() -> object:
        return [
            # An organisation's ruleset stands in the list of each of its repositories: asked once.
            github.once(("ruleset", ruleset["id"]), partial(_details, github, repo, ruleset["id"]))
            for ruleset in _listed(
                github, _RULESETS, repo=repo, includes_parents="true", targets="branch"
            )
        ]

    return {
        # 404 with another message hides what the identity may not read: only this one says "none".
        "branch_protection": github.fact(
            _PROTECTION, absent=(_NOT_PROTECTED,), plan_may_lack=True, repo=repo, branch=branch
        ),
        "rules": Fact(f"GET {_RULES}", rules),
        "rulesets": Fact(f"GET {_RULESETS}", rulesets),
    }


def _listed(github: Github, path: str, **params: str) -> list[dict[str, Any]]:
    try:
        return list(github.items(path, key=None, **params))
    except NotEnabled:
        return []  # a plan without rulesets enforces none


def _details(github: Github, repo: str, ruleset_id: int) -> dict[str, Any]:
    return github.ask(_RULESET, repo=repo, ruleset_id=ruleset_id)
