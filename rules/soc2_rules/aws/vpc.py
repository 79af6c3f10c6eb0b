"""VPC: networks, and the ways between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.network import ManagedPrefixList
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
from soc2_collectors.reach import NOBODY, open_ports, span
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms import openings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.aws.models.network import Resolve
    from soc2_collectors.aws.models.vpc import Route
    from soc2_collectors.reach import Addresses

_FIELDS = (
    ("srcaddr", "pkt-srcaddr"),
    ("dstaddr", "pkt-dstaddr"),
    ("dstport",),
    ("action",),
)
"""What a record must say: of each of these at least one."""


@rule(
    criteria=["CC6.6", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[FlowLog],
    known_as=[
        "prowler:vpc_flow_logs_enabled",
        "powerpipe:vpc_flow_logs_enabled",
    ],
)
def aws_vpc_flow_logs(vpc: Vpc, scope: Scope, evidence: Evidence) -> Verdict:
    """Every VPC has an active flow log of rejected or of all traffic that says who talked to whom.

    The flow logs of a VPC that another account shares are that account's: it cannot show them here.

    Why: without it nobody can tell afterwards who talked to whom.
    Fix: aws ec2 create-flow-logs --resource-type VPC --resource-ids ID --traffic-type REJECT
        --log-destination-type s3 --log-destination ARN.
    """
    if shared := _shared(vpc, scope):
        return shared
    logs = evidence.index(FlowLog, "resource_id", within="here").get(vpc.vpc_id, ())
    problems: list[str] = []
    for log in logs:
        if log.flow_log_status != "ACTIVE":
            problems.append(
                f"{log.flow_log_id} is {log.flow_log_status or 'in no state'}, not active"
            )
        elif log.traffic_type not in ("REJECT", "ALL"):
            problems.append(f"{log.flow_log_id} records {log.traffic_type or 'nothing'} only")
        elif log.deliver_logs_status == "FAILED":
            problems.append(f"{log.flow_log_id} cannot deliver: {log.deliver_logs_error_message}")
        elif log.deliver_logs_status not in (None, "SUCCESS"):
            problems.append(f"{log.flow_log_id} delivers with {log.deliver_logs_status!r}")
        elif missing := log.lacks(_FIELDS):
            problems.append(f"{log.flow_log_id} leaves out {', '.join(missing)}")
        else:
            return passed(f"flow log {log.flow_log_id} records {log.traffic_type}", on=[log])
    return failed("; ".join(sorted(problems)) if problems else "no flow log", on=logs)


def _shared(thing: Vpc | Subnet | NetworkAcl, scope: Scope) -> Verdict | None:
    """``not_applicable`` where a network, or a part of it, is another account's, which alone can change it."""
    if thing.owner_id in (None, scope.account):
        return None
    return not_applicable(f"it belongs to the account {thing.owner_id}, which shares it")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:vpc_subnet_no_public_ip_by_default",
        "powerpipe:vpc_subnet_auto_assign_public_ip_disabled",
    ],
)
def aws_subnet_no_auto_public_ip(subnet: Subnet, scope: Scope) -> Verdict:
    """Subnets do not give public IPv4 addresses by themselves.

    A subnet that another account shares is judged where it belongs.

    Why: a machine gets on the internet only because somebody decided so.
    Fix: aws ec2 modify-subnet-attribute --subnet-id ID --no-map-public-ip-on-launch.
    """
    if shared := _shared(subnet, scope):
        return shared
    if subnet.map_public_ip_on_launch is None:
        return inconclusive("AWS does not say")
    return (
        failed("gives public addresses") if subnet.map_public_ip_on_launch else passed("gives none")
    )


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_networkacl_allow_ingress_any_port",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_22",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_3389",
        "powerpipe:vpc_network_acl_remote_administration",
    ],
)
def aws_nacl_admin_ports(
    acl: NetworkAcl, scope: Scope, *, ports: tuple[int, ...] = (22, 3389)
) -> Verdict:
    """Network access lists do not admit administration from the internet, over TCP or UDP.

    Over UDP that is RDP: SSH speaks TCP only.

    The entries count in their order, allowing and denying, IPv4 and IPv6. A tenth of the public addresses
    of IPv4 or of IPv6 counts as the internet. A list of subnets that another account shares is judged there.

    Why: it is the second line: it holds where somebody opens a security group by mistake.
    Fix: aws ec2 create-network-acl-entry --network-acl-id ACL --ingress --rule-number NUMBER --protocol tcp
        --port-range From=22,To=22 --cidr-block 0.0.0.0/0 --rule-action deny, with a number below that of the
        entry that admits it; the same for port 3389, for UDP and for IPv6.
    """
    if shared := _shared(acl, scope):
        return shared
    if not acl.associations:
        return not_applicable("no subnet uses it")
    found = {
        name: open_ports(acl.reached(name, openings.wanted(name, ports)))
        for name in openings.PROTOCOLS
    }
    return openings.closed(found, ports, "these ports are")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:vpc_igw_attached_to_authorized_vpc"],
)
def aws_igw_authorized(gateway: InternetGateway, *, approved_vpcs: tuple[str, ...] = ()) -> Verdict:
    """Internet gateways are attached to approved VPCs only.

    Why: a gateway is what makes a network part of the internet; that should be somebody's decision.
    Fix: list the VPC in approved_vpcs with the record of the decision, or aws ec2 detach-internet-gateway
        --internet-gateway-id GATEWAY --vpc-id VPC.
    """
    attached = sorted(a.vpc_id for a in gateway.attachments if a.state != "detached")
    if not attached:
        return not_applicable("attached to no VPC")
    others = [vpc for vpc in attached if vpc not in approved_vpcs]
    if others:
        return failed(f"attached to {', '.join(others)}, not on the approved list")
    return passed(f"attached to {', '.join(attached)}, approved")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[RouteTable],
    where_sourced=[ManagedPrefixList],
    known_as=[
        "prowler:vpc_peering_routing_tables_with_least_privilege",
        "powerpipe:vpc_peering_connection_route_table_least_privilege",
        "powerpipe:vpc_peering_connection_no_cross_account_access",
    ],
)
def aws_peering_routes_narrow(
    peering: VpcPeering,
    scope: Scope,
    evidence: Evidence,
    *,
    known_accounts: tuple[str, ...] = (),
    shortest_prefix: int = 16,
) -> Verdict:
    """Peering connections lead to known accounts, by routes to a part of the other network.

    A route is too wide that leads to a whole range of either network, or to a range shorter than
    ``shortest_prefix`` (of IPv4) or than /44 (of IPv6), the widest that a network can have. The routes of one table
    count together. Routes by prefix list count by the ranges that the list holds. Judged are the route tables of this
    account and Region.

    Why: a peering joins two networks as if they were one; what it is not for should not pass.
    Fix: replace the route by narrower ones (aws ec2 replace-route), or list the peer's account in
        known_accounts.
    """
    if peering.status.code in _NO_PEERING:
        return not_applicable(f"the connection is {peering.status.code}")
    if peering.status.code != "active":
        return inconclusive(f"what a connection is that is {peering.status.code!r} is not known")
    owners = {peering.accepter.owner_id, peering.requester.owner_id}
    strangers = sorted(owners - {scope.account, *known_accounts})
    if strangers:
        return failed(f"leads to the unknown account {', '.join(strangers)}")
    tables = [
        (table, route)
        for table in evidence.here(RouteTable)
        for route in table.routes
        if route.vpc_peering_connection_id == peering.vpc_peering_connection_id
    ]
    if not tables:
        return passed("known accounts; no route of this account leads through it")
    on = list({table.route_table_id: table for table, _ in tables}.values())
    blocks = [*peering.accepter.blocks, *peering.requester.blocks]

    def judge(resolve: Resolve) -> Verdict:
        wide = sorted(
            what
            for _, route in tables
            if (what := _too_wide(route, blocks, shortest_prefix, resolve)) is not None
        )
        wide = wide or _together_whole(tables, blocks, resolve)
        if wide:
            return failed(f"routes to {', '.join(dict.fromkeys(wide))}", on=on)
        unknown = sorted({n for _, r in tables for n in r.destination(resolve).unknown})
        if unknown:
            return inconclusive(f"how wide its routes are depends on {', '.join(unknown)}", on=on)
        sides = (peering.accepter.blocks, peering.requester.blocks)
        if not all(sides) or any(span(block) is None for side in sides for block in side):
            return inconclusive("AWS does not say which ranges the networks have", on=on)
        return passed(
            f"known accounts; {len(tables)} routes, each to a part of the other network", on=on
        )

    return openings.with_prefix_lists(
        evidence,
        judge,
        lambda: {r.destination_prefix_list_id for _, r in tables if r.destination_prefix_list_id},
    )


_NO_PEERING = frozenset(
    {
        "initiating-request",
        "pending-acceptance",
        "provisioning",
        "deleting",
        "deleted",
        "rejected",
        "failed",
        "expired",
    }
)
"""States of a connection that carries nothing: not yet, or not any more."""
_WIDEST_IPV6 = 44
"""The shortest prefix that AWS lets a VPC have of IPv6 (VPC User Guide, "IP addressing")."""


def _too_wide(
    route: Route, blocks: Sequence[str], shortest_prefix: int, resolve: Resolve
) -> str | None:
    """What makes a route too wide; ``None`` for nothing."""
    to = route.destination(resolve).certain
    name = (
        route.destination_cidr_block
        or route.destination_ipv6_cidr_block
        or f"the prefix list {route.destination_prefix_list_id}"
    )
    if any(last - first + 1 > 2 ** (32 - shortest_prefix) for first, last in to.v4):
        return f"{name}, wider than /{shortest_prefix}"
    if any(last - first + 1 > 2 ** (128 - _WIDEST_IPV6) for first, last in to.v6):
        return f"{name}, wider than /{_WIDEST_IPV6}"
    for block in blocks:
        whole = span(block)
        if whole is not None and not whole - to:
            return f"{name}, which is the whole range {block} of a network"
    return None


def _together_whole(
    tables: Sequence[tuple[RouteTable, Route]], blocks: Sequence[str], resolve: Resolve
) -> list[str]:
    """Ranges of the networks to which several routes of one table lead together."""
    reached: dict[str, Addresses] = {}
    for table, route in tables:
        before = reached.get(table.route_table_id, NOBODY)
        reached[table.route_table_id] = before | route.destination(resolve).certain
    return [
        f"{block}, a whole range of a network, by several routes of {number}"
        for number, to in sorted(reached.items())
        for block in dict.fromkeys(blocks)
        if (whole := span(block)) is not None and not whole - to
    ]


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_transitgateway_auto_accept_vpc_attachments",
        "powerpipe:ec2_transit_gateway_auto_cross_account_attachment_disabled",
    ],
)
def aws_tgw_manual_accept(gateway: TransitGateway, scope: Scope) -> Verdict:
    """Transit gateways accept networks of other accounts only by hand.

    Why: otherwise whoever it is shared with joins the network unasked.
    Fix: aws ec2 modify-transit-gateway --transit-gateway-id ID --options AutoAcceptSharedAttachments=disable.
    """
    if gateway.owner_id != scope.account:
        return not_applicable(f"it belongs to the account {gateway.owner_id}")
    if gateway.state in ("deleting", "deleted"):
        return not_applicable(f"it is {gateway.state}")
    accept = gateway.options.auto_accept_shared_attachments
    if accept == "disable":
        return passed("attachments are accepted by hand")
    if accept == "enable":
        return failed("attachments are accepted by themselves")
    return inconclusive(f"AWS says {accept!r} of attachments of other accounts")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.LOW,
    needs=[Subnet, RouteTable],
    known_as=[
        "prowler:vpc_subnet_separate_private_public",
        "powerpipe:vpc_subnet_public_and_private",
    ],
)
def aws_vpc_tiered_subnets(vpc: Vpc, scope: Scope, evidence: Evidence) -> Verdict:
    """VPCs have subnets that the internet does not route to.

    A subnet whose way out leads through a firewall or another machine counts as neither: what passes there is
    not looked into. One that VPC Block Public Access keeps the internet away from is private, whatever its routes.

    Why: databases and workers need a place where a public address alone opens nothing.
    Fix: make subnets whose route table has no internet gateway, and move what serves nobody outside.
    """
    if shared := _shared(vpc, scope):
        return shared
    subnets = [s for s in evidence.here(Subnet) if s.vpc_id == vpc.vpc_id]
    if not subnets:
        return not_applicable("no subnets")
    tables = [t for t in evidence.here(RouteTable) if t.vpc_id == vpc.vpc_id]
    own = {subnet: table for table in tables for subnet in table.subnets}
    main = next((table for table in tables if table.is_main), None)
    private: list[str] = []
    unclear: list[str] = []
    on: dict[str, RouteTable] = {}
    for subnet in subnets:
        table = own.get(subnet.subnet_id, main)
        if table is None:
            return inconclusive(f"no route table of {subnet.subnet_id} is among those collected")
        on[table.route_table_id] = table
        if table.to_internet and not subnet.blocked:
            continue
        (unclear if table.through_appliance() else private).append(subnet.subnet_id)
    seen = [*subnets, *on.values()]
    if private:
        said = f"{len(private)} of {len(subnets)} subnets are private: {listed(private)}"
        return passed(said, on=seen)
    if unclear:
        said = f"{listed(unclear)} leads to the internet through a firewall or another machine"
        return inconclusive(said, on=seen)
    return failed(f"all of its {len(subnets)} subnets are public", on=seen)
