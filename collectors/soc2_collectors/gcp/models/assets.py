"""What the views of the asset inventory share.

Source: Cloud Asset API, ``assets.list``: an asset holds its name, its type, and the resource as its own API shows it.
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

import msgspec

from soc2_pac.resources import Resource, fact

EVERYONE = ("allUsers", "allAuthenticatedUsers")
"""Members that stand for anybody: with any Google account, or with none."""

Data = TypeVar("Data")


class Held(msgspec.Struct, Generic[Data], frozen=True, kw_only=True):
    """``resource`` of an asset."""

    data: Data


class Asset(Resource, frozen=True, kw_only=True, rename="camel"):
    """What every asset has."""

    volatile: ClassVar[tuple[str, ...]] = ("updateTime",)

    name: str
    """``//compute.googleapis.com/projects/p/zones/z/instances/i``."""

    @property
    def path(self) -> str:
        """``projects/p/zones/z/instances/i``: by it other resources refer to this one."""
        return short(self.name)

    @property
    def project(self) -> str:
        """The project that it is in, by id or number as the inventory names it."""
        return project_of(self.name)


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A role, and who has it."""

    role: str
    members: list[str] = []


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """An IAM policy. Without bindings nobody is granted anything by it."""

    bindings: list[Binding] = []


class Shared(Asset, frozen=True, kw_only=True, rename="camel"):
    """An asset with the IAM policy that is set on it; none where nothing is set."""

    iam_policy: Policy | None = fact("iamPolicy")

    @property
    def public_roles(self) -> list[str]:
        """``roles/viewer for allUsers``: what anybody may do, in order."""
        policy = self.iam_policy
        return sorted(
            f"{binding.role} for {member}"
            for binding in (policy.bindings if policy else ())
            for member in binding.members
            if member in EVERYONE
        )


def short(link: str) -> str:
    """The part of a name or link from ``projects/`` on, whatever host and version stand before it."""
    _, found, rest = link.partition("projects/")
    return f"{found}{rest}" if found else link


def project_of(link: str) -> str:
    """The project that a name or link speaks of; empty where it names none."""
    return short(link).removeprefix("projects/").partition("/")[0] if "projects/" in link else ""
