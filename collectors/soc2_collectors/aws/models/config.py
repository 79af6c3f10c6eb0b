"""Views of AWS Config."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class ExcludedTypes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Resource types that are left out."""

    resource_types: list[str] = []


class RecordingGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is recorded."""

    all_supported: bool = False
    exclusion_by_resource_types: ExcludedTypes | None = None


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeConfigurationRecorderStatus``."""

    recording: bool
    last_status: str | None = None
    last_error_code: str | None = None


class Recorder(Resource, frozen=True, kw_only=True, rename="camel"):
    """A region's configuration recorder."""

    kind = "aws.config.recorder"
    volatile = (
        "DescribeConfigurationRecorderStatus.lastStatusChangeTime",
        "DescribeConfigurationRecorderStatus.lastStartTime",
        "DescribeConfigurationRecorderStatus.lastStopTime",
    )
    name: str
    recording_group: RecordingGroup | None = None
    status: RecorderStatus | None = fact("DescribeConfigurationRecorderStatus")


class OrganizationSource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which Regions an aggregator collects from all accounts of the organisation."""

    all_aws_regions: bool = False
    aws_regions: list[str] = []


class Aggregator(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An aggregator: it collects what recorders of other accounts and Regions hold."""

    kind = "aws.config.aggregator"
    name: str = msgspec.field(name="ConfigurationAggregatorName")
    organization: OrganizationSource | None = msgspec.field(
        default=None, name="OrganizationAggregationSource"
    )
