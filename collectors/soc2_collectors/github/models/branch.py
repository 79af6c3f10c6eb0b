"""The default branch with all that protects it: classic protection and rulesets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class Actor(msgspec.Struct, frozen=True):
    """Whom an allowance names: an App and a team by slug, a user by login."""

    typename: str = msgspec.field(name="__typename", default="")
    slug: str | None = None
    login: str | None = None

    def __str__(self) -> str:
        """``Team platform``."""
        return f"{self.typename} {self.slug or self.login or 'unknown'}".strip()


class Allowance(msgspec.Struct, frozen=True):
    """One entry of a list of allowances."""

    actor: Actor | None = None
    """``None``: the account is gone."""

    def __str__(self) -> str:
        """As its actor."""
        return str(self.actor or "a deleted account")


class Allowances(msgspec.Struct, frozen=True):
    """A list of allowances."""

    nodes: list[Allowance]


class Protection(msgspec.Struct, frozen=True, rename="camel"):
    """Classic protection, as GraphQL's ``BranchProtectionRule`` says it."""

    is_admin_enforced: bool
    requires_approving_reviews: bool
    """Whether a pull request is required."""
    required_approving_review_count: int | None
    dismisses_stale_reviews: bool
    requires_code_owner_reviews: bool
    require_last_push_approval: bool
    requires_status_checks: bool
    required_status_check_contexts: list[str] | None
    requires_strict_status_checks: bool
    """Whether the branch must be up to date before it is merged."""
    requires_conversation_resolution: bool
    requires_commit_signatures: bool
    requires_linear_history: bool
    allows_force_pushes: bool | None
    """``None``: the server did not say, which proves nothing."""
    allows_deletions: bool | None
    """``None``: the server did not say, which proves nothing."""
    restricts_pushes: bool
    restricts_review_dismissals: bool
    bypass_pull_request_allowances: Allowances
    """Who may push without the pull request that others need."""

    @property
    def checks(self) -> list[str]:
        """The required status checks, each once."""
        return sorted(set(self.required_status_check_contexts or ()))


class Toggle(msgspec.Struct, frozen=True):
    """A setting that is on or off."""

    enabled: bool


class Named(msgspec.Struct, frozen=True):
    """A user, a team or an App in a list."""

    slug: str | None = None
    login: str | None = None


class Actors(msgspec.Struct, frozen=True):
    """Users, teams and Apps."""

    users: list[Named] = []
    teams: list[Named] = []
    apps: list[Named] = []

    def allowances(self) -> Allowances:
        """The same as GraphQL says it."""
        sorts = (("User", self.users), ("Team", self.teams), ("App", self.apps))
        return Allowances(
            [
                Allowance(Actor(typename=sort, slug=one.slug, login=one.login))
                for sort, listed in sorts
                for one in listed
            ]
        )


class RequiredReviews(msgspec.Struct, frozen=True):
    """``required_pull_request_reviews`` of classic protection; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    dismissal_restrictions: Actors | None = None
    bypass_pull_request_allowances: Actors = Actors()


class Check(msgspec.Struct, frozen=True):
    """A status check that must succeed."""

    context: str


class RequiredChecks(msgspec.Struct, frozen=True):
    """``required_status_checks`` of classic protection."""

    strict: bool = False
    contexts: list[str] = []
    checks: list[Check] = []


class ClassicProtection(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/branches/{branch}/protection``."""

    enforce_admins: Toggle | None = None
    required_pull_request_reviews: RequiredReviews | None = None
    required_status_checks: RequiredChecks | None = None
    restrictions: Actors | None = None
    allow_force_pushes: Toggle | None = None
    allow_deletions: Toggle | None = None
    required_linear_history: Toggle | None = None
    required_signatures: Toggle | None = None
    required_conversation_resolution: Toggle | None = None

    def protection(self) -> Protection:
        """The same as GraphQL says it."""
        reviews = self.required_pull_request_reviews or RequiredReviews()
        checks = self.required_status_checks or RequiredChecks()
        return Protection(
            is_admin_enforced=_on(self.enforce_admins),
            requires_approving_reviews=self.required_pull_request_reviews is not None,
            required_approving_review_count=reviews.required_approving_review_count,
            dismisses_stale_reviews=reviews.dismiss_stale_reviews,
            requires_code_owner_reviews=reviews.require_code_owner_reviews,
            require_last_push_approval=reviews.require_last_push_approval,
            requires_status_checks=self.required_status_checks is not None,
            required_status_check_contexts=[*checks.contexts, *(c.context for c in checks.checks)],
            requires_strict_status_checks=checks.strict,
            requires_conversation_resolution=_on(self.required_conversation_resolution),
            requires_commit_signatures=_on(self.required_signatures),
            requires_linear_history=_on(self.required_linear_history),
            allows_force_pushes=_said(self.allow_force_pushes),
            allows_deletions=_said(self.allow_deletions),
            restricts_pushes=self.restrictions is not None,
            restricts_review_dismissals=reviews.dismissal_restrictions is not None,
            bypass_pull_request_allowances=reviews.bypass_pull_request_allowances.allowances(),
        )


def _said(toggle: Toggle | None) -> bool | None:
    return None if toggle is None else toggle.enabled


def _on(toggle: Toggle | None) -> bool:
    return toggle is not None and toggle.enabled


class RuleParameters(msgspec.Struct, frozen=True):
    """Parameters of the rule types that are read here; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews_on_push: bool = False
    require_code_owner_review: bool = False
    require_last_push_approval: bool = False
    required_review_thread_resolution: bool = False
    dismissal_restriction: Toggle = Toggle(enabled=False)
    strict_required_status_checks_policy: bool = False
    required_status_checks: list[Check] = []


class RulesetRule(msgspec.Struct, frozen=True):
    """One rule of a ruleset."""

    type: str
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
    rules: list[RulesetRule] = []
    """Left out where there are none."""
    bypass_actors: list[BypassActor] | None = None
    """``None``: hidden, since the identity may not edit the ruleset."""


class RulesetInForce(msgspec.Struct, frozen=True, rename="camel"):
    """The ruleset that a rule in force comes from."""

    database_id: int


class RuleInForce(msgspec.Struct, frozen=True, rename="camel"):
    """One rule that GitHub applies to the branch (GraphQL ``RepositoryRule``).

    GitHub lists rules of active rulesets only: one in evaluate mode enforces nothing and is not here.
    """

    type: str
    """In capitals: ``PULL_REQUEST``."""
    repository_ruleset: RulesetInForce | None = None


class RulesInForce(msgspec.Struct, frozen=True):
    """Rules that GitHub applies to the branch."""

    nodes: list[RuleInForce]


class CodeownersError(msgspec.Struct, frozen=True):
    """What GitHub cannot read in a CODEOWNERS file."""

    kind: str
    line: int
    path: str


class Codeowners(msgspec.Struct, frozen=True):
    """GraphQL ``RepositoryCodeowners``."""

    errors: list[CodeownersError]


class Branch(Resource, frozen=True):
    """The default branch of a repository with what protects it (GraphQL ``defaultBranchRef``)."""

    kind = "github.branch"
    volatile = ("rulesets.*.updated_at", "rulesets.*.current_user_can_bypass")

    name: str | None
    """``None``: nobody pushed to the repository yet."""
    repository: RepositoryNode
    rules_in_force: RulesInForce | None = msgspec.field(name="rules")
    """Of the repository's rulesets and the organisation's; ``None`` with a branch that is not there."""
    protection_rule: Protection | None = msgspec.field(name="branchProtectionRule")
    """Classic protection as GraphQL shows it: to administrators of the repository."""
    codeowners: Codeowners | None = fact("codeowners")
    """``None``: GitHub finds no CODEOWNERS file on the branch."""
    branch_protection: ClassicProtection | None = fact("branch_protection")
    """Classic protection by REST, asked where GraphQL shows none to an identity that does not administer the
    repository. ``None``: GitHub says that there is none."""
    rulesets: list[Ruleset] = fact("rulesets")
    """The rulesets in force with their parameters and who may bypass them."""

    @property
    def label(self) -> str:
        """``acme/api:main``."""
        return f"{self.repository.name_with_owner}:{self.name}"

    @property
    def classic(self) -> Protection | None:
        """Classic protection; ``None``: there is none. Raises FactUnavailable where GitHub hides it."""
        if self.protection_rule is not None:
            return self.protection_rule
        if self.name is None or self.repository.viewer_can_administer:
            return None
        return self.branch_protection.protection() if self.branch_protection else None

    @property
    def in_force(self) -> list[RuleInForce]:
        """Rules that GitHub applies to the branch."""
        return self.rules_in_force.nodes if self.rules_in_force else []

    def has_rule(self, type_: str) -> bool:
        """Whether a rule of this type (``non_fast_forward``) is in force."""
        return any(rule.type == type_.upper() for rule in self.in_force)

    def rules_of(self, type_: str) -> Iterator[RuleParameters]:
        """Parameters of each rule of one type in force."""
        if not self.has_rule(type_):
            return iter(())
        return (
            rule.parameters for one in self.rulesets for rule in one.rules if rule.type == type_
        )
