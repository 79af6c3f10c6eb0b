"""GitHub of an emulated company on loopback: REST with pages, and GraphQL for the queries that are sent.

It answers from a :class:`Company`, a plain table of answers in GitHub's shapes, and makes faults on
demand. It is no GraphQL engine: a query is known by its operation name. Nothing here is used outside the
demo and the tests.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_pac.demo.http import OK, Handler, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from soc2_pac.demo.http import Fault

LIMIT = 5000
_MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, as a value in :attr:`Company.rest`."""

    status: int
    message: str = ""
    """Empty: no body, as with 204."""


@dataclass
class Company:
    """What the emulator knows of one organisation."""

    login: str
    rest: dict[str, Any]
    """Path (``/orgs/acme-robotics``; with ``?filter=2fa_disabled`` where that matters) to what GitHub says:
    an object, a list (paged), an object with ``total_count`` and one list (paged), or a Refusal."""
    members: list[dict[str, Any]] = field(default_factory=list)
    """Edges of GraphQL's ``membersWithRole``."""
    mails: dict[str, list[str]] = field(default_factory=dict)
    """Login -> addresses in the organisation's verified domains."""
    pull_requests: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Repository name to merged pull requests."""
    commits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Repository name to commits of the default branch; ``name:branch`` for those of another one."""
    saml: dict[str, Any] | None = None
    external_identities: list[dict[str, Any]] = field(default_factory=list)
    scopes: str = "read:org, repo, admin:org"
    """Of the token that asks."""


class GithubEmulator(Server):
    """A company's GitHub on a free port of 127.0.0.1. For GraphQL, ``requests`` end in the operation."""

    def __init__(self, state: Company) -> None:
        """Serve ``state``; changes made to it are seen at once."""
        super().__init__(_Handler, "github-emulator")
        self.state = state
        self.bodies: list[dict[str, Any]] = []
        """What was posted to GraphQL."""


class _Handler(Handler):
    emulator: GithubEmulator

    def get(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query).items()}
        self.emulator.requests.append(("GET", self.path))
        fault = self.emulator.faults.take(self.path)
        status, headers, body = _rest(self.emulator.state, urllib.parse.unquote(parts.path), query)
        if "next" in headers:
            address = f"http://{self.headers['Host']}{parts.path}?{headers.pop('next')}"
            headers["Link"] = f'<{address}>; rel="next"'
        self._answer(status, headers, body, fault)

    def post(self) -> None:
        posted = json.loads(self.posted() or b"{}")
        if self.path.endswith("/access_tokens"):
            self.emulator.requests.append(("POST", self.path))
            token = {"token": "emulated-installation-token", "expires_at": "2099-01-01T00:00:00Z"}
            self._answer(201, {}, token, self.emulator.faults.take(self.path))
            return
        operation = str(posted.get("operationName", ""))
        self.emulator.requests.append(("POST", f"{self.path} {operation}"))
        self.emulator.bodies.append(posted)
        fault = self.emulator.faults.take(f"{self.path} {operation}")
        self._answer(
            OK, {}, _graphql(self.emulator.state, operation, posted.get("variables") or {}), fault
        )

    def _answer(
        self, status: int, headers: dict[str, str], body: object, fault: Fault | None
    ) -> None:
        sent = b"" if body is None else json.dumps(body).encode()
        if fault is not None:
            if fault.status != OK:
                status, sent = fault.status, json.dumps({"message": "an emulated fault"}).encode()
            if fault.body is not None:
                sent = fault.body.encode()
        used = len(self.emulator.requests)
        all_headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-OAuth-Scopes": self.emulator.state.scopes,
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(max(1, LIMIT - used)),
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-GitHub-Request-Id": f"0000:{used:X}",
            **headers,
        }
        self.send(status, all_headers.items(), sent, fault)


def _rest(
    company: Company, path: str, query: Mapping[str, str]
) -> tuple[int, dict[str, str], object]:
    chosen = f"{path}?filter={query['filter']}" if "filter" in query else path
    found = company.rest.get(chosen, Refusal(404, "Not Found"))
    if isinstance(found, Refusal):
        body = {"message": found.message, "documentation_url": "https://docs.github.com/rest"}
        return found.status, {}, body if found.message else None
    if isinstance(found, list):
        wanted = [i for i in found if "state" not in query or i.get("state") == query["state"]]
        if "phrase" in query:  # of the audit log
            category = re.search(r"action:(\S+)", query["phrase"])
            prefix = f"{category.group(1)}." if category else ""
            wanted = [i for i in wanted if str(i.get("action", "")).startswith(prefix)]
        page, headers = _page(wanted, query)
        return OK, headers, page
    key = (
        next((k for k, v in found.items() if isinstance(v, list)), None)
        if "total_count" in found
        else None
    )
    if key is None:
        return OK, {}, found
    page, headers = _page(found[key], query)
    return OK, headers, {"total_count": len(found[key]), key: page}


def _page(items: Sequence[Any], query: Mapping[str, str]) -> tuple[list[Any], dict[str, str]]:
    size = min(int(query.get("per_page", "30")), _MAX_PAGE)
    number = int(query.get("page", "1"))
    page = list(items[(number - 1) * size : number * size])
    if number * size >= len(items):
        return page, {}
    return page, {"next": urllib.parse.urlencode({**query, "page": number + 1})}


# -- GraphQL ----------------------------------------------------------------------------------------------


def _graphql(company: Company, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
    answer = _OPERATIONS.get(operation)
    if answer is None:
        return {"errors": [{"message": f"the emulator does not know the operation '{operation}'"}]}
    if variables.get("org", variables.get("owner", company.login)).lower() != company.login.lower():
        login = variables.get("org", variables.get("owner"))
        message = f"Could not resolve to an Organization with the login of '{login}'."
        return {
            "data": {"organization": None},
            "errors": [{"type": "NOT_FOUND", "message": message}],
        }
    return {"data": answer(company, variables)}


def _connection(
    items: Sequence[dict[str, Any]], variables: Mapping[str, Any], key: str = "nodes"
) -> dict[str, Any]:
    start = int(variables.get("after") or 0)
    end = start + min(int(variables["first"]), _MAX_PAGE)
    more = end < len(items)
    return {"pageInfo": {"hasNextPage": more, "endCursor": str(end)}, key: list(items[start:end])}


def _members(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    return {"organization": {"membersWithRole": _connection(company.members, variables, "edges")}}


def _mails(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    nodes = [
        {
            "id": edge["node"]["id"],
            "login": edge["node"]["login"],
            "organizationVerifiedDomainEmails": company.mails.get(edge["node"]["login"], []),
        }
        for edge in company.members
    ]
    return {"organization": {"membersWithRole": _connection(nodes, variables)}}


def _saml(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    del variables
    return {"organization": {"viewerCanAdminister": True, "samlIdentityProvider": company.saml}}


def _identities(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    if company.saml is None:
        return {"organization": {"samlIdentityProvider": None}}
    identities = _connection(company.external_identities, variables)
    return {"organization": {"samlIdentityProvider": {"externalIdentities": identities}}}


_SEARCH_SHOWS = 1000
"""Results of one search that GitHub shows; it counts all."""
_QUALIFIER = re.compile(r"(\S+?):(\S+)")


def _search(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    """Merged pull requests by ``merged:`` and ``updated:`` (``A..B``, ``>=A``, ``<=B``), oldest first."""
    found = _found(company, variables["search"])
    start = int(variables.get("after") or 0)
    end = start + min(int(variables.get("first", 1)), _MAX_PAGE)
    nodes = [
        {**pull, "reviews": _connection(pull["reviews"]["nodes"], {"first": 50})}
        for pull in found[start : min(end, _SEARCH_SHOWS)]
    ]
    more = end < min(len(found), _SEARCH_SHOWS)
    info = {"hasNextPage": more, "endCursor": str(end)}
    return {"search": {"issueCount": len(found), "pageInfo": info, "nodes": nodes}}


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


_OPERATIONS: Mapping[str, Callable[[Company, dict[str, Any]], dict[str, Any]]] = {
    "OrganizationMembers": _members,
    "VerifiedMails": _mails,
    "SamlIdentityProvider": _saml,
    "ExternalIdentities": _identities,
    "MergedPullRequests": _search,
    "MergedPullRequestCount": _counted,
    "PullRequestReviews": _reviews,
    "RepositoryCommits": _histories,
    "BranchCommits": _commits,
}


def demo_company() -> Company:
    """acme-robotics, as of now; see :mod:`soc2_pac.demo.github_company`."""
    from soc2_pac.demo.github_company import acme_robotics  # noqa: PLC0415 - it imports from this module

    return acme_robotics()
