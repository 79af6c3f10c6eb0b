"""Cloud Storage: who can get at buckets, and when data is disposed of."""

from __future__ import annotations

from soc2_collectors.gcp.models.grants import public_roles
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.logging import LogSink
from soc2_collectors.gcp.models.project import OrgPolicy, effective, enforced
from soc2_collectors.gcp.models.storage import Bucket
from soc2_collectors.gcp.models.values import matches, positive, unread_above
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import NO_DENIALS, beside, everyone, managed_folders

_DAY = 86_400
_BY_ORGANISATION = "an organisation policy enforces public access prevention"


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[IamPolicy, OrgPolicy],
    known_as=[
        "prowler:cloudstorage_bucket_public_access",
        "powerpipe:storage_bucket_not_publicly_accessible",
    ],
)
def gcp_bucket_not_public(
    bucket: Bucket, evidence: Evidence, scope: Scope, *, demand_prevention: bool = False
) -> Verdict:
    """The bucket is not open to everyone, all of policies, ACLs and public access prevention considered.

    Policies of managed folders count. Deny policies and IP filters, which only take away, are not read. Whom
    policies name beside everyone is asked by gcp-corporate-identities-only, and who is in a group by none.
    ``demand_prevention`` also fails a bucket that nothing keeps from becoming public.
    Where access is not uniform, single objects may have ACLs of their own, which the inventory does not show:
    then only public access prevention proves it.

    Why: public buckets are the best-known way to lose data.
    Fix: gcloud storage buckets update gs://BUCKET --public-access-prevention; publish through a load
        balancer with Cloud CDN instead.
    """
    if bucket.prevented:
        return passed("public access prevention is on")
    acl = bucket.public_acl
    if (acl or demand_prevention or not bucket.uniform) and (chain := _enforced(bucket, evidence)):
        return passed(_BY_ORGANISATION, on=chain)
    ways, on = _by_policies(bucket, evidence, proven=bool(acl) or demand_prevention)
    if ways and (chain := _enforced(bucket, evidence)):
        return passed(_BY_ORGANISATION, on=chain)
    if acl or ways:
        return failed(f"everyone holds {listed({*acl, *ways})}; {NO_DENIALS}", on=on)
    if demand_prevention:
        unread = unread_above(scope.boundary, bucket.ancestors)
        said = "public access prevention is off, and asked for"
        return inconclusive(f"{said}; {unread}") if unread else failed(said)
    if not bucket.uniform:
        return inconclusive(
            "no policy and no ACL of the bucket opens it; ACLs of its objects are not shown"
        )
    return passed(
        f"no policy opens it to everyone, and ACLs count for nothing{beside(scope, bucket)}"
    )


def _enforced(bucket: Bucket, evidence: Evidence) -> list[OrgPolicy]:
    """The policies by which the organisation enforces public access prevention; empty: it does not."""
    policies = evidence.index(OrgPolicy, "constraint", within="here")
    chain = effective(policies, "storage.publicAccessPrevention", bucket.ancestors)
    return chain if enforced(chain) else []


def _by_policies(
    bucket: Bucket, evidence: Evidence, *, proven: bool
) -> tuple[list[str], list[IamPolicy]]:
    """What everyone holds by policies of the bucket, of its managed folders, and of what is above it."""
    granted = everyone(bucket, evidence, services=("storage",), proven=proven)
    try:
        folders = evidence.derived(managed_folders).get(bucket.bucket.name, [])
    except (EvidenceIncomplete, FactUnavailable):
        if not proven:
            raise
        folders = []
    below = [f"{role} on {one.short_name}" for one in folders for role in public_roles(one)]
    return [*granted.roles, *below], [*granted.on, *folders]


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudstorage_bucket_uniform_bucket_level_access",
        "powerpipe:require_bucket_policy_only",
        "powerpipe:storage_bucket_uniform_access_enabled",
    ],
)
def gcp_bucket_ubla(bucket: Bucket) -> Verdict:
    """Policies alone decide who reaches the bucket, and ACLs count for nothing.

    Why: an ACL on one object among millions is seen by no review; policies stand in one place.
    Fix: gcloud storage buckets update gs://BUCKET --uniform-bucket-level-access.
    """
    if bucket.uniform:
        return passed("uniform bucket-level access is on")
    return failed("ACLs count: uniform bucket-level access is off")


@rule(
    criteria=["CC6.1", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[LogSink],
    known_as=[
        "prowler:cloudstorage_bucket_log_retention_policy_lock",
        "powerpipe:storage_bucket_log_retention_policy_lock_enabled",
        "powerpipe:storage_bucket_log_retention_policy_enabled",
    ],
)
def gcp_bucket_log_lock(bucket: Bucket, evidence: Evidence, *, min_days: int = 365) -> Verdict:
    """Buckets that sinks send logs to keep them for a year, and nobody can shorten that.

    Why: logs are what an intruder deletes, and an administrator by mistake.
    Fix: gcloud storage buckets update gs://BUCKET --retention-period=365d, then --lock-retention-period,
        which cannot be undone.
    """
    destination = f"storage.googleapis.com/{bucket.bucket.name}"
    sinks = [
        sink.sink.name.rpartition("/")[2]
        for sink in evidence.here(LogSink)
        if sink.sink.destination == destination and not sink.sink.disabled
    ]
    if not sinks:
        return not_applicable("no sink that was read sends logs here")
    policy = bucket.bucket.retention_policy
    days = positive(policy.retention_period) // _DAY
    said = f"holds logs of {listed(sinks)}"
    if not days:
        return failed(f"{said} without a retention policy")
    if days < min_days:
        return failed(f"{said} for {days} days, under {min_days}")
    if not policy.is_locked:
        return failed(f"{said} for {days} days, and that is not locked")
    return passed(f"{said} for {days} days, locked")


@rule(
    criteria=["CC6.5"],
    severity=Severity.LOW,
    known_as=[
        "prowler:cloudstorage_bucket_lifecycle_management_enabled",
        "prowler:cloudstorage_bucket_sufficient_retention_period",
    ],
)
def gcp_bucket_lifecycle(bucket: Bucket, *, kept: tuple[str, ...] = ()) -> Verdict:
    """The bucket has a lifecycle rule that deletes, or a retention policy.

    A rule that only deletes what was replaced by a newer version leaves the newest for ever, and one for what
    is older than a fixed day all that comes later. With versioning what a rule deletes becomes a version, and
    a rule must delete these as well. ``kept`` takes
    names or patterns of buckets that are kept for ever on purpose.

    Why: data that is kept for ever is disposed of never.
    Fix: gcloud storage buckets update gs://BUCKET --lifecycle-file with the retention that was agreed.
    """
    if matches(bucket.bucket.name, kept):
        return not_applicable("kept for ever on purpose")
    rules = bucket.bucket.lifecycle.rule
    deleting = [one for one in rules if one.deletes]
    if deleting and bucket.bucket.versioning.enabled and not any(o.deletes_versions for o in rules):
        return failed(
            "what lifecycle rules delete stays as a version: versioning is on, and no rule deletes versions"
        )
    if deleting:
        some = sum(one.partial for one in deleting)
        left = f"; {some} of them only some objects" if some else ""
        return passed(f"{len(deleting)} of {len(rules)} lifecycle rules delete{left}")
    days = positive(bucket.bucket.retention_policy.retention_period) // _DAY
    if days:
        return passed(f"a retention policy of {days} days")
    if rules:
        return failed(
            f"none of {len(rules)} lifecycle rules deletes live objects, and there is no retention"
        )
    return failed("neither a lifecycle rule nor a retention policy")
