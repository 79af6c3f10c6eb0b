"""Route 53: account-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.route53 import HostedZone, QueryLoggingConfig
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(HostedZone, calls=["route53:ListHostedZones"], per="account", cost="pages of 100")
def hosted_zones(aws: Aws) -> Iterator[Document]:
    """Hosted zones, public and private."""
    for item in aws.items("route53", "list_hosted_zones", "HostedZones"):
        yield Document(item["Id"], item["Name"], item)


@collects(
    QueryLoggingConfig,
    calls=["route53:ListQueryLoggingConfigs"],
    per="account",
    cost="pages of 100",
)
def query_logging_configs(aws: Aws) -> Iterator[Document]:
    """Query logging of all zones at once."""
    for item in aws.items("route53", "list_query_logging_configs", "QueryLoggingConfigs"):
        yield Document(item["Id"], item["HostedZoneId"], item)
