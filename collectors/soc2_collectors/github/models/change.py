"""What happened to production branches: merged pull requests, commits, bypassed rules.

Names are those of GraphQL for pull requests and commits, those of REST for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.github.models.actors import agents, doer, logged
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Collection

    from soc2_pac.identity import Doer


class Actor(
    msgspec.Struct, frozen=True, rename={"typename": "__typename", "database_id": "databaseId"}
):
    """Who did something. GitHub gives ``null`` for a deleted account."""

    login: str
    typename: str
    """``User``, ``Bot``, ``Mannequin`` ..."""
    database_id: int | None = None
    """The account's number, which stays when it is renamed; left out for what is no user and no App."""

    @property
    def doer(self) -> Doer:
        """In the words of the engine."""
        return doer(self.login, self.typename, self.database_id)

    def is_account(self, login: str, number: int | None) -> bool:
        """Whether it is this account: by the number where both have one, else by the login."""
        if self.database_id is not None and number is not None:
            return self.database_id == number
        return self.login.lower() == login.lower()


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

    may_lack: ClassVar[Mapping[str, str]] = {
        "nameWithOwner": "only names the repository",
        "defaultBranchRef": "without it a change to whatever branch counts as one to production",
    }


class Label(msgspec.Struct, frozen=True):
    """A label."""

    name: str


class Labels(msgspec.Struct, frozen=True):
    """Labels of a pull request or an issue; GitHub gives ``null`` for none."""

    nodes: list[Label | None] = []

    may_lack: ClassVar[Mapping[str, str]] = {"nodes": "without them nothing is an emergency"}


class Issue(msgspec.Struct, frozen=True):
    """An issue that a pull request closes."""

    number: int
    url: str = ""
    labels: Labels | None = None

    may_lack: ClassVar[Mapping[str, str]] = {"labels": "without them nothing is an emergency"}


class Issues(msgspec.Struct, frozen=True, rename="camel"):
    """The issues that a pull request closes."""

    nodes: list[Issue | None] = []
    """``None``: an issue that the identity may not see."""
    total_count: int = 0

    may_lack: ClassVar[Mapping[str, str]] = {
        "nodes": "without them nothing is an emergency, and no issue is named",
        "totalCount": "without it those that are shown count",
    }


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """One review. A later one of the same person replaces it; a dismissed one says ``DISMISSED``."""

    state: str
    """``APPROVED``, ``CHANGES_REQUESTED``, ``COMMENTED``, ``DISMISSED`` or ``PENDING``."""
    submitted_at: datetime | None = None
    author: Actor | None = None
    commit: Oid | None = None
    """The head that was reviewed; ``None`` where that commit no longer exists."""
    author_can_push_to_repository: bool | None = None
    """Whether the reviewer may write to the repository, today. GitHub counts no other approvals. ``None``:
    nobody asked."""


class Reviews(msgspec.Struct, frozen=True):
    """All reviews of a pull request."""

    nodes: list[Review | None]
    """``None``: one that GitHub does not show."""


class CheckApp(msgspec.Struct, frozen=True):
    """The App that reports a check run."""

    slug: str


class CheckSuite(msgspec.Struct, frozen=True, rename="camel"):
    """Check runs that one App made of one event."""

    created_at: datetime
    app: CheckApp | None = None


_UNREPEATED = "without it no run repeats another, and all of one name must be green"


class CheckContext(msgspec.Struct, frozen=True, rename="camel"):
    """A check run (``name``, ``conclusion``) or a commit status (``context``, ``state``)."""

    name: str | None = None
    conclusion: str | None = None
    context: str | None = None
    state: str | None = None
    started_at: datetime | None = None
    check_suite: CheckSuite | None = None

    any_value: ClassVar[Mapping[str, str]] = {
        "name": "names of checks are free text",
        "context": "names of checks are free text",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "name": "a check run has a name, a commit status a context; only named",
        "context": "a check run has a name, a commit status a context; only named",
        "conclusion": "a commit status has a state instead; without either it is not green",
        "state": "a check run has a conclusion instead; without either it is not green",
        "startedAt": _UNREPEATED,
        "checkSuite": _UNREPEATED,
    }

    def repeats(self, other: CheckContext) -> bool:
        """Whether it is a later run of the same check: by the same App, of an event after the other one began.

        GitHub keeps what an earlier suite of the commit reported beside what a later one does, such as of a run that
        was cancelled when the pull request was edited (GraphQL, StatusCheckRollup). Checks of one name that two
        workflows have for one event are two checks.
        """
        mine, theirs = self.check_suite, other.check_suite
        if mine is None or theirs is None or other.started_at is None or mine.app is None:
            return False
        same = self.name is not None and self.name == other.name and mine.app == theirs.app
        return same and mine.created_at > other.started_at

    @property
    def label(self) -> str:
        """Its name."""
        return self.name or self.context or "?"

    @property
    def green(self) -> bool:
        """Whether it does not stand in the way of a merge, as GitHub counts it."""
        return (self.conclusion or self.state) in ("SUCCESS", "NEUTRAL", "SKIPPED")

    @property
    def ran(self) -> bool:
        """Whether it tested something, and found it good."""
        return (self.conclusion or self.state) == "SUCCESS"


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is more."""

    has_next_page: bool


class CheckContexts(msgspec.Struct, frozen=True, rename="camel"):
    """The checks behind a rollup."""

    nodes: list[CheckContext | None] = []
    page_info: PageInfo | None = None
    """``None``: nobody asked whether there are more."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "pageInfo": "the rollup's SUCCESS holds for all checks; where a pass rests on those that are shown, "
        "it needs this",
    }

    @property
    def last(self) -> list[CheckContext]:
        """Of each check the last run."""
        shown = [one for one in self.nodes if one is not None]
        return [one for one in shown if not any(later.repeats(one) for later in shown)]

    @property
    def complete(self) -> bool:
        """Whether these are all."""
        known = self.page_info is not None and not self.page_info.has_next_page
        return known and None not in self.nodes


class CommitUser(msgspec.Struct, frozen=True, rename="camel"):
    """A GitHub account."""

    login: str
    database_id: int | None = None


class CommitAuthor(msgspec.Struct, frozen=True):
    """Who wrote a commit, as the commit says: nothing proves it but a signature."""

    user: CommitUser | None = None
    """``None``: the address belongs to no account."""
    name: str | None = None
    """A free text."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "user": "null where the address belongs to no account: nobody is named then, and it is said",
        "name": "only tells a bot, whose address never belongs to a user",
    }


class CommitAuthors(msgspec.Struct, frozen=True, rename="camel"):
    """Who wrote a commit together (``Co-authored-by``)."""

    nodes: list[CommitAuthor | None] = []
    total_count: int | None = None
    """``None``: nobody asked how many there are."""


class Rollup(msgspec.Struct, frozen=True):
    """All checks of a commit together."""

    state: str
    """``SUCCESS``, ``FAILURE``, ``ERROR``, ``PENDING`` or ``EXPECTED``."""
    contexts: CheckContexts = CheckContexts()


class Parents(msgspec.Struct, frozen=True, rename="camel"):
    """What a commit was made on."""

    total_count: int


class ChangeCommit(msgspec.Struct, frozen=True):
    """A commit of a pull request, by whom it was made."""

    oid: str
    author: CommitAuthor | None = None
    authors: CommitAuthors = CommitAuthors()
    committer: CommitAuthor | None = None
    parents: Parents | None = None
    """Two of a merge; ``None``: nobody asked."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "parents": "only tells a merge, whose author counts as one who wrote a part without it",
        "author": "stands among ``authors``, too (GraphQL Commit)",
        "committer": "who committed did not write it; counted besides where the account is known",
    }

    @property
    def people(self) -> list[CommitAuthor]:
        """Who wrote it, and who committed it where that is known; ``web-flow`` is GitHub's own button."""
        return _persons([*self.authors.nodes, self.author, self._committed])

    @property
    def first(self) -> list[CommitAuthor]:
        """Those of them who wrote it for certain: the author, and not whom it only names besides.

        Of a commit that GitHub did not make, or whose author has no account, everybody; of a merge that GitHub made,
        as it does for who updates the branch, nobody.
        """
        known = self.author is not None and self.author.user is not None
        if not (self._by_button and known):
            return self.people
        return [] if self._merges else _persons([self.author])

    @property
    def updates(self) -> bool:
        """Whether GitHub made it as a merge, as it does for who updates the branch or resolves a conflict there."""
        return self._by_button and self._merges

    @property
    def _by_button(self) -> bool:
        by = self._committed
        return by is not None and by.user is not None and by.user.login == _BUTTON

    @property
    def _merges(self) -> bool:
        return self.parents is not None and self.parents.total_count > 1

    @property
    def _committed(self) -> CommitAuthor | None:
        return self.committer if self.committer and self.committer.user else None

    @property
    def shown(self) -> bool:
        """Whether everybody is named who wrote it together."""
        known = self.authors.total_count
        return known is not None and known == len([n for n in self.authors.nodes if n is not None])


_BUTTON = "web-flow"
"""Who commits what people do on GitHub's pages."""


def _persons(found: list[CommitAuthor | None]) -> list[CommitAuthor]:
    known = [one for one in found if one is not None]
    return [one for one in known if one.user is None or one.user.login != _BUTTON]


class HeadCommit(ChangeCommit, frozen=True, rename="camel"):
    """The last commit of a pull request, with its checks."""

    status_check_rollup: Rollup | None = None
    """``None``: no check reported on it."""


class HeadNode(msgspec.Struct, frozen=True):
    """The last commit of a pull request."""

    commit: HeadCommit


class Heads(msgspec.Struct, frozen=True, rename="camel"):
    """The last commit, in a list of one."""

    nodes: list[HeadNode]
    total_count: int | None = None
    """Of all commits; ``None``: nobody asked."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "totalCount": "needed where ``allCommits`` was not read, and the other way round"
    }


class CommitNode(msgspec.Struct, frozen=True):
    """A commit of a pull request."""

    commit: ChangeCommit


class ChangeCommits(msgspec.Struct, frozen=True, rename="camel"):
    """All commits of a pull request; GitHub shows 250 at most."""

    nodes: list[CommitNode | None]
    total_count: int


class PullRequest(Resource, frozen=True, rename="camel"):
    """A merged pull request, to whatever branch, with reviews and checks."""

    kind = "github.pull_request"
    volatile = ("updatedAt",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "allCommits": "needed where ``commits`` does not say that the last is the only one",
        "labels": "without them nothing is an emergency",
        "closingIssuesReferences": "without them nothing is an emergency, and no issue is closed",
        "productionBranches": "left out where the settings name none: the default branch is production",
        "mergedBy": "null for a deleted account; with allowed_mergers that is nobody who may",
    }

    number: int
    repository: RepositoryRef
    merged_at: datetime
    head_ref_oid: str
    reviews: Reviews
    commits: Heads
    base_ref_name: str
    all_commits: ChangeCommits | None = None
    """``None``: only the last one was read."""
    title: str = ""
    head_ref_name: str = ""
    labels: Labels | None = None
    closing_issues_references: Issues | None = None
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
    def issues(self) -> list[Issue]:
        """Issues that it closes, two at most."""
        found = self.closing_issues_references
        return [one for one in found.nodes if one is not None] if found else []

    @property
    def closes(self) -> int:
        """How many issues it closes, those that the identity may not see too."""
        found = self.closing_issues_references
        return max(found.total_count, len(found.nodes)) if found else 0

    @property
    def label_names(self) -> set[str]:
        """Labels of the pull request and of the issues that it closes."""
        groups = [self.labels, *(issue.labels for issue in self.issues)]
        return {
            label.name for group in groups if group for label in group.nodes if label is not None
        }

    @property
    def made_of(self) -> list[ChangeCommit]:
        """The commits that were read."""
        if self.all_commits is not None:
            return [node.commit for node in self.all_commits.nodes if node is not None]
        return [node.commit for node in self.commits.nodes]

    def unread(self, *, others: bool = False) -> str:
        """Why somebody may have written a part of it whom nobody can name; empty: everybody is named.

        ``others``: authors whose address belongs to no account are somebody else.
        """
        commits = self.made_of
        total = self.all_commits.total_count if self.all_commits else self.commits.total_count
        if total is None or total > len(commits) or not commits:
            count = "an unknown number" if total is None else str(total)
            return f"{len(commits)} of {count} commits were read"
        for commit in commits:
            if not commit.shown or not commit.people:
                return f"not everybody was read who wrote {commit.oid[:10]}"
            unknown = [one for one in commit.people if one.user is None and not self._bots_own(one)]
            if unknown and not others:
                return f"{commit.oid[:10]} was written with an address that belongs to no account"
        return ""

    def _bots_own(self, author: CommitAuthor) -> bool:
        """Bots write with addresses that belong to no user."""
        bot = self.author if self.author and self.author.typename == "Bot" else None
        return bot is not None and author.name == f"{bot.login}[bot]"

    def writers(self) -> set[str]:
        """Logins, in lower case, of who wrote or committed a part of it."""
        people = [one for commit in self.made_of for one in commit.people]
        return {one.user.login.lower() for one in people if one.user}

    def is_own(self, reviewer: Actor) -> bool:
        """Whether a reviewer opened the change or wrote or committed a part of it.

        Accounts are compared by their number, which stays when one is renamed and another takes its login; by login
        where one of them has no number.
        """
        return self._among(reviewer, [one for commit in self.made_of for one in commit.people])

    def wrote(self, review: Review) -> bool:
        """Whether a review is of somebody who did not open the change, and wrote or committed a part of it."""
        by = review.author
        return by is not None and self.is_own(by) and not self._among(by, [])

    def only_named(self, reviewer: Actor) -> bool:
        """Whether a reviewer may have no other part in it than a suggestion, or an update of the branch.

        GitHub makes whoever suggested lines in a review a co-author of the commit by which the author takes them
        over (GitHub Docs, "Incorporating feedback in your pull request"), and whoever updates the branch the author
        of a merge ("Keeping your pull request in sync with the base branch").
        """
        first = [one for commit in self.made_of for one in commit.first]
        return self.is_own(reviewer) and not self._among(reviewer, first)

    def _among(self, reviewer: Actor, people: list[CommitAuthor]) -> bool:
        own = [(one.user.login, one.user.database_id) for one in people if one.user]
        if self.author is not None:
            own.append((self.author.login, self.author.database_id))
        return any(reviewer.is_account(login, number) for login, number in own)

    def only_updated_since(self, review: Review) -> bool:
        """Whether nothing but merges that GitHub made came between what was reviewed and what was merged."""
        commits = self.made_of
        oids = [commit.oid for commit in commits]
        if review.commit is None or review.commit.oid not in oids or oids[-1] != self.head_ref_oid:
            return False
        later = commits[oids.index(review.commit.oid) + 1 :]
        return bool(later) and all(commit.updates for commit in later)

    @property
    def opinions(self) -> list[Review]:
        """Reviews with an author and a time, oldest first."""
        known = [
            (review.submitted_at, number, review)
            for number, review in enumerate(self.reviews.nodes)
            if review is not None and review.author is not None and review.submitted_at is not None
        ]
        return [review for *_, review in sorted(known, key=lambda one: one[:2])]

    def late_approvals(self) -> list[Review]:
        """Approvals after the merge, of others than who wrote a part of the change; oldest first."""
        if self.author is None:
            return []
        return [
            review
            for review in self.opinions
            if review.state == "APPROVED"
            and review.submitted_at is not None
            and review.submitted_at > self.merged_at
            and review.author is not None
            and not self.is_own(review.author)
        ]

    def approvals(self, *, co_authors: bool = False) -> list[Review]:
        """Approvals in force at the merge, of others than who wrote a part of the change.

        Who cannot be named (a deleted account) is taken for nobody: they could be the author.
        ``co_authors``: so do approvals of who is only named as co-author, see :meth:`only_named`.
        """
        if self.author is None:
            return []
        return [
            review
            for review in self.in_force()
            if review.author
            and (not self.is_own(review.author) or (co_authors and self.only_named(review.author)))
        ]

    def in_force(self) -> list[Review]:
        """Approvals in force at the merge, whosever they are: of each reviewer the last opinion before it counts."""
        last: dict[int | str, Review] = {}
        for review in self.opinions:
            in_time = review.submitted_at is not None and review.submitted_at <= self.merged_at
            decides = review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
            if decides and in_time and review.author is not None:
                last[review.author.database_id or review.author.login.lower()] = review
        return [review for review in last.values() if review.state == "APPROVED"]

    def event_columns(self) -> Mapping[str, object]:
        """Who wrote, approved and merged it, and by which numbers; what commits say of agents is only shown."""
        opened = self.author.doer if self.author else doer(None, "", None)
        merged = self.merged_by.doer if self.merged_by else doer(None, "", None)
        approvals = [one.author for one in self.approvals() if one.author is not None]
        wrote = [one for commit in self.made_of for one in commit.people]
        names = dict.fromkeys(_called(one) for one in wrote)
        return {
            "author": opened.name,
            "author_id": opened.id,
            "author_kind": opened.sort,
            "merged_by": merged.name,
            "merged_by_id": merged.id,
            "merged_by_kind": merged.sort,
            "approvers": [one.login for one in approvals],
            "approver_ids": [one.doer.id or "not known" for one in approvals],
            "approver_kinds": [one.doer.sort for one in approvals],
            "approver_is_not_author": self._compared(approvals),
            "reviews": [
                f"{one.author.login if one.author else 'ghost'} {one.state} {one.submitted_at:%Y-%m-%dT%H:%M:%SZ}"
                for one in self.opinions
                if one.submitted_at is not None
            ],
            "labels": sorted(self.label_names),
            "closes": [f"#{one.number}" for one in self.issues],
            "commits": len(self.made_of),
            "commit_authors": list(names),
            "agents_named_by_commits": agents(names),
        }

    def _compared(self, approvals: Collection[Actor]) -> str:
        """By what approvers are known to be others than the author."""
        if not approvals:
            return "no approval of another person"
        known = [self.author, *approvals]
        if all(one is not None and one.database_id is not None for one in known):
            return "by number"
        return "by login: a number is not known"


def _called(author: CommitAuthor) -> str:
    """Login, or else the name that the commit says."""
    return author.user.login if author.user else author.name or "unknown"


class AssociatedPullRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A pull request that a commit belongs to."""

    number: int
    state: str
    base_ref_name: str
    merged_at: datetime | None = None


class AssociatedPullRequests(msgspec.Struct, frozen=True, rename="camel"):
    """The pull requests that a commit belongs to."""

    nodes: list[AssociatedPullRequest | None]
    total_count: int


class CommittedTo(msgspec.Struct, frozen=True, rename="camel"):
    """The repository of a commit."""

    name_with_owner: str
    created_at: datetime | None = None

    may_lack: ClassVar[Mapping[str, str]] = {
        "nameWithOwner": "only names the repository",
        "createdAt": "without it no commit is the first of the repository",
    }


_BEGINNING = timedelta(days=1)


class Commit(Resource, frozen=True, rename="camel"):
    """A commit on a production branch."""

    kind = "github.commit"
    may_lack: ClassVar[Mapping[str, str]] = {
        "author": "only exempts; without it nobody is exempt",
        "parents": "without it no commit is the first of the repository",
    }

    oid: str
    committed_date: datetime
    repository: CommittedTo
    branch: str
    """The production branch that was read."""
    associated_pull_requests: AssociatedPullRequests
    author: CommitAuthor | None = None
    parents: Parents | None = None
    """``None``: nobody asked."""

    @property
    def begins_repository(self) -> bool:
        """Whether it is made on no other, within a day of when the repository was created.

        A pull request needs a branch that is there, so none can bring the first commit (GitHub Docs, "About pull
        requests"). One that is made on nothing later replaced what was there.
        """
        created = self.repository.created_at
        if self.parents is None or self.parents.total_count or created is None:
            return False
        return abs(self.committed_date - created) <= _BEGINNING

    @property
    def author_login(self) -> str:
        """Login of the author, or an empty text where the commit's address belongs to no account."""
        return self.author.user.login if self.author and self.author.user else ""

    def event_columns(self) -> Mapping[str, object]:
        """Who wrote it, as the commit says, and by which pull requests it came."""
        name = _called(self.author) if self.author else "unknown"
        return {
            "author": name,
            "author_kind": "bot" if name.endswith("[bot]") else "unknown",
            "agents_named_by_commits": agents([name]),
            "pull_requests": [
                f"#{one.number}" for one in self.associated_pull_requests.nodes if one is not None
            ],
        }


class RuleBypass(Resource, frozen=True):
    """A push that went past a ruleset (REST: a rule suite with the result ``bypass``)."""

    kind = "github.rule_bypass"
    may_lack: ClassVar[Mapping[str, str]] = {"ref": "only named"}

    ref: str
    repository_name: str
    pushed_at: datetime
    result: str
    """``pass``, ``fail`` or ``bypass``."""
    actor_name: str | None = None
    actor_id: int | None = None
    before_sha: str = ""
    after_sha: str = ""

    @property
    def branch(self) -> str:
        """The ref without its prefix."""
        return self.ref.removeprefix("refs/heads/")

    def event_columns(self) -> Mapping[str, object]:
        """Who pushed."""
        by = logged(self.actor_name, self.actor_id)
        return {"author": by.name, "author_id": by.id, "author_kind": by.sort}


_COUNT = "required_approving_review_count"
_SETTINGS: Mapping[str, tuple[str, str]] = {
    "dismiss_stale_reviews": ("dismissal of stale reviews", "dismiss_stale_reviews_on_push"),
    "update_admin_enforced": ("enforcement for administrators", "admin_enforced"),
    "update_ignore_approvals_from_contributors": (
        "the rule that approvals of contributors do not count", "ignore_approvals_from_contributors",
    ),
    "update_linear_history_requirement_enforcement_level": (
        "linear history", "linear_history_requirement_enforcement_level",
    ),
    "update_lock_branch_enforcement_level": ("the lock", "lock_branch_enforcement_level"),
    "update_merge_queue_enforcement_level": ("the merge queue", "merge_queue_enforcement_level"),
    "update_pull_request_reviews_enforcement_level": (
        "required reviews", "pull_request_reviews_enforcement_level",
    ),
    "update_require_code_owner_review": ("review by code owners", "require_code_owner_review"),
    "update_require_last_push_approval": ("approval of the last push", "require_last_push_approval"),
    "update_required_approving_review_count": ("the number of approvals", _COUNT),
    "update_required_status_checks_enforcement_level": (
        "required status checks", "required_status_checks_enforcement_level",
    ),
    "update_signature_requirement_enforcement_level": (
        "signed commits", "signature_requirement_enforcement_level",
    ),
    "update_strict_required_status_checks_policy": (
        "branches that are up to date", "strict_required_status_checks_policy",
    ),
}  # fmt: skip
"""Events about a setting of classic protection -> what it is called, and the field that says how it is since
then (GitHub Docs, "Audit log events for your organization")."""
_NO_SETTING = frozenset(
    {"create", "destroy", "rejected_ref_update", "update_lock_allows_fetch_and_merge"}
)
"""Events that change no setting which limits changes of the branch; overrides are told apart before."""
_OFF: tuple[object, ...] = (False, 0, "0", "false", "off")
_STRONGEST: tuple[object, ...] = (2, "2", "true", "everyone")
"""How the log writes a switch, or a level of enforcement: 0 is off, 1 spares administrators, 2 is everyone."""


_IN_FORCE = ("active", "enabled")
_NOT_IN_FORCE = ("disabled", "evaluate")


class ProtectionChange(Resource, frozen=True, rename={"timestamp": "@timestamp"}):
    """An event of the organisation's audit log that changes or overrides branch protection."""

    kind = "github.protection_change"
    any_value: ClassVar[Mapping[str, str]] = {"actor": "a login, which messages name"}
    may_lack: ClassVar[Mapping[str, str]] = {
        "actor": "null for a deleted account, which is then nobody who may",
        "repo": "only named; left out where a ruleset of the organisation changed",
        "ruleset_enforcement": "left out of events about classic protection (audit log events)",
        "ruleset_old_enforcement": "left out where it did not change (audit log events)",
        "ruleset_rules_deleted": "left out where none were",
        "ruleset_bypass_actors_added": "left out where none were",
        "ruleset_rules_updated": "left out where none were",
        "ruleset_conditions_added": "left out where none were",
        "ruleset_conditions_updated": "left out where none were",
        "ruleset_conditions_deleted": "left out where none were",
        "ruleset_bypass_actors_updated": "left out where none were",
        **dict.fromkeys(
            (field for _, field in _SETTINGS.values()),
            "only of the events about this setting, which are inconclusive without it (audit log events)",
        ),
    }

    action: str
    """``protected_branch.policy_override``, ``repository_ruleset.destroy``, ..."""
    timestamp: int
    """Milliseconds since 1970, UTC."""
    actor: str | None = None
    actor_id: int | None = None
    repo: str | None = None
    ruleset_enforcement: str | None = None
    """Of an event about a ruleset: ``active`` (or ``enabled``), ``evaluate`` or ``disabled``, since then."""
    ruleset_old_enforcement: str | None = None
    """The same, before."""
    ruleset_rules_deleted: object = None
    ruleset_bypass_actors_added: object = None
    ruleset_bypass_actors_updated: object = None
    ruleset_rules_updated: object = None
    ruleset_conditions_added: object = None
    ruleset_conditions_updated: object = None
    ruleset_conditions_deleted: object = None
    admin_enforced: object = None
    dismiss_stale_reviews_on_push: object = None
    ignore_approvals_from_contributors: object = None
    linear_history_requirement_enforcement_level: object = None
    lock_branch_enforcement_level: object = None
    merge_queue_enforcement_level: object = None
    pull_request_reviews_enforcement_level: object = None
    require_code_owner_review: object = None
    require_last_push_approval: object = None
    required_approving_review_count: object = None
    required_status_checks_enforcement_level: object = None
    signature_requirement_enforcement_level: object = None
    strict_required_status_checks_policy: object = None

    def event_columns(self) -> Mapping[str, object]:
        """Who did it."""
        by = logged(self.actor, self.actor_id)
        return {"author": by.name, "author_id": by.id, "author_kind": by.sort}

    @property
    def idle(self) -> bool:
        """Whether the ruleset demands nothing since then."""
        return self.ruleset_enforcement is not None and self.ruleset_enforcement not in _IN_FORCE

    @property
    def protected_nothing(self) -> bool:
        """Whether the log says that the ruleset was not in force before: what became of it took nothing away."""
        before = self.ruleset_old_enforcement
        if before is None and self.action.endswith(".destroy"):
            before = self.ruleset_enforcement
        return before in _NOT_IN_FORCE

    @property
    def weakened(self) -> str:
        """What an update took away, where the log says so."""
        if self.protected_nothing:
            return ""
        if self.idle and (self.ruleset_old_enforcement in _IN_FORCE or not self._edited):
            return f"a ruleset was switched to {self.ruleset_enforcement}"
        if self.idle:
            return ""
        if self.ruleset_rules_deleted:
            return "rules were taken out of a ruleset"
        if self.ruleset_bypass_actors_added:
            return "actors were added who may bypass a ruleset"
        return ""

    @property
    def _edited(self) -> bool:
        """Something beside its enforcement was changed in a ruleset."""
        return any(
            (
                self.ruleset_rules_deleted,
                self.ruleset_rules_updated,
                self.ruleset_conditions_added,
                self.ruleset_conditions_updated,
                self.ruleset_conditions_deleted,
                self.ruleset_bypass_actors_added,
                self.ruleset_bypass_actors_updated,
            )
        )

    @property
    def setting(self) -> tuple[str, bool | None]:
        """Which setting of classic protection an event changed, and whether it demands less since then.

        ``None``: the log does not say; an empty text: the event changed no such setting.
        """
        act = self.action.removeprefix("protected_branch.")
        if act == self.action or act in _NO_SETTING:
            return "", None
        name, said = _SETTINGS.get(act, (act.removeprefix("update_").replace("_", " "), None))
        value = None if said is None else getattr(self, said)
        if value is None:
            return name, None
        off, strongest = value in _OFF, value is True or value in _STRONGEST
        # A number of approvals, and a level that spares administrators, may be more or less than before.
        return name, True if off else False if strongest and said != _COUNT else None

    @property
    def changed(self) -> str:
        """What an update changed that may have made it weaker; an empty text for nothing of that sort."""
        if self.protected_nothing:
            return ""
        if self.idle:
            # An event names the enforcement before only where that changed, and this one names another change.
            return (
                f"a ruleset that is {self.ruleset_enforcement} was changed" if self._edited else ""
            )
        if self.ruleset_rules_updated:
            return "parameters of rules were changed"
        conditions = (
            self.ruleset_conditions_added,
            self.ruleset_conditions_updated,
            self.ruleset_conditions_deleted,
        )
        if any(conditions):
            return "what the ruleset applies to was changed"
        if self.ruleset_bypass_actors_updated:
            return "how actors may bypass the ruleset was changed"
        return ""

    @property
    def day(self) -> str:
        """The day on which it happened, UTC."""
        try:
            return f"{datetime.fromtimestamp(self.timestamp / 1000, UTC):%Y-%m-%d}"
        except (ValueError, OverflowError, OSError):
            return f"at {self.timestamp}"
