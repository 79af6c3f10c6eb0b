"""Views of Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.resources import Resource, fact


class RotationRules(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """When a secret is to be rotated: every so many days, or by a schedule."""

    automatically_after_days: int | None = None
    schedule_expression: str | None = None


class CrossAccountPrimary(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Of which secret of another account a secret is a copy, and whether it still gets the value."""

    primary_secret_arn: str = msgspec.field(name="PrimarySecretARN")
    replication_status: str
    """``InSync``, ``InProgress``, ``Pending``, ``Failed``, or ``Detached``: on its own since then."""


class Secret(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A secret (``ListSecrets``); its value is never asked for."""

    kind = "aws.secretsmanager.secret"
    may_lack: ClassVar[Mapping[str, str]] = {
        "OwningService": "AWS leaves it out for a secret that nobody manages (SecretListEntry)",
        "PrimaryRegion": "AWS leaves it out for a secret without copies: it is no copy then",
        "NextRotationDate": "AWS leaves it out where no date is set; the last rotation is judged all the same",
        "GetResourcePolicy": "AWS leaves ResourcePolicy out where there is none (GetResourcePolicy)",
    }
    volatile = ("SecretVersionsToStages",)
    name: str
    created_date: datetime
    owning_service: str | None = None
    """The AWS service that manages it, and rotates it by its own rules."""
    rotation_enabled: bool = False
    """AWS leaves it out where rotation was never configured."""
    rotation_rules: RotationRules | None = None
    last_rotated_date: datetime | None = None
    next_rotation_date: datetime | None = None
    last_accessed_date: datetime | None = None
    """A day, UTC; left out where nobody ever read it."""
    primary_region: str | None = None
    resource_policy: str | None = fact("GetResourcePolicy")
    """``None``: it has none."""

    primary: CrossAccountPrimary | None = fact("DescribeSecret")
    """Asked of those that nothing rotates here; ``None``: it is no copy of another account's secret."""

    @property
    def follows(self) -> str | None:
        """The ARN of the secret of another account whose value it gets; ``None`` for none, or none any more."""
        primary = self.primary
        if primary is None or primary.replication_status not in ("InSync", "InProgress", "Pending"):
            return None
        return primary.primary_secret_arn

    @property
    def public_statements(self) -> list[Statement]:
        """Those of its resource policy that let everyone in. Raises FactUnavailable for a policy that is none."""
        return open_to_everyone(statements(self.resource_policy))
