"""Cloud Logging and audit logs: what is written, where it goes, and how long it stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.bigquery import Dataset
from soc2_collectors.gcp.models.grants import public_roles
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.logging import LogBucket, LogSink
from soc2_collectors.gcp.models.members import Member
from soc2_collectors.gcp.models.project import OrgPolicy, Project, effective, enforced
from soc2_collectors.gcp.models.storage import Bucket
from soc2_collectors.gcp.models.values import matches, positive, unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import demand_some, everyone, managed_folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_NO_PROJECT = inconclusive("the inventory shows no project")
_ALL = "allServices"
_TYPES = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
_DAY = 86_400
_BRIEF = ("/buckets/_Default", "/buckets/_Required")
_KEEPING = re.compile(
    r"storage\.googleapis\.com/.+|bigquery\.googleapis\.com/.+"
    r"|logging\.googleapis\.com/.+/locations/[^/]+/buckets/[^/]+"
)
"""Destinations that keep what they are sent; a topic passes it on, and a project sends it where it wants."""


def _logged(
    policies: Iterable[IamPolicy], services: Collection[str], exempting: Collection[str] | None
) -> tuple[set[str], set[str]]:
    """Types of access that are logged by policies that are in force, and who is left out of that.

    Google: what is set for all services and for one, here and above, adds up; who is left out by any of it
    is. Who is deleted is nobody that could be left out.

    Args:
        policies: of the project and what is above it.
        services: whose types of access count.
        exempting: services whose exemptions count; ``None``: those of every one.
    """
    types, exempted = set[str](), set[str]()
    for policy in policies:
        for config in policy.iam_policy.audit_configs:
            if config.service in services:
                types |= {one.log_type for one in config.audit_log_configs}
            if exempting is None or config.service in exempting:
                for one in config.audit_log_configs:
                    exempted.update(one.exempted_members)
    return types, {one for one in exempted if not Member(one).deleted}


def _above(evidence: Evidence, ancestors: Iterable[str]) -> list[IamPolicy]:
    nodes = evidence.index(IamPolicy, "node", within="here")
    demand_some(nodes)
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

    What the folders and the organisation above set counts, and who is left out of any service's logs is left
    out. ``exempt`` takes members that may be.

    Why: who read which data is asked after every break-in, and Google writes it down only where it is told
        to.
    Fix: gcloud projects get-iam-policy PROJECT, set auditConfigs for allServices with ADMIN_READ, DATA_READ
        and DATA_WRITE without exemptedMembers, gcloud projects set-iam-policy; better on the organisation.
    """
    if not project.active:
        return not_applicable("the project is marked for deletion")
    types, exempted = _logged(_above(evidence, project.ancestors), {_ALL}, None)
    missing = [one for one in _TYPES if one not in types]
    if missing:
        said = f"not logged for all services: {', '.join(missing)}"
        return _unless_above(said, scope, project.ancestors)
    left_out = exempted - set(exempt)
    if left_out:
        return failed(f"not logged of {listed(left_out)}")
    if unread := unread_above(scope.boundary, project.above):
        return inconclusive(f"whom audit logs leave out is not known: {unread}")
    but = f" but {listed(exempted)} (exempt by configuration)" if exempted else ""
    return passed(f"every sort of access to every service is logged, of everybody{but}")


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
    state = bucket.bucket.lifecycle_state
    if state == "DELETE_REQUESTED":
        return not_applicable("marked for deletion")
    days = bucket.bucket.retention_days
    if days < min_days:
        return failed(f"kept for {days} days, under {min_days}")
    if state not in ("ACTIVE", "UPDATING"):
        return inconclusive(f"its state is {state or 'not said'}")
    return passed(f"kept for {days} days")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[LogSink, LogBucket, Bucket, Dataset],
    known_as=[
        "prowler:logging_sink_created",
        "powerpipe:logging_sink_configured_for_all_resource",
    ],
    empty=_NO_PROJECT,
)
def gcp_log_sink(
    project: Project, evidence: Evidence, scope: Scope, *, kept_elsewhere: tuple[str, ...] = ()
) -> Verdict:
    """A sink is set to send every entry of the project to where it is kept.

    A sink counts without a filter and without exclusions that are on: the project's own, or one above that
    takes in what is below. What a sink above intercepts does not reach those below it. Storage buckets,
    datasets and log buckets keep where they are among those that were read; ``kept_elsewhere`` takes patterns
    for topics and projects from which the entries go on to where they are kept. How long that is, and whether
    the sink may write there, is asked by gcp-bucket-log-lock and gcp-log-bucket-retention, and by the sink's
    own errors.

    Why: logs that stay only in the project are lost with it, and its owners can delete them.
    Fix: gcloud logging sinks create NAME storage.googleapis.com/BUCKET --organization ORGANIZATION
        --include-children.
    """
    if not project.active:
        return not_applicable("the project is marked for deletion")
    reaching = [
        sink
        for sink in evidence.here(LogSink)
        if sink.reaches(project.ancestors) and not sink.sink.disabled
    ]
    whole = [sink for sink in reaching if _whole(sink) and not _below(sink, reaching, project)]
    kept = [
        sink
        for sink in whole
        if (
            _KEEPING.fullmatch(sink.sink.destination)
            or matches(sink.sink.destination, kept_elsewhere)
        )
        and not sink.sink.destination.endswith(_BRIEF)
    ]
    there = [(sink, _there(sink.sink.destination, evidence, kept_elsewhere)) for sink in kept]
    if good := [sink for sink, found in there if found]:
        said = f"all entries go to {listed(sink.sink.destination for sink in good)}"
        # A sink up there may intercept entries before the project's own are sent them.
        unread = unread_above(scope.boundary, project.ancestors)
        return passed(f"{said}; {unread}" if unread else said, on=good)
    if unseen := [sink for sink, found in there if found is None]:
        names = listed(sink.sink.destination for sink in unseen)
        said = f"all entries go to {names}, which is not among what was read"
        return inconclusive(f"{said}: name it in kept_elsewhere if it is there", on=unseen)
    if kept:
        names = listed(sink.sink.destination for sink in kept)
        return failed(f"all entries go to {names}, which is marked for deletion", on=kept)
    passing = [s for s in whole if not s.sink.destination.endswith(_BRIEF)]
    if passing:
        names = listed(sink.sink.destination for sink in passing)
        return inconclusive(
            f"all entries go to {names}: name it in kept_elsewhere if they are kept from there",
            on=passing,
        )
    intercepted = [sink for sink in reaching if _whole(sink) and sink not in whole]
    if intercepted:
        return inconclusive(
            f"a sink above intercepts some of what {listed(s.short_name for s in intercepted)} would send",
            on=intercepted,
        )
    said = "no sink sends all entries to where they are kept"
    return _unless_above(said, scope, project.ancestors)


def _there(destination: str, evidence: Evidence, named: tuple[str, ...]) -> bool | None:
    """Whether a destination that keeps entries exists; ``None``: it was not seen."""
    if matches(destination, named):
        return True
    service, _, path = destination.partition(".googleapis.com/")
    if service == "storage":
        return path in evidence.derived(_bucket_names) or None
    if service == "bigquery":
        return f"//{destination}" in evidence.index(Dataset, "name", within="everywhere") or None
    found = evidence.derived(_log_buckets).get(path)
    state = found.bucket.lifecycle_state if found is not None else ""
    return {"ACTIVE": True, "UPDATING": True, "DELETE_REQUESTED": False}.get(state)


def _bucket_names(whole: Whole) -> frozenset[str]:
    return frozenset(one.bucket.name for one in whole.everywhere(Bucket))


def _log_buckets(whole: Whole) -> dict[str, LogBucket]:
    """Log buckets by path, with the project's id and with its number."""
    found = {}
    for one in whole.everywhere(LogBucket):
        path = one.bucket.name
        found[path] = one
        if one.ancestors:
            found[f"{one.ancestors[0]}/locations/{path.partition('/locations/')[2]}"] = one
    return found


def _whole(sink: LogSink) -> bool:
    """Whether a sink leaves nothing out."""
    return not sink.sink.filter.strip() and all(one.disabled for one in sink.sink.exclusions)


def _below(sink: LogSink, reaching: Iterable[LogSink], project: Project) -> bool:
    """Whether a sink above another one intercepts what that would be sent."""
    levels = {node: number for number, node in enumerate(project.ancestors)}
    own = levels.get(sink.ancestors[0], 0)
    return any(
        one.sink.intercept_children and levels.get(one.ancestors[0], 0) > own for one in reaching
    )


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy, Bucket, OrgPolicy],
    known_as=[
        "prowler:cloudstorage_audit_logs_enabled",
        "prowler:cloudstorage_bucket_logging_enabled",
    ],
)
def gcp_bucket_access_logs(
    bucket: Bucket, evidence: Evidence, scope: Scope, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Reading and writing in the bucket is logged, by audit logs of data access or by usage logs.

    ``exempt`` takes members that the audit logs may leave out. Google writes no audit log of what everyone
    may read: where everyone may, usage logs are needed, which say from which address and not who.

    Why: without them nobody can tell what was read, and by whom.
    Fix: set auditConfigs for storage.googleapis.com with DATA_READ and DATA_WRITE in the IAM policy of the
        project or above; or gcloud storage buckets update gs://BUCKET --log-bucket gs://LOGS.
    """
    to = bucket.bucket.logging.log_bucket
    policies = _above(evidence, bucket.ancestors)
    services = {_ALL, "storage.googleapis.com"}
    types, exempted = _logged(policies, services, services)
    logged = {"DATA_READ", "DATA_WRITE"} <= types
    public, by_objects = _public(bucket, evidence) if logged else ([], False)
    unread = unread_above(scope.boundary, bucket.ancestors)
    if logged and exempted <= set(exempt) and not (public or by_objects or unread):
        but = f" but {listed(exempted)} (exempt by configuration)" if exempted else ""
        return passed(f"reading and writing is in the audit logs, of everybody{but}")
    if to:
        found = [one for one in evidence.everywhere(Bucket) if one.bucket.name == to]
        if found:
            return passed(f"usage logs go to {to}", on=found)
        return inconclusive(f"usage logs go to {to}, which is not among the buckets that were read")
    if logged and public:
        return failed(
            f"no usage logs, and audit logs say nothing of what everyone reads: {listed(public)}"
        )
    if logged and exempted - set(exempt):
        return failed(
            f"no usage logs, and the audit logs leave out {listed(exempted - set(exempt))}"
        )
    if logged and unread:
        return inconclusive(f"whom the audit logs leave out is not known: {unread}")
    if logged:
        return inconclusive(
            "audit logs say nothing of objects that an ACL opens to everyone; these are not shown"
        )
    said = "neither audit logs of data access nor usage logs"
    return _unless_above(said, scope, bucket.ancestors)


def _public(bucket: Bucket, evidence: Evidence) -> tuple[list[str], bool]:
    """What everyone may do with a bucket, and whether ACLs of its objects, which are not shown, may add to it."""
    if bucket.prevented:
        return [], False
    found = [*everyone(bucket, evidence, services=("storage",)).roles, *bucket.public_acl]
    for folder in evidence.derived(managed_folders).get(bucket.bucket.name, ()):
        found += [f"{role} on {folder.short_name}" for role in public_roles(folder)]
    if not found and bucket.uniform:
        return [], False
    policies = evidence.index(OrgPolicy, "constraint", within="here")
    if enforced(effective(policies, "storage.publicAccessPrevention", bucket.above)):
        return [], False
    return found, not bucket.uniform


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudstorage_bucket_versioning_enabled",
        "prowler:cloudstorage_bucket_soft_delete_enabled",
    ],
)
def gcp_bucket_versioning(bucket: Bucket, *, min_days: int = 7) -> Verdict:
    """What is overwritten or deleted can be had back for some days: by versions, or by soft delete.

    Versions count that no lifecycle rule deletes before ``min_days``.

    Why: without either, what is overwritten or deleted is gone.
    Fix: gcloud storage buckets update gs://BUCKET --versioning, or --soft-delete-duration=7d.
    """
    days = positive(bucket.bucket.soft_delete_policy.retention_duration_seconds) // _DAY
    if days and days >= min_days:
        return passed(f"what is deleted is kept for {days} days")
    briefly = f"; what is deleted is kept for {days} days" if days else ""
    if not bucket.bucket.versioning.enabled:
        return failed(f"no versioning{briefly or ' and no soft delete'}")
    kept = [one.keeps_versions(min_days) for one in bucket.bucket.lifecycle.rule]
    if False in kept:
        return failed(f"a lifecycle rule deletes versions before {min_days} days{briefly}")
    if None in kept:
        return inconclusive(
            f"a lifecycle rule may delete versions sooner than {min_days} days after they were replaced"
        )
    return passed(
        f"versioning is on, and no lifecycle rule deletes versions before {min_days} days"
    )
