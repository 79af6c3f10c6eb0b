"""What was done: members' activity, deployments, releases, packages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_collectors.github.models.repository import RepositoryNode, User
from soc2_pac.resources import Resource, fact


class Contributions(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``ContributionsCollection`` of the window that was read."""

    has_any_contributions: bool
    has_any_restricted_contributions: bool
    """Whether there are some that this identity may not see."""


class MemberActivity(Resource, frozen=True, rename="camel"):
    """Whether a member did anything in the organisation in the days before the look."""

    kind = "github.member_activity"

    login: str
    created_at: datetime
    """When the account was made."""
    window_days: int
    """How many days before the look were read."""
    contributions_collection: Contributions


class Deployment(Resource, frozen=True, rename="camel"):
    """A deployment that GitHub knows of."""

    kind = "github.deployment"

    database_id: int
    created_at: datetime
    repository: RepositoryNode
    commit_oid: str | None
    environment: str | None
    creator: User | None
    """``None``: the account is gone."""


class Asset(msgspec.Struct, frozen=True):
    """A file of a release."""

    name: str


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is more than was read."""

    has_next_page: bool


class Assets(msgspec.Struct, frozen=True, rename="camel"):
    """The files of a release."""

    nodes: list[Asset | None]
    """``None``: one that GitHub does not show."""
    page_info: PageInfo


class Release(Resource, frozen=True, rename="camel"):
    """The latest release of a repository."""

    kind = "github.release"

    tag_name: str
    repository: RepositoryNode
    release_assets: Assets
    immutable: bool = fact("immutable")
    """Whether tag and files cannot be changed any more; GitHub then attests to them. Older servers do not
    say."""

    @property
    def label(self) -> str:
        """``acme/api v1.2``."""
        return f"{self.repository.name_with_owner} {self.tag_name}"


class PackageRepository(msgspec.Struct, frozen=True):
    """The repository that a package is linked to."""

    id: int


class Package(Resource, frozen=True):
    """A package in GitHub's registry (``GET /orgs/{org}/packages``)."""

    kind = "github.package"
    any_value: ClassVar[Mapping[str, str]] = {"package_type": "a part of the name"}
    may_lack: ClassVar[Mapping[str, str]] = {"package_type": "a part of the name"}
    volatile = ("version_count", "updated_at", "owner.avatar_url")

    name: str
    package_type: str
    """``npm``, ``maven``, ``rubygems``, ``docker``, ``nuget`` or ``container``."""
    visibility: str
    """``public``, ``private`` or ``internal``."""
    repository: PackageRepository | None = None
    """``None``: linked to none, so that its own list of people says who may publish."""
