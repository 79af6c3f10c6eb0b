"""SQS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.sqs import Queue
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 1000}
"""As many as a page can hold. Without a size SQS answers one page only, and no more."""
_WANTED = ["QueueArn", "Policy", "KmsMasterKeyId", "SqsManagedSseEnabled"]
"""Not all: the rest counts messages."""


@collects(
    Queue,
    calls=["sqs:ListQueues", "sqs:GetQueueAttributes"],
    per="region",
    cost="pages of 1000 + N",
)
def queues(aws: Aws) -> Iterator[Document]:
    """Queues with their attributes."""
    for url in aws.items("sqs", "list_queues", "QueueUrls", PaginationConfig=_PAGE):
        name = str(url).rpartition("/")[2]
        attributes = aws.fact(
            "sqs",
            "get_queue_attributes",
            key="Attributes",
            QueueUrl=url,
            AttributeNames=_WANTED,
        )
        yield Document(
            f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:{name}",
            name,
            {"QueueUrl": url, "GetQueueAttributes": attributes},
        )
