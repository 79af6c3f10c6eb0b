"""Collects what was done: members' activity, deployments, releases, packages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.inventory import (
    DEPLOYMENTS,
    MEMBER_ACTIVITY,
    ORGANIZATION_ID,
    REPOSITORY_DEPLOYMENTS,
    REPOSITORY_RELEASES,
    hidden_contents,
    listed,
    named,
    refuse,
)
from soc2_collectors.github.models.activity import Deployment, MemberActivity, Package, Release
from soc2_pac import clock
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_WINDOW_DAYS = 90
"""How far back members' contributions are looked for."""
_PACKAGES = "/orgs/{org}/packages"
_PACKAGE_TYPES = ("container", "docker", "maven", "npm", "nuget", "rubygems")


@collects(
    MemberActivity,
    calls=[ORGANIZATION_ID.call, MEMBER_ACTIVITY.call],
    per="organization",
    cost="1 + pages of 25 members",
)
def member_activity(github: Github) -> Iterator[Document]:
    """Whether each member contributed to the organisation in the last 90 days."""
    found = github.query(ORGANIZATION_ID, {"org": github.organization}).get("organization")
    if not isinstance(found, dict):
        msg = f"{ORGANIZATION_ID.call}: the answer has no organization"
        raise Unexpected(msg, operation=ORGANIZATION_ID.call)
    variables = {
        "org": github.organization,
        "organization": found["id"],
        "from": f"{_days_ago(_WINDOW_DAYS):%Y-%m-%dT%H:%M:%SZ}",
    }
    # What GitHub adds up for each member takes it long: pages are small.
    members = github.graphql(MEMBER_ACTIVITY, variables, "organization.membersWithRole", size=25)
    for member in members:
        body = {**member, "windowDays": _WINDOW_DAYS}
        yield Document(member.get("id", ""), member.get("login", ""), body)


@collects(
    Deployment,
    calls=[REPOSITORY_DEPLOYMENTS.call, DEPLOYMENTS.call],
    per="organization",
    cost="pages of 50 repositories + pages of 100 deployments where there are more than 20",
)
def deployments(github: Github) -> Iterator[Document]:
    """Deployments of the days that the source's settings name, to whatever environment."""
    since = _days_ago(github.since_days)
    for node in listed(github, REPOSITORY_DEPLOYMENTS, size=50):
        if node["isArchived"]:
            continue
        for deployment in _since(github, node, since):
            name = (
                f"{node['nameWithOwner']} {deployment['environment']} #{deployment['databaseId']}"
            )
            yield Document(deployment["id"], name, {**deployment, "repository": named(node)})


def _since(github: Github, node: dict[str, Any], since: datetime) -> Iterator[dict[str, Any]]:
    first = node["deployments"]
    recent = [one for one in first["nodes"] if datetime.fromisoformat(one["createdAt"]) >= since]
    if len(recent) < len(first["nodes"]) or not first["pageInfo"]["hasNextPage"]:
        yield from recent
        return
    for one in github.graphql(DEPLOYMENTS, {"id": node["id"]}, "node.deployments"):
        if datetime.fromisoformat(one["createdAt"]) < since:
            return  # the newest come first
        yield one


@collects(
    Release, calls=[REPOSITORY_RELEASES.call], per="organization", cost="pages of 50 repositories"
)
def releases(github: Github) -> Iterator[Document]:
    """The latest release of each repository that has one."""
    hidden: Gap | None = None
    for node in listed(github, REPOSITORY_RELEASES, size=50):
        release = node["latestRelease"]
        if node["isArchived"]:
            continue
        hidden = hidden or hidden_contents(node, REPOSITORY_RELEASES)
        if release is not None:
            name = f"{node['nameWithOwner']} {release['tagName']}"
            body = {**release, "repository": named(node)}
            yield Document(f"{node['id']}:latest_release", name, body)
    if hidden is not None:
        refuse(hidden)  # after all the others: what was read of them counts


@collects(
    Package,
    calls=[f"GET {_PACKAGES}"],
    per="organization",
    cost="pages of 100 packages, of each of 6 types",
)
def packages(github: Github) -> Iterator[Document]:
    """Packages in the organisation's registry."""
    for package_type in _PACKAGE_TYPES:
        for package in github.items(_PACKAGES, package_type=package_type):
            number, name = package.get("id"), f"{package_type}/{package.get('name')}"
            uid = "" if number is None else f"{package_type}:{number}"
            yield Document(uid, name, package)


def _days_ago(days: int) -> datetime:
    """The start of a day, UTC."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)
