"""Collects VPC networks, subnets, firewall rules and reserved addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.network import Address, Firewall, FirewallPolicy, Network, Subnet
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(Firewall, calls=_CALLS, per="organization", cost=_PAGES)
def firewalls(gcp: Gcp) -> Iterator[Document]:
    """VPC firewall rules."""
    for asset in gcp.assets("compute.googleapis.com/Firewall"):
        yield document(asset)


@collects(FirewallPolicy, calls=_CALLS, per="organization", cost=_PAGES)
def firewall_policies(gcp: Gcp) -> Iterator[Document]:
    """Firewall policies: of organisations, folders, networks and regions, each a type of its own."""
    for asset in gcp.assets("compute.googleapis.com/(Region)?(Network)?FirewallPolicy"):
        yield document(asset)


@collects(Network, calls=_CALLS, per="organization", cost=_PAGES)
def networks(gcp: Gcp) -> Iterator[Document]:
    """Networks, legacy ones too."""
    for asset in gcp.assets("compute.googleapis.com/Network"):
        yield document(asset)


@collects(Subnet, calls=_CALLS, per="organization", cost=_PAGES)
def subnets(gcp: Gcp) -> Iterator[Document]:
    """Subnets."""
    for asset in gcp.assets("compute.googleapis.com/Subnetwork"):
        yield document(asset)


@collects(Address, calls=_CALLS, per="organization", cost=_PAGES)
def addresses(gcp: Gcp) -> Iterator[Document]:
    """Reserved addresses, of regions and global."""
    for asset in gcp.assets(
        ["compute.googleapis.com/Address", "compute.googleapis.com/GlobalAddress"]
    ):
        yield document(asset)
