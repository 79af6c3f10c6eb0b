"""Cloud Monitoring: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.monitoring import AlertPolicy, NotificationChannel, Snooze
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(AlertPolicy, calls=_CALLS, per="organization", cost=_COST)
def policies(gcp: Gcp) -> Iterator[Document]:
    """Alert policies."""
    for asset in gcp.assets("monitoring.googleapis.com/AlertPolicy"):
        yield document(asset, name="resource.data.displayName")


@collects(NotificationChannel, calls=_CALLS, per="organization", cost=_COST)
def channels(gcp: Gcp) -> Iterator[Document]:
    """Where alerts are sent to."""
    for asset in gcp.assets("monitoring.googleapis.com/NotificationChannel"):
        yield document(asset, name="resource.data.displayName")


@collects(Snooze, calls=_CALLS, per="organization", cost=_COST)
def snoozes(gcp: Gcp) -> Iterator[Document]:
    """Times in which alert policies open no incident."""
    for asset in gcp.assets("monitoring.googleapis.com/Snooze"):
        yield document(asset, name="resource.data.displayName")
