"""Views of VPC: networks, subnets, routes, access lists, gateways, flow logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.aws.models.network import Resolve, unresolved
from soc2_collectors.reach import (
    ALL_PORTS,
    EVERY_PORT,
    LAST_PORT,
    NO_SOURCE,
    PROTOCOLS,
    Entry,
    Opened,
    Ports,
    Sources,
    Spans,
    Unreadable,
    admitted,
    common,
    networks,
    protocol_number,
    single_ports,
    size,
    span,
    unread,
)
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable


class Vpc(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network (``DescribeVpcs``)."""

    kind = "aws.ec2.vpc"
    may_lack: ClassVar[Mapping[str, str]] = {
        "OwnerId": "a network that nobody is said to own is judged as this account's; EC2 API, Vpc",
    }

    vpc_id: str
    is_default: bool = False
    owner_id: str | None = None
    """Another account's where the network is shared with this one."""


class FlowLog(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A flow log (``DescribeFlowLogs``)."""

    kind = "aws.ec2.flow_log"
    may_lack: ClassVar[Mapping[str, str]] = {
        "DeliverLogsStatus": "left out before the first delivery; EC2 API, FlowLog",
        "LogFormat": "left out where it is the default format, which holds every field asked for; EC2 API, "
        "CreateFlowLogs",
    }

    flow_log_id: str
    flow_log_status: str
    resource_id: str
    traffic_type: str
    deliver_logs_status: str | None = None
    """``FAILED`` where AWS could not deliver; left out before the first delivery."""
    deliver_logs_error_message: str | None = None
    log_format: str | None = None
    """``${version} ${srcaddr} ...``."""

    def lacks(self, fields: Iterable[tuple[str, ...]]) -> list[str]:
        """Of each of these sets of fields one must be recorded; the first of those of which none is."""
        if self.log_format is None:
            return []
        written = set(re.findall(r"\$\{([a-z0-9-]+)\}", self.log_format))
        return [names[0] for names in fields if not written.intersection(names)]


class BlockPublicAccess(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What VPC Block Public Access does to a subnet."""

    internet_gateway_block_mode: str = "off"
    """``off``, ``block-bidirectional``, ``block-ingress``."""


class Subnet(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A subnet."""

    kind = "aws.ec2.subnet"
    volatile = ("AvailableIpAddressCount",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "OwnerId": "a subnet that nobody is said to own is judged as this account's; EC2 API, Subnet",
    }
    subnet_id: str
    vpc_id: str = ""
    owner_id: str | None = None
    """Another account's where the subnet is shared with this one."""
    map_public_ip_on_launch: bool | None = None
    block_public_access_states: BlockPublicAccess | None = None

    @property
    def blocked(self) -> bool:
        """Whether nothing comes in through an internet gateway. Raises Unreadable for an unknown mode."""
        states = self.block_public_access_states
        if states is None or states.internet_gateway_block_mode == "off":
            return False
        mode = states.internet_gateway_block_mode
        if mode not in ("block-bidirectional", "block-ingress"):
            msg = f"what VPC Block Public Access does by {mode!r} is not known"
            raise Unreadable(msg)
        return True


class Route(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A route. AWS says whither by one field for each sort of target; here those that rules ask for."""

    may_lack: ClassVar[Mapping[str, str]] = {
        name: f"a route has one {what}, and the field of that sort; EC2 API, Route"
        for what, names in (
            (
                "destination",
                ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"),
            ),
            ("target", ("GatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId")),
        )
        for name in names
    }

    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = msgspec.field(
        default=None, name="DestinationIpv6CidrBlock"
    )
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    network_interface_id: str | None = None
    """Of a machine that passes traffic on: a firewall, a router, or a NAT instance."""
    vpc_peering_connection_id: str | None = None
    state: str | None = None
    """``active``, ``blackhole``, ``filtered``."""

    @property
    def to_internet(self) -> bool:
        """Leads to an internet gateway, whatever its destination. Only what is said to be dead does not."""
        return self.state != "blackhole" and (self.gateway_id or "").startswith("igw-")

    @property
    def to_appliance(self) -> bool:
        """Leads to a machine, or to an endpoint of a gateway load balancer: a firewall may stand there.

        Endpoints of S3 and DynamoDB are routed to by prefix lists of AWS.
        """
        if self.state == "blackhole":
            return False
        if self.network_interface_id:
            return True
        return self.destination_prefix_list_id is None and (self.gateway_id or "").startswith(
            "vpce-"
        )

    def destination(self, resolve: Resolve) -> Sources:
        """The addresses that it leads to."""
        found = networks(
            cidr
            for cidr in (self.destination_cidr_block, self.destination_ipv6_cidr_block)
            if cidr is not None
        )
        if self.destination_prefix_list_id is not None:
            found |= resolve(self.destination_prefix_list_id)
        elif self.destination_cidr_block is None and self.destination_ipv6_cidr_block is None:
            return unread("a route that names no destination")
        return found


class AssociationState(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether an association of a route table is in force."""

    state: str


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which subnet a table is for; ``main`` for all that have none of their own."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "AssociationState": "left out by answers of before it was added, which list what is in force",
        "Main": "false where it is left out; an association says a subnet, a gateway or main",
        "SubnetId": "left out for the main table and for gateways; EC2 API, RouteTableAssociation",
    }

    main: bool = False
    subnet_id: str | None = None
    association_state: AssociationState | None = None

    @property
    def in_force(self) -> bool:
        """Whether it counts. Raises Unreadable while it is being changed."""
        state = self.association_state.state if self.association_state else "associated"
        if state not in ("associated", "disassociated", "failed"):
            msg = f"an association of the route table of {self.subnet_id or 'a VPC'} is {state!r}"
            raise Unreadable(msg)
        return state == "associated"


class RouteTable(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A route table."""

    kind = "aws.ec2.route_table"
    may_lack: ClassVar[Mapping[str, str]] = {
        "Associations": "a table may be for no subnet; left out it is unreadable where it matters",
    }

    route_table_id: str
    vpc_id: str = ""
    routes: list[Route]
    associations: list[Association] | None = None

    @property
    def is_main(self) -> bool:
        """It is for every subnet that has none of its own. Raises Unreadable."""
        return any(one.main and one.in_force for one in self._associations)

    @property
    def subnets(self) -> set[str]:
        """The subnets whose own table it is. Raises Unreadable."""
        return {one.subnet_id for one in self._associations if one.subnet_id and one.in_force}

    @property
    def _associations(self) -> list[Association]:
        if self.associations is None:
            msg = f"AWS does not say which subnets the route table {self.route_table_id} is for"
            raise Unreadable(msg)
        return self.associations

    @property
    def to_internet(self) -> bool:
        """Some route leads to an internet gateway: what makes a subnet public."""
        return any(route.to_internet for route in self.routes)

    def internet(self, resolve: Resolve = unresolved) -> Sources:
        """The addresses that its internet gateways lead to. The longest prefix that matches decides."""
        return self._leads(lambda route: route.to_internet, resolve)

    def through_appliance(self) -> bool:
        """Whether the internet is reached through a machine, or an endpoint of a gateway load balancer."""
        ways = self._leads(lambda route: route.to_appliance, unresolved)
        return ways.is_open() is not False

    def _leads(self, chosen: Callable[[Route], bool], resolve: Resolve) -> Sources:
        """Where the chosen routes lead. Ranges of a prefix list count as longer than any other.

        A list that leads elsewhere and is not known is left out: it must not look as if it closed anything.
        """
        entries = []
        for route in sorted(self.routes, key=_width):
            destination = route.destination(resolve)
            if not chosen(route) and destination.unknown:
                continue
            entries.append(Entry(allow=chosen(route), sources=destination))
        found = admitted(entries)
        return found[0].sources if found else NO_SOURCE


def _width(route: Route) -> int:
    """How many addresses it leads to, as a power of two; for sorting by the longest prefix."""
    cidr = route.destination_cidr_block or route.destination_ipv6_cidr_block
    found = span(cidr) if cidr is not None else None
    return size(found.v4 + found.v6) if found is not None else 0


# -- network access lists -----------------------------------------------------------------------------


class PortRange(msgspec.Struct, frozen=True, kw_only=True):
    """The ports of an entry; left out for protocols without ports."""

    first: int = msgspec.field(name="From")
    last: int = msgspec.field(name="To")


_UNREADABLE_ENTRY: Mapping[str, str] = dict.fromkeys(
    ("Protocol", "RuleAction"),
    "an entry that cannot be read may admit whom it speaks of, or nobody: both count, see AclEntry.said",
)


class AclEntry(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One numbered entry. The lowest number that matches decides."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "CidrBlock": "an entry has one range, IPv4 or IPv6; EC2 API, NetworkAclEntry",
        "Ipv6CidrBlock": "an entry has one range, IPv4 or IPv6; EC2 API, NetworkAclEntry",
        "PortRange": "left out for every protocol, which has every port; EC2 API, NetworkAclEntry",
        **_UNREADABLE_ENTRY,
    }
    any_value: ClassVar[Mapping[str, str]] = _UNREADABLE_ENTRY

    rule_number: int
    rule_action: str
    egress: bool
    protocol: str
    cidr_block: str | None = None
    ipv6_cidr_block: str | None = msgspec.field(default=None, name="Ipv6CidrBlock")
    port_range: PortRange | None = None

    @property
    def sources(self) -> Sources:
        """Whom it speaks of."""
        ranges = [cidr for cidr in (self.cidr_block, self.ipv6_cidr_block) if cidr is not None]
        return networks(ranges) if ranges else unread(f"entry {self.rule_number} without a range")

    def said(self, protocol: int, wanted: Spans) -> list[Entry]:
        """What it says of some ports of TCP or UDP, coming in.

        An entry of a protocol or an action that is not known may admit or refuse whom it speaks of.
        """
        if self.egress:
            return []
        strange = [] if self.rule_action in ("allow", "deny") else [f"action {self.rule_action!r}"]
        number: int | None = None
        try:
            number = protocol_number(self.protocol)
        except Unreadable:
            strange.append(f"protocol {self.protocol!r}")
        if number not in (None, protocol):
            return []
        ports = EVERY_PORT if number is None else self._ports
        if not common(ports.possible, wanted):
            return []
        sources = self.sources
        if strange:
            name = f"the {' and '.join(strange)} of entry {self.rule_number}"
            sources = Sources(sources.certain, sources.possible, (*sources.unknown, name))
        actions = {"allow": (True,), "deny": (False,)}.get(self.rule_action, (True, False))
        return [Entry(allow=a, sources=sources, ports=ports, sure=not strange) for a in actions]

    @property
    def _ports(self) -> Ports:
        given = self.port_range
        if given is not None and 0 <= given.first <= given.last <= LAST_PORT:
            return single_ports((given.first, given.last))
        return Ports((), ALL_PORTS)


class AclAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A subnet that an access list is for."""

    subnet_id: str | None = None


class NetworkAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network access list (``DescribeNetworkAcls``)."""

    kind = "aws.ec2.network_acl"
    may_lack: ClassVar[Mapping[str, str]] = {
        "OwnerId": "a list that nobody is said to own is judged as this account's; EC2 API, NetworkAcl",
        "Entries": "a list without entries admits nobody; left out it is unreadable",
    }

    network_acl_id: str
    vpc_id: str = ""
    owner_id: str | None = None
    """Another account's where the subnets that it is for are shared with this one."""
    is_default: bool = False
    entries: list[AclEntry]
    associations: list[AclAssociation]

    def reached(self, protocol: str, wanted: Spans = ALL_PORTS) -> list[Opened]:
        """Who reaches which ports of ``tcp`` or ``udp`` in its subnets, by its entries in order."""
        ordered = sorted(self.entries, key=lambda entry: entry.rule_number)
        return admitted([one for e in ordered for one in e.said(PROTOCOLS[protocol], wanted)])


# -- ways between networks --------------------------------------------------------------------------------


_ATTACHED = "only what is said to be detached is: any other state counts as attached"


class GatewayAttachment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A VPC that a gateway is attached to."""

    may_lack: ClassVar[Mapping[str, str]] = {"State": _ATTACHED}
    any_value: ClassVar[Mapping[str, str]] = {"State": _ATTACHED}

    vpc_id: str
    state: str | None = None
    """``available``; while it changes ``attaching``, ``detaching``, ``detached``."""


class InternetGateway(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An internet gateway."""

    kind = "aws.ec2.internet_gateway"
    internet_gateway_id: str
    attachments: list[GatewayAttachment]


class Ipv4Block(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv4 range of a VPC."""

    cidr_block: str


class Ipv6Block(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 range of a VPC."""

    ipv6_cidr_block: str = msgspec.field(name="Ipv6CidrBlock")


class PeerVpc(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One side of a peering connection."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "CidrBlock": "the ranges stand in CidrBlockSet, too; EC2 API, VpcPeeringConnectionVpcInfo",
        "CidrBlockSet": "the first range stands in CidrBlock, too; EC2 API, VpcPeeringConnectionVpcInfo",
        "Ipv6CidrBlockSet": "only VPCs with IPv6 have it; EC2 API, VpcPeeringConnectionVpcInfo",
    }

    owner_id: str
    vpc_id: str = ""
    cidr_block: str | None = None
    cidr_block_set: list[Ipv4Block] = []
    ipv6_cidr_block_set: list[Ipv6Block] = msgspec.field(
        default_factory=list, name="Ipv6CidrBlockSet"
    )

    @property
    def blocks(self) -> list[str]:
        """Its ranges, IPv4 and IPv6."""
        return [
            *filter(None, [self.cidr_block]),
            *(one.cidr_block for one in self.cidr_block_set),
            *(one.ipv6_cidr_block for one in self.ipv6_cidr_block_set),
        ]


class PeeringStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``active``, or why not."""

    code: str


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
    owner_id: str
    state: str | None = None
    """``available``, ``deleting``, ``deleted``, ..."""
    options: TransitGatewayOptions
