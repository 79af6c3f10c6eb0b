"""Views of AWS Config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

GLOBAL_TYPES = frozenset(
    {"AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"}
)
"""Types of IAM, which have no Region: one recorder of the account records them for all."""
GLOBAL_CLUSTERS = "AWS::RDS::GlobalCluster"
"""Aurora's global clusters: every Region's recorder records all of them, unless it leaves them out.

Source: API reference, RecordingGroup, "Aurora global clusters are recorded in all enabled Regions".
"""
_ALL, _EXCEPT, _ONLY = (
    "ALL_SUPPORTED_RESOURCE_TYPES",
    "EXCLUSION_BY_RESOURCE_TYPES",
    "INCLUSION_BY_RESOURCE_TYPES",
)


class ExcludedTypes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Resource types that are left out."""

    resource_types: list[str] = []


class Strategy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By which of the lists it records."""

    use_only: str


class RecordingGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is recorded."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "recordingStrategy": "optional with allSupported; AWS Config API reference, RecordingGroup",
        "resourceTypes": "none are listed with allSupported; AWS Config API reference, RecordingGroup",
        "exclusionByResourceTypes": "none are left out with allSupported; AWS Config API reference",
    }
    all_supported: bool = False
    include_global_resource_types: bool | None = None
    resource_types: list[str] = []
    exclusion_by_resource_types: ExcludedTypes | None = None
    recording_strategy: Strategy | None = None

    @property
    def strategy(self) -> str:
        """What is chosen; of old answers, what the lists say."""
        if self.recording_strategy is not None:
            return self.recording_strategy.use_only
        if self.left_out:
            return _EXCEPT
        return _ALL if self.all_supported else _ONLY

    @property
    def left_out(self) -> list[str]:
        """Types that are named as left out."""
        without = self.exclusion_by_resource_types
        return sorted(without.resource_types) if without else []

    @property
    def whole(self) -> bool | None:
        """Whether all types with a Region are recorded; ``None`` for a strategy that nobody knows."""
        if self.strategy == _EXCEPT:
            return not set(self.left_out) - GLOBAL_TYPES - {GLOBAL_CLUSTERS}
        if self.strategy == _ALL:
            return self.all_supported
        return False if self.strategy == _ONLY else None

    @property
    def records_global_clusters(self) -> bool:
        """Whether Aurora's global clusters are recorded."""
        if self.strategy == _ONLY:
            return GLOBAL_CLUSTERS in self.resource_types
        return self.whole is True and GLOBAL_CLUSTERS not in self.left_out

    @property
    def records_global(self) -> bool:
        """Whether users, groups, roles and policies of IAM are recorded."""
        if self.strategy == _EXCEPT:
            return not GLOBAL_TYPES & set(self.left_out)
        if self.strategy == _ONLY:
            return set(self.resource_types) >= GLOBAL_TYPES
        return self.all_supported and self.include_global_resource_types is True


class RecordingMode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How often it records."""

    recording_frequency: str
    """``CONTINUOUS`` or ``DAILY``."""


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeConfigurationRecorderStatus``."""

    recording: bool
    last_status: str | None = None
    """``Pending``, ``Success``, ``Failure``, ``NotApplicable``; old answers have capitals."""
    last_error_code: str | None = None

    @property
    def last(self) -> str:
        """Its last status in small letters."""
        return (self.last_status or "").lower().replace("_", "")


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The last delivery of a sort."""

    last_status: str | None = None
    """``Success``, ``Failure`` or ``Not_Applicable``."""
    last_error_code: str | None = None

    @property
    def last(self) -> str:
        """Its status in small letters."""
        return (self.last_status or "").lower().replace("_", "")


class ChannelStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeDeliveryChannelStatus``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "configHistoryDeliveryInfo": "nothing was due for delivery yet; AWS Config API reference"
    }
    history: Delivery | None = msgspec.field(default=None, name="configHistoryDeliveryInfo")


class Recorder(Resource, frozen=True, kw_only=True, rename="camel"):
    """A region's configuration recorder."""

    kind = "aws.config.recorder"
    may_lack: ClassVar[Mapping[str, str]] = {
        "servicePrincipal": "recorders that belong to a service have it; AWS Config API reference",
        "connectorArn": "recorders of other clouds have it; AWS Config API reference",
        "recordingMode": "continuous by default; AWS Config API reference, RecordingMode",
    }
    volatile = (
        "DescribeConfigurationRecorderStatus.lastStatusChangeTime",
        "DescribeConfigurationRecorderStatus.lastStartTime",
        "DescribeConfigurationRecorderStatus.lastStopTime",
        "DescribeDeliveryChannelStatus.*.configSnapshotDeliveryInfo",
        "DescribeDeliveryChannelStatus.*.configStreamDeliveryInfo",
        "DescribeDeliveryChannelStatus.*.configHistoryDeliveryInfo.lastAttemptTime",
        "DescribeDeliveryChannelStatus.*.configHistoryDeliveryInfo.lastSuccessfulTime",
        "DescribeDeliveryChannelStatus.*.configHistoryDeliveryInfo.nextDeliveryTime",
    )
    name: str
    service_principal: str | None = None
    """Of a service that records for itself."""
    connector_arn: str | None = None
    """Of a recorder of another cloud."""
    recording_group: RecordingGroup | None = None
    recording_mode: RecordingMode | None = None
    status: RecorderStatus | None = fact("DescribeConfigurationRecorderStatus")
    channels: list[ChannelStatus] = fact("DescribeDeliveryChannelStatus")

    @property
    def of_another(self) -> str:
        """Of which service or cloud it is; empty for the account's own of the Region."""
        return self.service_principal or ("another cloud" if self.connector_arn else "")

    @property
    def on(self) -> bool:
        """Whether it is the account's own of its Region, and records."""
        return self.status is not None and self.status.recording and not self.of_another

    @property
    def records_global(self) -> bool:
        """Whether it is on and records users, groups, roles and policies of IAM."""
        group = self.recording_group
        return self.on and group is not None and group.records_global

    @property
    def records_global_clusters(self) -> bool:
        """Whether it is on and records Aurora's global clusters."""
        group = self.recording_group
        return self.on and group is not None and group.records_global_clusters


class OrganizationSource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which Regions an aggregator collects from all accounts of the organisation."""

    all_aws_regions: bool = False
    aws_regions: list[str] = []


class TypeFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What alone is collected."""

    value: list[str] = []


class Filters(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What narrows an aggregator."""

    resource_type: TypeFilter | None = None
    service_principal: TypeFilter | None = None


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How collecting from a source ended."""

    source_type: str
    last_update_status: str
    last_error_code: str = ""


class Aggregator(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An aggregator: it collects what recorders of other accounts and Regions hold."""

    kind = "aws.config.aggregator"
    may_lack: ClassVar[Mapping[str, str]] = {
        "AggregatorFilters": "nothing narrows it; AWS Config API reference, ConfigurationAggregator"
    }
    name: str = msgspec.field(name="ConfigurationAggregatorName")
    arn: str = msgspec.field(default="", name="ConfigurationAggregatorArn")
    organization: OrganizationSource | None = msgspec.field(
        default=None, name="OrganizationAggregationSource"
    )
    filters: Filters | None = msgspec.field(default=None, name="AggregatorFilters")
    failing: list[SourceStatus] = fact("DescribeConfigurationAggregatorSourcesStatus")
    """Sources of which the last collection failed."""

    @property
    def narrowed_to(self) -> list[str]:
        """Types of resources and recorders of services that alone it collects."""
        if self.filters is None:
            return []
        both = (self.filters.resource_type, self.filters.service_principal)
        return sorted(value for one in both if one for value in one.value)
