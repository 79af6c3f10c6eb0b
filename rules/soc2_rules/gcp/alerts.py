"""Alerts: is anybody told when these events happen in a project?

An event counts as alerted where a metric that counts log entries sees it, an alert policy watches that
metric, and a channel of the policy is live; or where a policy looks at the entries themselves. The metric
may be the project's own, or that of a project to which a sink above sends the entry. Filters are evaluated
on a sample of each event, not compared with a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.models.log_filters import compiled
from soc2_collectors.gcp.models.logging import LogMetric, LogSink
from soc2_collectors.gcp.models.monitoring import AlertPolicy, NotificationChannel
from soc2_collectors.gcp.models.project import Project
from soc2_collectors.gcp.models.values import unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_pac.resources import Resource

_NEEDS: list[type[Resource]] = [LogMetric, LogSink, AlertPolicy, NotificationChannel]
_NONE = inconclusive("the inventory shows no project")
_SHOWN = 5
_OWN_BUCKETS = ("/buckets/_Default", "/buckets/_Required")
_SENT_TO = re.compile(r"logging\.googleapis\.com/(projects/[^/]+)(/locations/[^/]+/buckets/[^/]+)?")


def _entry(service: str, method: str, sort: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A sample of what Cloud Audit Logs write of a change; ``{}`` stands for the project's id."""
    return {
        "logName": "projects/{}/logs/cloudaudit.googleapis.com%2Factivity",
        "severity": "NOTICE",
        "resource": {"type": sort, "labels": {"project_id": "{}"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": f"{service}.googleapis.com",
            "methodName": method,
            "resourceName": "projects/{}",
            "authenticationInfo": {"principalEmail": "anna@acme.example"},
            **more,
        },
    }


def _policy(**delta: Any) -> dict[str, Any]:  # noqa: ANN401
    return _entry(
        "cloudresourcemanager", "SetIamPolicy", "project", serviceData={"policyDelta": delta}
    )


def _owner(action: str) -> dict[str, Any]:
    member = "user:anna@acme.example"
    return _policy(bindingDeltas=[{"action": action, "role": "roles/owner", "member": member}])


_OWNERS = {"an owner is added": _owner("ADD"), "an owner is removed": _owner("REMOVE")}
_AUDIT = {
    "audit logs are switched": _policy(
        auditConfigDeltas=[{"action": "REMOVE", "service": "allServices", "logType": "DATA_READ"}]
    )
}
_IAM = {
    **{
        f"{name} of a custom role": _entry("iam", f"google.iam.admin.v1.{name}", "iam_role")
        for name in ("CreateRole", "UpdateRole", "DeleteRole")
    },
    "a bucket's permissions": _entry("storage", "storage.setIamPermissions", "gcs_bucket"),
}


def _compute(sort: str, collection: str, *names: str) -> dict[str, dict[str, Any]]:
    """``firewalls.insert`` -> a sample of it."""
    return {
        f"{collection}.{name}": _entry("compute", f"v1.compute.{collection}.{name}", sort)
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
    "an instance of Cloud SQL": _entry(
        "cloudsql", "cloudsql.instances.update", "cloudsql_database"
    ),
    **_compute("gce_instance", "instances", "insert", "delete", "setMetadata"),
}
"""What the CIS Google Cloud Foundation Benchmark asks alerts for, and changes of machines."""


@dataclass(frozen=True)
class _Alarms:
    """What is watched, by whom somebody hears of it."""

    metrics: tuple[LogMetric, ...]
    watched: Mapping[str, frozenset[str]]
    """Type of a metric -> projects whose policies watch it."""
    filters: Mapping[str, tuple[str, ...]]
    """Project -> filters of policies that look at entries themselves."""
    sinks: tuple[LogSink, ...]


def _alarms(whole: Whole) -> _Alarms:
    live = {c.channel.name for c in whole.everywhere(NotificationChannel) if c.live}
    watched: dict[str, set[str]] = {}
    filters: dict[str, list[str]] = {}
    for one in whole.everywhere(AlertPolicy):
        if not one.policy.enabled or not live.intersection(one.policy.notification_channels):
            continue
        for metric in one.watched:
            watched.setdefault(metric, set()).add(one.project)
        filters.setdefault(one.project, []).extend(one.log_filters)
    return _Alarms(
        tuple(m for m in whole.everywhere(LogMetric) if not m.metric.disabled),
        {metric: frozenset(projects) for metric, projects in watched.items()},
        {project: tuple(texts) for project, texts in filters.items()},
        tuple(s for s in whole.everywhere(LogSink) if s.sink.include_children),
    )


class _Unsure:
    """What keeps an event from being called unheard."""

    def __init__(self) -> None:
        self.why: set[str] = set()

    def sees(self, text: str, entry: Mapping[str, Any], whose: str) -> bool:
        """Whether a filter takes an entry; one that is not understood takes none, and is noted."""
        test = compiled(text)
        if test is None:
            self.why.add(f"the filter of {whose} is not understood")
            return False
        return test(entry)


def _heard(project: Project, entry: Mapping[str, Any], alarms: _Alarms, unsure: _Unsure) -> bool:
    """Whether somebody is told of an entry of a project."""
    for text in alarms.filters.get(project.project, ()):
        if unsure.sees(text, entry, "an alert policy"):
            return True
    homes = list(_destinations(project, entry, alarms, unsure))
    for item in alarms.metrics:
        bucket = item.metric.bucket_name
        own = item.project == project.project and (not bucket or bucket.endswith(_OWN_BUCKETS))
        central = any(
            home in (item.project, _named(item)) and (bucket == place if place else not bucket)
            for home, place in homes
        )
        if not own and not central:
            continue
        by = alarms.watched.get(item.type, frozenset())
        if by and unsure.sees(item.metric.filter, entry, f"the metric {item.short_name}"):
            if item.project in by:
                return True
            unsure.why.add(f"another project may watch {item.type}: its metrics scope is not read")
    return False


def _destinations(
    project: Project, entry: Mapping[str, Any], alarms: _Alarms, unsure: _Unsure
) -> Iterator[tuple[str, str]]:
    """Projects to which sinks above send an entry, each with the bucket there; empty: to its own sinks."""
    for item in alarms.sinks:
        sink = item.sink
        to = _SENT_TO.fullmatch(sink.destination)
        if sink.disabled or to is None or not item.reaches(project.ancestors):
            continue
        left_out = any(
            not one.disabled and unsure.sees(one.filter, entry, f"the sink {item.short_name}")
            for one in sink.exclusions
        )
        if not left_out and unsure.sees(sink.filter, entry, f"the sink {item.short_name}"):
            yield to[1], f"{to[1]}{to[2]}" if to[2] else ""


def _named(item: LogMetric) -> str:
    """The project as the metric's name has it: by id or by number."""
    return item.name.partition(".com/")[2].partition("/metrics/")[0]


def _filled(value: Any, project: str) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _filled(one, project) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, project) for one in value]
    return value.replace("{}", project)


def _judged(
    project: Project,
    evidence: Evidence,
    scope: Scope,
    events: Mapping[str, dict[str, Any]],
    optional: Iterable[str] = (),
) -> Verdict:
    if not project.active:
        return not_applicable("the project is marked for deletion")
    alarms, unsure = evidence.derived(_alarms), _Unsure()
    missing = [
        name
        for name, event in events.items()
        if name not in set(optional)
        and not _heard(project, _filled(event, project.id), alarms, unsure)
    ]
    if not missing:
        return passed(f"somebody is told of all {len(events)}")
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    told = f"nobody is told of: {', '.join(missing[:_SHOWN])}{more}"
    unread = unread_above(scope.boundary, project.ancestors)
    why = unsure.why | ({unread} if unread else set())
    return inconclusive(f"{told}; {'; '.join(sorted(why))}") if why else failed(told)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_project_ownership_changes_enabled",
        "powerpipe:logging_metric_alert_project_ownership_assignment",
    ],
    empty=_NONE,
)
def gcp_alert_owner_change(project: Project, evidence: Evidence, scope: Scope) -> Verdict:
    """Somebody is told when a project gets another owner.

    Why: an owner can give themselves everything else that is in the project.
    Fix: a log-based metric on policyDelta.bindingDeltas with roles/owner (gcloud logging metrics create),
        and an alert policy on it with a channel that is verified.
    """
    return _judged(project, evidence, scope, _OWNERS)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_audit_configuration_changes_enabled",
        "powerpipe:logging_metric_alert_audit_configuration_changes",
    ],
    empty=_NONE,
)
def gcp_alert_audit_config(project: Project, evidence: Evidence, scope: Scope) -> Verdict:
    """Somebody is told when audit logs are switched.

    Why: who wants not to be seen switches the light off first.
    Fix: a log-based metric on methodName="SetIamPolicy" AND
        protoPayload.serviceData.policyDelta.auditConfigDeltas:*, and an alert policy on it with a channel.
    """
    return _judged(project, evidence, scope, _AUDIT)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_custom_role_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_bucket_permission_changes_enabled",
        "powerpipe:logging_metric_alert_custom_role_changes",
        "powerpipe:logging_metric_alert_storage_iam_permission_changes",
    ],
    empty=_NONE,
)
def gcp_alert_iam_changes(
    project: Project, evidence: Evidence, scope: Scope, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when custom roles, or a bucket's permissions, are changed.

    ``not_needed`` names events, as the messages do, that nobody wants to be told of.

    Why: these are the changes by which somebody gets at data without being given an account.
    Fix: log-based metrics on resource.type="iam_role" and on
        protoPayload.methodName="storage.setIamPermissions", and an alert policy on each with a channel.
    """
    return _judged(project, evidence, scope, _IAM, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
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
    project: Project, evidence: Evidence, scope: Scope, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when firewall rules, routes or networks are changed.

    ``not_needed`` names events (``networks.addPeering``) that nobody wants to be told of.

    Why: the wall between inside and outside is a list that one call changes.
    Fix: log-based metrics on resource.type of gce_firewall_rule, gce_route and gce_network, and an alert
        policy on each with a channel.
    """
    return _judged(project, evidence, scope, _NETWORK, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:logging_log_metric_filter_and_alert_for_sql_instance_configuration_changes_enabled",
        "prowler:logging_log_metric_filter_and_alert_for_compute_configuration_changes_enabled",
        "powerpipe:logging_metric_alert_sql_instance_configuration_changes",
    ],
    empty=_NONE,
)
def gcp_alert_sql_compute_changes(
    project: Project, evidence: Evidence, scope: Scope, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when databases of Cloud SQL or machines are changed.

    ``not_needed`` names events (``instances.insert``) that nobody wants to be told of.

    Why: a backup that is switched off, or a machine that appears, is a change that somebody should know of.
    Fix: log-based metrics on protoPayload.methodName="cloudsql.instances.update" and on
        protoPayload.methodName:"compute.instances", and an alert policy on each with a channel.
    """
    return _judged(project, evidence, scope, _SYSTEMS, not_needed)


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[NotificationChannel],
    empty=failed("there is no alert policy: nobody is told of anything"),
)
def gcp_alert_channels_live(policy: AlertPolicy, evidence: Evidence) -> Verdict:
    """Alert policies that are on reach somebody.

    A channel counts that is on, and verified where Google verifies its sort.

    Why: an alert without a channel is a line in a console that nobody has open.
    Fix: gcloud alpha monitoring policies update POLICY --add-notification-channels CHANNEL; verify the
        channel in the console.
    """
    if not policy.policy.enabled:
        return not_applicable("the alert policy is off")
    named = policy.policy.notification_channels
    if not named:
        return failed("no notification channel")
    channels = {c.channel.name: c for c in evidence.derived(_channels)}
    live = [channels[name] for name in named if name in channels and channels[name].live]
    if live:
        return passed(f"reaches {listed(c.channel.display_name or c.channel.type for c in live)}")
    return failed(f"none of its {len(named)} notification channels is on and verified")


def _channels(whole: Whole) -> list[NotificationChannel]:
    return list(whole.everywhere(NotificationChannel))
