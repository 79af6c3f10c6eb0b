"""Changes of the default branch: merged pull requests and commits. Names are those of GraphQL."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_pac.resources import Resource


class Actor(msgspec.Struct, frozen=True, rename={"typename": "__typename"}):
    """Who did something. GitHub gives ``null`` for a deleted account."""

    login: str
    typename: str = "User"
    """``User``, ``Bot``, ``Mannequin`` ..."""


class Oid(msgspec.Struct, frozen=True):
    """A commit by its SHA."""

    oid: str


class RepositoryRef(msgspec.Struct, frozen=True, rename="camel"):
    """The repository of a change."""

    name_with_owner: str


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

    @property
    def author_login(self) -> str:
        """Login of who wrote it, or an empty text where the address belongs to no account."""
        return self.author.user.login if self.author and self.author.user else ""


class HeadNode(msgspec.Struct, frozen=True):
    """A commit of a pull request."""

    commit: HeadCommit


class Heads(msgspec.Struct, frozen=True):
    """The last commit, in a list of one."""

    nodes: list[HeadNode]


class PullRequest(Resource, frozen=True, rename="camel"):
    """A pull request merged to the default branch within the window, with reviews and checks."""

    kind = "github.pull_request"
    volatile = ("updatedAt",)

    number: int
    repository: RepositoryRef
    merged_at: datetime
    head_ref_oid: str
    reviews: Reviews
    commits: Heads
    title: str = ""
    base_ref_name: str = ""
    author: Actor | None = None
    merged_by: Actor | None = None

    @property
    def author_login(self) -> str:
        """The author's login; ``ghost`` is what GitHub calls deleted accounts."""
        return self.author.login if self.author else "ghost"

    def approvals(self) -> list[Review]:
        """Approvals in force at the merge, of others than the author and who wrote the last commit.

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
        own = {self.author.login, *(node.commit.author_login for node in self.commits.nodes)}
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
    """A commit on the default branch within the window."""

    kind = "github.commit"

    oid: str
    committed_date: datetime
    repository: RepositoryRef
    branch: str
    """The default branch that was read."""
    associated_pull_requests: AssociatedPullRequests
    author: CommitAuthor | None = None

    @property
    def author_login(self) -> str:
        """Login of the author, or an empty text where the commit's address belongs to no account."""
        return self.author.user.login if self.author and self.author.user else ""
