"""SNS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.sns import Topic
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Topic,
    calls=["sns:ListTopics", "sns:GetTopicAttributes"],
    per="region",
    cost="pages of 100 + N",
)
def topics(aws: Aws) -> Iterator[Document]:
    """Topics with their attributes."""
    for topic in aws.items("sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        attributes = aws.fact("sns", "get_topic_attributes", key="Attributes", TopicArn=arn)
        yield Document(arn, arn.rpartition(":")[2], {**topic, "GetTopicAttributes": attributes})
