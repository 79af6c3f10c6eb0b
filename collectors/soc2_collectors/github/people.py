"""Collects members, outside collaborators, their external identities, and teams."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from soc2_collectors.github.models.organization import (
    ExternalIdentity,
    Member,
    OutsideCollaborator,
    Team,
    VerifiedMails,
)
from soc2_collectors.github.queries import (
    EXTERNAL_IDENTITIES,
    ORGANIZATION_MEMBERS,
    VERIFIED_MAILS,
)
from soc2_pac.errors import NotEnabled, Unexpected
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_OUTSIDE = "/orgs/{org}/outside_collaborators"
_TEAMS = "/orgs/{org}/teams"
_TEAM_MEMBERS = "/orgs/{org}/teams/{team_slug}/members"
_TEAM_REPOSITORIES = "/orgs/{org}/teams/{team_slug}/repos"


@collects(
    Member, calls=[ORGANIZATION_MEMBERS.call], per="organization", cost="pages of 100 members"
)
def members(github: Github) -> Iterator[Document]:
    """Members with role and two-factor state, a hundred in one call."""
    edges = github.graphql(
        ORGANIZATION_MEMBERS, {"org": github.organization}, "organization.membersWithRole"
    )
    for edge in edges:
        node = edge.get("node") or {}
        yield Document(uid=node.get("id", ""), name=node.get("login", ""), body=edge)


@collects(
    VerifiedMails,
    calls=[VERIFIED_MAILS.call],
    per="organization",
    cost="pages of 100 members",
)
def verified_mails(github: Github) -> Iterator[Document]:
    """Members' mail addresses; apart from the members, since GitHub may refuse these to who may see those."""
    nodes = github.graphql(
        VERIFIED_MAILS, {"org": github.organization}, "organization.membersWithRole"
    )
    for node in nodes:
        yield Document(uid=node.get("id", ""), name=node.get("login", ""), body=node)


@collects(
    ExternalIdentity,
    calls=[EXTERNAL_IDENTITIES.call],
    per="organization",
    cost="1 + pages of 100 identities",
)
def external_identities(github: Github) -> Iterator[Document]:
    """Accounts of the identity provider that members are linked to."""
    variables = {"org": github.organization}
    first = github.query(EXTERNAL_IDENTITIES, {**variables, "first": 1, "after": None})
    organization = first.get("organization")
    if not isinstance(organization, dict):
        msg = f"{EXTERNAL_IDENTITIES.call}: the answer has no organization"
        raise Unexpected(msg, operation=EXTERNAL_IDENTITIES.call)
    if organization.get("samlIdentityProvider") is None:
        msg = "the organisation shows no SAML identity provider (there is none, or the identity is no owner)"
        raise NotEnabled(msg, operation=EXTERNAL_IDENTITIES.call)
    path = "organization.samlIdentityProvider.externalIdentities"
    for node in github.graphql(EXTERNAL_IDENTITIES, variables, path):
        saml = node.get("samlIdentity") or {}
        guid = node.get("guid", "")
        yield Document(uid=guid, name=str(saml.get("nameId") or guid), body=node)


@collects(
    OutsideCollaborator,
    calls=[f"GET {_OUTSIDE}"],
    per="organization",
    cost="2 x pages of 100 accounts",
)
def outside_collaborators(github: Github) -> Iterator[Document]:
    """People with access to repositories who are no members."""

    def without_two_factor() -> frozenset[str]:
        return frozenset(user["node_id"] for user in github.items(_OUTSIDE, filter="2fa_disabled"))

    for user in github.items(_OUTSIDE):

        def disabled(node_id: str = user.get("node_id", "")) -> bool:
            return node_id in github.once("2fa_disabled", without_two_factor)

        body = {**user, "two_factor_disabled": Fact(f"GET {_OUTSIDE}", disabled)}
        yield Document(uid=user.get("node_id", ""), name=user.get("login", ""), body=body)


@collects(
    Team,
    calls=[f"GET {path}" for path in (_TEAMS, _TEAM_MEMBERS, _TEAM_REPOSITORIES)],
    per="organization",
    cost="pages of 100 teams + for each pages of 100 members and of 100 repositories",
    version="2",
)
def teams(github: Github) -> Iterator[Document]:
    """Teams of the organisation, with who is in them and what they reach."""

    def reached(slug: str) -> list[dict[str, object]]:
        found = github.items(_TEAM_REPOSITORIES, team_slug=slug)
        return [{key: one[key] for key in _OF_REPOSITORY if key in one} for one in found]

    for team in github.items(_TEAMS):
        slug = str(team.get("slug", ""))
        facts = {
            "members": Fact(f"GET {_TEAM_MEMBERS}", partial(_members_of, github, slug)),
            "repositories": Fact(f"GET {_TEAM_REPOSITORIES}", partial(reached, slug)),
        }
        yield Document(uid=team.get("node_id", ""), name=slug, body={**team, **facts})


def _members_of(github: Github, slug: str) -> list[dict[str, object]]:
    found = github.items(_TEAM_MEMBERS, team_slug=slug)
    return [{key: one[key] for key in _OF_MEMBER if key in one} for one in found]


_OF_MEMBER = ("id", "node_id", "login")
_OF_REPOSITORY = ("id", "node_id", "full_name", "permissions", "role_name")
"""What says who, and what they may: the rest changes with every push, and stands with the repository."""
