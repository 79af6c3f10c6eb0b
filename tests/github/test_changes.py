"""The population of changes: few requests, nothing missed or twice, and the truth when it breaks off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.github.models.change import PullRequest
from soc2_pac.canonical import canonical
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, forget_connections, run_unit
from soc2_pac.config import SourceSettings
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus, Document, Fact, Period, Scope, Status
from soc2_pac.resources import view
from soc2_pac.store import Store, open_store
from soc2_pac.testing import judge_document
from soc2_rules.github.change import github_merged_pr_population, github_no_direct_push

from .test_kinds import COLLECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Source

NOW = datetime.now(UTC).replace(microsecond=0)
SCOPE = Scope("github", "acme-robotics")
CHANGES = "github.pull_request"
COMMITS = "github.commit"
COMPLETE, PARTIAL = CollectionStatus.COMPLETE, CollectionStatus.PARTIAL
SECONDARY = '{"message": "You have exceeded a secondary rate limit. Please wait."}'


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def pull(
    number: int, merged: datetime, updated: datetime | None = None, **more: Any
) -> dict[str, Any]:
    repository = {
        "id": "R_big",
        "nameWithOwner": "acme-robotics/big",
        "isArchived": False,
        "defaultBranchRef": {"name": "main"},
    }
    commit = {
        "oid": f"{number:040x}",
        "author": {"user": {"login": "ann"}},
        "authors": {"totalCount": 1, "nodes": [{"user": {"login": "ann"}}]},
        "committer": None,
        "statusCheckRollup": None,
    }
    return {
        "id": f"PR_{number}", "number": number, "title": "t", "url": "u",
        "createdAt": text(merged - timedelta(hours=1)), "mergedAt": text(merged),
        "updatedAt": text(updated or merged), "baseRefName": "main", "headRefName": "x",
        "headRefOid": commit["oid"], "author": {"__typename": "User", "login": "ann"},
        "mergedBy": None, "mergeCommit": None, "repository": repository, "labels": {"nodes": []},
        "closingIssuesReferences": {"totalCount": 0, "nodes": []}, "reviews": {"nodes": []},
        "allCommits": {"totalCount": 1, "nodes": [{"commit": commit}]},
        "commits": {"totalCount": 1, "nodes": [{"commit": commit}]}, **more,
    }  # fmt: skip


def many(count: int, days: float = 80) -> list[dict[str, Any]]:
    """Merged evenly over the last days, up to an hour ago."""
    step = timedelta(days=days) / count
    return [pull(n, NOW - timedelta(hours=1) - n * step) for n in range(count)]


@pytest.fixture
def big(github: Source) -> Source:
    """2,600 pull requests of one repository, and nothing else."""
    github.emulator.state.pull_requests = {"big": many(2600)}
    return github


def look(
    github: Source,
    kind: str = CHANGES,
    cursor: object = None,
    began: datetime = NOW,
    **settings: Any,
) -> tuple[list[Document], Period]:
    """One look by the collector alone."""
    collector = COLLECTORS[kind]
    period = Period(began, cursor)
    client = github.client(*collector.calls, **settings)
    return list(collector.documents(client, period)), period


def sent(github: Source) -> int:
    return len(github.emulator.requests)


class Runs:
    """Looks through the engine into a store, one after the other."""

    def __init__(self, github: Source, store: Store, **settings: Any) -> None:
        self.store = store
        connection = github.connect(**settings)
        self._source = SourceSettings("acme", "github", connection.settings)
        self.github = github

    def look(self, kind: str = CHANGES, limits: Limits | None = None) -> UnitResult:
        collector = COLLECTORS[kind]
        cursor = self.store.cursors().get(("acme", kind, SCOPE, collector.version))
        unit = Unit(kind, SCOPE, self._source, collector.instant, cursor)
        result = run_unit(unit, limits or Limits())
        with self.store.run("collect", config=None, tool_version="t") as run_id:
            self.store.record(run_id, result.look())
        assert self.store.verify().problems == []
        return result

    def known(self, kind: str = CHANGES) -> set[str]:
        return {item.resource for item in self.store.evidence(kind=kind)}


@pytest.fixture
def runs(github: Source) -> Iterator[Callable[..., Runs]]:
    forget_connections()
    with open_store("sqlite://", create=True) as store:
        yield lambda **settings: Runs(github, store, **settings)
    forget_connections()


# -- few requests, nothing missed, nothing twice ----------------------------------------------------------


def test_more_than_a_search_shows_is_read_in_windows(big: Source) -> None:
    found, period = look(big)
    assert len({d.uid for d in found}) == len(found) == period.total == 2600
    assert period.parameters["whole_total"] == 2600
    assert sent(big) <= 26 + 9, "a page of each hundred, and little more"


def test_uneven_days_are_split_further(github: Source) -> None:
    burst = [pull(10_000 + n, NOW - timedelta(days=40, seconds=n)) for n in range(1500)]
    github.emulator.state.pull_requests = {"big": [*many(900), *burst]}
    found, period = look(github)
    assert len({d.uid for d in found}) == period.total == 2400


def test_more_in_one_second_than_a_search_shows_is_no_complete_look(github: Source) -> None:
    github.emulator.state.pull_requests = {
        "big": [pull(n, NOW - timedelta(days=3)) for n in range(1001)]
    }
    with pytest.raises(Unexpected, match="in one second"):
        look(github)


def test_a_later_look_asks_for_what_was_updated(big: Source) -> None:
    _, first = look(big)
    pulls = big.emulator.state.pull_requests["big"]
    later = NOW + timedelta(days=1)
    pulls += [pull(5000 + n, NOW + timedelta(hours=n)) for n in range(20)]
    pulls[2000]["updatedAt"] = text(NOW + timedelta(hours=3))  # a late review
    before = sent(big)
    found, second = look(big, cursor=first.cursor, began=later)
    assert {d.uid for d in found} >= {f"PR_{5000 + n}" for n in range(20)} | {pulls[2000]["id"]}
    assert second.total is not None
    assert len(found) == second.total < 60
    assert second.parameters["whole_total"] == 2620
    assert sent(big) - before <= 3


def test_a_sweep_that_touches_more_than_a_search_shows(big: Source) -> None:
    _, first = look(big)
    for number, one in enumerate(big.emulator.state.pull_requests["big"][:1700]):
        one["updatedAt"] = text(NOW + timedelta(seconds=20 * number))
    found, second = look(big, cursor=first.cursor, began=NOW + timedelta(days=1))
    assert len({d.uid for d in found}) == len(found) == second.total
    assert len(found) >= 1700


def test_the_window_reaches_back_further_when_the_settings_say_so(big: Source) -> None:
    _, first = look(big, pull_requests_since_days=20)
    found, second = look(big, cursor=first.cursor, pull_requests_since_days=90)
    assert first.total is not None
    assert first.total < 1000
    assert len(found) == second.total == 2600


def test_an_archived_repository_counts_and_a_renamed_one_keeps_its_changes(github: Source) -> None:
    one = pull(1, NOW - timedelta(days=1))
    github.emulator.state.pull_requests = {"big": [one]}
    (before,), _ = look(github)
    one["repository"] = {
        **one["repository"],
        "nameWithOwner": "acme-robotics/new-name",
        "isArchived": True,
    }
    (after,), _ = look(github)
    assert (before.uid, after.name) == (after.uid, "acme-robotics/new-name#1")


def test_ten_thousand_reviews_of_one_pull_request(github: Source) -> None:
    one = pull(1, NOW - timedelta(days=1))
    one["reviews"]["nodes"] = [
        {
            "id": f"PRR_{n}", "state": "COMMENTED", "submittedAt": one["mergedAt"],
            "authorAssociation": "MEMBER", "author": {"__typename": "User", "login": f"user-{n}"},
            "commit": {"oid": "a" * 40},
        }
        for n in range(10_000)
    ]  # fmt: skip
    github.emulator.state.pull_requests = {"big": [one]}
    (found,), period = look(github)
    assert period.total == 1
    reviews: Any = found.body["reviews"]
    body = {**found.body, "reviews": reviews.call()}
    assert len(body["reviews"]["nodes"]) == 10_000
    assert len(canonical(body)) < Limits().document_bytes


# -- when it breaks off -----------------------------------------------------------------------------------


def test_a_secondary_rate_limit_in_the_middle(
    big: Source, runs: Callable[..., Runs], naps: list[float]
) -> None:
    """What was read stays, the next look goes on there, and the end equals an uninterrupted read."""
    del naps
    work = runs()
    big.emulator.faults.add("MergedPullRequests", times=12)
    big.emulator.faults.add("MergedPullRequests", status=403, body=SECONDARY, times=2)
    first = work.look()
    assert first.status is PARTIAL
    assert "secondary rate limit" in first.reason
    assert 600 < len(work.known()) < 2600
    before = sent(big)
    second = work.look()
    assert second.status is COMPLETE, second.reason
    assert sent(big) - before < 26, "windows that were read are not read again"
    assert len(work.known()) == 2600
    with open_store("sqlite://", create=True) as other:
        whole = Runs(big, other)
        assert whole.look().status is COMPLETE
        assert other.collections()[-1].root == work.store.collections()[-1].root


def test_what_is_reviewed_while_a_long_first_read_goes_on_is_seen(
    big: Source, runs: Callable[..., Runs], naps: list[float]
) -> None:
    del naps
    work = runs()
    big.emulator.faults.add("MergedPullRequests", times=12)
    big.emulator.faults.add("MergedPullRequests", status=403, body=SECONDARY, times=2)
    work.look()
    oldest = big.emulator.state.pull_requests["big"][-1]
    assert oldest["id"] in work.known()
    oldest.update(updatedAt=text(datetime.now(UTC)), title="reviewed late")
    assert work.look().status is COMPLETE
    assert work.look().status is COMPLETE
    bodies = [work.store.body(e.digest) for e in work.store.evidence(resource=oldest["id"])]
    assert [b is not None and "reviewed late" in b[1] for b in bodies] == [True]


def test_a_count_that_differs_is_a_partial_look(
    github: Source, runs: Callable[..., Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    from soc2_demo import github_graphql as emulator

    work = runs()
    found = emulator._OPERATIONS["MergedPullRequests"]

    def one_more(company: Any, variables: dict[str, Any]) -> dict[str, Any]:
        answer = found(company, variables)
        answer["search"]["issueCount"] += 1
        return answer

    monkeypatch.setitem(emulator._OPERATIONS, "MergedPullRequests", one_more)
    result = work.look()
    assert result.status is PARTIAL
    assert f"{result.count} events were read, and the provider counts {result.count + 1}" in (
        result.reason
    )
    assert work.store.cursors() == {}


def test_a_window_that_grew_while_others_were_read_is_read_again(
    big: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search index caught up late: the sum was wrong, and is right in the end."""
    from soc2_demo import github_graphql as emulator

    pulls = big.emulator.state.pull_requests["big"]
    late = pull(9999, NOW - timedelta(days=79))
    count = emulator._OPERATIONS["MergedPullRequestCount"]

    def caught_up(company: Any, variables: dict[str, Any]) -> dict[str, Any]:
        if late not in pulls:
            pulls.append(late)
        return count(company, variables)

    monkeypatch.setitem(emulator._OPERATIONS, "MergedPullRequestCount", caught_up)
    found, period = look(big)
    assert "PR_9999" in {d.uid for d in found}
    assert len({d.uid for d in found}) == period.total == 2601


@pytest.mark.parametrize("skew", [timedelta(hours=-5), timedelta(hours=5)])
def test_clocks_that_differ_lose_nothing(github: Source, skew: timedelta) -> None:
    """Ours runs behind or ahead of GitHub's; what is merged while we look is in one of two looks."""
    pulls = [pull(n, NOW - timedelta(minutes=30 * n)) for n in range(10)]
    github.emulator.state.pull_requests = {"big": list(pulls)}
    found, first = look(github, began=NOW + skew)
    pulls += [pull(100 + n, NOW + timedelta(minutes=5 * n + 1)) for n in range(10)]
    github.emulator.state.pull_requests["big"] = pulls
    again, _ = look(github, cursor=first.cursor, began=NOW + timedelta(days=1) + skew)
    assert {d.uid for d in [*found, *again]} == {p["id"] for p in pulls}


def test_a_page_that_is_too_heavy_is_halved(big: Source) -> None:
    body = '{"errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]}'
    big.emulator.faults.add("MergedPullRequests$", body=body, times=2)
    found, period = look(big)
    assert len(found) == period.total == 2600


# -- what counts as production ----------------------------------------------------------------------------


def verdict(github: Source, number: int = 1, **settings: Any) -> tuple[Status, str]:
    found, _ = look(github, **settings)
    body = next(d.body for d in found if d.name.endswith(f"#{number}"))
    said = judge(github_merged_pr_population, canonical(body), now=NOW, scope=SCOPE)
    return said.status, said.message


def test_a_default_branch_that_changed_in_the_period_is_still_judged(github: Source) -> None:
    github.emulator.state.pull_requests = {
        "big": [
            pull(1, NOW - timedelta(days=9), baseRefName="master"),
            pull(2, NOW - timedelta(days=8), baseRefName="feature"),
        ]
    }
    status, message = verdict(github)
    assert (status, "to master" in message) == (Status.FAIL, True)
    assert verdict(github, 2)[0] is Status.NOT_APPLICABLE


def test_production_branches_by_configuration(github: Source) -> None:
    github.emulator.state.pull_requests = {
        "big": [
            pull(1, NOW - timedelta(days=9), baseRefName="release"),
            pull(2, NOW - timedelta(days=8)),
        ]
    }
    chosen: dict[str, Any] = {"production_branches": {"big": ("release",)}}
    assert verdict(github, 1)[0] is Status.NOT_APPLICABLE
    assert verdict(github, 1, **chosen)[0] is Status.FAIL
    assert verdict(github, 2, **chosen)[0] is Status.NOT_APPLICABLE
    _, first = look(github, **chosen)
    found, _ = look(github, cursor=first.cursor)
    assert len(found) == 2, "another choice reads everything again"


def review(login: str | None, at: datetime, oid: str, state: str = "APPROVED") -> dict[str, Any]:
    author = None if login is None else {"__typename": "User", "login": login}
    return {
        "id": f"{login}{at}", "state": state, "submittedAt": text(at), "author": author,
        "commit": {"oid": oid}, "authorAssociation": "MEMBER", "authorCanPushToRepository": True,
    }  # fmt: skip


def judged(change: dict[str, Any], **thresholds: Any) -> tuple[Status, str]:
    rule = github_merged_pr_population
    said = judge(rule, canonical(change), now=NOW, scope=SCOPE, thresholds=rule.settle(thresholds))
    return said.status, said.message


def test_a_force_pushed_head_was_not_seen_by_who_approved() -> None:
    merged = NOW - timedelta(days=9)
    one = pull(1, merged)
    one["reviews"]["nodes"] = [review("bob", merged - timedelta(hours=2), "f" * 40)]
    status, message = judged(one)
    assert (status, "did not see" in message) == (Status.FAIL, True)
    one["reviews"]["nodes"] = [{**review("bob", merged, one["headRefOid"]), "commit": None}]
    assert judged(one)[0] is Status.FAIL, "a head that no longer exists is not the merged one"


def test_deleted_people_are_nobody() -> None:
    merged = NOW - timedelta(days=9)
    one = pull(1, merged)
    one["reviews"]["nodes"] = [review(None, merged, one["headRefOid"])]
    assert judged(one)[0] is Status.FAIL
    one["reviews"]["nodes"] = [review("bob", merged, one["headRefOid"])]
    assert judged({**one, "author": None})[0] is Status.INCONCLUSIVE


def test_emergency_changes_are_reviewed_afterwards_in_time_by_somebody_else() -> None:
    merged = NOW - timedelta(days=9)
    one = pull(1, merged, labels={"nodes": [{"name": "hotfix"}]})
    assert judged(one)[0] is Status.FAIL
    emergency = {"emergency_labels": ["hotfix"]}
    for login, days, expected in (
        ("bob", 2, Status.PASS),
        ("bob", 4, Status.FAIL),
        ("ann", 2, Status.FAIL),
    ):
        at = merged + timedelta(days=days)
        one["reviews"]["nodes"] = [review(login, at, one["headRefOid"])]
        assert judged(one, **emergency)[0] is expected, (login, days)
    status, message = judged(one, **emergency, emergency_review_days=30)
    assert status is Status.NOT_APPLICABLE
    assert "due by" in message


def written(number: int, *logins: str) -> dict[str, Any]:
    authors = [{"name": login, "user": {"login": login}} for login in logins]
    commit = {"oid": f"{number:040x}", "author": authors[0], "committer": None}
    return {"commit": {**commit, "authors": {"totalCount": len(authors), "nodes": authors}}}


@pytest.mark.parametrize(("commits", "together"), [(130, 1), (2, 7)])
def test_everybody_is_read_who_wrote_a_part_of_a_change(
    github: Source, commits: int, together: int
) -> None:
    """Beyond a page of commits, and beyond the first authors of one."""
    one = pull(1, NOW - timedelta(days=1))
    people = [f"user-{n}" for n in range(together - 1)]
    nodes = [written(n, "ann") for n in range(commits - 1)]
    nodes.insert(commits - 2, written(9999, *people, "bob"))
    one["allCommits"] = {"totalCount": commits, "nodes": nodes}
    one["commits"]["totalCount"] = commits
    one["reviews"]["nodes"] = [review("bob", NOW - timedelta(days=2), one["headRefOid"])]
    github.emulator.state.pull_requests = {"big": [one]}
    (found,), _ = look(github)
    body = {
        key: value.call() if isinstance(value, Fact) else value for key, value in found.body.items()
    }
    assert judged(body)[0] is Status.FAIL
    assert (
        sum("PullRequestCommits" in path for _, path in github.emulator.requests)
        == 1 + commits // 101
    )


# -- commits ----------------------------------------------------------------------------------------------


def commit(number: int, at: datetime, pulls: int = 0) -> dict[str, Any]:
    nodes = [{"number": 1, "state": "MERGED", "baseRefName": "main", "mergedAt": text(at)}] * pulls
    return {
        "id": f"C_{number}", "oid": f"{number:040x}", "committedDate": text(at), "url": "u",
        "messageHeadline": "m", "author": {"name": "ann", "user": {"login": "ann"}},
        "associatedPullRequests": {"totalCount": pulls, "nodes": nodes},
    }  # fmt: skip


def test_a_commit_without_parents_is_the_first_only_of_a_new_repository() -> None:
    first = {
        **commit(1, NOW), "parents": {"totalCount": 0}, "branch": "main",
        "repository": {"nameWithOwner": "acme/api", "createdAt": text(NOW)},
    }  # fmt: skip
    replaced = {
        **first,
        "repository": {**first["repository"], "createdAt": text(NOW - timedelta(days=400))},
    }
    second = {**first, "parents": {"totalCount": 1}}
    said = [judge_document(github_no_direct_push, one).status for one in (first, replaced, second)]
    assert said == [Status.NOT_APPLICABLE, Status.FAIL, Status.FAIL]


def test_commits_of_many_repositories_come_in_few_requests(github: Source) -> None:
    found, period = look(github, COMMITS)
    repositories = len(github.emulator.state.rest["/orgs/acme-robotics/repos"])
    assert period.total == len(found) > 50
    assert sent(github) == -(-repositories // 25)


def test_a_repository_with_more_commits_than_a_page(github: Source) -> None:
    history = [commit(n, NOW - timedelta(hours=n + 1)) for n in range(350)]
    github.emulator.state.commits = {"api": history}
    found, period = look(github, COMMITS)
    assert len({d.uid for d in found}) == period.total == 350


def test_a_later_look_asks_only_repositories_that_were_pushed_to(github: Source) -> None:
    _, first = look(github, COMMITS)
    for repository in github.emulator.state.rest["/orgs/acme-robotics/repos"]:
        repository["pushed_at"] = text(NOW - timedelta(days=3))
    repository = github.emulator.state.rest["/orgs/acme-robotics/repos"][0]
    repository["pushed_at"] = text(NOW + timedelta(hours=1))
    # Made two days before it was pushed.
    github.emulator.state.commits[repository["name"]].append(commit(7, NOW - timedelta(days=2)))
    found, second = look(github, COMMITS, first.cursor, NOW + timedelta(days=1))
    assert "C_7" in {d.uid for d in found}
    assert {d.body["branch"] for d in found} == {"main"}
    assert second.parameters["repositories"] == 1


def test_a_first_read_of_commits_goes_on_where_it_broke_off(
    github: Source, runs: Callable[..., Runs], naps: list[float]
) -> None:
    del naps
    listed = github.emulator.state.rest["/orgs/acme-robotics/repos"]
    for n in range(90):
        name = f"more-{n}"
        one = {**listed[0], "node_id": name, "name": name, "full_name": f"acme-robotics/{name}"}
        listed.append({**one, "created_at": text(NOW - timedelta(days=n))})
        github.emulator.state.commits[name] = [commit(5000 + n, NOW - timedelta(days=1))]
    work = runs()
    github.emulator.faults.add("RepositoryCommits", times=2)
    github.emulator.faults.add("RepositoryCommits", status=403, body=SECONDARY, times=2)
    assert work.look(COMMITS).status is PARTIAL
    github.emulator.requests.clear()
    assert work.look(COMMITS).status is COMPLETE
    assert sent(github) == 3, "of five pages"
    with open_store("sqlite://", create=True) as other:
        whole = Runs(github, other)
        assert whole.look(COMMITS).status is COMPLETE
        assert other.collections()[-1].root == work.store.collections()[-1].root


def test_empty_and_archived_repositories_and_other_branches(github: Source) -> None:
    github.emulator.state.commits = {
        "api": [commit(1, NOW - timedelta(days=1))],
        "api:release": [commit(1, NOW - timedelta(days=1)), commit(2, NOW - timedelta(days=1))],
    }
    found, _ = look(github, COMMITS, production_branches={"api": ("main", "release", "gone")})
    assert {d.uid for d in found} == {"C_1", "C_1:release", "C_2:release"}


# -- bypassed rules and changed protections ----------------------------------------------------------------


def test_documented_answers_are_read(github: Source, recordings: Callable[[str], Path]) -> None:
    import json

    folder = recordings("github") / "openapi-examples"
    rest = github.emulator.state.rest
    org = "/orgs/acme-robotics"
    rest[f"{org}/rulesets/rule-suites"] = json.loads(
        (folder / "repos__owner__repo__rulesets__rule-suites.json").read_text(encoding="utf-8")
    )
    log = json.loads((folder / "orgs__org__audit-log.json").read_text(encoding="utf-8"))
    rest[f"{org}/audit-log"] = [*log, {**log[0], "action": "protected_branch.destroy"}]
    assert len(look(github, "github.rule_bypass")[0]) == 2
    assert [d.body["action"] for d in look(github, "github.protection_change")[0]] == [
        "protected_branch.destroy"
    ]


@pytest.mark.parametrize("kind", ["github.rule_bypass", "github.protection_change"])
def test_what_github_does_not_show_is_denied_and_names_the_permission(
    github: Source, kind: str
) -> None:
    github.emulator.faults.add("/", status=404, body='{"message": "Not Found"}')
    with pytest.raises(Denied) as raised:
        look(github, kind)
    assert "organization_administration=" in str(raised.value.permission)


def test_a_hole_in_what_github_keeps_shows_in_what_was_asked(github: Source) -> None:
    _, first = look(github, "github.rule_bypass")
    _, soon = look(github, "github.rule_bypass", first.cursor, NOW + timedelta(days=2))
    assert soon.parameters["from"] == first.parameters["from"]
    assert "time_period=week" in soon.parameters["query"]
    _, late = look(github, "github.rule_bypass", first.cursor, NOW + timedelta(days=60))
    assert late.parameters["from"] > first.parameters["to"]


def test_the_view_reads_what_the_first_version_kept() -> None:
    """Documents of before this was a population, without the fields that it added."""
    one = pull(1, NOW - timedelta(days=9))
    for name in ("labels", "closingIssuesReferences", "headRefName"):
        del one[name]
    one["repository"] = {"nameWithOwner": "acme-robotics/big"}
    assert PullRequest.kind == CHANGES
    assert judged(one)[0] is Status.FAIL


# -- who did it -------------------------------------------------------------------------------------------


def _change(**more: Any) -> PullRequest:
    ann = {"__typename": "User", "login": "ann", "databaseId": 1}
    bob = {"__typename": "User", "login": "bob", "databaseId": 2}
    commit = {
        "oid": "a" * 40,
        "author": {"user": {"login": "ann", "databaseId": 1}},
        "authors": {
            "totalCount": 2,
            "nodes": [
                {"name": "ann", "user": {"login": "ann", "databaseId": 1}},
                {"name": "Claude Opus 4", "user": None},
            ],
        },
        "committer": None,
    }
    review = {
        "state": "APPROVED", "submittedAt": text(NOW - timedelta(hours=2)), "author": bob,
        "commit": {"oid": "a" * 40}, "authorCanPushToRepository": True,
    }  # fmt: skip
    base = pull(
        7,
        NOW - timedelta(hours=1),
        author=ann,
        headRefOid="a" * 40,
        reviews={"nodes": [review]},
        allCommits={"totalCount": 1, "nodes": [{"commit": commit}]},
        labels={"nodes": [{"name": "hotfix"}]},
    )
    return view(PullRequest, canonical({**base, **more}))


def test_the_row_says_who_wrote_approved_and_merged_it_and_by_which_numbers() -> None:
    said = _change(
        mergedBy={"__typename": "Bot", "login": "merger", "databaseId": 9}
    ).event_columns()
    assert (said["author"], said["author_id"], said["author_kind"]) == ("ann", "1", "person")
    assert (said["merged_by"], said["merged_by_id"], said["merged_by_kind"]) == (
        "merger",
        "9",
        "bot",
    )
    assert (said["approvers"], said["approver_ids"]) == (["bob"], ["2"])
    assert said["approver_is_not_author"] == "by number"
    assert said["labels"] == ["hotfix"]
    assert said["commit_authors"] == ["ann", "Claude Opus 4"]
    assert said["agents_named_by_commits"] == ["Claude Opus 4"], (
        "shown, and nothing follows from it"
    )


def test_who_is_no_user_is_a_bot_or_unknown() -> None:
    for typename, sort in (("Bot", "bot"), ("Mannequin", "unknown"), ("User", "person")):
        author = {"__typename": typename, "login": "x"}
        said = _change(author=author).event_columns()
        assert said["author_kind"] == sort
        assert said["approver_is_not_author"] == "by login: a number is not known"
    assert _change(author=None).event_columns()["author_kind"] == "unknown"


def test_an_approver_is_told_from_the_author_by_number_whatever_they_are_called() -> None:
    renamed = {"__typename": "User", "login": "ann-b", "databaseId": 1}
    taken = {"__typename": "User", "login": "ann", "databaseId": 3}
    for author, count in ((renamed, 0), (taken, 1)):
        shown = {
            "state": "APPROVED", "submittedAt": text(NOW - timedelta(hours=2)), "author": author,
            "commit": {"oid": "a" * 40}, "authorCanPushToRepository": True,
        }  # fmt: skip
        assert len(_change(reviews={"nodes": [shown]}).approvals()) == count
