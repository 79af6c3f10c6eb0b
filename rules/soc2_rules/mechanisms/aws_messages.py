"""Who may put messages into queues and topics by a service of AWS that serves everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.trust import services_without_source

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from soc2_collectors.aws.models.policy import Statement

_OF_EVERYBODY = {"s3": "any bucket of S3", "sns": "any topic of SNS"}
"""Services by which whoever owns a bucket or a topic sends to a queue or topic of another account, if that lets the
service in. Sources: S3 user guide, "Granting permissions to publish event notification messages to a destination";
SNS developer guide, "Sending Amazon SNS messages to an Amazon SQS queue in a different account"."""


def by_services(
    listed: Sequence[Statement], action: str, own: str, known: Collection[str]
) -> list[str]:
    """What of strangers may send, since the policy lets a service in and does not say for whom.

    Args:
        listed: the statements of the policy of a queue or topic.
        action: by which messages come in: ``sqs:SendMessage``.
        own: the account that it is in.
        known: accounts and organisations that may be named beside it.
    """
    taking = [
        replace(one, actions=(action,), not_actions=(), memo={}) if one.allow else one
        for one in listed
        if one.covers(action)
    ]
    loose = {name for name, source in services_without_source(taking, own, known) if source is None}
    return sorted(told for name, told in _OF_EVERYBODY.items() if name in loose)
