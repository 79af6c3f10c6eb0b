"""Views of ElastiCache: replication groups, with the users of role-based access."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Authentication(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How a user shows who they are."""

    type: str
    """``password``, ``no-password`` or ``iam``."""


class User(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A user of role-based access (``DescribeUsers``)."""

    user_id: str
    access_string: str
    """Redis's own grammar: ``on ~* +@all``, ``off ~keys* -@all``. AWS keeps passwords elsewhere."""
    authentication: Authentication

    @property
    def active(self) -> bool:
        """Whether the user may log in at all."""
        return "off" not in self.access_string.split()


class ReplicationGroup(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A replication group of Redis OSS or Valkey (``DescribeReplicationGroups``)."""

    kind = "aws.elasticache.replication_group"
    replication_group_id: str
    at_rest_encryption_enabled: bool | None = None
    """AWS: a group may be encrypted although this is false; see the type. ``None``: not said."""
    storage_encryption_type: str | None = None
    """``none``, ``sse-elasticache`` or ``sse-kms``; older answers leave it out."""
    transit_encryption_enabled: bool | None = None
    """Without it, the default depends on the engine; ``None``: not said."""
    transit_encryption_mode: str | None = None
    """``required`` or ``preferred``, by which clients without TLS are served too. Groups from before the
    mode existed (2022) require TLS."""
    auth_token_enabled: bool = False
    """AWS documents false as the default."""
    user_group_ids: list[str] = []
    """Left out where users have no roles."""
    users: list[User] = fact("DescribeUsers")
    """Those of its user groups; asked for only where it has any."""
    snapshot_retention_limit: int
    """Days; 0 where automatic backups are off."""

    @property
    def at_rest(self) -> bool | None:
        """Whether it is encrypted at rest; ``None`` where AWS did not say, or says what is not known."""
        known = {"none": False, "sse-elasticache": True, "sse-kms": True}
        if self.storage_encryption_type is None:
            return self.at_rest_encryption_enabled
        return known.get(self.storage_encryption_type)
