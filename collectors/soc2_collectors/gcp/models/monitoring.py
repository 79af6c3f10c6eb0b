"""Cloud Monitoring: alert policies, and who is told.

Source: Cloud Monitoring API v3, ``AlertPolicy``, ``NotificationChannel``.
"""

from __future__ import annotations

import re

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held

_METRIC = re.compile(r"logging\.googleapis\.com/user/[^\s\"')]+")
_PROMETHEUS = re.compile(r"logging_googleapis_com:user_([A-Za-z0-9_:]+)")


class Threshold(msgspec.Struct, frozen=True, rename="camel"):
    """``conditionThreshold`` and ``conditionAbsent``."""

    filter: str = ""


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """``conditionMonitoringQueryLanguage`` and ``conditionPrometheusQueryLanguage``."""

    query: str = ""


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    """One condition; of the sorts, one is there."""

    condition_threshold: Threshold | None = None
    condition_matched_log: Threshold | None = None
    condition_monitoring_query_language: Query | None = None
    condition_prometheus_query_language: Query | None = None


class Policy(msgspec.Struct, frozen=True, rename="camel"):
    """``AlertPolicy``."""

    name: str
    display_name: str = ""
    enabled: bool = True
    """On unless Google says that it is not: an unset value is read as true."""
    combiner: str = "OR"
    conditions: list[Condition] = []
    notification_channels: list[str] = []


class AlertPolicy(Asset, frozen=True, kw_only=True, rename="camel"):
    """An alert policy. The policy itself as recorded, as an asset from documentation."""

    kind = "gcp.monitoring.alert_policy"
    resource: Held[Policy]

    @property
    def policy(self) -> Policy:
        """What Cloud Monitoring says."""
        return self.resource.data

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.policy.display_name or self.short_name

    @property
    def alone(self) -> list[Condition]:
        """Conditions of which each opens an incident by itself."""
        conditions = self.policy.conditions
        return conditions if len(conditions) == 1 or self.policy.combiner == "OR" else []

    @property
    def watched(self) -> frozenset[str]:
        """Types of the metrics of logs that it watches."""
        found: set[str] = set()
        for one in self.alone:
            for said in (one.condition_threshold, one.condition_monitoring_query_language):
                text = said.filter if isinstance(said, Threshold) else said.query if said else ""
                found.update(_METRIC.findall(text))
            if one.condition_prometheus_query_language:
                text = one.condition_prometheus_query_language.query
                names = _PROMETHEUS.findall(text)
                found.update(f"logging.googleapis.com/user/{name}" for name in names)
        return frozenset(found)

    @property
    def log_filters(self) -> list[str]:
        """Filters of conditions that look at entries themselves."""
        return [one.condition_matched_log.filter for one in self.alone if one.condition_matched_log]


class Channel(msgspec.Struct, frozen=True, rename="camel"):
    """``NotificationChannel``."""

    name: str
    type: str
    display_name: str = ""
    enabled: bool = True
    """On unless Google says that it is not: an unset value is read as true."""
    verification_status: str = "VERIFICATION_STATUS_UNSPECIFIED"
    """Google: unspecified where a channel of its type needs no verification, or its state is not known."""


class NotificationChannel(Asset, frozen=True, kw_only=True, rename="camel"):
    """Where alerts are sent to. Shape from documentation."""

    kind = "gcp.monitoring.notification_channel"
    secret = (
        "resource.data.labels.auth_token",
        "resource.data.labels.password",
        "resource.data.labels.service_key",
        "resource.data.sensitiveLabels.*",
    )
    resource: Held[Channel]

    @property
    def channel(self) -> Channel:
        """What Cloud Monitoring says."""
        return self.resource.data

    @property
    def live(self) -> bool:
        """Whether what is sent there arrives, as far as Google says."""
        return self.channel.enabled and self.channel.verification_status != "UNVERIFIED"
