"""Collects Cloud DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.dns import DnsPolicy, ManagedZone
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(ManagedZone, calls=_CALLS, per="organization", cost=_PAGES)
def zones(gcp: Gcp) -> Iterator[Document]:
    """Managed zones, public and private."""
    for asset in gcp.assets("dns.googleapis.com/ManagedZone"):
        yield document(asset)


@collects(DnsPolicy, calls=_CALLS, per="organization", cost=_PAGES)
def policies(gcp: Gcp) -> Iterator[Document]:
    """Policies of networks."""
    for asset in gcp.assets("dns.googleapis.com/Policy"):
        yield document(asset)
