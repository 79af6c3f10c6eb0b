"""VPC: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.vpc import FlowLog, RouteTable, Subnet, Vpc
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Vpc, calls=["ec2:DescribeVpcs"], per="region")
def vpcs(aws: Aws) -> Iterator[Document]:
    """Networks."""
    for vpc in aws.items("ec2", "describe_vpcs", "Vpcs"):
        yield Document(vpc["VpcId"], vpc["VpcId"], vpc)


@collects(FlowLog, calls=["ec2:DescribeFlowLogs"], per="region")
def flow_logs(aws: Aws) -> Iterator[Document]:
    """Flow logs."""
    for log in aws.items("ec2", "describe_flow_logs", "FlowLogs"):
        yield Document(log["FlowLogId"], log["FlowLogId"], log)


@collects(Subnet, calls=["ec2:DescribeSubnets"], per="region")
def subnets(aws: Aws) -> Iterator[Document]:
    """Subnets. How many addresses are left changes at every read and no rule asks."""
    for subnet in aws.items("ec2", "describe_subnets", "Subnets"):
        yield Document(subnet["SubnetId"], subnet["SubnetId"], subnet)


@collects(RouteTable, calls=["ec2:DescribeRouteTables"], per="region")
def route_tables(aws: Aws) -> Iterator[Document]:
    """Route tables."""
    for table in aws.items("ec2", "describe_route_tables", "RouteTables"):
        yield Document(table["RouteTableId"], table["RouteTableId"], table)
