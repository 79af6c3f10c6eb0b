"""Views of SQS: queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.resources import Resource, fact


class QueueAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetQueueAttributes``; SQS gives every value as text, and leaves out those that are not set."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Policy": "left out where there is none: only the account's own identities get in (SQS, GetQueueAttributes)",
        "KmsMasterKeyId": "left out where SQS's own keys are used",
    }
    kms_master_key_id: str | None = None
    sqs_managed_sse_enabled: str | None = None
    """``true`` or ``false``: encrypted with keys of SQS's own; a KMS key stands in their place."""
    policy: str | None = None


class Queue(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A queue (``ListQueues``)."""

    kind = "aws.sqs.queue"
    queue_url: str
    attributes: QueueAttributes = fact("GetQueueAttributes")

    @property
    def statements(self) -> list[Statement]:
        """Those of its policy. Raises FactUnavailable for a policy that is none."""
        return statements(self.attributes.policy)

    @property
    def public_statements(self) -> list[Statement]:
        """Those of its policy that let everyone in. Raises FactUnavailable for a policy that is none."""
        return open_to_everyone(self.statements)
