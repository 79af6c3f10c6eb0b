"""ElastiCache: encryption, access and backups."""

from __future__ import annotations

from soc2_collectors.aws.models.elasticache import ReplicationGroup, User
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:elasticache_redis_cluster_in_transit_encryption_enabled",
        "prowler:elasticache_redis_cluster_rest_encryption_enabled",
        "prowler:elasticache_redis_replication_group_auth_enabled",
    ],
)
def aws_elasticache_encrypted(group: ReplicationGroup) -> Verdict:
    """Replication groups encrypt at rest and in transit, and let nobody in without a password or a role.

    Why: a cache holds sessions and copies of records, and answers everyone in its network who asks.
    Fix: make a group with --at-rest-encryption-enabled --transit-encryption-enabled and --auth-token or
        --user-group-ids, and move over; aws elasticache modify-replication-group --replication-group-id ID
        --transit-encryption-enabled --apply-immediately switches TLS on in place (with
        --transit-encryption-mode preferred, then again with required). In a user group, replace the user default.
    """
    lacking = []
    if group.at_rest is False:
        lacking.append("encryption at rest")
    if group.transit_encryption_enabled is False:
        lacking.append("encryption in transit")
    elif group.transit_encryption_mode == "preferred":
        lacking.append("TLS for every client (its mode is preferred)")
    if not group.auth_token_enabled and not group.user_group_ids:
        lacking.append("authentication")
    if lacking:
        return failed(f"lacks {', '.join(lacking)}")
    if group.pending.transit_encryption_enabled is False:
        return failed("about to lose encryption in transit: the change is pending")
    if group.pending.transit_encryption_mode == "preferred":
        return failed("about to serve clients without TLS: the mode preferred is pending")
    if group.at_rest is None or group.transit_encryption_enabled is None:
        return inconclusive("AWS does not say whether it is encrypted")
    if group.transit_encryption_mode not in (None, "required"):
        return inconclusive(f"its TLS mode is not known: {group.transit_encryption_mode}")
    groups = group.pending.user_groups
    if groups.user_group_ids_to_add or groups.user_group_ids_to_remove:
        return inconclusive("its user groups are being changed")
    if not group.user_group_ids:
        return passed("encrypted at rest and in transit, with a token")
    return _users(group.users)


def _users(users: list[User]) -> Verdict:
    """A user group may hold users who need no password: AWS's own ``default`` is one."""
    if not users:
        return inconclusive("AWS names no user of its user groups")
    active = [user for user in users if user.active]
    if found := sorted(user.user_id for user in active if user.without_password):
        return failed(f"needs no password: {', '.join(found)}")
    kinds = {user.user_id: user.authentication.type for user in active}
    if found := sorted(name for name, kind in kinds.items() if kind not in ("password", "iam")):
        return inconclusive(f"how these log in is not known: {', '.join(found)}")
    return passed("encrypted at rest and in transit, with users who show who they are")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.LOW,
    known_as=[
        "prowler:elasticache_redis_cluster_backup_enabled",
        "powerpipe:elasticache_redis_cluster_automatic_backup_retention_15_days",
    ],
)
def aws_elasticache_backup(group: ReplicationGroup, *, min_days: int = 15) -> Verdict:
    """Automatic backups of replication groups are kept long enough.

    Why: what is used as a store, not as a cache, cannot be filled again from elsewhere.
    Fix: aws elasticache modify-replication-group --replication-group-id ID --snapshot-retention-limit 15.
        Waive pure caches.
    """
    days = group.snapshot_retention_limit
    if days <= 0:
        return failed("automatic backups are off")
    return (
        passed(f"kept for {days} days")
        if days >= min_days
        else failed(f"kept for {days} days, under {min_days}")
    )
