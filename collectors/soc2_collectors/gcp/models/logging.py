"""Cloud Logging: sinks, buckets of logs, metrics that count entries.

Source: Cloud Logging API v2, ``LogSink``, ``LogBucket``, ``LogMetric``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held


class Exclusion(msgspec.Struct, frozen=True):
    """Entries that a sink leaves out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "false is left out, and then it holds; Cloud Logging API v2, LogExclusion"
    }
    filter: str
    disabled: bool = False


class Sink(msgspec.Struct, frozen=True, rename="camel"):
    """``LogSink``. Google leaves out what is false or empty: no filter takes every entry."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "filter": "without one a sink takes every entry; Cloud Logging API v2, LogSink",
        "disabled": "false is left out; Cloud Logging API v2, LogSink",
        "exclusions": "nothing is excluded; Cloud Logging API v2, LogSink",
        "interceptChildren": "false is left out; Cloud Logging API v2, LogSink",
        "writerIdentity": "a sink into its own project has none; Cloud Logging API v2, LogSink",
    }
    name: str
    destination: str
    filter: str = ""
    disabled: bool = False
    exclusions: list[Exclusion] = []
    include_children: bool = False
    intercept_children: bool = False
    """Whether sinks below are not sent what it takes."""
    writer_identity: str = ""
    """As whom it writes: ``serviceAccount:...``."""


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
    lifecycle_state: str
    locked: bool = False


class LogBucket(Asset, frozen=True, kw_only=True, rename="camel"):
    """A bucket of logs. Shape from documentation."""

    kind = "gcp.logging.bucket"
    resource: Held[Bucket]

    @property
    def bucket(self) -> Bucket:
        """What Cloud Logging says."""
        return self.resource.data


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """What sort of metric it is."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "valueType": "INT64, a count, by default; Cloud Logging API v2, LogMetric"
    }
    value_type: str = "INT64"


class Metric(msgspec.Struct, frozen=True, rename="camel"):
    """``LogMetric``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "false is left out; Cloud Logging API v2, LogMetric",
        "bucketName": "of the project's own entries; Cloud Logging API v2, LogMetric",
        "metricDescriptor": "a count by default; Cloud Logging API v2, LogMetric",
    }
    name: str
    filter: str
    disabled: bool = False
    bucket_name: str = ""
    """Of which bucket entries are counted; empty: of the project's own entries."""
    metric_descriptor: Descriptor = Descriptor()


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

    @property
    def counts(self) -> bool | None:
        """Whether it counts entries; a distribution of what stands in them is something else."""
        return {"INT64": True, "DOUBLE": None, "DISTRIBUTION": None}.get(
            self.metric.metric_descriptor.value_type.upper()
        )
