"""Collects load balancing: backend services, TLS proxies, SSL policies, policies of Cloud Armor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.balancing import (
    BackendService,
    SecurityPolicy,
    SslPolicy,
    TlsProxy,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(BackendService, calls=_CALLS, per="organization", cost=_PAGES)
def backend_services(gcp: Gcp) -> Iterator[Document]:
    """Backend services, of regions and global."""
    for asset in gcp.assets(
        ["compute.googleapis.com/BackendService", "compute.googleapis.com/RegionBackendService"]
    ):
        yield document(asset)


@collects(TlsProxy, calls=_CALLS, per="organization", cost=_PAGES)
def tls_proxies(gcp: Gcp) -> Iterator[Document]:
    """HTTPS and SSL proxies; a type of the inventory may be an expression."""
    for asset in gcp.assets("compute.googleapis.com/(Region)?Target(Https|Ssl)Proxy"):
        yield document(asset)


@collects(SslPolicy, calls=_CALLS, per="organization", cost=_PAGES)
def ssl_policies(gcp: Gcp) -> Iterator[Document]:
    """SSL policies, of regions and global."""
    for asset in gcp.assets("compute.googleapis.com/(Region)?SslPolicy"):
        yield document(asset)


@collects(SecurityPolicy, calls=_CALLS, per="organization", cost=_PAGES)
def security_policies(gcp: Gcp) -> Iterator[Document]:
    """Security policies of Cloud Armor, of regions and global."""
    for asset in gcp.assets("compute.googleapis.com/(Region)?SecurityPolicy"):
        yield document(asset)
