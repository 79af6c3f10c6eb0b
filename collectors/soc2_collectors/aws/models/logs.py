"""Views of CloudWatch Logs: groups, the filters that make metrics of them, and what other services deliver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.aws.models.arns import parsed
from soc2_pac.resources import Resource, fact

_GROUP = re.compile(r"log-group:(?P<name>[^:]+)(:\*)?")


class LogGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A log group (``DescribeLogGroups``)."""

    kind = "aws.logs.log_group"
    may_lack: ClassVar[Mapping[str, str]] = {
        "retentionInDays": "left out where events never expire; CloudWatch Logs API reference, LogGroup"
    }
    volatile = ("storedBytes", "metricFilterCount")
    name: str = msgspec.field(name="logGroupName")
    retention_in_days: int | None = None
    """``None``: kept for ever."""
    kms_key_id: str | None = None
    log_group_class: str | None = None
    """``STANDARD``, ``INFREQUENT_ACCESS``, ``ESSENTIALS``, ``DELIVERY``; answers before 2023 lack it."""


class Transformation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The metric that a filter counts into."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "defaultValue": "nothing is reported where nothing matches; CloudWatch Logs API reference",
        "unit": "None by default; CloudWatch Logs API reference, MetricTransformation",
        "dimensions": "none are chosen; CloudWatch Logs API reference, MetricTransformation",
    }
    metric_name: str
    metric_namespace: str
    metric_value: str | None = None
    """A number, or a field of the event: ``1``, ``$.size``."""
    default_value: float | None = None
    """What is reported while nothing matches; ``None``: nothing."""
    unit: str | None = None
    dimensions: dict[str, str] = {}

    @property
    def value(self) -> float | None:
        """What one event adds; ``None`` where that depends on the event."""
        try:
            return float(self.metric_value or "")
        except ValueError:
            return None


class MetricFilter(Resource, frozen=True, kw_only=True, rename="camel"):
    """A metric filter (``DescribeMetricFilters``)."""

    kind = "aws.logs.metric_filter"
    may_lack: ClassVar[Mapping[str, str]] = {
        "applyOnTransformedLogs": "false by default; CloudWatch Logs API reference, PutMetricFilter",
        "fieldSelectionCriteria": "returned where one was given; CloudWatch Logs API reference",
        "emitSystemFieldDimensions": "returned where some were given; CloudWatch Logs API reference",
        "logGroupArn": "the scope says where a filter stands in answers that were kept without it",
    }
    name: str = msgspec.field(name="filterName")
    filter_pattern: str = ""
    log_group_name: str
    log_group_arn: str | None = None
    """The account and Region that were asked; AWS itself names the group only."""
    metric_transformations: list[Transformation] = []
    apply_on_transformed_logs: bool = False
    """Whether it reads what a transformer made of the events."""
    field_selection_criteria: str | None = None
    """Which accounts, Regions or sources it reads events of; all, without it."""
    emit_system_field_dimensions: list[str] = []

    @property
    def place(self) -> tuple[str, str] | None:
        """Account and Region, where the document says so."""
        return parsed(self.log_group_arn).place if self.log_group_arn else None


def group_name(arn: str) -> str | None:
    """The name in the ARN of a log group, with ``:*`` behind it or without."""
    found = _GROUP.fullmatch(parsed(arn).resource)
    return found["name"] if found else None


class DeliverySource(Resource, frozen=True, kw_only=True, rename="camel"):
    """A resource of another service that sends logs by deliveries (``DescribeDeliverySources``)."""

    kind = "aws.logs.delivery_source"
    name: str
    resource_arns: list[str] = []
    log_type: str = ""
    """``ALB_ACCESS_LOGS``, ``NLB_ACCESS_LOGS``, ``S3_SERVER_ACCESS_LOGS``, ``ACCESS_LOGS`` of CloudFront, ..."""
    deliveries: list[dict[str, Any]] = fact("DescribeDeliveries")
    """Where it sends to: a log group, a bucket or a stream. A source without one sends nothing."""

    def is_of(self, resource: str, *types: str) -> bool:
        """Whether it sends logs of one of these types about a resource, by its ARN or the end of that."""
        return self.log_type in types and any(arn.endswith(resource) for arn in self.resource_arns)
