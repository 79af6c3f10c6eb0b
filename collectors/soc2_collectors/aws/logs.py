"""CloudWatch Logs: regional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.logs import DeliverySource, LogGroup, MetricFilter
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(LogGroup, calls=["logs:DescribeLogGroups"], per="region", cost="pages of 50")
def log_groups(aws: Aws) -> Iterator[Document]:
    """Log groups."""
    for item in aws.items("logs", "describe_log_groups", "logGroups"):
        yield Document(item["arn"], item["logGroupName"], item)


@collects(MetricFilter, calls=["logs:DescribeMetricFilters"], per="region", cost="pages of 50")
def metric_filters(aws: Aws) -> Iterator[Document]:
    """Metric filters of every group, each with the ARN of its group: AWS gives the name alone."""
    place = f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:log-group"
    for item in aws.items("logs", "describe_metric_filters", "metricFilters"):
        group, name = item["logGroupName"], item["filterName"]
        yield Document(f"{group}/{name}", name, {**item, "logGroupArn": f"{place}:{group}"})


@collects(
    DeliverySource,
    calls=["logs:DescribeDeliverySources", "logs:DescribeDeliveries"],
    per="region",
    cost="pages of 50 + pages of 50 deliveries",
)
def delivery_sources(aws: Aws) -> Iterator[Document]:
    """What sends logs by deliveries of CloudWatch, with where to."""
    yield from described(aws)


def described(aws: Aws) -> Iterator[Document]:
    """Each source of deliveries in the Region, with its own deliveries."""

    @functools.cache
    def deliveries() -> list[dict[str, Any]]:
        return list(aws.items("logs", "describe_deliveries", "deliveries"))

    def of(name: str) -> list[dict[str, Any]]:
        return [one for one in deliveries() if one.get("deliverySourceName") == name]

    for item in aws.items("logs", "describe_delivery_sources", "deliverySources"):
        sent = Fact("logs:DescribeDeliveries", functools.partial(of, item["name"]))
        yield Document(item["arn"], item["name"], {**item, "DescribeDeliveries": sent})
