"""Views of CloudWatch Logs: groups and the filters that make metrics of them."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class LogGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A log group (``DescribeLogGroups``)."""

    kind = "aws.logs.log_group"
    volatile = ("storedBytes", "metricFilterCount")
    name: str = msgspec.field(name="logGroupName")
    retention_in_days: int | None = None
    """``None``: kept for ever."""
    kms_key_id: str | None = None
    log_group_class: str = "STANDARD"


class Transformation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The metric that a filter counts into."""

    metric_name: str
    metric_namespace: str


class MetricFilter(Resource, frozen=True, kw_only=True, rename="camel"):
    """A metric filter (``DescribeMetricFilters``)."""

    kind = "aws.logs.metric_filter"
    name: str = msgspec.field(name="filterName")
    filter_pattern: str = ""
    log_group_name: str
    metric_transformations: list[Transformation] = []
