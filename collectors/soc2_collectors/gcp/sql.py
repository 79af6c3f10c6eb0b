"""Collects Cloud SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.sql import BackupRun, SqlInstance
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(SqlInstance, calls=_CALLS, per="organization", cost=_PAGES)
def instances(gcp: Gcp) -> Iterator[Document]:
    """Instances, replicas too."""
    for asset in gcp.assets("sqladmin.googleapis.com/Instance"):
        yield document(asset)


@collects(BackupRun, calls=_CALLS, per="organization", cost=_PAGES)
def backup_runs(gcp: Gcp) -> Iterator[Document]:
    """Backups of instances, those that failed too."""
    for asset in gcp.assets("sqladmin.googleapis.com/BackupRun"):
        yield document(asset)
