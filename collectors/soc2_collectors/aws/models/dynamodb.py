"""Views of DynamoDB: tables and their continuous backups."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_pac.resources import Resource, fact


class PointInTimeRecovery(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PointInTimeRecoveryDescription``."""

    point_in_time_recovery_status: str
    recovery_period_in_days: int = 35
    """How far back, in days. AWS: 35 unless somebody chose less; answers from before 2025 leave it out."""


class ContinuousBackups(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeContinuousBackups``."""

    continuous_backups_status: str
    point_in_time_recovery_description: PointInTimeRecovery | None = None


class TableDescription(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeTable``."""

    creation_date_time: datetime | None = None
    table_status: str = ""

    @property
    def archived(self) -> bool:
        """Its key was out of reach for a week: DynamoDB keeps it as a backup, and nobody can read or write it."""
        return self.table_status == "ARCHIVED"


_RECOVERY = "DescribeContinuousBackups.PointInTimeRecoveryDescription"


_MOVING = (
    "ItemCount",
    "TableSizeBytes",
    "ProvisionedThroughput",
    "WarmThroughput",
    "LocalSecondaryIndexes.*.IndexSizeBytes",
    "LocalSecondaryIndexes.*.ItemCount",
    "GlobalSecondaryIndexes.*.IndexSizeBytes",
    "GlobalSecondaryIndexes.*.ItemCount",
    "GlobalSecondaryIndexes.*.ProvisionedThroughput",
    "GlobalSecondaryIndexes.*.WarmThroughput",
    "VectorIndexes.*.IndexSizeBytes",
    "VectorIndexes.*.ItemCount",
)
"""What changes with the data and the load."""


class Table(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A table, by name (``ListTables``); a replica of a global table is one in its own region."""

    kind = "aws.dynamodb.table"
    volatile = (
        f"{_RECOVERY}.EarliestRestorableDateTime",
        f"{_RECOVERY}.LatestRestorableDateTime",
        *(f"DescribeTable.{field}" for field in _MOVING),
    )
    table_name: str
    table_arn: str
    """As the collector puts it together: the listing says names only."""
    continuous_backups: ContinuousBackups | None = fact("DescribeContinuousBackups")
    """``None``: DynamoDB does not find the table, as it says of one that is archived."""
    description: TableDescription = fact("DescribeTable")
