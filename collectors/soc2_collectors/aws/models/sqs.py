"""Views of SQS: queues."""

from __future__ import annotations

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact


class QueueAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetQueueAttributes``; SQS gives every value as text, and leaves out those that are not set."""

    kms_master_key_id: str | None = None
    sqs_managed_sse_enabled: str | None = None
    """``true`` or ``false``: encrypted with keys of SQS's own."""
    policy: str = ""
    """Left out where there is none: then only the account's own identities get in."""


class Queue(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A queue (``ListQueues``)."""

    kind = "aws.sqs.queue"
    queue_url: str
    attributes: QueueAttributes = fact("GetQueueAttributes")

    @property
    def public_statements(self) -> list[Statement]:
        """Those of its policy that allow everyone."""
        return [s for s in statements(self.attributes.policy) if s.public]
