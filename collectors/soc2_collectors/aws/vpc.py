"""VPC: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.vpc import (
    FlowLog,
    InternetGateway,
    NetworkAcl,
    RouteTable,
    Subnet,
    TransitGateway,
    Vpc,
    VpcPeering,
)
from soc2_collectors.aws.names import tagged_name
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Vpc, calls=["ec2:DescribeVpcs"], per="region", cost="pages of 1,000")
def vpcs(aws: Aws) -> Iterator[Document]:
    """Networks."""
    yield from _listed(aws, "describe_vpcs", "Vpcs", "VpcId")


@collects(FlowLog, calls=["ec2:DescribeFlowLogs"], per="region", cost="pages of 1,000")
def flow_logs(aws: Aws) -> Iterator[Document]:
    """Flow logs."""
    yield from _listed(aws, "describe_flow_logs", "FlowLogs", "FlowLogId", page=1000)


@collects(Subnet, calls=["ec2:DescribeSubnets"], per="region", cost="pages of 1,000")
def subnets(aws: Aws) -> Iterator[Document]:
    """Subnets. How many addresses are left changes at every read and no rule asks."""
    yield from _listed(aws, "describe_subnets", "Subnets", "SubnetId")


@collects(RouteTable, calls=["ec2:DescribeRouteTables"], per="region", cost="pages of 100")
def route_tables(aws: Aws) -> Iterator[Document]:
    """Route tables."""
    yield from _listed(aws, "describe_route_tables", "RouteTables", "RouteTableId")


@collects(NetworkAcl, calls=["ec2:DescribeNetworkAcls"], per="region", cost="pages of 1,000")
def network_acls(aws: Aws) -> Iterator[Document]:
    """Network access lists."""
    yield from _listed(aws, "describe_network_acls", "NetworkAcls", "NetworkAclId")


@collects(
    InternetGateway, calls=["ec2:DescribeInternetGateways"], per="region", cost="pages of 1,000"
)
def internet_gateways(aws: Aws) -> Iterator[Document]:
    """Internet gateways."""
    yield from _listed(aws, "describe_internet_gateways", "InternetGateways", "InternetGatewayId")


@collects(
    VpcPeering, calls=["ec2:DescribeVpcPeeringConnections"], per="region", cost="pages of 1,000"
)
def vpc_peerings(aws: Aws) -> Iterator[Document]:
    """Peering connections, ended ones included while AWS still lists them."""
    yield from _listed(
        aws,
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
    )


@collects(
    TransitGateway, calls=["ec2:DescribeTransitGateways"], per="region", cost="pages of 1,000"
)
def transit_gateways(aws: Aws) -> Iterator[Document]:
    """Transit gateways, those that others share with this account too."""
    yield from _listed(aws, "describe_transit_gateways", "TransitGateways", "TransitGatewayId")


def _listed(
    aws: Aws, operation: str, key: str, number: str, page: int | None = None
) -> Iterator[Document]:
    """``page``: the largest page, where botocore's description of the operation does not say it."""
    paging = {"PaginationConfig": {"PageSize": page}} if page else {}
    for item in aws.items("ec2", operation, key, **paging):
        yield Document(item[number], tagged_name(item, item[number]), item)
