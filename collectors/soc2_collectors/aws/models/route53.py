"""Views of Route 53: hosted zones, and where the queries for them are logged."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class ZoneConfig(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What kind of zone it is."""

    private_zone: bool


class HostedZone(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A hosted zone (``ListHostedZones``)."""

    kind = "aws.route53.hosted_zone"
    volatile = ("ResourceRecordSetCount",)

    id: str
    """``/hostedzone/Z0123456789``."""
    name: str
    config: ZoneConfig

    @property
    def number(self) -> str:
        """As other calls name it: ``Z0123456789``."""
        return self.id.rpartition("/")[2]


class QueryLoggingConfig(Resource, frozen=True, kw_only=True, rename="pascal"):
    """Where the queries for one public zone are logged (``ListQueryLoggingConfigs``)."""

    kind = "aws.route53.query_logging_config"
    hosted_zone_id: str
    """``Z0123456789``."""
    cloud_watch_logs_log_group_arn: str
