"""CloudWatch Logs: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.logs import LogGroup, MetricFilter
from soc2_pac.model import Document
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
