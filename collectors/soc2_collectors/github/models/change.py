"""What happened to production branches: merged pull requests, commits, bypassed rules.

Names are those of GraphQL for pull requests and commits, those of REST for the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Collection


class Actor(msgspec.Struct, frozen=True, rename={"typename": "__typename"}):
    """Who did something. GitHub gives ``null`` for a deleted account."""

    login: str
    typename: str = "User"
    """``User``, ``Bot``, ``Mannequin`` ..."""


class Oid(msgspec.Struct, frozen=True):
    """A commit by its SHA."""

    oid: str


class BranchRef(msgspec.Struct, frozen=True):
    """A branch by its name."""

    name: str


class RepositoryRef(msgspec.Struct, frozen=True, rename="camel"):
    """The repository of a change."""

    name_with_owner: str
    default_branch_ref: BranchRef | None = None
    """The default branch when the change was read, which may be another than at the merge."""


class Label(msgspec.Struct, frozen=True):
    """A label."""

    name: str


class Labels(msgspec.Struct, frozen=True):
    """Labels of a pull request or an issue; GitHub gives ``null`` for none."""

    nodes: list[Label] = []


class Issue(msgspec.Struct, frozen=True):
    """An issue that a pull request closes."""

    number: int
    url: str = ""
    labels: Labels | None = None


class Issues(msgspec.Struct, frozen=True, rename="camel"):
    """The issues that a pull request closes."""

    nodes: list[Issue] = []
    total_count: int = 0


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """One review. A later one of the same person replaces it; a dismissed one says ``DISMISSED``."""

    state: str
    """``APPROVED``, ``CHANGES_REQUESTED``, ``COMMENTED``, ``DISMISSED`` or ``PENDING``."""
    submitted_at: datetime | None = None
    author: Actor | None = None
    commit: Oid | None = None
    """The head that was reviewed; ``None`` where that commit no longer exists."""


class Reviews(msgspec.Struct, frozen=True):
    """All reviews of a pull request."""

    nodes: list[Review]


class CheckContext(msgspec.Struct, frozen=True):
    """A check run (``name``, ``conclusion``) or a commit status (``context``, ``state``)."""

    name: str | None = None
    conclusion: str | None = None
    context: str | None = None
    state: str | None = None

    @property
    def label(self) -> str:
        """Its name."""
        return self.name or self.context or "?"

    @property
    def green(self) -> bool:
        """Whether it does not stand in the way of a merge, as GitHub counts it."""
        return (self.conclusion or self.state) in ("SUCCESS", "NEUTRAL", "SKIPPED")


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is more."""

    has_next_page: bool = False


class CheckContexts(msgspec.Struct, frozen=True, rename="camel"):
    """The checks behind a rollup."""

    nodes: list[CheckContext] = []
    page_info: PageInfo = PageInfo()


class CommitUser(msgspec.Struct, frozen=True):
    """A GitHub account."""

    login: str


class CommitAuthor(msgspec.Struct, frozen=True):
    """Who wrote a commit."""

    user: CommitUser | None = None


class CommitAuthors(msgspec.Struct, frozen=True):
    """Who wrote a commit together (``Co-authored-by``)."""

    nodes: list[CommitAuthor] = []


class Rollup(msgspec.Struct, frozen=True):
    """All checks of a commit together."""

    state: str
    """``SUCCESS``, ``FAILURE``, ``ERROR``, ``PENDING`` or ``EXPECTED``."""
    contexts: CheckContexts = CheckContexts()


class HeadCommit(msgspec.Struct, frozen=True, rename="camel"):
    """The last commit of a pull request."""

    oid: str
    status_check_rollup: Rollup | None
    """``None``: no check reported on it."""
    author: CommitAuthor | None = None
    authors: CommitAuthors = CommitAuthors()
    committer: CommitAuthor | None = None

    @property
    def logins(self) -> set[str]:
        """Logins of who wrote it and who committed it; ``web-flow`` is GitHub's own button."""
        people = [self.author, self.committer, *self.authors.nodes]
        return {p.user.login for p in people if p and p.user} - {"web-flow"}


class HeadNode(msgspec.Struct, frozen=True):
    """A commit of a pull request."""

    commit: HeadCommit


class Heads(msgspec.Struct, frozen=True):
    """The last commit, in a list of one."""

    nodes: list[HeadNode]


class PullRequest(Resource, frozen=True, rename="camel"):
    """A merged pull request, to whatever branch, with reviews and checks."""

    kind = "github.pull_request"
    volatile = ("updatedAt",)

    number: int
    repository: RepositoryRef
    merged_at: datetime
    head_ref_oid: str
    reviews: Reviews
    commits: Heads
    base_ref_name: str
    title: str = ""
    head_ref_name: str = ""
    labels: Labels | None = None
    closing_issues_references: Issues = Issues()
    production_branches: tuple[str, ...] | None = None
    """As the source's settings say; ``None``: the default branch."""
    author: Actor | None = None
    merged_by: Actor | None = None

    @property
    def author_login(self) -> str:
        """The author's login; ``ghost`` is what GitHub calls deleted accounts."""
        return self.author.login if self.author else "ghost"

    @property
    def default_branch(self) -> str:
        """Name of the repository's default branch when this was read; empty where it has none."""
        found = self.repository.default_branch_ref
        return found.name if found else ""

    def to_production(self, default_branch_names: Collection[str]) -> bool:
        """Whether it was merged to a branch that is production, or was the default branch by its name."""
        if self.production_branches is not None:
            return self.base_ref_name in self.production_branches
        known = self.default_branch
        return (
            not known or self.base_ref_name == known or self.base_ref_name in default_branch_names
        )

    @property
    def label_names(self) -> set[str]:
        """Labels of the pull request and of the issues that it closes."""
        groups = [self.labels, *(issue.labels for issue in self.closing_issues_references.nodes)]
        return {label.name for group in groups if group for label in group.nodes}

    def own(self) -> set[str]:
        """Logins of who opened it and of who made its last commit."""
        logins = {login for node in self.commits.nodes for login in node.commit.logins}
        return logins | ({self.author.login} if self.author else set())

    def late_approvals(self) -> list[Review]:
        """Approvals after the merge, of others than the author and who made the last commit; oldest first."""
        if self.author is None:
            return []
        own = self.own()
        found = [
            (review.submitted_at, review)
            for review in self.reviews.nodes
            if review.state == "APPROVED"
            and review.submitted_at is not None
            and review.submitted_at > self.merged_at
            and review.author is not None
            and review.author.login not in own
        ]
        return [review for _, review in sorted(found, key=lambda pair: pair[0])]

    def approvals(self) -> list[Review]:
        """Approvals in force at the merge, of others than the author and who made the last commit.

        Of each reviewer the last opinion before the merge counts. Who cannot be named (a deleted account)
        is taken for nobody: they could be the author.
        """
        last: dict[str, Review] = {}
        known = [r for r in self.reviews.nodes if r.author and r.submitted_at is not None]
        for review in sorted(known, key=lambda r: r.submitted_at or self.merged_at):
            if review.state not in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                continue
            if (
                review.submitted_at is not None
                and review.submitted_at <= self.merged_at
                and review.author
            ):
                last[review.author.login] = review
        if self.author is None:
            return []
        own = self.own()
        return [r for login, r in last.items() if r.state == "APPROVED" and login not in own]


class AssociatedPullRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A pull request that a commit belongs to."""

    number: int
    state: str
    base_ref_name: str
    merged_at: datetime | None = None


class AssociatedPullRequests(msgspec.Struct, frozen=True, rename="camel"):
    """The pull requests that a commit belongs to."""

    nodes: list[AssociatedPullRequest]
    total_count: int


class Commit(Resource, frozen=True, rename="camel"):
    """A commit on a production branch."""

    kind = "github.commit"

    oid: str
    committed_date: datetime
    repository: RepositoryRef
    branch: str
    """The production branch that was read."""
    associated_pull_requests: AssociatedPullRequests
    author: CommitAuthor | None = None

    @property
    def author_login(self) -> str:
        """Login of the author, or an empty text where the commit's address belongs to no account."""
        return self.author.user.login if self.author and self.author.user else ""


class RuleBypass(Resource, frozen=True):
    """A push that went past a ruleset (REST: a rule suite with the result ``bypass``)."""

    kind = "github.rule_bypass"

    ref: str
    repository_name: str
    pushed_at: datetime
    result: str
    actor_name: str | None = None
    before_sha: str = ""
    after_sha: str = ""

    @property
    def branch(self) -> str:
        """The ref without its prefix."""
        return self.ref.removeprefix("refs/heads/")


class ProtectionChange(Resource, frozen=True, rename={"timestamp": "@timestamp"}):
    """An event of the organisation's audit log that changes or overrides branch protection."""

    kind = "github.protection_change"

    action: str
    """``protected_branch.policy_override``, ``repository_ruleset.destroy``, ..."""
    timestamp: int
    """Milliseconds since 1970, UTC."""
    actor: str | None = None
    repo: str | None = None

    @property
    def day(self) -> str:
        """The day on which it happened, UTC."""
        try:
            return f"{datetime.fromtimestamp(self.timestamp / 1000, UTC):%Y-%m-%d}"
        except (ValueError, OverflowError, OSError):
            return f"at {self.timestamp}"
