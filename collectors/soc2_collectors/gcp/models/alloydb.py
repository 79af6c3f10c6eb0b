"""Views of AlloyDB.

Source: AlloyDB API v1, ``projects.locations.clusters`` and ``instances``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located
from soc2_collectors.gcp.models.sql import DiskKey


class EncryptionInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a cluster is encrypted, as it is."""

    encryption_type: str = ""


class ClusterData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster as AlloyDB shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "encryptionInfo": "newer than the key that was asked for, which is set once and for all",
    }

    database_version: str
    encryption_config: DiskKey | None = None
    encryption_info: EncryptionInfo | None = None


class AlloyCluster(Located, frozen=True, kw_only=True, rename="camel"):
    """An AlloyDB cluster (``clusters.list``). Shape from documentation."""

    kind = "gcp.alloydb.cluster"
    secret = ("resource.data.initialUser.password",)

    resource: Held[ClusterData]


class InstanceData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance as AlloyDB shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "databaseFlags": "flags that are not there have their defaults (Instance.databaseFlags)",
    }

    instance_type: str
    database_flags: dict[str, str] = {}


class AlloyInstance(Located, frozen=True, kw_only=True, rename="camel"):
    """An instance of an AlloyDB cluster (``instances.list``). Shape from documentation."""

    kind = "gcp.alloydb.instance"
    resource: Held[InstanceData]

    def flag(self, name: str) -> str | None:
        """A flag's value in lower case; ``None`` where the default holds."""
        value = self.resource.data.database_flags.get(name)
        return None if value is None else value.lower()
