"""GraphQL of the emulated GitHub. It is no GraphQL engine: a query is known by its operation name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from soc2_demo.github_changes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from soc2_demo.github_state import Company

_MAX_PAGE = 100


def answer_query(company: Company, operation: str, posted: Mapping[str, Any]) -> dict[str, Any]:
    """What GitHub answers to a query of this name."""
    variables: dict[str, Any] = posted.get("variables") or {}
    answer = _OPERATIONS.get(operation)
    if answer is None:
        return {"errors": [{"message": f"the emulator does not know the operation '{operation}'"}]}
    for name in sorted(company.lacks):
        if re.search(rf"^\s*{name}\b", str(posted.get("query")), re.MULTILINE):
            unknown = {"code": "undefinedField", "fieldName": name}
            return {"errors": [{"message": f"Field '{name}' doesn't exist", "extensions": unknown}]}
    if variables.get("org", variables.get("owner", company.login)).lower() != company.login.lower():
        login = variables.get("org", variables.get("owner"))
        message = f"Could not resolve to an Organization with the login of '{login}'."
        return {
            "data": {"organization": None},
            "errors": [{"type": "NOT_FOUND", "message": message}],
        }
    data = answer(company, variables)
    errors = list(_forbidden(company, data))
    return {"data": data, "errors": errors} if errors else {"data": data}


def _forbidden(company: Company, data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Take out of a page of repositories what may not be read, and say so."""
    nodes = ((data.get("organization") or {}).get("repositories") or {}).get("nodes", ())
    for place, node in enumerate(nodes):
        for name, part in sorted(company.forbidden):
            if node["name"] == name and part in node:
                node[part] = None
                way = ["organization", "repositories", "nodes", place, part]
                yield {"type": "FORBIDDEN", "path": way, "message": "Resource not accessible"}


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


_NODE = (
    "id",
    "databaseId",
    "name",
    "nameWithOwner",
    "isArchived",
    "isEmpty",
    "visibility",
    "viewerCanAdminister",
)


def _repositories(*parts: str) -> Callable[[Company, dict[str, Any]], dict[str, Any]]:
    """Every repository with these parts of it."""

    def answer(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
        nodes = [
            {key: repo[key] for key in _NODE}
            | {key: _part(key, repo[key]) for key in parts if key not in company.lacks}
            for repo in company.repositories
        ]
        return {"organization": {"repositories": _connection(nodes, variables)}}

    return answer


def _part(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if key in ("direct", "outside"):
        return None if value is None else _connection(value, {"first": _MAX_PAGE}, "edges")
    if key == "deployments":
        return _connection(value, {"first": 20})
    if key in ("deployKeys", "environments", "branchProtectionRules"):
        return {"totalCount": value}
    return value


def _releases(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    found = _repositories("head", "latestRelease")(company, variables)
    for node in found["organization"]["repositories"]["nodes"]:
        if node["latestRelease"] is not None:
            node["latestRelease"] = {
                key: value
                for key, value in node["latestRelease"].items()
                if key not in company.lacks
            }
    return found


def _by_id(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    return next(repo for repo in company.repositories if repo["id"] == variables["id"])


def _own_action(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    files = _by_id(company, variables)["files"]
    found = {key: files.get(variables[key].removeprefix("HEAD:")) for key in ("yml", "yaml")}
    return {"node": found}


def _collaborators(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    people = _by_id(company, variables)[variables["affiliation"].lower()]
    return {"node": {"collaborators": _connection(people, variables, "edges")}}


def _deployments(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    found = _by_id(company, variables)["deployments"]
    return {"node": {"deployments": _connection(found, variables)}}


def _settings(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    del variables
    counted = {"membersWithRole": {"totalCount": len(company.members)}}
    said = {key: value for key, value in company.settings.items() if key not in company.lacks}
    return {"organization": {"viewerCanAdminister": True, **said, **counted}}


def _organization_id(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    del variables
    return {"organization": {"id": company.rest[f"/orgs/{company.login}"]["node_id"]}}


def _activity(company: Company, variables: dict[str, Any]) -> dict[str, Any]:
    nodes = [
        {
            **{key: edge["node"][key] for key in ("id", "login", "createdAt")},
            "contributionsCollection": {
                "hasAnyContributions": edge["node"]["login"] not in company.idle,
                "hasAnyRestrictedContributions": False,
            },
        }
        for edge in company.members
    ]
    return {"organization": {"membersWithRole": _connection(nodes, variables)}}


_OPERATIONS: Mapping[str, Callable[[Company, dict[str, Any]], dict[str, Any]]] = {
    "OrganizationMembers": _members,
    "VerifiedMails": _mails,
    "SamlIdentityProvider": _saml,
    "ExternalIdentities": _identities,
    **OPERATIONS,
    "DefaultBranches": _repositories("head", "codeowners", "mergeQueue", "defaultBranchRef"),
    "RepositorySettings": _repositories(
        "deleteBranchOnMerge",
        "hasVulnerabilityAlertsEnabled",
        "isSecurityPolicyEnabled",
        "direct",
        "outside",
    ),
    "RepositoryWorkflows": _repositories("head", "object"),
    "LocalAction": _own_action,
    "RepositoryEnvironments": _repositories("environments", "branchProtectionRules"),
    "RepositoryDeployKeys": _repositories("deployKeys"),
    "RepositoryDeployments": _repositories("deployments"),
    "RepositoryReleases": _releases,
    "Deployments": _deployments,
    "Collaborators": _collaborators,
    "OrganizationSettings": _settings,
    "OrganizationId": _organization_id,
    "MemberActivity": _activity,
}
