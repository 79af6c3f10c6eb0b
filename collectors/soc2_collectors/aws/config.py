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
    calls=["config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus"],
    per="region",
    cost="1 + N",
)
def recorders(aws: Aws) -> Iterator[Document]:
    """The region's recorder with its status, or nothing."""
    for recorder in aws.items(
        "config", "describe_configuration_recorders", "ConfigurationRecorders"
    ):
        name = recorder["name"]
        body = {**recorder, "DescribeConfigurationRecorderStatus": _status(aws, name)}
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
    calls=["config:DescribeConfigurationAggregators"],
    per="region",
    cost="pages of 100",
)
def aggregators(aws: Aws) -> Iterator[Document]:
    """Aggregators of this account and region."""
    for item in aws.items(
        "config", "describe_configuration_aggregators", "ConfigurationAggregators"
    ):
        name = item["ConfigurationAggregatorName"]
        yield Document(item["ConfigurationAggregatorArn"], name, item)
