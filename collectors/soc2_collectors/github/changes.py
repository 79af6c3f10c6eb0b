"""Collects what happened to production branches: merged pull requests, commits, bypassed rules.

All are populations: a look reads what is new since the last complete one, and says what it asked for. How
far back the first look reads is set by the source, to the start of that day.

Merged pull requests come from GitHub's search, which shows a thousand results of a query and counts all.
The time is therefore cut into windows of fewer, as wide as what was just seen allows. Later looks ask for
what was updated, so that a review after the merge is seen, too.

Source: GitHub GraphQL API, "search" (1,000 results) and "Rate limits and query limits"; GitHub Docs,
"Searching issues and pull requests"; REST API, "Rule suites" and "Organization audit log".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.models.change import Commit, ProtectionChange, PullRequest, RuleBypass
from soc2_collectors.github.queries import (
    BRANCH_COMMITS,
    LOST,
    MERGED_PULL_REQUEST_COUNT,
    MERGED_PULL_REQUESTS,
    PULL_REQUEST_COMMITS,
    PULL_REQUEST_REVIEWS,
    REPOSITORY_COMMITS,
)
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github
    from soc2_pac.model import Period

_SHOWN = 1000
"""Results that GitHub shows of one search, however many there are."""
_AIM = 850
"""Results that a window is laid out for: what is left below a thousand is for uneven days."""
_WIDEN = 4
"""How many times wider than the last a window may be."""
_SECOND = timedelta(seconds=1)
_OVERLAP = timedelta(hours=6)
"""The search lags behind, and clocks differ: later looks begin this long before the last one did."""
_COMMIT_OVERLAP = timedelta(days=30)
"""A commit is dated when it is made and may be pushed later: later looks read this far back."""
_REPOSITORIES_AT_ONCE = 25
"""With up to a hundred commits each."""
_RULE_SUITES = "/orgs/{org}/rulesets/rule-suites"
_AUDIT_LOG = "/orgs/{org}/audit-log"
_RETENTION = timedelta(days=180)
"""Of the organisation's audit log."""
_TIME_PERIODS = (
    ("day", timedelta(days=1)),
    ("week", timedelta(days=7)),
    ("month", timedelta(days=30)),
)
_PROTECTIONS = ("protected_branch", "repository_ruleset", "repository_branch_protection_evaluation")
"""Categories of the audit log that speak of branch protection."""


# -- merged pull requests ---------------------------------------------------------------------------------


@collects(
    PullRequest,
    calls=[
        MERGED_PULL_REQUESTS.call,
        MERGED_PULL_REQUEST_COUNT.call,
        PULL_REQUEST_REVIEWS.call,
        PULL_REQUEST_COMMITS.call,
    ],
    per="organization",
    cost="pages of 100 of what was merged or updated since the last look, + 1 a thousand, + 2; "
    "+ 1 for each with more than 20 commits or 50 reviews",
    version="5",
    population=True,
    instant="mergedAt",
)
def pull_requests(github: Github, period: Period) -> Iterator[Document]:
    """Pull requests merged to any branch, with reviews, checks, labels and linked issues."""
    reading = _Reading(github, period)
    yield from reading.run()


@dataclass
class _Window:
    """A stretch of time whose results GitHub shows all."""

    start: datetime
    end: datetime
    count: int
    own: bool = True
    """Read in this look, and not in one before that broke off."""


@dataclass
class _Reading:
    """One look at merged pull requests."""

    github: Github
    period: Period
    windows: list[_Window] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        known = _cursor(self.period, self.github)
        self.end = _whole(self.period.began)
        self.start = _start(self.github, self.end)
        if known is not None and _time(known["from"]) <= self.start:
            self.start = _time(known["from"])
        else:
            known = None  # nothing is known, or more is wanted than was ever read
        self.unfinished = [] if known is None else known.get("windows", [])
        whole = f"org:{self.github.organization} is:pr is:merged"
        self.merged = f"{whole} {_range('merged', self.start, self.end)}"
        if known is None or self.unfinished:
            self.base, self.field, self.first = whole, "merged", self.start
            self.windows = [
                _Window(_time(a), _time(b), n, own=False) for a, b, n in self.unfinished
            ]
            if self.windows:
                self.first = self.windows[-1].end + _SECOND
        else:
            self.base, self.field = self.merged, "updated"
            self.first = min(_time(known["updated"]), self.end) - _OVERLAP
        # What was updated since the first of the looks that read the windows is read by the next look.
        self.updated = known["updated"] if known and self.unfinished else _text(self.end)

    def run(self) -> Iterator[Document]:
        query = f"{self.base} {_range(self.field, self.first, self.end)}"
        self.period.ask(
            query=query,
            start=self.start,
            end=self.end,
            overlap_hours=_OVERLAP.total_seconds() / 3600,
            note="GitHub's search lags behind by minutes: each look begins before the last one did. "
            "It finds what the identity may see, archived repositories included",
        )
        yield from self._all()
        yield from self._again()
        self.period.done(
            total=sum(window.count for window in self.windows if window.own),
            cursor={**self._here(), "to": _text(self.end)},
            whole_total=self._count(self.merged),
            windows=len(self.windows),
        )

    def _all(self) -> Iterator[Document]:
        at, width = self.first, self.end - self.first + _SECOND
        while at <= self.end:
            stop = min(self.end, at + width - _SECOND)
            span = stop - at + _SECOND
            nodes, count = self._window(at, stop)
            if nodes is None:
                if span <= _SECOND:
                    msg = f"more than {_SHOWN} pull requests were merged or updated in one second, at {at}"
                    raise Unexpected(msg)
                width = max(_SECOND, _whole_seconds(span * _AIM / count))
                continue
            yield from self._documents(nodes)
            self.windows.append(_Window(at, stop, count))
            if self.field == "merged":
                read = [[_text(w.start), _text(w.end), w.count] for w in self.windows]
                self.period.reached({**self._here(), "windows": read})
            width = _whole_seconds(span * min(float(_WIDEN), _AIM / max(1, count)))
            at = stop + _SECOND

    def _again(self) -> Iterator[Document]:
        """Where the whole is not the sum of its windows, count each and read those that changed."""
        if len(self.windows) == 1 and self.windows[0].own:
            return  # it was counted with its last page
        whole = f"{self.base} {_range(self.field, self.windows[0].start, self.end)}"
        if self._count(whole) == sum(window.count for window in self.windows):
            return
        for window in self.windows:
            counted = self._count(f"{self.base} {_range(self.field, window.start, window.end)}")
            if counted != window.count:
                nodes, count = self._window(window.start, window.end)
                if nodes is None:
                    msg = f"GitHub counted {window.count} results and, later, {count} in the same time"
                    raise Unexpected(msg)
                yield from self._documents(nodes)
                window.count, window.own = count, True

    def _window(self, start: datetime, end: datetime) -> tuple[list[dict[str, Any]] | None, int]:
        """(what was merged or updated in a window, how many GitHub counts); None for too many to show."""
        text = f"{self.base} {_range(self.field, start, end)} sort:created-asc"
        nodes: dict[str, dict[str, Any]] = {}
        count = 0
        for _ in range(2):  # what moves between two pages is there when all are read again
            nodes, count = {}, 0
            for page in self.github.connections(MERGED_PULL_REQUESTS, {"search": text}, "search"):
                count = int(page["issueCount"])
                if count > _SHOWN:
                    return None, count
                nodes.update((node["id"], node) for node in page["nodes"] if "id" in node)
            if len(nodes) == count:
                break
        return list(nodes.values()), count

    def _documents(self, nodes: list[dict[str, Any]]) -> Iterator[Document]:
        production = self.github.production_branches
        for node in nodes:
            if node["id"] in self.seen:
                continue
            self.seen.add(node["id"])
            body = {**node, **_beyond_a_page(self.github, node)}
            name = node["repository"]["nameWithOwner"]
            configured = production.get(name.rpartition("/")[2])
            if configured is not None:
                body = {**body, "productionBranches": list(configured)}
            yield Document(node["id"], f"{name}#{node['number']}", body)

    def _count(self, text: str) -> int:
        found = self.github.query(MERGED_PULL_REQUEST_COUNT, {"search": text})
        return int(found["search"]["issueCount"])

    def _here(self) -> dict[str, Any]:
        return {
            "from": _text(self.start),
            "updated": self.updated,
            "production": _production(self.github),
        }


def _beyond_a_page(github: Github, node: dict[str, Any]) -> dict[str, Fact]:
    """All reviews, all commits, where the page of the listing does not hold them."""
    facts: dict[str, Fact] = {}
    if ((node.get("reviews") or {}).get("pageInfo") or {}).get("hasNextPage"):

        def reviews() -> object:
            found = github.graphql(PULL_REQUEST_REVIEWS, {"id": node["id"]}, "node.reviews")
            return {"pageInfo": {"hasNextPage": False}, "nodes": list(found)}

        facts["reviews"] = Fact(PULL_REQUEST_REVIEWS.call, reviews)
    shown = node.get("allCommits") or {}
    commits = [(one or {}).get("commit") or {} for one in shown.get("nodes") or ()]
    authors = [commit.get("authors") or {} for commit in commits]
    together = any(one.get("totalCount", 0) > len(one.get("nodes") or ()) for one in authors)
    if together or shown.get("totalCount", 0) > len(commits):

        def all_commits() -> object:
            found = github.graphql(PULL_REQUEST_COMMITS, {"id": node["id"]}, "node.commits")
            return {**shown, "nodes": list(found)}

        facts["allCommits"] = Fact(PULL_REQUEST_COMMITS.call, all_commits)
    return facts


# -- commits ----------------------------------------------------------------------------------------------


@collects(
    Commit,
    calls=[REPOSITORY_COMMITS.call, BRANCH_COMMITS.call],
    per="organization",
    cost="pages of 25 repositories that were pushed to, + pages of 100 beyond their first 100 commits",
    version="3",
    population=True,
    instant="committedDate",
)
def commits(github: Github, period: Period) -> Iterator[Document]:
    """Commits of production branches with the pull requests that they belong to."""
    end = _whole(period.began)
    known = _cursor(period, github)
    start = _start(github, end)
    if known is not None and _time(known["from"]) <= start:
        start = _time(known["from"])
    else:
        known = None
    after = None if known is None else known.get("after")
    first = known is None or after is not None
    if known is not None and first:
        # What was pushed since the first of these looks began is read by the next one.
        end = _time(known["to"])
    pushed_since = start if known is None or first else _time(known["to"]) - _OVERLAP
    since = start if first else max(start, pushed_since - _COMMIT_OVERLAP)
    # By age for a first look, whose order no push may change; then the last pushed to first, to stop early.
    order = ("CREATED_AT", "ASC") if first else ("PUSHED_AT", "DESC")
    cursor = {"from": _text(start), "to": _text(end), "production": _production(github)}
    period.ask(
        query=f"commits of production branches of {github.organization} since {_text(since)}, "
        f"in repositories pushed to since {_text(pushed_since)}",
        start=start,
        end=end,
        commit_overlap_days=0 if first else _COMMIT_OVERLAP.days,
        note="a commit made longer than commit_overlap_days before its push is not seen by later looks",
    )
    total = repositories = lost = 0
    variables = {
        "org": github.organization,
        "since": _text(since),
        "order": {"field": order[0], "direction": order[1]},
    }
    for page in github.connections(
        REPOSITORY_COMMITS,
        variables,
        "organization.repositories",
        after=after,
        size=_REPOSITORIES_AT_ONCE,
    ):
        lost += page[LOST]
        for repository in page["nodes"]:
            pushed = repository.get("pushedAt")
            if pushed is None or _time(pushed) < pushed_since:
                continue
            repositories += 1
            for branch, history in _histories(github, repository, since):
                total += int(history["totalCount"])
                yield from _commits_of(github, repository, branch, history, since)
        if first:
            period.reached({**cursor, "after": page["pageInfo"]["endCursor"]})
            continue
        last = page["nodes"][-1].get("pushedAt") if page["nodes"] else None
        if last is not None and _time(last) < pushed_since:
            break
    if lost:
        msg = f"{REPOSITORY_COMMITS.call} answered {lost} repositories as null"
        raise Unexpected(msg, operation=REPOSITORY_COMMITS.call)
    period.done(total=total, cursor=cursor, repositories=repositories)


def _histories(
    github: Github, repository: dict[str, Any], since: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(production branch, first page of its history) of a repository that is not empty."""
    default = repository.get("defaultBranchRef")
    shown = None if default is None else (default["name"], default["target"]["history"])
    configured = github.production_branches.get(repository["name"])
    for branch in configured or ([] if shown is None else [shown[0]]):
        if shown is not None and branch == shown[0]:
            yield shown
            continue
        variables = _of_branch(github, repository, branch, since)
        found = github.query(BRANCH_COMMITS, {**variables, "first": 100, "after": None})
        ref = found["repository"]["ref"]
        if ref is not None:
            yield branch, ref["target"]["history"]


def _commits_of(
    github: Github,
    repository: dict[str, Any],
    branch: str,
    history: dict[str, Any],
    since: datetime,
) -> Iterator[Document]:
    default = (repository.get("defaultBranchRef") or {}).get("name")
    nodes = iter(history["nodes"])
    info = history["pageInfo"]
    if info["hasNextPage"]:
        variables = _of_branch(github, repository, branch, since)
        more = github.graphql(
            BRANCH_COMMITS, variables, "repository.ref.target.history", after=info["endCursor"]
        )
        nodes = (node for part in (history["nodes"], more) for node in part)
    for node in nodes:
        if node is None:
            continue  # the count says that one is missing
        # A commit stands on several branches of a repository; on the default branch it keeps its own id.
        uid = node["id"] if branch == default else f"{node['id']}:{branch}"
        name = f"{repository['nameWithOwner']}@{node['oid'][:10]}"
        owner = {key: repository.get(key) for key in ("id", "nameWithOwner", "createdAt")}
        yield Document(uid, name, {**node, "branch": branch, "repository": owner})


def _of_branch(
    github: Github, repository: dict[str, Any], branch: str, since: datetime
) -> dict[str, Any]:
    return {
        "owner": github.organization,
        "repo": repository["name"],
        "ref": f"refs/heads/{branch}",
        "since": _text(since),
    }


# -- bypassed rules and changed protections ---------------------------------------------------------------


@collects(
    RuleBypass,
    calls=[f"GET {_RULE_SUITES}"],
    per="organization",
    cost="pages of 100",
    population=True,
    instant="pushed_at",
)
def rule_bypasses(github: Github, period: Period) -> Iterator[Document]:
    """Pushes that went past a ruleset. GitHub keeps them for a month and gives no count of its own."""
    end = _whole(period.began)
    since = end - _TIME_PERIODS[-1][1]
    start = since
    if period.since_cursor is not None:
        before = _time(period.since_cursor["to"]) - _OVERLAP
        if before >= since:
            since, start = before, _time(period.since_cursor["from"])
    asked = next(name for name, span in _TIME_PERIODS if end - since <= span)
    period.ask(
        query=f"GET {_RULE_SUITES}?rule_suite_result=bypass&time_period={asked}",
        start=start,
        end=end,
        counted="by the pages: GitHub gives no count",
    )
    total = 0
    for suite in github.items(_RULE_SUITES, rule_suite_result="bypass", time_period=asked):
        total += 1
        name = f"{suite.get('repository_name')}@{str(suite.get('after_sha'))[:10]}"
        yield Document(str(suite.get("id", "")), name, suite)
    period.done(total=total, cursor={"from": _text(start), "to": _text(end)})


@collects(
    ProtectionChange,
    calls=[f"GET {_AUDIT_LOG}"],
    per="organization",
    cost="pages of 100 of 3 categories",
    population=True,
    instant="@timestamp",
)
def protection_changes(github: Github, period: Period) -> Iterator[Document]:
    """Changes and overrides of branch protection, out of the organisation's audit log (Enterprise Cloud)."""
    end = _whole(period.began)
    oldest = max(_start(github, end), end - _RETENTION)
    since = start = oldest
    if period.since_cursor is not None:
        before, first = (
            _time(period.since_cursor["to"]) - _OVERLAP,
            _time(period.since_cursor["from"]),
        )
        if before >= oldest >= first:
            since, start = before, first
    phrases = [f"action:{category} created:>={_text(since)}" for category in _PROTECTIONS]
    period.ask(
        query="; ".join(f"GET {_AUDIT_LOG}?include=web&phrase={phrase}" for phrase in phrases),
        start=start,
        end=end,
        counted="by the pages: GitHub gives no count",
    )
    total = 0
    for phrase in phrases:
        for event in github.items(_AUDIT_LOG, phrase=phrase, include="web", order="asc"):
            total += 1
            what = event.get("action", "")
            uid = str(event.get("_document_id") or f"{event.get('@timestamp')}:{what}")
            yield Document(uid, f"{what} {event.get('repo') or ''}".strip(), event)
    period.done(total=total, cursor={"from": _text(start), "to": _text(end)})


# -- words ------------------------------------------------------------------------------------------------


def _cursor(period: Period, github: Github) -> dict[str, Any] | None:
    """Where the last look ended; none where other branches count as production since."""
    found = period.since_cursor
    if not isinstance(found, dict) or found.get("production") != _production(github):
        return None
    return found


def _production(github: Github) -> dict[str, list[str]]:
    return {name: list(branches) for name, branches in sorted(github.production_branches.items())}


def _start(github: Github, end: datetime) -> datetime:
    today = end.replace(hour=0, minute=0, second=0)
    return today - timedelta(days=github.since_days)


def _range(qualifier: str, start: datetime, end: datetime) -> str:
    """Both ends belong to it."""
    return f"{qualifier}:{_text(start)}..{_text(end)}"


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _whole_seconds(span: timedelta) -> timedelta:
    return max(_SECOND, timedelta(seconds=int(span.total_seconds())))
