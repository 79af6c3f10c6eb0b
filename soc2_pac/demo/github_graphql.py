"""The GraphQL side of the GitHub emulator: the queries that soc2-pac sends, by their operation names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soc2_pac.demo.github_state import GithubState, Json, Repo


def answer_query(state: GithubState, document: Json) -> Json:
    """GitHub's answer to a GraphQL request (``query``, ``variables``, ``operationName``)."""
    name, variables = document.get("operationName"), document.get("variables", {})
    if "org" in variables and variables["org"].lower() != state.login:
        return _not_found("organization", f"an Organization with the login of '{variables['org']}'")
    if name in ("MergedPullRequests", "DefaultBranchCommits"):
        repo = next((r for r in state.repos if r.data["name"] == variables["repo"]), None)
        if repo is None:
            return _not_found("repository", f"a Repository with the name '{variables['repo']}'")
        return {"data": {"repository": _changes(str(name), repo, variables)}}
    match name:
        case "OrganizationMembers":
            return {
                "data": {
                    "organization": {
                        "membersWithRole": _connection(state.members, variables, "edges")
                    }
                }
            }
        case "SamlIdentityProvider":
            provider = state.identity_provider
            if provider is not None:
                provider = {
                    **provider,
                    "externalIdentities": {"totalCount": len(state.external_identities)},
                }
            return {
                "data": {
                    "organization": {"viewerCanAdminister": True, "samlIdentityProvider": provider}
                }
            }
        case "ExternalIdentities":
            identities = {"externalIdentities": _connection(state.external_identities, variables)}
            found = identities if state.identity_provider is not None else None
            return {"data": {"organization": {"samlIdentityProvider": found}}}
        case "PullRequestReviews":
            pulls = (
                pull for repo in state.repos for pull in repo.pulls if pull["id"] == variables["id"]
            )
            reviews = next((pull["reviews"]["nodes"] for pull in pulls), [])
            return {"data": {"node": {"reviews": _connection(reviews, variables)}}}
    return {"errors": [{"type": "UNKNOWN", "message": f"No operation named {name}"}]}


def _changes(name: str, repo: Repo, variables: Json) -> Json:
    if name == "MergedPullRequests":
        pulls = [p for p in repo.pulls if p["baseRefName"] == variables["branch"]]
        return {"pullRequests": _connection([_first_reviews(p) for p in pulls], variables)}
    recent = [c for c in repo.commits if c["committedDate"] >= variables["since"]]
    return {"ref": {"target": {"history": _connection(recent, variables)}}}


def _first_reviews(pull: Json) -> Json:
    """With the first fifty reviews, as the query asks."""
    return {**pull, "reviews": _connection(pull["reviews"]["nodes"], {"first": 50})}


def _connection(items: list[Json], variables: Json, key: str = "nodes") -> Json:
    start = int(str(variables.get("after") or "cursor:0").partition(":")[2])
    end = start + variables["first"]
    more = end < len(items)
    page_info: dict[str, Any] = {
        "hasNextPage": more,
        "endCursor": f"cursor:{end}" if more else None,
    }
    return {"pageInfo": page_info, key: items[start:end]}


def _not_found(path: str, what: str) -> Json:
    message = f"Could not resolve to {what}."
    return {
        "data": {path: None},
        "errors": [{"type": "NOT_FOUND", "path": [path], "message": message}],
    }
