"""Views of VPC: networks, subnets, routes, flow logs."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class Vpc(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network (``DescribeVpcs``)."""

    kind = "aws.ec2.vpc"
    vpc_id: str
    is_default: bool = False


class FlowLog(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A flow log (``DescribeFlowLogs``)."""

    kind = "aws.ec2.flow_log"
    flow_log_id: str
    flow_log_status: str = ""
    resource_id: str = ""
    traffic_type: str = ""


class Subnet(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A subnet."""

    kind = "aws.ec2.subnet"
    volatile = ("AvailableIpAddressCount",)
    subnet_id: str
    vpc_id: str = ""
    map_public_ip_on_launch: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A route."""

    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = msgspec.field(
        default=None, name="DestinationIpv6CidrBlock"
    )
    gateway_id: str | None = None
    state: str = "active"

    @property
    def to_internet(self) -> bool:
        """Leads everything else to an internet gateway."""
        everywhere = (
            self.destination_cidr_block == "0.0.0.0/0" or self.destination_ipv6_cidr_block == "::/0"
        )
        return everywhere and self.state == "active" and (self.gateway_id or "").startswith("igw-")


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which subnet a table is for; ``main`` for all that have none of their own."""

    main: bool = False
    subnet_id: str | None = None


class RouteTable(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A route table."""

    kind = "aws.ec2.route_table"
    route_table_id: str
    vpc_id: str = ""
    routes: list[Route] = []
    associations: list[Association] = []

    @property
    def public(self) -> bool:
        """Some route leads to the internet."""
        return any(route.to_internet for route in self.routes)
