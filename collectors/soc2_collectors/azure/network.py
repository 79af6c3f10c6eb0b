"""Collects networks and what stands at their edges, by Resource Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.network import (
    ApplicationGateway,
    BastionHost,
    FlowLog,
    FrontDoor,
    FrontDoorWafPolicy,
    NetworkInterface,
    PublicAddress,
    VirtualNetwork,
    WafPolicy,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_FRONT_DOOR_WAF = "microsoft.network/frontdoorwebapplicationfirewallpolicies"
_WAF = "microsoft.network/applicationgatewaywebapplicationfirewallpolicies"


def _rows(azure: Azure, sort: str) -> Iterator[Document]:
    for row in azure.graph_query(f"resources | where type =~ '{sort}'"):
        yield document(row)


@collects(
    VirtualNetwork,
    calls=["RESOURCEGRAPH microsoft.network/virtualnetworks"],
    per="subscription",
    cost="pages of 1000",
)
def networks(azure: Azure) -> Iterator[Document]:
    """Virtual networks with their subnets."""
    yield from _rows(azure, "microsoft.network/virtualnetworks")


@collects(
    PublicAddress,
    calls=["RESOURCEGRAPH microsoft.network/publicipaddresses"],
    per="subscription",
    cost="pages of 1000",
)
def addresses(azure: Azure) -> Iterator[Document]:
    """Public addresses."""
    yield from _rows(azure, "microsoft.network/publicipaddresses")


@collects(
    NetworkInterface,
    calls=["RESOURCEGRAPH microsoft.network/networkinterfaces"],
    per="subscription",
    cost="pages of 1000",
)
def interfaces(azure: Azure) -> Iterator[Document]:
    """Network interfaces."""
    yield from _rows(azure, "microsoft.network/networkinterfaces")


@collects(
    BastionHost,
    calls=["RESOURCEGRAPH microsoft.network/bastionhosts"],
    per="subscription",
    cost="pages of 1000",
)
def bastions(azure: Azure) -> Iterator[Document]:
    """Hosts of Azure Bastion."""
    yield from _rows(azure, "microsoft.network/bastionhosts")


@collects(
    FlowLog,
    calls=["RESOURCEGRAPH microsoft.network/networkwatchers/flowlogs"],
    per="subscription",
    cost="pages of 1000",
)
def flow_logs(azure: Azure) -> Iterator[Document]:
    """Flow logs."""
    yield from _rows(azure, "microsoft.network/networkwatchers/flowlogs")


@collects(
    ApplicationGateway,
    calls=["RESOURCEGRAPH microsoft.network/applicationgateways"],
    per="subscription",
    cost="pages of 1000",
)
def gateways(azure: Azure) -> Iterator[Document]:
    """Application gateways."""
    yield from _rows(azure, "microsoft.network/applicationgateways")


@collects(WafPolicy, calls=[f"RESOURCEGRAPH {_WAF}"], per="subscription", cost="pages of 1000")
def waf_policies(azure: Azure) -> Iterator[Document]:
    """Policies of the web application firewall."""
    yield from _rows(azure, _WAF)


@collects(
    FrontDoor,
    calls=["RESOURCEGRAPH microsoft.network/frontdoors"],
    per="subscription",
    cost="pages of 1000",
)
def front_doors(azure: Azure) -> Iterator[Document]:
    """Classic Front Doors."""
    yield from _rows(azure, "microsoft.network/frontdoors")


@collects(
    FrontDoorWafPolicy,
    calls=[f"RESOURCEGRAPH {_FRONT_DOOR_WAF}"],
    per="subscription",
    cost="pages of 1000",
)
def front_door_waf_policies(azure: Azure) -> Iterator[Document]:
    """Policies of the web application firewall of Front Door."""
    yield from _rows(azure, _FRONT_DOOR_WAF)
