"""Collects the changes of default branches: merged pull requests and commits.

Both are read back to a number of days that the source's settings name, to the start of that day. A change
that leaves the window leaves the listing; what was seen of it stays in the store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.models.change import Commit, PullRequest
from soc2_collectors.github.queries import (
    DEFAULT_BRANCH_COMMITS,
    MERGED_PULL_REQUESTS,
    PULL_REQUEST_REVIEWS,
)
from soc2_collectors.github.repositories import REPOSITORIES
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github


@collects(
    PullRequest,
    calls=[f"GET {REPOSITORIES}", MERGED_PULL_REQUESTS.call, PULL_REQUEST_REVIEWS.call],
    per="organization",
)
def pull_requests(github: Github) -> Iterator[Document]:
    """Pull requests merged to the default branch, with reviews and checks, a hundred in one call."""
    since = _since(github)
    for repository in _changed(github, since):
        variables = {
            "owner": github.organization,
            "repo": repository["name"],
            "branch": repository["default_branch"],
        }
        for node in github.graphql(MERGED_PULL_REQUESTS, variables, "repository.pullRequests"):
            if _time(node["updatedAt"]) < since:
                break  # they come by the time of the last update, which no merge can follow
            if _time(node["mergedAt"]) >= since:
                name = f"{repository['full_name']}#{node['number']}"
                yield Document(uid=node["id"], name=name, body=_with_all_reviews(github, node))


def _with_all_reviews(github: Github, node: dict[str, Any]) -> dict[str, Any]:
    if not node["reviews"]["pageInfo"]["hasNextPage"]:
        return node
    reviews = list(github.graphql(PULL_REQUEST_REVIEWS, {"id": node["id"]}, "node.reviews"))
    return {**node, "reviews": {"pageInfo": {"hasNextPage": False}, "nodes": reviews}}


@collects(Commit, calls=[f"GET {REPOSITORIES}", DEFAULT_BRANCH_COMMITS.call], per="organization")
def commits(github: Github) -> Iterator[Document]:
    """Commits of the default branch with the pull requests that they belong to."""
    since = _since(github)
    for repository in _changed(github, since):
        branch = repository["default_branch"]
        variables = {
            "owner": github.organization,
            "repo": repository["name"],
            "ref": f"refs/heads/{branch}",
            "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        }
        path = "repository.ref.target.history"
        # A repository that nobody pushed to yet has the name of a default branch and no such ref.
        for node in github.graphql(
            DEFAULT_BRANCH_COMMITS, variables, path, absent="repository.ref"
        ):
            name = f"{repository['full_name']}@{node['oid'][:10]}"
            yield Document(uid=node["id"], name=name, body={**node, "branch": branch})


def _changed(github: Github, since: datetime) -> Iterator[dict[str, Any]]:
    """Repositories that something was pushed to in the window: a merge is a push."""
    for repository in github.items(REPOSITORIES, type="all"):
        pushed = repository.get("pushed_at")
        if pushed is not None and _time(pushed) >= since:
            yield repository


def _since(github: Github) -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=github.since_days)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
