"""Collects the default branch of every repository with what protects it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.inventory import DEFAULT_BRANCHES, hidden_contents, listed
from soc2_collectors.github.models.branch import Branch
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_PROTECTION = "/repos/{owner}/{repo}/branches/{branch}/protection"
_RULESET = "/repos/{owner}/{repo}/rulesets/{ruleset_id}"
_NOT_PROTECTED = "Branch not protected"
_MAY_BE_HIDDEN = ("codeowners", "defaultBranchRef")


@collects(
    Branch,
    calls=[DEFAULT_BRANCHES.call, f"GET {_RULESET}", f"GET {_PROTECTION}"],
    per="organization",
    cost="pages of 50 + 1 for each ruleset in force; + N where the identity does not administer",
    version="3",
)
def branches(github: Github) -> Iterator[Document]:
    """Default branches. Archived repositories cannot change: their branches are listed without facts."""
    for repository in listed(github, DEFAULT_BRANCHES, size=50, gaps=_MAY_BE_HIDDEN):
        said = repository.pop("defaultBranchRef")
        hidden = said if isinstance(said, Gap) else None
        ref = {} if said is None or hidden else said
        parts = ("name", "branchProtectionRule", "rules")
        body: dict[str, object] = {
            "codeowners": repository.pop("codeowners")
            or hidden_contents(repository, DEFAULT_BRANCHES),
            "repository": repository,
            **{key: hidden or ref.get(key) for key in parts},
        }
        if ref and not repository["isArchived"]:
            body.update(_facts(github, repository, ref))
        del repository["head"]  # it moves with every commit
        yield Document(
            uid=f"{repository['id']}:default_branch",
            name=f"{repository['nameWithOwner']}:{ref.get('name') or _without_name(hidden)}",
            body=body,
        )


def _without_name(hidden: Gap | None) -> str:
    return "(default branch)" if hidden else "(no branch yet)"


def _facts(github: Github, repository: dict[str, Any], ref: dict[str, Any]) -> dict[str, object]:
    repo = repository["name"]

    def rulesets() -> object:
        rules = ref.get("rules") or {}
        if (rules.get("pageInfo") or {}).get("hasNextPage"):
            msg = f"more than 100 rules apply to {repository['nameWithOwner']}: not all were read"
            raise Unexpected(msg, operation=DEFAULT_BRANCHES.call)
        # null: a rule that GitHub does not show.
        shown = (rule or {} for rule in rules.get("nodes") or ())
        sources = (rule.get("repositoryRuleset") or {} for rule in shown)
        return [
            # An organisation's ruleset is in force in many of its repositories: asked once.
            github.once(("ruleset", number), partial(_details, github, repo, number))
            for number in sorted({s["databaseId"] for s in sources if s.get("databaseId")})
        ]

    facts: dict[str, object] = {"rulesets": Fact(f"GET {_RULESET}", rulesets)}
    if ref.get("branchProtectionRule") is None and not repository["viewerCanAdminister"]:
        # GraphQL shows classic protection to administrators; an App reads it by a permission of its own.
        # 404 with another message hides what the identity may not read: only this one says "none".
        facts["branch_protection"] = github.fact(
            _PROTECTION, absent=(_NOT_PROTECTED,), plan_may_lack=True, repo=repo, branch=ref["name"]
        )
    return facts


def _details(github: Github, repo: str, ruleset_id: int) -> dict[str, Any]:
    return github.ask(_RULESET, repo=repo, ruleset_id=ruleset_id)
