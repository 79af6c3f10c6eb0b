"""Cloud Logging and audit logs: what is written, where it goes, and how long it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.logging import LogBucket, LogSink
from soc2_collectors.gcp.models.project import Project
from soc2_collectors.gcp.models.storage import Bucket
from soc2_collectors.gcp.models.values import positive, unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_NO_PROJECT = inconclusive("the inventory shows no project")
_ALL = "allServices"
_TYPES = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
_BRIEF = ("/buckets/_Default", "/buckets/_Required")
_KEEPING = (
    "bigquery.googleapis.com/",
    "logging.googleapis.com/",
    "pubsub.googleapis.com/",
    "storage.googleapis.com/",
)


def _logged(policies: Iterable[IamPolicy], services: Collection[str]) -> tuple[set[str], set[str]]:
    """Types of access that are logged by policies that are in force, and who is left out of that.

    Google: what is set for all services and for one, here and above, adds up; who is left out by any of it
    is.
    """
    types, exempted = set[str](), set[str]()
    for policy in policies:
        for config in policy.iam_policy.audit_configs:
            if config.service in services:
                types |= {one.log_type for one in config.audit_log_configs}
                for one in config.audit_log_configs:
                    exempted.update(one.exempted_members)
    return types, exempted


def _above(evidence: Evidence, ancestors: Iterable[str]) -> list[IamPolicy]:
    nodes = evidence.index(IamPolicy, "node", within="here")
    return [policy for node in ancestors for policy in nodes.get(node, ())]


def _unless_above(said: str, scope: Scope, ancestors: Iterable[str]) -> Verdict:
    """A failure, unless what is above may mend it and was not read."""
    unread = unread_above(scope.boundary, ancestors)
    return inconclusive(f"{said}; {unread}") if unread else failed(said)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=[
        "prowler:iam_audit_logs_enabled",
        "powerpipe:audit_logging_configured_for_all_service",
    ],
    empty=_NO_PROJECT,
)
def gcp_audit_logs_all(
    project: Project, evidence: Evidence, scope: Scope, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Audit logs are on for every service and sort of access, and leave nobody out.

    What the folders and the organisation above set counts. ``exempt`` takes members that may be left out.

    Why: who read which data is asked after every break-in, and Google writes it down only where it is told
        to.
    Fix: gcloud projects get-iam-policy PROJECT, set auditConfigs for allServices with ADMIN_READ, DATA_READ
        and DATA_WRITE without exemptedMembers, gcloud projects set-iam-policy; better on the organisation.
    """
    if not project.active:
        return not_applicable("the project is marked for deletion")
    types, exempted = _logged(_above(evidence, project.ancestors), {_ALL})
    missing = [one for one in _TYPES if one not in types]
    if missing:
        said = f"not logged for all services: {', '.join(missing)}"
        return _unless_above(said, scope, project.ancestors)
    left_out = exempted - set(exempt)
    if left_out:
        return failed(f"not logged of {listed(left_out)}")
    return passed("every sort of access to every service is logged, of everybody")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:logging_bucket_retention_policy_enabled"],
)
def gcp_log_bucket_retention(bucket: LogBucket, *, min_days: int = 365) -> Verdict:
    """Log buckets keep what they hold for a year.

    Why: a break-in is found after months, and asked about then.
    Fix: gcloud logging buckets update BUCKET --location LOCATION --retention-days 365.
    """
    if bucket.bucket.lifecycle_state == "DELETE_REQUESTED":
        return not_applicable("marked for deletion")
    days = bucket.bucket.retention_days
    if days < min_days:
        return failed(f"kept for {days} days, under {min_days}")
    return passed(f"kept for {days} days")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[LogSink],
    known_as=[
        "prowler:logging_sink_created",
        "powerpipe:logging_sink_configured_for_all_resource",
    ],
    empty=_NO_PROJECT,
)
def gcp_log_sink(project: Project, evidence: Evidence, scope: Scope) -> Verdict:
    """A sink sends every entry of the project to where it is kept.

    A sink counts without a filter and without exclusions that are on: the project's own, or one above that
    takes in what is below. How long its destination keeps things is asked by gcp-bucket-log-lock and
    gcp-log-bucket-retention.

    Why: logs that stay only in the project are lost with it, and its owners can delete them.
    Fix: gcloud logging sinks create NAME storage.googleapis.com/BUCKET --organization ORGANIZATION
        --include-children.
    """
    if not project.active:
        return not_applicable("the project is marked for deletion")
    found = [
        sink.sink
        for sink in evidence.here(LogSink)
        if sink.reaches(project.ancestors)
        and not sink.sink.disabled
        and not sink.sink.filter.strip()
        and not any(not one.disabled for one in sink.sink.exclusions)
        and sink.sink.destination.startswith(_KEEPING)
        and not sink.sink.destination.endswith(_BRIEF)
    ]
    if found:
        return passed(f"all entries go to {listed(sink.destination for sink in found)}")
    said = "no sink sends all entries to where they are kept"
    return _unless_above(said, scope, project.ancestors)


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy],
    known_as=[
        "prowler:cloudstorage_audit_logs_enabled",
        "prowler:cloudstorage_bucket_logging_enabled",
    ],
)
def gcp_bucket_access_logs(bucket: Bucket, evidence: Evidence, scope: Scope) -> Verdict:
    """Audit logs of data access, or usage logs, say who read and wrote what is in the bucket.

    Why: without them nobody can tell who read what.
    Fix: set auditConfigs for storage.googleapis.com with DATA_READ and DATA_WRITE in the IAM policy of the
        project or above; or gcloud storage buckets update gs://BUCKET --log-bucket gs://LOGS.
    """
    policies = _above(evidence, bucket.ancestors)
    types, exempted = _logged(policies, {_ALL, "storage.googleapis.com"})
    if {"DATA_READ", "DATA_WRITE"} <= types:
        but = f", not of {listed(exempted)}" if exempted else ""
        return passed(f"reading and writing is in the audit logs{but}")
    to = bucket.bucket.logging.log_bucket
    if to:
        return passed(f"usage logs go to {to}")
    said = "neither audit logs of data access nor usage logs"
    return _unless_above(said, scope, bucket.ancestors)


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudstorage_bucket_versioning_enabled",
        "prowler:cloudstorage_bucket_soft_delete_enabled",
    ],
)
def gcp_bucket_versioning(bucket: Bucket, *, min_days: int = 7) -> Verdict:
    """What is overwritten or deleted can be had back: by versions, or by soft delete.

    Why: without either, what is overwritten or deleted is gone.
    Fix: gcloud storage buckets update gs://BUCKET --versioning, or --soft-delete-duration=7d.
    """
    if bucket.bucket.versioning.enabled:
        return passed("versioning is on")
    seconds = positive(bucket.bucket.soft_delete_policy.retention_duration_seconds)
    days = seconds // 86_400
    if seconds and days >= min_days:
        return passed(f"what is deleted is kept for {days} days")
    if seconds:
        return failed(f"no versioning, and what is deleted is kept for {days} days")
    return failed("neither versioning nor soft delete")
