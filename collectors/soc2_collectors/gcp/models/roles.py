"""Roles that IAM policies name, with their permissions.

Source: IAM API v1, ``Role``; Google, "Create and manage custom roles" (a role that is disabled or deleted
grants nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.privileges import known_permissions
from soc2_pac.resources import Resource, fact

_NOTHING: frozenset[str] = frozenset()


class Definition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``Role``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "stage": "left out of roles in ALPHA (IAM, Role.stage); only DISABLED changes what a role grants",
        "deleted": "left out where it is false (IAM, Role); then the role grants what it lists",
        "includedPermissions": "an empty list grants nothing; one that is missing never passes",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "stage": "only DISABLED changes what a role grants",
        "includedPermissions": "judged by the published ways to more rights: of permissions, over 10,000 of "
        "them and more each week, there is no list of harmless ones",
    }

    included_permissions: list[str] | None = None
    """Google leaves out an empty list; no role that is of use has none, so that is not known."""
    stage: str = ""
    deleted: bool = False


class Role(Resource, frozen=True, kw_only=True, rename="camel"):
    """A role that a policy of the scope names: a custom one by the inventory, a predefined one by IAM.

    The custom role from examples of the inventory, the predefined one from documentation.
    """

    kind = "gcp.iam.role"
    volatile = ("definition.etag", "definition.description", "definition.title")

    name: str
    """``roles/run.developer``, ``projects/acme/roles/deployer``."""
    definition: Definition | None = fact("definition")
    """None where Google knows no role of that name."""

    @property
    def permissions(self) -> frozenset[str] | None:
        """What it grants; ``None``: not known."""
        said = self.definition
        if said is None or said.included_permissions is None:
            return None
        if said.deleted or said.stage == "DISABLED":
            return _NOTHING
        return frozenset(said.included_permissions)


def certain(role: str, found: Role | None) -> frozenset[str]:
    """Permissions that a role surely holds: by its definition, or as Google published it; perhaps not all."""
    known = found.permissions if found is not None else None
    return known_permissions(role) if known is None else known
