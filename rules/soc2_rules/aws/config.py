"""AWS Config: the history of what was changed."""

from __future__ import annotations

from soc2_collectors.aws.models.config import Aggregator, Recorder
from soc2_collectors.aws.models.organizations import Organization
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.HIGH,
    empty=failed("AWS Config has no recorder in this region"),
    known_as=[
        "prowler:config_recorder_all_regions_enabled",
        "powerpipe:config_enabled_all_regions",
        "powerpipe:config_configuration_recorder_no_failed_deliver_logs",
    ],
)
def aws_config_recorder_on(recorder: Recorder) -> Verdict:
    """AWS Config records all resource types in every region.

    Why: it is the history of what was changed, and when.
    Fix: aws configservice start-configuration-recorder with allSupported=true.
    """
    status = recorder.status
    if status is None or not status.recording:
        return failed("the recorder is stopped")
    group = recorder.recording_group
    if group is None or not group.all_supported:
        without = group.exclusion_by_resource_types if group else None
        if without is not None and without.resource_types:
            return failed(f"not recorded: {', '.join(sorted(without.resource_types))}")
        return failed("not all resource types are recorded")
    if (status.last_status or "").lower() == "failure":
        return failed(f"the last delivery failed: {status.last_error_code or 'no reason given'}")
    return passed("records all resource types")


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    needs=[Aggregator],
    known_as=["prowler:config_delegated_admin_and_org_aggregator_all_regions"],
)
def aws_config_aggregator(organization: Organization, evidence: Evidence) -> Verdict:
    """An aggregator of AWS Config collects every account and Region of the organisation.

    Why: what was changed where is asked in one place, or it is asked too late.
    Fix: aws configservice put-configuration-aggregator --organization-aggregation-source
        AllAwsRegions=true in the delegated administrator's account.
    """
    found = [item for item in evidence.everywhere(Aggregator) if item.organization]
    whole = sorted({a.name for a in found if a.organization and a.organization.all_aws_regions})
    if whole:
        return passed(f"{', '.join(whole)} collects all accounts and Regions")
    if found:
        names = ", ".join(sorted({item.name for item in found}))
        return failed(f"{names} collects all accounts of {organization.id}, but some Regions only")
    return failed(f"no aggregator collects all accounts of {organization.id}")
