"""GuardDuty: whether anybody is watching, and whether anybody listens."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.guardduty import Detector, Finding
from soc2_collectors.aws.models.organizations import Membership
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_CRITICAL, _HIGH = 9.0, 7.0
"""Where GuardDuty's severities begin."""


@rule(
    criteria=["CC7.2", "CC7.1", "CC6.8", "CC7.3"],
    severity=Severity.HIGH,
    empty=failed("GuardDuty has no detector in this region"),
    known_as=[
        "prowler:guardduty_is_enabled",
        "powerpipe:guardduty_enabled",
    ],
)
def aws_guardduty_on(detector: Detector) -> Verdict:
    """GuardDuty is on in every enabled region.

    Why: attackers like regions that nobody watches.
    Fix: aws guardduty create-detector --enable in the region, or enable it for the organisation.
    """
    status = detector.details.status
    if status == "ENABLED":
        return passed("enabled")
    if status == "DISABLED":
        return failed("the detector is suspended")
    return inconclusive(f"the detector's status is {status}")


@rule(
    criteria=["CC7.2", "CC6.8"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:guardduty_s3_protection_enabled",
        "prowler:guardduty_eks_audit_log_enabled",
        "prowler:guardduty_runtime_monitoring_enabled",
        "prowler:guardduty_ec2_malware_protection_enabled",
        "prowler:guardduty_rds_protection_enabled",
        "prowler:guardduty_lambda_protection_enabled",
        "powerpipe:guardduty_detector_s3_protection_enabled",
        "powerpipe:guardduty_detector_ec2_malware_protection_enabled",
    ],
)
def aws_guardduty_plans(
    detector: Detector,
    *,
    plans: tuple[str, ...] = (
        "S3_DATA_EVENTS",
        "EKS_AUDIT_LOGS",
        "EBS_MALWARE_PROTECTION",
        "RDS_LOGIN_EVENTS",
        "LAMBDA_NETWORK_LOGS",
        "RUNTIME_MONITORING",
    ),
) -> Verdict:
    """The protection plans of GuardDuty that are asked for are on, and its detector runs.

    Plans that are off and not in ``plans`` are named in the message. Runtime Monitoring sees what an agent runs
    on. Where GuardDuty does not install agents by itself, the message names it: whether somebody did by
    hand is not read.

    Why: without its plan GuardDuty does not see a service at all.
    Fix: aws guardduty update-detector --detector-id ID --enable --features
        '[{"Name": "RUNTIME_MONITORING", "Status": "ENABLED"}]'; take the plans of services that are not used
        here out of plans, with the reason.
    """
    status = detector.details.status
    if status == "DISABLED":
        return failed("the detector is suspended: no plan does anything")
    features = detector.details.features
    if features is None:
        return inconclusive("AWS does not say which plans are on")
    told = {feature.name: feature.status for feature in features}
    if off := [plan for plan in plans if told.get(plan, "ENABLED") == "DISABLED"]:
        return failed(f"off: {', '.join(off)}")
    if unsaid := [plan for plan in plans if told.get(plan) != "ENABLED"]:
        return inconclusive(
            f"AWS does not say that these are on, or offered here: {', '.join(unsaid)}"
        )
    if status != "ENABLED":
        return inconclusive(f"the detector's status is {status}")
    without = [
        addition.name
        for feature in features
        if feature.name in plans
        for addition in feature.additional_configuration
        if addition.status != "ENABLED"
    ]
    agents = [name for name in without if name.endswith("_MANAGEMENT")]
    more = f"; not installed by GuardDuty: {', '.join(agents)}" if agents else ""
    parts = [name for name in without if name not in agents]
    more += f"; off within a plan: {', '.join(parts)}" if parts else ""
    asked = (*plans, *_FOUNDATION, *_REPLACED)
    others = [name for name, state in told.items() if state != "ENABLED" and name not in asked]
    more += f"; off, and not asked for: {', '.join(others)}" if others else ""
    return passed(f"on: {', '.join(plans)}{more}")


_FOUNDATION = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
"""What every detector reads: nobody can switch it off (GuardDuty API, DetectorFeatureConfiguration)."""
_REPLACED = ("EKS_RUNTIME_MONITORING",)
"""A plan that Runtime Monitoring holds in itself."""


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.HIGH,
    empty=not_applicable("no finding is open here, or GuardDuty is off: see aws-guardduty-on"),
    known_as=[
        "prowler:guardduty_no_high_severity_findings",
        "powerpipe:guardduty_finding_archived",
        "powerpipe:guardduty_no_high_severity_findings",
    ],
)
def aws_guardduty_findings_sla(
    finding: Finding, now: datetime, *, critical_days: int = 1, high_days: int = 7
) -> Verdict:
    """Critical and high findings of GuardDuty are handled in time, then archived.

    What a suppression rule archives by itself is archived, and is not asked about.

    Why: a finding that nobody looked at is an alarm that rang in an empty house.
    Fix: look into it, do what it takes, and archive it: aws guardduty archive-findings.
    """
    if finding.severity < _HIGH:
        return not_applicable(f"its severity is {finding.severity:g}")
    if finding.service.archived:
        return passed(f"{finding.type} is archived")
    days = critical_days if finding.severity >= _CRITICAL else high_days
    due = days_after(finding.created_at, days)
    said = (
        f"{finding.type}, severity {finding.severity:g}, "
        f"open since {finding.created_at:%Y-%m-%d}, due {due:%Y-%m-%d}"
    )
    return passed(said, until=due) if now < due else failed(said)


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    needs=[Membership],
    known_as=[
        "prowler:guardduty_centrally_managed",
        "prowler:guardduty_delegated_admin_enabled_all_regions",
        "powerpipe:guardduty_centrally_configured",
    ],
)
def aws_guardduty_central(detector: Detector, evidence: Evidence) -> Verdict:
    """Detectors report to an administrator's account; its own switches GuardDuty on for new accounts.

    GuardDuty policies of AWS Organizations, which can do so in its place, are not read.

    Why: an attacker who owns an account can switch its own detector off, and not a managed one.
    Fix: aws guardduty enable-organization-admin-account in the management account; aws guardduty
        update-organization-configuration --detector-id ID --auto-enable-organization-members ALL.
    """
    memberships = evidence.account(Membership)
    if memberships and all(item.organization is None for item in memberships):
        return not_applicable("in no organisation")
    if detector.details.status == "DISABLED":
        return failed("the detector is suspended: it finds nothing that it could report")
    administrator = detector.administrator
    if administrator is not None and administrator.account_id:
        if administrator.relationship_status.upper() == "ENABLED":
            return _told(detector) or passed(f"reports to {administrator.account_id}")
        state = administrator.relationship_status or "no status is told"
        return failed(f"{administrator.account_id}: {state}")
    if detector.organization is None:
        return failed("reports to nobody")
    if detector.organization.member_account_limit_reached:
        return failed(
            "the administrator, and it has as many accounts as AWS allows: others are left out"
        )
    automatic = detector.organization.auto_enable_organization_members
    if automatic is None:
        return inconclusive("the administrator; AWS does not say what happens to new accounts")
    if automatic in ("ALL", "NEW"):
        told = f"the administrator; switched on for {automatic.lower()} accounts"
        return _told(detector) or passed(told)
    if detector.details.by_policy:
        return inconclusive(
            "the administrator; a policy of the organisation manages GuardDuty, and whether it reaches new accounts "
            "was not read"
        )
    return failed("the administrator, and new accounts are left out")


def _told(detector: Detector) -> Verdict | None:
    """What to say where nobody knows whether a detector runs."""
    status = detector.details.status
    return None if status == "ENABLED" else inconclusive(f"the detector's status is {status}")
