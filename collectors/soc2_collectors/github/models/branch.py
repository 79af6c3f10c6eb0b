"""The default branch with all that protects it: classic protection and rulesets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.github.models.repository import RepositoryName
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class Toggle(msgspec.Struct, frozen=True):
    """A setting that is on or off."""

    enabled: bool


class RequiredReviews(msgspec.Struct, frozen=True):
    """``required_pull_request_reviews`` of classic protection; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False


class Check(msgspec.Struct, frozen=True):
    """A status check that must succeed."""

    context: str


class RequiredChecks(msgspec.Struct, frozen=True):
    """``required_status_checks`` of classic protection."""

    strict: bool = False
    """Whether the branch must be up to date before it is merged."""
    contexts: list[str] = []
    checks: list[Check] = []

    @property
    def names(self) -> list[str]:
        """The checks, each once."""
        return sorted({*self.contexts, *(check.context for check in self.checks)})


class ClassicProtection(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/branches/{branch}/protection``."""

    enforce_admins: Toggle | None = None
    required_pull_request_reviews: RequiredReviews | None = None
    required_status_checks: RequiredChecks | None = None
    allow_force_pushes: Toggle | None = None
    """``None``: the server did not say, which proves nothing."""
    allow_deletions: Toggle | None = None
    """``None``: the server did not say, which proves nothing."""
    required_linear_history: Toggle | None = None
    required_signatures: Toggle | None = None
    required_conversation_resolution: Toggle | None = None


class RuleParameters(msgspec.Struct, frozen=True):
    """Parameters of the rule types that are read here; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews_on_push: bool = False
    require_code_owner_review: bool = False
    require_last_push_approval: bool = False
    required_review_thread_resolution: bool = False
    strict_required_status_checks_policy: bool = False
    required_status_checks: list[Check] = []


class BranchRule(msgspec.Struct, frozen=True):
    """One rule in force (``GET /repos/{owner}/{repo}/rules/branches/{branch}``).

    GitHub lists rules of active rulesets only: one in evaluate mode enforces nothing and is not here.
    """

    type: str
    ruleset_id: int
    ruleset_source: str = ""
    parameters: RuleParameters = RuleParameters()


class BypassActor(msgspec.Struct, frozen=True):
    """Who may pass by a ruleset."""

    actor_type: str
    """``Team``, ``Integration``, ``OrganizationAdmin``, ``RepositoryRole``, ``DeployKey`` ..."""
    actor_id: int | None = None
    bypass_mode: str = "always"
    """``always``, ``pull_request`` or ``exempt``."""

    def __str__(self) -> str:
        """``Team:234``, as thresholds name it."""
        return self.actor_type if self.actor_id is None else f"{self.actor_type}:{self.actor_id}"


class Ruleset(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/rulesets/{ruleset_id}``."""

    id: int
    name: str
    enforcement: str
    """``active``, ``evaluate`` or ``disabled``; only the first enforces."""
    bypass_actors: list[BypassActor] | None = None
    """``None``: hidden, since the identity may not edit the ruleset."""


class Branch(Resource, frozen=True):
    """The default branch of a repository."""

    kind = "github.branch"
    volatile = ("rulesets.*.updated_at", "rulesets.*.current_user_can_bypass")

    name: str
    repository: RepositoryName
    rules: list[BranchRule] = fact("rules")
    """Rules in force, of the repository and of the organisation."""
    branch_protection: ClassicProtection | None = fact("branch_protection")
    """``None``: GitHub says that the branch has no classic protection."""
    rulesets: list[Ruleset] = fact("rulesets")
    """Rulesets that target the repository, in whatever mode."""

    @property
    def label(self) -> str:
        """``acme/api:main``."""
        return f"{self.repository.full_name}:{self.name}"

    def rules_of(self, type_: str) -> Iterator[RuleParameters]:
        """Parameters of each rule of one type in force."""
        return (rule.parameters for rule in self.rules if rule.type == type_)

    def has_rule(self, type_: str) -> bool:
        """Whether a rule of this type is in force."""
        return any(rule.type == type_ for rule in self.rules)

    @property
    def classic_reviews(self) -> RequiredReviews | None:
        """What classic protection demands of reviews; ``None`` for nothing."""
        return (
            self.branch_protection.required_pull_request_reviews if self.branch_protection else None
        )
