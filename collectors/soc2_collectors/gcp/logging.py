"""Cloud Logging: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.logging import LogBucket, LogMetric, LogSink
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(LogSink, calls=_CALLS, per="organization", cost=_COST)
def sinks(gcp: Gcp) -> Iterator[Document]:
    """Sinks of projects, folders and the organisation."""
    for asset in gcp.assets("logging.googleapis.com/LogSink"):
        yield document(asset)


@collects(LogBucket, calls=_CALLS, per="organization", cost=_COST)
def buckets(gcp: Gcp) -> Iterator[Document]:
    """Buckets of logs."""
    for asset in gcp.assets("logging.googleapis.com/LogBucket"):
        yield document(asset)


@collects(LogMetric, calls=_CALLS, per="organization", cost=_COST)
def metrics(gcp: Gcp) -> Iterator[Document]:
    """Metrics that count entries."""
    for asset in gcp.assets("logging.googleapis.com/LogMetric"):
        yield document(asset)
