"""Rulesets: what they demand of a branch, and who may bypass them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.github.models.protection import Check, Toggle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LEFT_OUT = (
    "a parameter that is left out demands nothing: without it less is demanded (REST, rulesets)"
)


_UNKNOWN_WORD = "a word that nobody knows is a demand of its own"


class RequiredReviewer(msgspec.Struct, frozen=True):
    """A team that must approve changes to some files."""

    file_patterns: list[str] = []
    minimum_approvals: int = 0
    """``0``: the team is asked and need not answer."""

    @property
    def of_all_files(self) -> bool:
        """Whether no file is left out."""
        return any(one in ("**", "**/*") for one in self.file_patterns) and not any(
            one.startswith("!") for one in self.file_patterns
        )


class RequiredWorkflow(msgspec.Struct, frozen=True):
    """A workflow file that must pass."""

    path: str
    repository_id: int | None = None
    """Where the file stands: two repositories may have files of one path."""
    ref: str | None = None
    """At which branch or tag of it; left out, the default branch."""

    any_value: ClassVar[Mapping[str, str]] = {
        "path": "a path, which messages name",
        "ref": "a name, which tells two demands apart",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "path": "a path, which messages name",
        "repository_id": "only tells two workflows of one path apart; without it they count as one more demand",
        "ref": "left out where it is the default branch (REST, rulesets)",
    }

    def __str__(self) -> str:
        """``ci.yml``, ``ci.yml of 42``, ``ci.yml of 42 at v1``."""
        of = "" if self.repository_id is None else f" of {self.repository_id}"
        return f"{self.path}{of}{f' at {self.ref}' if self.ref else ''}"


class RequiredTool(msgspec.Struct, frozen=True):
    """A tool whose results a change needs."""

    tool: str
    alerts_threshold: str = "none"
    """``none``, ``errors``, ``errors_and_warnings`` or ``all``: which alerts block."""
    security_alerts_threshold: str = "none"
    """``none``, ``critical``, ``high_or_higher``, ``medium_or_higher`` or ``all``."""

    any_value: ClassVar[Mapping[str, str]] = {
        "tool": "a name, which messages name",
        "alerts_threshold": _UNKNOWN_WORD,
        "security_alerts_threshold": _UNKNOWN_WORD,
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "tool": "a name, which messages name",
        "alerts_threshold": _LEFT_OUT,
        "security_alerts_threshold": _LEFT_OUT,
    }

    @property
    def demands(self) -> dict[str, int]:
        """That there are results, and how much each threshold asks of them."""
        found = {self.tool: 1}
        for what, word, known in (
            ("alerts", self.alerts_threshold, _ALERTS),
            ("security alerts", self.security_alerts_threshold, _SECURITY_ALERTS),
        ):
            if word in known:
                found[f"{self.tool} for {what}"] = known.index(word)
            else:
                found[f"{self.tool} for {what} ({word})"] = 1
        return {name: level for name, level in found.items() if level}


_ALERTS = ("none", "errors", "errors_and_warnings", "all")
_SECURITY_ALERTS = ("none", "critical", "high_or_higher", "medium_or_higher", "all")
"""Thresholds, from the one that asks for nothing to the one that asks for most."""


class RuleParameters(msgspec.Struct, frozen=True):
    """Parameters of the rule types that are read here; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews_on_push: bool = False
    require_code_owner_review: bool = False
    require_last_push_approval: bool = False
    required_review_thread_resolution: bool = False
    required_reviewers: list[RequiredReviewer] = []
    allowed_merge_methods: list[str] = []
    """``merge``, ``squash``, ``rebase``; left out, all of them."""
    dismissal_restriction: Toggle = Toggle(enabled=False)
    strict_required_status_checks_policy: bool = False
    required_status_checks: list[Check] = []
    workflows: list[RequiredWorkflow] = []
    code_scanning_tools: list[RequiredTool] = []
    required_deployment_environments: list[str] = []

    any_value: ClassVar[Mapping[str, str]] = {
        "required_deployment_environments": "names of environments, which messages name",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "required_approving_review_count": _LEFT_OUT,
        "dismiss_stale_reviews_on_push": _LEFT_OUT,
        "require_code_owner_review": _LEFT_OUT,
        "require_last_push_approval": _LEFT_OUT,
        "required_review_thread_resolution": _LEFT_OUT,
        "required_reviewers": _LEFT_OUT,
        "allowed_merge_methods": _LEFT_OUT,
        "dismissal_restriction": _LEFT_OUT,
        "strict_required_status_checks_policy": _LEFT_OUT,
        "required_status_checks": _LEFT_OUT,
        "workflows": _LEFT_OUT,
        "code_scanning_tools": _LEFT_OUT,
        "required_deployment_environments": _LEFT_OUT,
    }

    @property
    def without_merges(self) -> bool:
        """Whether changes are squashed or rebased, and none is merged."""
        return bool(self.allowed_merge_methods) and set(self.allowed_merge_methods) <= _STRAIGHT

    @property
    def approvals(self) -> int:
        """How many approvals each change needs."""
        teams = [one.minimum_approvals for one in self.required_reviewers if one.of_all_files]
        return max([self.required_approving_review_count, *teams])


_STRAIGHT = frozenset({"squash", "rebase"})
"""Ways to take a change that leave no merge commit."""


class RulesetRule(msgspec.Struct, frozen=True):
    """One rule of a ruleset."""

    type: str
    parameters: RuleParameters = RuleParameters()

    any_value: ClassVar[Mapping[str, str]] = {
        "type": "only finds the parameters of a rule that GitHub lists among those in force",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "type": "only finds the parameters of a rule that GitHub lists among those in force",
        "parameters": "rule types such as deletion have none; one that needs some asks for nothing then",
    }


_WRITERS = {1: "read", 3: "triage", 4: "write"}
"""Ids of built-in roles that everybody with write access has, or less; 2 is maintain, 5 is admin."""
_CHOSEN = frozenset(
    {
        "Team",
        "Integration",
        "OrganizationAdmin",
        "DeployKey",
        "EnterpriseOwner",
        "EnterpriseRole",
        "User",
    }
)
"""Sorts of actors whom somebody chose, or who administer."""


_UNNUMBERED = frozenset({"OrganizationAdmin", "DeployKey", "EnterpriseOwner"})
"""Sorts of actors of which there is one: their ``actor_id`` says nothing (REST, rulesets: bypass_actors)."""


class BypassActor(msgspec.Struct, frozen=True):
    """Who may pass by a ruleset."""

    actor_type: str
    """``Team``, ``Integration``, ``OrganizationAdmin``, ``RepositoryRole``, ``DeployKey`` ..."""
    actor_id: int | None = None
    bypass_mode: str = "always"
    """``always``, ``pull_request`` (when merging, not when pushing) or ``exempt`` (nothing is recorded).
    GitHub takes what is left out for ``always``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "bypass_mode": "left out it is ``always``, the widest (REST, rulesets)",
    }

    def __str__(self) -> str:
        """``Team:234``, as thresholds name it; ``OrganizationAdmin``, whose number GitHub ignores (``1``, or none)."""
        if self.actor_id is None or self.actor_type in _UNNUMBERED:
            return self.actor_type
        return f"{self.actor_type}:{self.actor_id}"

    def named_in(self, names: Collection[str]) -> bool:
        """Whether it is one of these, with the number that GitHub ignores or without."""
        return str(self) in names or f"{self.actor_type}:{self.actor_id}" in names

    @property
    def described(self) -> str:
        """``Team:234 (pull requests only)``."""
        role = _WRITERS.get(self.actor_id or 0) if self.actor_type == "RepositoryRole" else None
        words = [f"the role {role}"] if role else []
        words += {"pull_request": ["pull requests only"], "exempt": ["unrecorded"]}.get(
            self.bypass_mode, []
        )
        return f"{self} ({', '.join(words)})" if words else str(self)

    @property
    def everybody(self) -> bool | None:
        """Whether everyone with write access is meant; ``None``: a sort of actor that nobody knows here."""
        if self.actor_type == "RepositoryRole":
            return None if self.actor_id is None else self.actor_id in _WRITERS
        return False if self.actor_type in _CHOSEN else None

    def on(self, *, merging: bool) -> bool:
        """Whether the bypass works when a pull request is merged, or else when something is pushed."""
        return merging or self.bypass_mode != "pull_request"


class Ruleset(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/rulesets/{ruleset_id}``."""

    id: int
    name: str
    enforcement: str | None = None
    """``active``, ``evaluate`` (it only watches) or ``disabled``."""
    rules: list[RulesetRule] = []
    """Left out where there are none."""
    bypass_actors: list[BypassActor] | None = None
    """``None``: hidden, since the identity may not edit the ruleset."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "rules": "left out where there are none; they only give the parameters of rules in force",
        "enforcement": "GitHub lists rules of active rulesets only among those that apply to a branch "
        "(GraphQL Ref.rules); one that says otherwise does not count",
    }

    def loose(self, *, merging: bool = True) -> str:
        """Why it does not bind everyone with write access; an empty text where it does, or nobody knows."""
        if self.enforcement in ("evaluate", "disabled"):
            return f"the ruleset '{self.name}' is not enforced ({self.enforcement})"
        open_to = [
            actor.described
            for actor in self.bypass_actors or ()
            if actor.everybody and actor.on(merging=merging)
        ]
        if not open_to:
            return ""
        return (
            f"everyone with write access may bypass the ruleset '{self.name}': {', '.join(open_to)}"
        )

    def unclear(self, *, merging: bool = True) -> str:
        """Why nobody knows whether it binds everyone with write access; an empty text where it is known."""
        if self.enforcement not in (None, "active", "evaluate", "disabled"):
            return f"the ruleset '{self.name}' has the unknown enforcement '{self.enforcement}'"
        if self.bypass_actors is None:
            return (
                f"GitHub hides who may bypass the ruleset '{self.name}': it shows this to those who may edit "
                "the ruleset"
            )
        unknown = [
            str(actor)
            for actor in self.bypass_actors
            if actor.everybody is None and actor.on(merging=merging)
        ]
        return (
            f"the ruleset '{self.name}' may be bypassed by {unknown[0]}: unknown" if unknown else ""
        )


def levels(checks: Iterable[tuple[str, bool]]) -> dict[str, int]:
    """Required checks by name: 1 where anything may report one, 2 where one App must."""
    found: dict[str, int] = {}
    for name, bound in checks:
        found[name] = max(found.get(name, 0), 2 if bound else 1)
    return found


class Demand(NamedTuple):
    """A rule in force of one type, with the ruleset that it comes from."""

    type: str
    ruleset: Ruleset | None
    """``None``: GitHub does not show it."""
    parameters: RuleParameters | None
    """``None``: not shown."""

    @property
    def lists(self) -> dict[str, int] | None:
        """What a rule demands one by one (checks, workflows, tools, environments), and how much of each.

        A check that must come from one App is more than one that anybody may report. ``None``: its type has no
        such list, or GitHub does not show it. An empty list demands nothing.
        """
        given = self.parameters
        if given is None:
            return None
        found: dict[str, dict[str, int]] = {
            "required_status_checks": levels(
                (one.context, one.bound) for one in given.required_status_checks
            ),
            "workflows": {str(one): 1 for one in given.workflows},
            "code_scanning": {
                name: level
                for one in given.code_scanning_tools
                for name, level in one.demands.items()
            },
            "required_deployments": dict.fromkeys(given.required_deployment_environments, 1),
        }
        return found.get(self.type)

    @property
    def hidden(self) -> bool:
        """Whether what it demands is in parameters that GitHub does not show."""
        return self.parameters is None and self.type in _BY_PARAMETERS


_BY_PARAMETERS = frozenset(
    {"pull_request", "required_status_checks", "workflows", "code_scanning", "required_deployments"}
)
"""Rule types that demand what their parameters say."""
