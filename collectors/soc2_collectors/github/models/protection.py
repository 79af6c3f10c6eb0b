"""Classic branch protection, as GraphQL and REST say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec


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


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is more than was read."""

    has_next_page: bool


class Allowances(msgspec.Struct, frozen=True, rename="camel"):
    """A list of allowances."""

    nodes: list[Allowance | None]
    """``None``: GitHub does not show this one."""
    page_info: PageInfo | None = None
    """``None``: nobody asked whether there are more."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "nodes": "an empty list exempts nobody",
        "pageInfo": "without it a list that names somebody counts as incomplete",
    }

    @property
    def names(self) -> list[str]:
        """Whom they name, each once."""
        return sorted({str(one or Allowance()) for one in self.nodes})

    @property
    def complete(self) -> bool:
        """Whether these are all: a list with nothing in it has no second page."""
        if not self.nodes:
            return self.page_info is None or not self.page_info.has_next_page
        return self.page_info is not None and not self.page_info.has_next_page


class App(msgspec.Struct, frozen=True):
    """A GitHub App."""

    slug: str


class RequiredCheck(msgspec.Struct, frozen=True):
    """A status check of classic protection."""

    context: str
    app: App | None = None
    """The App that must report it; ``None``: anything may."""

    any_value: ClassVar[Mapping[str, str]] = {
        "context": "a free text, which pairs the App with the check",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "context": "a free text, which pairs the App with the check",
        "app": "null where anything may report the check (GraphQL RequiredStatusCheckDescription); a rule "
        "that asks for an App fails without",
    }


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
    bypass_force_push_allowances: Allowances | None = None
    """Who may force push where others may not; ``None``: nobody said. REST never does."""
    required_status_checks: list[RequiredCheck] | None = None
    """The contexts again, each with the App that must report it; ``None``: nobody said."""
    lock_branch: bool | None = None
    """Whether nobody may change the branch; ``None``: older servers have no such setting."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "requiredStatusChecks": "only names the App beside each of requiredStatusCheckContexts; a rule that "
        "asks for Apps takes a check without one for unbound (GraphQL BranchProtectionRule)",
        "lockBranch": "a lock only adds protection (GraphQL BranchProtectionRule), newer than the rest",
    }

    any_value: ClassVar[Mapping[str, str]] = {
        "requiredStatusCheckContexts": "names of checks are free text, which messages name",
    }

    @property
    def checks(self) -> dict[str, bool]:
        """The required status checks; whether each must come from one App."""
        bound = {one.context for one in self.required_status_checks or () if one.app is not None}
        return {name: name in bound for name in sorted(self.required_status_check_contexts or ())}


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
            ],
            PageInfo(has_next_page=False),
        )


_LEFT_OUT = (
    "GitHub leaves out what is not required (REST, branch protection): without it less is demanded"
)


class RequiredReviews(msgspec.Struct, frozen=True):
    """``required_pull_request_reviews`` of classic protection; what is left out is not required."""

    required_approving_review_count: int = 0
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    dismissal_restrictions: Actors | None = None
    bypass_pull_request_allowances: Actors = Actors()
    """Left out where there are none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "required_approving_review_count": _LEFT_OUT,
        "dismiss_stale_reviews": _LEFT_OUT,
        "require_code_owner_reviews": _LEFT_OUT,
        "require_last_push_approval": _LEFT_OUT,
        "dismissal_restrictions": _LEFT_OUT,
        "bypass_pull_request_allowances": "left out where nobody may push past (REST, branch protection)",
    }


class Check(msgspec.Struct, frozen=True):
    """A status check that must succeed."""

    context: str
    integration_id: int | None = None
    """By a ruleset: the App that must report it. Left out where anything may report it."""
    app_id: int | None = None
    """By classic protection: the same; ``-1`` for anything."""

    any_value: ClassVar[Mapping[str, str]] = {"context": "names of checks are free text"}
    may_lack: ClassVar[Mapping[str, str]] = {
        "context": "names of checks are free text, which messages name",
        "integration_id": "left out where anything may report the check (REST, rulesets); only "
        "github-status-checks with bound_to_app asks for it, and fails without",
        "app_id": "null or -1 where anything may report the check (REST, branch protection); as above",
    }

    @property
    def bound(self) -> bool:
        """Whether one App must report it, and not whoever may write a commit status."""
        return self.integration_id is not None or (self.app_id is not None and self.app_id > 0)


class RequiredChecks(msgspec.Struct, frozen=True):
    """``required_status_checks`` of classic protection."""

    strict: bool = False
    contexts: list[str] = []
    checks: list[Check] = []

    any_value: ClassVar[Mapping[str, str]] = {"contexts": "names of checks are free text"}
    may_lack: ClassVar[Mapping[str, str]] = {
        "strict": _LEFT_OUT,
        "contexts": "older than ``checks``, which holds the same",
        "checks": "newer than ``contexts``, which holds the same",
    }


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
    lock_branch: Toggle | None = None

    may_lack: ClassVar[Mapping[str, str]] = {
        "enforce_admins": _LEFT_OUT,
        "required_pull_request_reviews": _LEFT_OUT,
        "required_status_checks": _LEFT_OUT,
        "restrictions": _LEFT_OUT,
        "allow_force_pushes": "without it nobody knows, and nothing rests on it",
        "allow_deletions": "without it nobody knows, and nothing rests on it",
        "required_linear_history": _LEFT_OUT,
        "required_signatures": _LEFT_OUT,
        "required_conversation_resolution": _LEFT_OUT,
        "lock_branch": _LEFT_OUT,
    }

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
            required_status_checks=[
                RequiredCheck(c.context, App(str(c.app_id)) if c.bound else None)
                for c in checks.checks
            ],
            lock_branch=_said(self.lock_branch),
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
