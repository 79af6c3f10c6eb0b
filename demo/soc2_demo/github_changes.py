"""What happened in an emulated organisation, as GraphQL tells it: merged pull requests and commits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from soc2_demo.github_state import Company

_MAX_PAGE = 100
_SEARCH_SHOWS = 1000
"""Results of one search that GitHub shows; it counts all."""
_QUALIFIER = re.compile(r"(\S+?):(\S+)")


def _connection(items: Sequence[dict[str, Any]], variables: Mapping[str, Any]) -> dict[str, Any]:
    start = int(variables.get("after") or 0)
    end = start + min(int(variables["first"]), _MAX_PAGE)
    info = {"hasNextPage": end < len(items), "endCursor": str(end)}
    return {"pageInfo": info, "nodes": list(items[start:end])}


def _search(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    """Merged pull requests by ``merged:`` and ``updated:`` (``A..B``, ``>=A``, ``<=B``), oldest first."""
    found = _found(company, variables["search"])
    start = int(variables.get("after") or 0)
    end = start + min(int(variables.get("first", 1)), _MAX_PAGE)
    nodes = [_shown(pull) for pull in found[start : min(end, _SEARCH_SHOWS)]]
    more = end < min(len(found), _SEARCH_SHOWS)
    info = {"hasNextPage": more, "endCursor": str(end)}
    return {"search": {"issueCount": len(found), "pageInfo": info, "nodes": nodes}}


def _shown(pull: dict[str, Any]) -> dict[str, Any]:
    """A pull request with the first of its reviews, of its commits, and of who wrote each."""
    commits = [
        {"commit": _first_authors(one["commit"])} for one in pull["allCommits"]["nodes"][:20]
    ]
    return {
        **pull,
        "reviews": _connection(pull["reviews"]["nodes"], {"first": 50}),
        "allCommits": {"totalCount": pull["allCommits"]["totalCount"], "nodes": commits},
    }


def _first_authors(commit: dict[str, Any]) -> dict[str, Any]:
    authors = commit["authors"]
    return {**commit, "authors": {**authors, "nodes": authors["nodes"][:3]}}


def _found(company: Company, text: str) -> list[dict[str, Any]]:
    ranges = {"merged": ("", "~"), "updated": ("", "~")}
    for name, value in _QUALIFIER.findall(text):
        if name == "org" and value.lower() != company.login.lower():
            return []
        if name in ranges:
            first, dots, last = value.partition("..")
            if dots:
                ranges[name] = (first, last)
            else:
                ranges[name] = (value[2:], "~") if value.startswith(">=") else ("", value[2:])
    (merged_from, merged_to), (updated_from, updated_to) = ranges["merged"], ranges["updated"]
    # Times are text in one form, so that their order is the order of time.
    found = [
        pull
        for pulls in company.pull_requests.values()
        for pull in pulls
        if merged_from <= pull["mergedAt"] <= merged_to
        and updated_from <= pull["updatedAt"] <= updated_to
    ]
    return sorted(found, key=lambda pull: (pull["createdAt"], pull["id"]))


def _counted(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    return {"search": {"issueCount": len(_found(company, variables["search"]))}}


def _reviews(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    pulls = (pull for pulls in company.pull_requests.values() for pull in pulls)
    nodes = next(pull["reviews"]["nodes"] for pull in pulls if pull["id"] == variables["id"])
    return {"node": {"reviews": _connection(nodes, variables)}}


def _made_of(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    pulls = (pull for pulls in company.pull_requests.values() for pull in pulls)
    nodes = next(pull["allCommits"]["nodes"] for pull in pulls if pull["id"] == variables["id"])
    return {"node": {"commits": _connection(nodes, variables)}}


def _commits(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    repo, branch = variables["repo"], variables["ref"].removeprefix("refs/heads/")
    default = next((r for r in _repositories(company) if r["name"] == repo), {}).get(
        "default_branch"
    )
    key = repo if branch == default else f"{repo}:{branch}"
    if key not in company.commits:
        return {"repository": {"ref": None}}
    return {"repository": {"ref": {"target": {"history": _history(company, key, variables)}}}}


def _histories(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    field, direction = variables["order"]["field"], variables["order"]["direction"]
    key = {"PUSHED_AT": "pushed_at", "CREATED_AT": "created_at"}[field]
    listed = sorted(
        _repositories(company), key=lambda r: r.get(key) or "", reverse=direction == "DESC"
    )
    page = _connection(listed, variables)
    page["nodes"] = [
        {
            "id": repo["node_id"],
            "name": repo["name"],
            "nameWithOwner": repo["full_name"],
            "pushedAt": repo.get("pushed_at"),
            "isArchived": repo.get("archived", False),
            "defaultBranchRef": {
                "name": repo["default_branch"],
                "target": {
                    "history": _history(
                        company, repo["name"], {**variables, "first": 100, "after": 0}
                    )
                },
            }
            if repo["name"] in company.commits
            else None,
        }
        for repo in page["nodes"]
    ]
    page["totalCount"] = len(listed)
    return {"organization": {"repositories": page}}


def _history(company: Company, key: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    found = [c for c in company.commits[key] if c["committedDate"] >= variables["since"]]
    return {**_connection(found, variables), "totalCount": len(found)}


def _repositories(company: Company) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = company.rest.get(f"/orgs/{company.login}/repos", [])
    return found


OPERATIONS: Mapping[str, Callable[[Company, dict[str, Any]], dict[str, Any]]] = {
    "MergedPullRequests": _search,
    "MergedPullRequestCount": _counted,
    "PullRequestReviews": _reviews,
    "PullRequestCommits": _made_of,
    "RepositoryCommits": _histories,
    "BranchCommits": _commits,
}
"""By operation name; :mod:`soc2_demo.github_graphql` answers by these."""
