"""Alerts: is somebody notified when these events happen in a project?

An event counts where :mod:`soc2_rules.mechanisms.notified_gcp` finds a way from the audit log's entry to a
channel that people read. Filters are evaluated on a sample of each event, not compared with a text; one that
asks for what is not the same in every such entry (who called, say) leaves some of them out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.models.monitoring import AlertPolicy
from soc2_collectors.gcp.models.project import Project
from soc2_collectors.gcp.models.values import unread_above
from soc2_collectors.samples import ABSENT, Varies
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import notified
from soc2_rules.mechanisms.notified_gcp import CHANNEL_NEEDS, NEEDS, Event, reached_by
from soc2_rules.mechanisms.notified_gcp import notified as way
from soc2_rules.mechanisms.undecided import undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NONE = inconclusive("the inventory shows no project")
_WHO = Varies(examples=("anna@acme.example", "ci@acme-prod.iam.gserviceaccount.com"))


def _entry(service: str, method: str, sort: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """What Cloud Audit Logs write of a change; ``{}`` stands for the project's id."""
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": f"{service}.googleapis.com",
        "methodName": method,
        "authenticationInfo": {"principalEmail": _WHO},
    }
    return {
        "logName": "projects/{}/logs/cloudaudit.googleapis.com%2Factivity",
        "severity": "NOTICE",
        "resource": {"type": sort, "labels": {"project_id": "{}"}},
        "textPayload": ABSENT,
        "jsonPayload": ABSENT,
        "protoPayload": {**payload, **more.pop("payload", {})},
        **more,
    }


def _event(*entries: dict[str, Any]) -> Event:
    """A change of which one entry is written, by each of several methods."""
    return Event(tuple((entry,) for entry in entries))


def _policy(**delta: Any) -> Event:  # noqa: ANN401
    nothing = {"bindingDeltas": ABSENT, "auditConfigDeltas": ABSENT}
    payload = {"serviceData": {"policyDelta": {**nothing, **delta}}}
    return _event(_entry("cloudresourcemanager", "SetIamPolicy", "project", payload=payload))


def _owner(action: str) -> Event:
    member = Varies(examples=("user:anna@acme.example", "group:admins@acme.example"))
    return _policy(bindingDeltas=[{"action": action, "role": "roles/owner", "member": member}])


_OWNERS = {"an owner is added": _owner("ADD"), "an owner is removed": _owner("REMOVE")}
_TYPES = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
_AUDIT = {
    "audit logs are switched": _policy(
        auditConfigDeltas=[
            {
                "action": Varies(examples=("REMOVE", "ADD")),
                "service": Varies(examples=("allServices", "storage.googleapis.com")),
                "logType": Varies(examples=_TYPES),
            }
        ]
    )
}
_IAM = {
    **{
        f"{name} of a custom role": _event(_entry("iam", f"google.iam.admin.v1.{name}", "iam_role"))
        for name in ("CreateRole", "UpdateRole", "DeleteRole")
    },
    "a bucket's permissions": _event(_entry("storage", "storage.setIamPermissions", "gcs_bucket")),
}


def _compute(sort: str, collection: str, *names: str) -> dict[str, Event]:
    """``firewalls.insert`` -> the entries at its beginning and its end, by each version of the API."""
    return {
        f"{collection}.{name}": Event(
            tuple(
                tuple(
                    _entry(
                        "compute",
                        f"{version}.compute.{collection}.{name}",
                        sort,
                        operation=operation,
                    )
                    for operation in (
                        {"first": True, "last": ABSENT},
                        {"first": ABSENT, "last": True},
                    )
                )
                for version in ("v1", "beta")
            )
        )
        for name in names
    }


_NETWORK = {
    **_compute("gce_firewall_rule", "firewalls", "insert", "patch", "delete"),
    **_compute("gce_route", "routes", "insert", "delete"),
    **_compute(
        "gce_network", "networks", "insert", "patch", "delete", "addPeering", "removePeering"
    ),
}
_SYSTEMS = {
    "an instance of Cloud SQL": _event(
        _entry("cloudsql", "cloudsql.instances.update", "cloudsql_database")
    ),
    **_compute("gce_instance", "instances", "insert", "delete", "setMetadata"),
}
"""What the CIS Google Cloud Foundation Benchmark asks alerts for, and changes of machines."""


def _judged(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    events: Mapping[str, Event],
    reaches_people: Sequence[str],
    not_needed: Sequence[str] = (),
) -> Verdict:
    if not project.active:
        return not_applicable("the project is marked for deletion")
    ways = {
        name: way(project, event, evidence, now, reaches_people) for name, event in events.items()
    }
    said = notified.verdict(ways, not_needed)
    unread = unread_above(scope.boundary, project.ancestors)
    if said.status is Status.FAIL and unread:
        return inconclusive(f"{said.message}; {unread}")
    if said.status is Status.PASS and unread:
        # A sink up there may intercept entries before anything of the project sees them.
        return replace(said, message=f"{said.message}; {unread}")
    return said


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_project_ownership_changes_enabled",
        "powerpipe:logging_metric_alert_project_ownership_assignment",
    ],
    empty=_NONE,
)
def gcp_alert_owner_change(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    *,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when a project gets another owner.

    By the project's own policy: who becomes owner of a folder or the organisation above is not asked. Where
    a sink passes entries on to another project, deny policies that keep it from writing there are not read.
    ``reaches_people`` takes patterns for names of channels (of Pub/Sub, say) that pass on to people what is
    sent to them; a program that is not named is not taken for a person.

    Why: an owner can give themselves everything else that is in the project.
    Fix: a log-based metric on policyDelta.bindingDeltas with roles/owner (gcloud logging metrics create),
        and an alert policy on it with a channel that is verified.
    """
    return _judged(project, evidence, scope, now, _OWNERS, reaches_people)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_audit_configuration_changes_enabled",
        "powerpipe:logging_metric_alert_audit_configuration_changes",
    ],
    empty=_NONE,
)
def gcp_alert_audit_config(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    *,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when audit logs are switched.

    By the project's own policy: what is set on a folder or the organisation above is not asked. For
    ``reaches_people`` see gcp-alert-owner-change.

    Why: who wants not to be seen switches the light off first.
    Fix: a log-based metric on methodName="SetIamPolicy" AND
        protoPayload.serviceData.policyDelta.auditConfigDeltas:*, and an alert policy on it with a channel.
    """
    return _judged(project, evidence, scope, now, _AUDIT, reaches_people)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_custom_role_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_bucket_permission_changes_enabled",
        "powerpipe:logging_metric_alert_custom_role_changes",
        "powerpipe:logging_metric_alert_storage_iam_permission_changes",
    ],
    empty=_NONE,
)
def gcp_alert_iam_changes(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when custom roles are made, updated or deleted, or a bucket's policy is changed.

    Of the project: custom roles of the organisation are not asked.
    ``not_needed`` names events, as the messages do, that nobody wants to be notified of. For
    ``reaches_people`` see gcp-alert-owner-change.

    Why: these are the changes by which somebody gets at data without being given an account.
    Fix: log-based metrics on resource.type="iam_role" and on
        protoPayload.methodName="storage.setIamPermissions", and an alert policy on each with a channel.
    """
    return _judged(project, evidence, scope, now, _IAM, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_vpc_firewall_rule_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_vpc_network_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_vpc_network_route_changes_enabled",
        "powerpipe:logging_metric_alert_firewall_rule_changes",
        "powerpipe:logging_metric_alert_network_changes",
        "powerpipe:logging_metric_alert_network_route_changes",
    ],
    empty=_NONE,
)
def gcp_alert_network_changes(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when VPC firewall rules, routes or networks are made, patched or deleted, or peered.

    Firewall policies are not asked for. ``not_needed`` names events (``networks.addPeering``) that nobody
    wants to be notified of. For ``reaches_people`` see gcp-alert-owner-change.

    Why: the wall between inside and outside is a list that one call changes.
    Fix: log-based metrics on resource.type of gce_firewall_rule, gce_route and gce_network, and an alert
        policy on each with a channel.
    """
    return _judged(project, evidence, scope, now, _NETWORK, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_sql_instance_configuration_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_compute_configuration_changes_enabled",
        "powerpipe:logging_metric_alert_sql_instance_configuration_changes",
    ],
    empty=_NONE,
)
def gcp_alert_sql_compute_changes(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when a Cloud SQL instance is updated, or a machine made, deleted or given metadata.

    ``not_needed`` names events (``instances.insert``) that nobody wants to be notified of. For
    ``reaches_people`` see gcp-alert-owner-change.

    Why: a backup that is switched off, or a machine that appears, is a change that somebody should know of.
    Fix: log-based metrics on protoPayload.methodName="cloudsql.instances.update" and on
        protoPayload.methodName:"compute.instances", and an alert policy on each with a channel.
    """
    return _judged(project, evidence, scope, now, _SYSTEMS, reaches_people, not_needed)


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=CHANNEL_NEEDS,
    empty=failed("there is no alert policy: nobody is notified of anything"),
)
def gcp_alert_channels_live(
    policy: AlertPolicy,
    evidence: Evidence,
    now: datetime,
    *,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Alert policies that are on reach somebody.

    A channel counts that people read, that is on, and that is verified where Google verifies its sort. For
    ``reaches_people`` see gcp-alert-owner-change.

    Why: an alert without a channel is a line in a console that nobody has open.
    Fix: gcloud alpha monitoring policies update POLICY --add-notification-channels CHANNEL; verify the
        channel in the console.
    """
    if policy.policy.enabled is False:
        return not_applicable("the alert policy is off")
    found = reached_by(policy, evidence, now, reaches_people)
    if found.answer:
        return passed(f"reaches {', '.join(found.why)}", until=found.until, on=found.on)
    why = "; ".join(found.why)
    if found.answer is None:
        return undecided(why, found.missing)
    return failed(why, until=found.until)
