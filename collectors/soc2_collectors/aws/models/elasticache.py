"""Views of ElastiCache: replication groups, with the users of role-based access."""

from __future__ import annotations

from typing import ClassVar

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
    def _words(self) -> list[str]:
        """Whose letter case does not matter to Redis, patterns of keys apart."""
        return self.access_string.lower().split()

    @property
    def active(self) -> bool:
        """Whether the user may log in at all: of several words the last one counts, and without one it is off."""
        said = [word for word in self._words if word in ("on", "off")]
        return said[-1] == "on" if said else not self.access_string.strip()

    @property
    def without_password(self) -> bool:
        """Whether nobody is asked for a password, by the type or by the grammar's own word."""
        return self.authentication.type == "no-password" or "nopass" in self._words


class UserGroups(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``UserGroupsUpdateStatus``: user groups that come and go."""

    user_group_ids_to_add: list[str] = []
    user_group_ids_to_remove: list[str] = []


class Pending(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ReplicationGroupPendingModifiedValues``: what was asked for and is not in force yet."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("TransitEncryptionEnabled", "TransitEncryptionMode", "UserGroups"),
        "AWS names what was asked for only (API reference, ReplicationGroupPendingModifiedValues)",
    )
    any_value: ClassVar[dict[str, str]] = {
        "TransitEncryptionMode": "preferred lets clients in without TLS; any other change is to come"
    }
    transit_encryption_enabled: bool | None = None
    transit_encryption_mode: str | None = None
    user_groups: UserGroups = UserGroups()


class ReplicationGroup(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A replication group of Redis OSS or Valkey (``DescribeReplicationGroups``)."""

    kind = "aws.elasticache.replication_group"
    may_lack: ClassVar[dict[str, str]] = {
        "PendingModifiedValues": "empty, or left out, where nobody asked for a change (API reference)"
    }
    pending: Pending = msgspec.field(default=Pending(), name="PendingModifiedValues")
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
