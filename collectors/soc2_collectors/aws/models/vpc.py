"""Views of VPC: networks, subnets, routes, access lists, gateways, flow logs."""

from __future__ import annotations

import msgspec

from soc2_collectors.aws.models.network import covers_everything
from soc2_pac.resources import Resource

_TCP = ("-1", "6")
"""Protocol numbers of an access list's entries that let TCP through."""


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
    deliver_logs_status: str | None = None
    """``FAILED`` where AWS could not deliver; left out before the first delivery."""
    deliver_logs_error_message: str | None = None


class Subnet(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A subnet."""

    kind = "aws.ec2.subnet"
    volatile = ("AvailableIpAddressCount",)
    subnet_id: str
    vpc_id: str = ""
    map_public_ip_on_launch: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A route. AWS says whither by one field for each sort of target; here those that rules ask for."""

    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = msgspec.field(
        default=None, name="DestinationIpv6CidrBlock"
    )
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    vpc_peering_connection_id: str | None = None
    state: str = "active"

    @property
    def to_internet(self) -> bool:
        """Leads to an internet gateway, whatever its destination."""
        return self.state == "active" and (self.gateway_id or "").startswith("igw-")


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
    def to_internet(self) -> bool:
        """Some route leads to an internet gateway: what makes a subnet public."""
        return any(route.to_internet for route in self.routes)

    def reaches_everyone(self, *, ipv6: bool) -> bool:
        """Whether its routes to internet gateways lead to every address of IPv4, or of IPv6.

        A route by prefix list counts: which addresses the list holds is not known here.
        """
        out = [route for route in self.routes if route.to_internet]
        found = [
            route.destination_ipv6_cidr_block if ipv6 else route.destination_cidr_block
            for route in out
        ]
        return any(route.destination_prefix_list_id for route in out) or covers_everything(
            cidr for cidr in found if cidr
        )


# -- network access lists -----------------------------------------------------------------------------


class PortRange(msgspec.Struct, frozen=True, kw_only=True):
    """The ports of an entry; left out for protocols without ports."""

    first: int = msgspec.field(default=0, name="From")
    last: int = msgspec.field(default=65535, name="To")


class AclEntry(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One numbered entry. The lowest number that matches decides."""

    rule_number: int
    rule_action: str
    egress: bool
    protocol: str
    cidr_block: str | None = None
    ipv6_cidr_block: str | None = msgspec.field(default=None, name="Ipv6CidrBlock")
    port_range: PortRange | None = None

    def decides(self, port: int, *, ipv6: bool) -> bool:
        """Whether it speaks of this TCP port, coming in from every address."""
        cidr = self.ipv6_cidr_block if ipv6 else self.cidr_block
        if self.egress or self.protocol not in _TCP or not cidr or not covers_everything([cidr]):
            return False
        ports = self.port_range
        return self.protocol == "-1" or ports is None or ports.first <= port <= ports.last


class NetworkAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network access list (``DescribeNetworkAcls``)."""

    kind = "aws.ec2.network_acl"
    network_acl_id: str
    vpc_id: str = ""
    is_default: bool = False
    entries: list[AclEntry]
    associations: list[Association] = []

    def open_to_world(self, port: int) -> bool:
        """Whether a TCP port is admitted from every address of IPv4 or IPv6.

        Entries are asked in order, as AWS does; a denial of only some addresses changes nothing.
        """
        ordered = sorted(self.entries, key=lambda entry: entry.rule_number)
        for ipv6 in (False, True):
            first = next((e for e in ordered if e.decides(port, ipv6=ipv6)), None)
            if first is not None and first.rule_action == "allow":
                return True
        return False


# -- ways between networks --------------------------------------------------------------------------------


class GatewayAttachment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A VPC that a gateway is attached to."""

    vpc_id: str = ""
    state: str = ""


class InternetGateway(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An internet gateway."""

    kind = "aws.ec2.internet_gateway"
    internet_gateway_id: str
    attachments: list[GatewayAttachment] = []


class PeerVpc(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One side of a peering connection."""

    owner_id: str = ""
    vpc_id: str = ""


class PeeringStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``active``, or why not."""

    code: str = ""


class VpcPeering(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A peering connection (``DescribeVpcPeeringConnections``)."""

    kind = "aws.ec2.vpc_peering"
    vpc_peering_connection_id: str
    accepter: PeerVpc = msgspec.field(name="AccepterVpcInfo")
    requester: PeerVpc = msgspec.field(name="RequesterVpcInfo")
    status: PeeringStatus


class TransitGatewayOptions(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Its options."""

    auto_accept_shared_attachments: str


class TransitGateway(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A transit gateway."""

    kind = "aws.ec2.transit_gateway"
    transit_gateway_id: str
    owner_id: str = ""
    options: TransitGatewayOptions
