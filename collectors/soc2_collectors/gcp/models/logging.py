"""Cloud Logging: sinks, buckets of logs, metrics that count entries.

Source: Cloud Logging API v2, ``LogSink``, ``LogBucket``, ``LogMetric``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held


class Exclusion(msgspec.Struct, frozen=True):
    """Entries that a sink leaves out."""

    filter: str
    disabled: bool = False


class Sink(msgspec.Struct, frozen=True, rename="camel"):
    """``LogSink``. Google leaves out what is false or empty: no filter takes every entry."""

    name: str
    destination: str
    filter: str = ""
    disabled: bool = False
    exclusions: list[Exclusion] = []
    include_children: bool = False


class LogSink(Asset, frozen=True, kw_only=True, rename="camel"):
    """A sink: where entries are sent to. The sink itself as recorded, as an asset from documentation."""

    kind = "gcp.logging.sink"
    resource: Held[Sink]

    @property
    def sink(self) -> Sink:
        """What Cloud Logging says."""
        return self.resource.data

    def reaches(self, ancestors: list[str]) -> bool:
        """Whether it takes entries of the resource with these ancestors: its own, or those below it."""
        home = self.ancestors[0] if self.ancestors else ""
        if not home or not ancestors:
            return False
        return home == ancestors[0] or (self.sink.include_children and home in ancestors)


class Bucket(msgspec.Struct, frozen=True, rename="camel"):
    """``LogBucket``."""

    name: str
    retention_days: int
    lifecycle_state: str = "ACTIVE"
    locked: bool = False


class LogBucket(Asset, frozen=True, kw_only=True, rename="camel"):
    """A bucket of logs. Shape from documentation."""

    kind = "gcp.logging.bucket"
    resource: Held[Bucket]

    @property
    def bucket(self) -> Bucket:
        """What Cloud Logging says."""
        return self.resource.data


class Metric(msgspec.Struct, frozen=True, rename="camel"):
    """``LogMetric``."""

    name: str
    filter: str
    disabled: bool = False
    bucket_name: str = ""
    """Of which bucket entries are counted; empty: of the project's own entries."""


class LogMetric(Asset, frozen=True, kw_only=True, rename="camel"):
    """A metric that counts entries. The metric itself as recorded, as an asset from documentation."""

    kind = "gcp.logging.metric"
    resource: Held[Metric]

    @property
    def metric(self) -> Metric:
        """What Cloud Logging says."""
        return self.resource.data

    @property
    def type(self) -> str:
        """By which name alert policies call it."""
        return f"logging.googleapis.com/user/{self.metric.name.rpartition('/metrics/')[2]}"
