"""AWS Config: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.config import Aggregator, Recorder
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Recorder,
    calls=[
        "config:DescribeConfigurationRecorders",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeDeliveryChannelStatus",
    ],
    per="region",
    cost="1 + 2 N",
)
def recorders(aws: Aws) -> Iterator[Document]:
    """The region's recorder with its status and that of its delivery channel, or nothing."""
    for recorder in aws.items(
        "config", "describe_configuration_recorders", "ConfigurationRecorders"
    ):
        name = recorder["name"]
        body = {
            **recorder,
            "DescribeConfigurationRecorderStatus": _status(aws, name),
            "DescribeDeliveryChannelStatus": aws.fact(
                "config", "describe_delivery_channel_status", key="DeliveryChannelsStatus"
            ),
        }
        yield Document(name, name, body)


def _status(aws: Aws, name: str) -> Fact:
    asked = aws.fact(
        "config",
        "describe_configuration_recorder_status",
        key="ConfigurationRecordersStatus",
        ConfigurationRecorderNames=[name],
    )

    def first() -> object:
        said = asked.call()
        return said[0] if isinstance(said, list) and said else None

    return Fact(asked.operation, first)


@collects(
    Aggregator,
    calls=[
        "config:DescribeConfigurationAggregators",
        "config:DescribeConfigurationAggregatorSourcesStatus",
    ],
    per="region",
    cost="pages of 100 + 1 per aggregator",
)
def aggregators(aws: Aws) -> Iterator[Document]:
    """Aggregators of this account and region, with the sources that could not be collected."""
    for item in aws.items(
        "config", "describe_configuration_aggregators", "ConfigurationAggregators"
    ):
        name = item["ConfigurationAggregatorName"]
        failing = aws.fact(
            "config",
            "describe_configuration_aggregator_sources_status",
            key="AggregatedSourceStatusList",
            ConfigurationAggregatorName=name,
            UpdateStatus=["FAILED"],
        )
        body = {**item, "DescribeConfigurationAggregatorSourcesStatus": failing}
        yield Document(item["ConfigurationAggregatorArn"], name, body)
