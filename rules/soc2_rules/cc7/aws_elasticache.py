"""ElastiCache: getting data back."""

from __future__ import annotations

from soc2_collectors.aws.models.elasticache import ReplicationGroup
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.LOW,
    known_as=[
        "prowler:elasticache_redis_cluster_backup_enabled",
        "powerpipe:elasticache_redis_cluster_automatic_backup_retention_15_days",
    ],
)
def aws_elasticache_backup(group: ReplicationGroup, *, min_days: int = 15) -> Verdict:
    """Automatic backups of ElastiCache are kept long enough.

    Why: what is used as a store, not as a cache, cannot be filled again from elsewhere.
    Fix: aws elasticache modify-replication-group --snapshot-retention-limit 15. Waive pure caches.
    """
    days = group.snapshot_retention_limit
    if days <= 0:
        return failed("automatic backups are off")
    return (
        passed(f"kept for {days} days")
        if days >= min_days
        else failed(f"kept for {days} days, under {min_days}")
    )
