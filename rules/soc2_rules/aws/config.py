"""AWS Config: the history of what was changed."""

from __future__ import annotations

from soc2_collectors.aws.models.config import Aggregator, Recorder
from soc2_collectors.aws.models.organizations import Organization
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.HIGH,
    needs=[Recorder],
    empty=failed("AWS Config has no recorder in this Region"),
    known_as=[
        "prowler:config_recorder_all_regions_enabled",
        "powerpipe:config_enabled_all_regions",
        "powerpipe:config_configuration_recorder_no_failed_deliver_logs",
    ],
)
def aws_config_recorder_on(recorder: Recorder, evidence: Evidence) -> Verdict:
    """AWS Config records all resource types in every Region.

    Users, groups, roles and policies of IAM have no Region: one recorder of the account records them.

    Why: it is the history of what was changed, and when.
    Fix: aws configservice put-configuration-recorder --configuration-recorder name=default,roleARN=ROLE
        --recording-group allSupported=true,includeGlobalResourceTypes=true, then aws configservice
        start-configuration-recorder --configuration-recorder-name default.
    """
    if recorder.service_principal:
        return not_applicable(f"records for {recorder.service_principal} alone")
    status, group = recorder.status, recorder.recording_group
    if status is None or not status.recording:
        return failed("the recorder is stopped")
    if group is None or group.whole is False:
        left_out = ", ".join(group.left_out) if group else ""
        return failed(
            f"not recorded: {left_out}" if left_out else "not all resource types are recorded"
        )
    if status.last == "failure":
        return failed(f"the last recording failed: {status.last_error_code or 'no reason given'}")
    undelivered = _undelivered(recorder)
    if undelivered is not None:
        return undelivered
    if group.whole is None:
        return inconclusive(f"records by the strategy {group.strategy}, which is not known")
    if status.last != "success":
        return inconclusive(f"its last status is {status.last_status}: nothing was recorded yet")
    often = (
        _OFTEN.get(recorder.recording_mode.recording_frequency) if recorder.recording_mode else ""
    )
    if often is None:
        return inconclusive("how often it records is not known")
    of_iam = [one for one in evidence.account(Recorder) if one.records_global]
    if not group.records_global and not of_iam:
        return failed("no recorder of the account records users, roles and policies of IAM")
    where = "" if group.records_global else "; those of IAM in another Region"
    return passed(
        f"records all resource types{often}{where}", on=[] if group.records_global else of_iam
    )


def _undelivered(recorder: Recorder) -> Verdict | None:
    """What is wrong with where the history goes."""
    if not recorder.channels:
        return failed("there is no delivery channel")
    deliveries = [channel.history for channel in recorder.channels if channel.history]
    for delivery in deliveries:
        if delivery.last == "failure":
            return failed(
                f"the last delivery failed: {delivery.last_error_code or 'no reason given'}"
            )
    if any(delivery.last not in ("success", "notapplicable") for delivery in deliveries):
        return inconclusive("how the last delivery ended is not known")
    return None


_OFTEN = {"CONTINUOUS": "", "DAILY": ", once a day"}


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    needs=[Aggregator],
    known_as=["prowler:config_delegated_admin_and_org_aggregator_all_regions"],
)
def aws_config_aggregator(organization: Organization, evidence: Evidence) -> Verdict:
    """An aggregator of AWS Config collects every account and Region of the organisation.

    Why: what was changed where is asked in one place, or it is asked too late.
    Fix: aws configservice put-configuration-aggregator --configuration-aggregator-name all
        --organization-aggregation-source RoleArn=ROLE,AllAwsRegions=true in the delegated administrator's
        account.
    """
    found = [item for item in evidence.everywhere(Aggregator) if item.organization]
    problems = {item.name: _problem(item) for item in found}
    whole = [item for item in found if problems[item.name] is None]
    if whole:
        names = ", ".join(sorted({item.name for item in whole}))
        return passed(f"{names} collects all accounts and Regions", on=whole)
    if found:
        said = "; ".join(f"{name} {problem}" for name, problem in sorted(problems.items()))
        return failed(f"not all accounts and Regions of {organization.id}: {said}", on=found)
    return failed(f"no aggregator collects all accounts of {organization.id}")


def _problem(aggregator: Aggregator) -> str | None:
    """Why an aggregator of the organisation does not have everything."""
    if not aggregator.organization or not aggregator.organization.all_aws_regions:
        return "collects some Regions only"
    if aggregator.narrowed_to:
        return f"collects {', '.join(aggregator.narrowed_to)} only"
    failing = [one for one in aggregator.failing if one.source_type == "ORGANIZATION"]
    if failing:
        return f"cannot read the organisation: {failing[0].last_error_code or 'no reason given'}"
    return None
