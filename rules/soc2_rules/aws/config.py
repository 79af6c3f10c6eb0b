"""AWS Config: the history of what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.config import (
    GLOBAL_CLUSTERS,
    GLOBAL_TYPES,
    Aggregator,
    Recorder,
    RecordingGroup,
)
from soc2_collectors.aws.models.organizations import Membership, Organization
from soc2_collectors.aws.models.policy import account_of
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_organizations import (
    ADMINISTRATORS,
    delegated,
    organization_of,
)
from soc2_rules.mechanisms.undecided import problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.rules import Whole


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
def aws_config_recorder_on(recorder: Recorder, evidence: Evidence, scope: Scope) -> Verdict:
    """AWS Config records all resource types in every Region.

    Users, groups, roles and policies of IAM have no Region: one recorder of the account records them, in a
    Region where AWS Config was before February 2022. In later ones it cannot. The others may leave those types out,
    and so may all Regions but one leave out Aurora's global clusters.

    Why: it is the history of what was changed, and when.
    Fix: aws configservice put-configuration-recorder --configuration-recorder name=default,roleARN=ROLE
        --recording-group allSupported=true,includeGlobalResourceTypes=true, then aws configservice
        start-configuration-recorder --configuration-recorder-name default.
    """
    if recorder.of_another:
        if all(one.of_another for one in evidence.here(Recorder)):
            return failed(f"the only recorder of the Region records for {recorder.of_another}")
        return not_applicable(f"records for {recorder.of_another} alone")
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
    found = problems(
        [
            lambda: _undelivered(recorder),
            lambda: _without_iam(recorder, evidence, scope),
            lambda: _without_global_clusters(group, evidence),
        ]
    )
    if found:
        return failed("; ".join(found))
    where = _of_iam(recorder, evidence, scope)
    unknown = _unknown(recorder, group) or (None if any(map(_early, where)) else _untold(where))
    if unknown:
        return inconclusive(unknown)
    often = ", once a day" if _daily(recorder) else ""
    if scope.region in where and _early(scope.region):
        return passed(f"records all resource types{often}")
    return passed(
        f"records all resource types{often}; those of IAM in another Region",
        on=[one for region, found in where.items() if _early(region) for one in found],
    )


def _undelivered(recorder: Recorder) -> str | None:
    """What is wrong with where the history goes."""
    if not recorder.channels:
        return "there is no delivery channel"
    for channel in recorder.channels:
        if channel.history is not None and channel.history.last == "failure":
            return (
                f"the last delivery failed: {channel.history.last_error_code or 'no reason given'}"
            )
    return None


def _without_iam(recorder: Recorder, evidence: Evidence, scope: Scope) -> str | None:
    if any(_early(region) is not False for region in _of_iam(recorder, evidence, scope)):
        return None
    group = recorder.recording_group
    without = sorted(GLOBAL_TYPES & set(group.left_out)) if group is not None else []
    here = f"; this one leaves out {', '.join(without)}" if without else ""
    return f"no recorder of the account records users, roles and policies of IAM{here}"


def _without_global_clusters(group: RecordingGroup, evidence: Evidence) -> str | None:
    if GLOBAL_CLUSTERS not in group.left_out:
        return None
    if any(one.records_global_clusters for one in evidence.account(Recorder)):
        return None
    return f"no recorder of the account records {GLOBAL_CLUSTERS}"


def _of_iam(recorder: Recorder, evidence: Evidence, scope: Scope) -> dict[str, list[Recorder]]:
    """Regions of the account whose recorder is set to record users, roles and policies of IAM."""
    own = {scope.region or "": [recorder]} if recorder.records_global else {}
    if own and _early(scope.region):
        return own
    _ = evidence.account(Recorder)  # raises where a Region was not read
    return {**evidence.derived(_global_by_account).get(scope.account, {}), **own}


def _global_by_account(whole: Whole) -> dict[str, dict[str, list[Recorder]]]:
    found: dict[str, dict[str, list[Recorder]]] = {}
    for scope, one in whole.placed(Recorder).resources:
        if one.records_global:
            found.setdefault(scope.account, {}).setdefault(scope.region or "", []).append(one)
    return found


def _early(region: str | None) -> bool | None:
    """Whether AWS Config records the types of IAM in a Region; ``None``: nobody can tell."""
    return True if region in _EARLY else False if region in _LATE else None


def _untold(where: Iterable[str]) -> str:
    return f"whether AWS Config records users, roles and policies of IAM in {', '.join(where)} is not known"


_EARLY = frozenset(
    {
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-east-1", "ap-south-1",
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ca-central-1", "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3",
        "eu-north-1", "eu-south-1", "me-south-1", "sa-east-1", "us-gov-east-1", "us-gov-west-1",
        "cn-north-1", "cn-northwest-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1",
    }
)  # fmt: skip
"""Regions where AWS Config was before February 2022, when it stopped to record the types of IAM in new ones."""
_LATE = frozenset(
    {
        "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-east-2",
        "ca-west-1", "eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1",
    }
)  # fmt: skip
"""Later ones: a recorder there leaves the types of IAM out, whatever it says (API reference, RecordingGroup)."""


def _unknown(recorder: Recorder, group: RecordingGroup) -> str | None:
    """What is neither good nor bad."""
    status = recorder.status
    if group.whole is None:
        return f"records by the strategy {group.strategy}, which is not known"
    if status is not None and status.last != "success":
        return f"its last status is {status.last_status}: nothing was recorded yet"
    ended = [channel.history.last for channel in recorder.channels if channel.history]
    if any(one not in ("success", "notapplicable") for one in ended):
        return "how the last delivery ended is not known"
    mode = recorder.recording_mode
    if mode is not None and mode.recording_frequency not in ("CONTINUOUS", "DAILY"):
        return f"records with the frequency {mode.recording_frequency}, which is not known"
    return None


def _daily(recorder: Recorder) -> bool:
    mode = recorder.recording_mode
    return mode is not None and mode.recording_frequency == "DAILY"


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    needs=[Aggregator, *ADMINISTRATORS],
    known_as=["prowler:config_delegated_admin_and_org_aggregator_all_regions"],
)
def aws_config_aggregator(organization: Organization, evidence: Evidence) -> Verdict:
    """An aggregator of AWS Config collects every account and Region of the organisation.

    It may stand in the account of a delegated administrator, which must be a source, too.

    Why: what was changed where is asked in one place, or it is asked too late.
    Fix: aws configservice put-configuration-aggregator --configuration-aggregator-name all
        --organization-aggregation-source RoleArn=ROLE,AllAwsRegions=true in the delegated administrator's
        account.
    """
    found: list[Aggregator] = []
    unknown: list[str] = []
    for item in evidence.everywhere(Aggregator):
        if not item.organization:
            continue
        whose = organization_of(account_of(item.arn), evidence)
        if whose == organization.id:
            found.append(item)
        elif whose is None:
            unknown.append(item.name)
    problems = {item.name: _problem(item) for item in found}
    whole = [item for item in found if problems[item.name] is None]
    if whole:
        names = ", ".join(sorted({item.name for item in whole}))
        return passed(f"{names} collects all accounts and Regions", on=whole)
    if unknown:
        told = ", ".join(sorted(unknown))
        return inconclusive(f"of which organisation {told} collects is not known")
    admins = delegated(organization.id, "config.amazonaws.com", evidence)
    known = evidence.index(Membership, "account_id", within="everywhere")
    if unread := [one for one in admins if one not in known]:
        return inconclusive(
            f"no aggregator that was read collects all accounts; account {', '.join(unread)}, which"
            " administers AWS Config for the organisation, was not read"
        )
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
