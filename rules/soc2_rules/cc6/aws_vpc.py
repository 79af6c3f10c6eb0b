"""VPC: networks that let out no more than they should."""

from __future__ import annotations

from soc2_collectors.aws.models.vpc import FlowLog, Subnet, Vpc
from soc2_pac.model import Severity, Verdict, failed, passed
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
    good = [
        log
        for log in logs
        if log.flow_log_status == "ACTIVE" and log.traffic_type in ("REJECT", "ALL")
    ]
    if good:
        return passed(f"flow log {good[0].flow_log_id} records {good[0].traffic_type}")
    return failed("its flow logs are not active or leave rejects out" if logs else "no flow log")


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
