"""Views of Dataproc.

Source: Dataproc API v1, ``projects.regions.clusters``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose keys the disks are encrypted with."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "gcePdKmsKeyName": "kmsKey is for the disks as well (EncryptionConfig); without both it fails",
        "kmsKey": "gcePdKmsKeyName is for the disks as well (EncryptionConfig); without both it fails",
    }

    gce_pd_kms_key_name: str = ""
    kms_key: str = ""


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a cluster is set up."""

    encryption_config: Encryption | None = None


class DataprocData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster as Dataproc shows it. One that runs on GKE has no disks of its own."""

    cluster_name: str
    config: Config | None = None
    virtual_cluster_config: dict[str, Any] | None = None


class DataprocCluster(Located, frozen=True, kw_only=True, rename="camel"):
    """A Dataproc cluster (``clusters.list``)."""

    kind = "gcp.dataproc.cluster"
    volatile = ("updateTime", "resource.data.metrics")
    secret = ("resource.data.config.gceClusterConfig.metadata.*",)

    resource: Held[DataprocData]
