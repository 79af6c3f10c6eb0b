"""VPC: networks, and the ways between them."""

from __future__ import annotations

from soc2_collectors.aws.models.network import prefix_length
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
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.6", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[FlowLog],
    known_as=[
        "prowler:vpc_flow_logs_enabled",
        "powerpipe:vpc_flow_logs_enabled",
    ],
)
def aws_vpc_flow_logs(vpc: Vpc, evidence: Evidence) -> Verdict:
    """Every VPC has an active flow log of rejected or of all traffic.

    Why: without it nobody can tell afterwards who talked to whom.
    Fix: aws ec2 create-flow-logs --resource-type VPC --traffic-type REJECT.
    """
    logs = evidence.index(FlowLog, "resource_id", within="here").get(vpc.vpc_id, ())
    problems: list[str] = []
    for log in logs:
        if log.flow_log_status != "ACTIVE":
            problems.append(f"{log.flow_log_id} is not active")
        elif log.traffic_type not in ("REJECT", "ALL"):
            problems.append(f"{log.flow_log_id} leaves rejects out")
        elif log.deliver_logs_status == "FAILED":
            problems.append(f"{log.flow_log_id} cannot deliver: {log.deliver_logs_error_message}")
        else:
            return passed(f"flow log {log.flow_log_id} records {log.traffic_type}")
    return failed("; ".join(sorted(problems)) if problems else "no flow log")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:vpc_subnet_no_public_ip_by_default",
        "powerpipe:vpc_subnet_auto_assign_public_ip_disabled",
    ],
)
def aws_subnet_no_auto_public_ip(subnet: Subnet) -> Verdict:
    """Subnets do not give public addresses by themselves.

    Why: a machine gets on the internet only because somebody decided so.
    Fix: aws ec2 modify-subnet-attribute --no-map-public-ip-on-launch.
    """
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
def aws_nacl_admin_ports(acl: NetworkAcl, *, ports: tuple[int, ...] = (22, 3389)) -> Verdict:
    """Network access lists do not admit administration from any address.

    Why: it is the second line: it holds where somebody opens a security group by mistake.
    Fix: aws ec2 create-network-acl-entry with a lower number and --rule-action deny for ports 22 and
        3389, or replace the entry that admits everything.
    """
    if not acl.associations:
        return not_applicable("no subnet uses it")
    found = [port for port in ports if acl.open_to_world(port)]
    if found:
        return failed(f"admits every address on tcp {', '.join(map(str, found))}")
    return passed("admits no such port from every address")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:vpc_igw_attached_to_authorized_vpc"],
)
def aws_igw_authorized(gateway: InternetGateway, *, approved_vpcs: tuple[str, ...] = ()) -> Verdict:
    """Internet gateways are attached to approved VPCs only.

    Why: a gateway is what makes a network part of the internet; that should be somebody's decision.
    Fix: list the VPC in approved_vpcs with the record of the decision, or aws ec2
        detach-internet-gateway.
    """
    attached = sorted(a.vpc_id for a in gateway.attachments if a.vpc_id)
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
    """Peering connections lead to known accounts, by routes to specific networks.

    Why: a peering joins two networks as if they were one; what it is not for should not pass.
    Fix: replace the route by narrower ones (aws ec2 replace-route), or list the peer's account in
        known_accounts.
    """
    if peering.status.code != "active":
        return not_applicable(f"the connection is {peering.status.code}")
    owners = {peering.accepter.owner_id, peering.requester.owner_id}
    strangers = sorted(owners - {scope.account, *known_accounts})
    if strangers:
        return failed(f"leads to the unknown account {', '.join(strangers)}")
    wide = sorted(
        cidr
        for table in evidence.here(RouteTable)
        for route in table.routes
        if route.vpc_peering_connection_id == peering.vpc_peering_connection_id
        and (cidr := route.destination_cidr_block) is not None
        and (prefix_length(cidr) or 0) < shortest_prefix
    )
    if wide:
        return failed(f"routes to {', '.join(wide)}, wider than /{shortest_prefix}")
    return passed("known accounts, specific routes")


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
    Fix: aws ec2 modify-transit-gateway --options AutoAcceptSharedAttachments=disable.
    """
    if gateway.owner_id and gateway.owner_id != scope.account:
        return not_applicable(f"it belongs to the account {gateway.owner_id}")
    if gateway.options.auto_accept_shared_attachments == "disable":
        return passed("attachments are accepted by hand")
    return failed("attachments are accepted by themselves")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.LOW,
    needs=[Subnet, RouteTable],
    known_as=[
        "prowler:vpc_subnet_separate_private_public",
        "powerpipe:vpc_subnet_public_and_private",
    ],
)
def aws_vpc_tiered_subnets(vpc: Vpc, evidence: Evidence) -> Verdict:
    """VPCs have subnets that the internet does not route to.

    Why: databases and workers need a place where a public address alone opens nothing.
    Fix: make subnets whose route table has no internet gateway, and move what serves nobody outside.
    """
    subnets = [s for s in evidence.here(Subnet) if s.vpc_id == vpc.vpc_id]
    if not subnets:
        return not_applicable("no subnets")
    tables = [t for t in evidence.here(RouteTable) if t.vpc_id == vpc.vpc_id]
    own = {a.subnet_id: table for table in tables for a in table.associations if a.subnet_id}
    main = next((t for t in tables if any(a.main for a in t.associations)), None)
    private = 0
    for subnet in subnets:
        table = own.get(subnet.subnet_id, main)
        if table is None:
            return inconclusive(f"no route table of {subnet.subnet_id} is among those collected")
        if not table.to_internet:
            private += 1
    if private:
        return passed(f"{private} of {len(subnets)} subnets are private")
    return failed(f"all of its {len(subnets)} subnets are public")
