"""The GraphQL documents that collectors send, and the check that a document only reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


LOST = "$lost"
"""In a page of a connection, as the client gives it: how many of its records are null."""
WHY = "$why"
"""In a page of a connection, as the client gives it: what GitHub says of records that it does not show."""
_FIRST_WORD = re.compile(r"^\s*(\w+)\b.*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A named GraphQL document."""

    name: str
    """Its operation name; the call it stands for is ``GRAPHQL query NAME``."""
    document: str
    optional: tuple[str, ...] = ()
    """Fields, each with all that belongs to it on a line of its own, that older servers lack: they are then
    asked without."""

    @property
    def call(self) -> str:
        """How a collector declares it."""
        return f"GRAPHQL query {self.name}"

    def without(self, fields: Collection[str]) -> str:
        """The document without those of its optional fields that a server lacks."""
        left_out = set(self.optional) & set(fields)
        lines = self.document.splitlines(keepends=True)
        return "".join(
            line for line in lines if _FIRST_WORD.sub(r"\1", line).strip() not in left_out
        )


_IGNORED = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*', re.DOTALL)
_DEFINITION = re.compile(r"(query|fragment)\b|(?=\{)")


def only_reads(document: str) -> bool:
    """Whether every operation of a GraphQL document is a query.

    A document that cannot be followed (brackets that do not match, a word nobody knows) is taken for one
    that writes.
    """
    text = _IGNORED.sub(" ", document)
    depth, start, definitions = 0, 0, []
    for position, character in enumerate(text):
        if character in "{(":
            if depth == 0 and character == "{":
                definitions.append(text[start : position + 1].strip())
            depth += 1
        elif character in "})":
            depth -= 1
            if depth < 0:
                return False
            if depth == 0 and character == "}":
                start = position + 1
    complete = depth == 0 and not text[start:].strip()
    return complete and bool(definitions) and all(_DEFINITION.match(one) for one in definitions)


ORGANIZATION_MEMBERS = Query(
    "OrganizationMembers",
    """
query OrganizationMembers($org: String!, $first: Int!, $after: String) {
  organization(login: $org) {
    membersWithRole(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges {
        role
        hasTwoFactorEnabled
        node { id databaseId login name createdAt isSiteAdmin }
      }
    }
  }
}
""",
)

VERIFIED_MAILS = Query(
    "VerifiedMails",
    """
query VerifiedMails($org: String!, $first: Int!, $after: String) {
  organization(login: $org) {
    membersWithRole(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id login organizationVerifiedDomainEmails(login: $org) }
    }
  }
}
""",
)

SAML_IDENTITY_PROVIDER = Query(
    "SamlIdentityProvider",
    """
query SamlIdentityProvider($org: String!) {
  organization(login: $org) {
    viewerCanAdminister
    samlIdentityProvider { id issuer ssoUrl externalIdentities(first: 1) { totalCount } }
  }
}
""",
)

EXTERNAL_IDENTITIES = Query(
    "ExternalIdentities",
    """
query ExternalIdentities($org: String!, $first: Int!, $after: String) {
  organization(login: $org) {
    samlIdentityProvider {
      externalIdentities(first: $first, after: $after, membersOnly: true) {
        pageInfo { hasNextPage endCursor }
        nodes { guid samlIdentity { nameId } scimIdentity { username } user { id login } }
      }
    }
  }
}
""",
)

MERGED_PULL_REQUESTS = Query(
    "MergedPullRequests",
    """
query MergedPullRequests($search: String!, $first: Int!, $after: String) {
  search(type: ISSUE, query: $search, first: $first, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      ... on PullRequest {
        id number title url createdAt mergedAt updatedAt
        baseRefName headRefName headRefOid
        author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
        mergedBy { __typename login ... on User { databaseId } ... on Bot { databaseId } }
        mergeCommit { oid }
        repository { id nameWithOwner isArchived defaultBranchRef { name } }
        labels(first: 20) { nodes { name } }
        closingIssuesReferences(first: 2) {
          totalCount
          nodes { number url labels(first: 10) { nodes { name } } }
        }
        reviews(first: 50) {
          pageInfo { hasNextPage endCursor }
          nodes {
            id state submittedAt authorAssociation authorCanPushToRepository
            author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
            commit { oid }
          }
        }
        allCommits: commits(first: 20) {
          totalCount
          nodes {
            commit {
              oid
              author { name user { login databaseId } }
              authors(first: 3) { totalCount nodes { name user { login databaseId } } }
              committer { user { login databaseId } }
              parents(first: 1) { totalCount }
            }
          }
        }
        commits(last: 1) {
          totalCount
          nodes {
            commit {
              oid
              author { name user { login databaseId } }
              authors(first: 5) { totalCount nodes { name user { login databaseId } } }
              committer { user { login databaseId } }
              parents(first: 1) { totalCount }
              statusCheckRollup {
                state
                contexts(first: 50) {
                  pageInfo { hasNextPage }
                  nodes {
                    __typename
                    ... on CheckRun {
                      name conclusion startedAt
                      checkSuite { createdAt app { slug } }
                    }
                    ... on StatusContext { context state }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
""",
)

MERGED_PULL_REQUEST_COUNT = Query(
    "MergedPullRequestCount",
    """
query MergedPullRequestCount($search: String!) {
  search(type: ISSUE, query: $search, first: 1) { issueCount }
}
""",
)

PULL_REQUEST_REVIEWS = Query(
    "PullRequestReviews",
    """
query PullRequestReviews($id: ID!, $first: Int!, $after: String) {
  node(id: $id) {
    ... on PullRequest {
      reviews(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id state submittedAt authorAssociation authorCanPushToRepository
          author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
          commit { oid }
        }
      }
    }
  }
}
""",
)

PULL_REQUEST_COMMITS = Query(
    "PullRequestCommits",
    """
query PullRequestCommits($id: ID!, $first: Int!, $after: String) {
  node(id: $id) {
    ... on PullRequest {
      commits(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          commit {
            oid
            author { name user { login databaseId } }
            authors(first: 50) { totalCount nodes { name user { login databaseId } } }
            committer { user { login databaseId } }
            parents(first: 1) { totalCount }
          }
        }
      }
    }
  }
}
""",
)

REPOSITORY_COMMITS = Query(
    "RepositoryCommits",
    """
query RepositoryCommits(
  $org: String!, $since: GitTimestamp!, $order: RepositoryOrder!, $first: Int!, $after: String
) {
  organization(login: $org) {
    repositories(first: $first, after: $after, orderBy: $order) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id name nameWithOwner createdAt pushedAt isArchived
        defaultBranchRef {
          name
          target {
            ... on Commit {
              history(since: $since, first: 100) {
                totalCount
                pageInfo { hasNextPage endCursor }
                nodes {
                  id oid committedDate messageHeadline url
                  author { name user { login } }
                  parents(first: 1) { totalCount }
                  associatedPullRequests(first: 5) {
                    totalCount
                    nodes { number state baseRefName mergedAt }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
""",
)

BRANCH_COMMITS = Query(
    "BranchCommits",
    """
query BranchCommits(
  $owner: String!, $repo: String!, $ref: String!, $since: GitTimestamp!, $first: Int!, $after: String
) {
  repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) {
      target {
        ... on Commit {
          history(since: $since, first: $first, after: $after) {
            totalCount
            pageInfo { hasNextPage endCursor }
            nodes {
              id oid committedDate messageHeadline url
              author { name user { login } }
              parents(first: 1) { totalCount }
              associatedPullRequests(first: 5) {
                totalCount
                nodes { number state baseRefName mergedAt }
              }
            }
          }
        }
      }
    }
  }
}
""",
)
