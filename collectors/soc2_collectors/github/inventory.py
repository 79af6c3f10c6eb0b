"""Repositories by GraphQL, a hundred in one call, with what hangs on them: the queries of many collectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from soc2_collectors.github.permissions import grant
from soc2_collectors.github.queries import Query
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.model import CollectionStatus, Gap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from soc2_collectors.github.client import Github

_NODE = "id databaseId name nameWithOwner isArchived isEmpty visibility viewerCanAdminister"
_HEAD = 'head: object(expression: "HEAD") { oid }'
_EDGES = """
          edges {
            permission node { id login }
            permissionSources {
              permission source { __typename }
              roleName
            }
          }"""
_COLLABORATORS = f"pageInfo {{ hasNextPage }}{_EDGES}"


def _query(name: str, content: str, optional: tuple[str, ...] = ()) -> Query:
    """A query over all repositories that the organisation owns."""
    document = f"""
query {name}($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    repositories(
      first: $first, after: $after, ownerAffiliations: [OWNER],
      orderBy: {{ field: CREATED_AT, direction: ASC }}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        {_NODE}
{content}
      }}
    }}
  }}
}}
"""
    return Query(name, document, optional)


DEFAULT_BRANCHES = _query(
    "DefaultBranches",
    f"\n        {_HEAD}"
    """
        codeowners { errors { kind line path } }
        mergeQueue { id }
        mergeCommitAllowed
        defaultBranchRef {
          name
          branchProtectionRule {
            id pattern isAdminEnforced
            requiresApprovingReviews requiredApprovingReviewCount dismissesStaleReviews
            requiresCodeOwnerReviews requireLastPushApproval
            requiresStatusChecks requiredStatusCheckContexts requiresStrictStatusChecks
            requiredStatusChecks { context app { slug } }
            requiresConversationResolution requiresCommitSignatures requiresLinearHistory
            allowsForcePushes allowsDeletions
            restrictsPushes restrictsReviewDismissals
            lockBranch
            bypassPullRequestAllowances(first: 50) {
              pageInfo { hasNextPage }
              nodes {
                actor { __typename ... on App { slug } ... on Team { slug } ... on User { login } }
              }
            }
            bypassForcePushAllowances(first: 50) {
              pageInfo { hasNextPage }
              nodes {
                actor { __typename ... on App { slug } ... on Team { slug } ... on User { login } }
              }
            }
          }
          rules(first: 100) {
            pageInfo { hasNextPage }
            nodes { type repositoryRuleset { databaseId name enforcement } }
          }
        }""",
    optional=("lockBranch", "mergeCommitAllowed", "mergeQueue", "requiredStatusChecks"),
)

REPOSITORY_SETTINGS = _query(
    "RepositorySettings",
    f"""
        deleteBranchOnMerge
        hasVulnerabilityAlertsEnabled
        isSecurityPolicyEnabled
        direct: collaborators(first: 100, affiliation: DIRECT) {{ {_COLLABORATORS} }}
        outside: collaborators(first: 100, affiliation: OUTSIDE) {{ {_COLLABORATORS} }}""",
    optional=("isSecurityPolicyEnabled", "roleName"),
)

REPOSITORY_WORKFLOWS = _query(
    "RepositoryWorkflows",
    f"\n        {_HEAD}"
    """
        object(expression: "HEAD:.github/workflows") {
          ... on Tree {
            entries {
              name path type
              object { ... on Blob { oid byteSize isBinary isTruncated text } }
            }
          }
        }""",
)

LOCAL_ACTION = Query(
    "LocalAction",
    """
query LocalAction($id: ID!, $yml: String!, $yaml: String!) {
  node(id: $id) {
    ... on Repository {
      yml: object(expression: $yml) { ... on Blob { oid byteSize isBinary isTruncated text } }
      yaml: object(expression: $yaml) { ... on Blob { oid byteSize isBinary isTruncated text } }
    }
  }
}
""",
)

REPOSITORY_ENVIRONMENTS = _query(
    "RepositoryEnvironments",
    "        environments(first: 1) { totalCount }\n"
    "        branchProtectionRules(first: 1) { totalCount }",
)

REPOSITORY_DEPLOY_KEYS = _query(
    "RepositoryDeployKeys", "        deployKeys(first: 1) { totalCount }"
)

REPOSITORY_RELEASES = _query(
    "RepositoryReleases",
    f"\n        {_HEAD}"
    """
        latestRelease {
          id tagName isPrerelease createdAt publishedAt
          immutable
          releaseAssets(first: 100) { pageInfo { hasNextPage } nodes { name } }
        }""",
    optional=("immutable",),
)

_DEPLOYMENT = (
    "id databaseId createdAt commitOid environment originalEnvironment task "
    "creator { __typename login }"
)

REPOSITORY_DEPLOYMENTS = _query(
    "RepositoryDeployments",
    f"""
        deployments(first: 20, orderBy: {{ field: CREATED_AT, direction: DESC }}) {{
          pageInfo {{ hasNextPage endCursor }}
          nodes {{ {_DEPLOYMENT} }}
        }}""",
)

DEPLOYMENTS = Query(
    "Deployments",
    f"""
query Deployments($id: ID!, $first: Int!, $after: String) {{
  node(id: $id) {{
    ... on Repository {{
      deployments(
        first: $first, after: $after, orderBy: {{ field: CREATED_AT, direction: DESC }}
      ) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ {_DEPLOYMENT} }}
      }}
    }}
  }}
}}
""",
)

COLLABORATORS = Query(
    "Collaborators",
    f"""
query Collaborators(
  $id: ID!, $affiliation: CollaboratorAffiliation!, $first: Int!, $after: String
) {{
  node(id: $id) {{
    ... on Repository {{
      collaborators(first: $first, after: $after, affiliation: $affiliation) {{
        pageInfo {{ hasNextPage endCursor }}
{_EDGES}
      }}
    }}
  }}
}}
""",
    optional=("roleName",),
)

ORGANIZATION_SETTINGS = Query(
    "OrganizationSettings",
    """
query OrganizationSettings($org: String!) {
  organization(login: $org) {
    viewerCanAdminister
    isVerified
    notificationDeliveryRestrictionEnabledSetting
    ipAllowListEnabledSetting
    ipAllowListForInstalledAppsEnabledSetting
    ipAllowListEntries(first: 100) { pageInfo { hasNextPage } nodes { allowListValue isActive } }
    membersWithRole(first: 1) { totalCount }
  }
}
""",
    optional=(
        "isVerified",
        "notificationDeliveryRestrictionEnabledSetting",
        "ipAllowListEnabledSetting",
        "ipAllowListForInstalledAppsEnabledSetting",
        "ipAllowListEntries",
    ),
)

ORGANIZATION_ID = Query(
    "OrganizationId",
    "\nquery OrganizationId($org: String!) {\n  organization(login: $org) { id }\n}\n",
)

MEMBER_ACTIVITY = Query(
    "MemberActivity",
    """
query MemberActivity(
  $org: String!, $organization: ID!, $from: DateTime!, $first: Int!, $after: String
) {
  organization(login: $org) {
    membersWithRole(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id login createdAt
        contributionsCollection(organizationID: $organization, from: $from) {
          hasAnyContributions
          hasAnyRestrictedContributions
        }
      }
    }
  }
}
""",
)


def listed(
    github: Github, query: Query, *, size: int = 100, gaps: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Every repository of the organisation with what the query asks of it.

    Args:
        github: the organisation.
        query: one of this module.
        size: repositories of the first page.
        gaps: fields that may be a :class:`Gap`, where the identity may not read them of one repository.

    Raises:
        ProviderError: see :mod:`soc2_collectors.github.answers`; Denied where a field that is not among
            ``gaps`` may not be read, Unexpected for a repository without an id or that is null, once all the
            others were yielded.
    """
    variables = {"org": github.organization}
    path = "organization.repositories"
    refused: Gap | None = None
    nameless = False
    for node in github.graphql(query, variables, path, size=size, gaps=True):
        if not node.get("id") or not node.get("nameWithOwner"):
            nameless = True
            continue
        hidden = [v for key, v in node.items() if isinstance(v, Gap) and key not in gaps]
        if hidden:
            refused = refused or hidden[0]
        else:
            yield node
    if refused is not None:
        refuse(refused)
    if nameless:
        msg = f"{query.call} answered a repository without id or name"
        raise Unexpected(msg, operation=query.call)


def hidden_contents(node: dict[str, Any], query: Query) -> Gap | None:
    """The gap of a repository that has commits and shows none: what is not found in it may be there."""
    if node["head"] is not None or node["isEmpty"]:
        return None
    reason = f"GitHub shows no contents of {node['nameWithOwner']} to this identity"
    return Gap(CollectionStatus.DENIED, query.call, reason, grant(query.call))


def refuse(gap: Gap) -> NoReturn:
    """Raise what a gap stands for. Raises Denied."""
    raise Denied(gap.reason, operation=gap.operation, permission=gap.permission)


def named(node: dict[str, Any]) -> dict[str, object]:
    """The part of a repository that documents of what hangs on it carry."""
    keys = ("id", "name", "nameWithOwner", "isArchived", "visibility")
    return {key: node[key] for key in keys}
