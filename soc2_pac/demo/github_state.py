"""What the GitHub emulator serves, as plain data in the shapes of GitHub's answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Repo:
    """A repository with what hangs on it."""

    data: Json
    """As in ``GET /orgs/{org}/repos``."""
    protection: Json | None = None
    """Classic protection of the default branch; ``None``: there is none."""
    rulesets: list[Json] = field(default_factory=list)
    """As in ``GET /repos/{owner}/{repo}/rulesets/{ruleset_id}``."""
    vulnerability_alerts: bool = True
    security_fixes: bool = True
    default_setup: Json = field(
        default_factory=lambda: {"state": "not-configured", "languages": []}
    )
    analyses: list[Json] = field(default_factory=list)
    outside_collaborators: list[Json] = field(default_factory=list)
    environments: list[Json] = field(default_factory=list)
    pulls: list[Json] = field(default_factory=list)
    """GraphQL nodes, the last updated first."""
    commits: list[Json] = field(default_factory=list)
    """GraphQL nodes of the default branch's history, the newest first."""

    def rules(self) -> list[Json]:
        """Rules in force on the default branch: those of active rulesets, as GitHub lists them."""
        return [
            {
                **rule,
                "ruleset_source_type": ruleset["source_type"],
                "ruleset_source": ruleset["source"],
                "ruleset_id": ruleset["id"],
            }
            for ruleset in self.rulesets
            if ruleset["enforcement"] == "active"
            for rule in ruleset["rules"]
        ]


@dataclass
class GithubState:
    """One organisation."""

    login: str
    """In lower case."""
    organization: Json
    user: Json
    """Whose token it is."""
    members: list[Json] = field(default_factory=list)
    """Edges of GraphQL's ``membersWithRole``."""
    identity_provider: Json | None = None
    external_identities: list[Json] = field(default_factory=list)
    outside_collaborators: list[Json] = field(default_factory=list)
    outside_without_two_factor: set[str] = field(default_factory=set)
    teams: list[Json] = field(default_factory=list)
    repos: list[Repo] = field(default_factory=list)
    actions_permissions: Json = field(default_factory=dict)
    selected_actions: Json | None = None
    workflow_permissions: Json = field(default_factory=dict)
    runner_groups: list[Json] = field(default_factory=list)
    """Each with its ``runners``, which GitHub lists apart."""
    alerts: dict[str, list[Json]] = field(
        default_factory=lambda: {"secret-scanning": [], "code-scanning": [], "dependabot": []}
    )
