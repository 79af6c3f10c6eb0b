"""SQS: how queues are encrypted, and who may use them."""

from __future__ import annotations

from soc2_collectors.aws.models.sqs import Queue, QueueAttributes
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.aws_messages import by_services


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sqs_queues_server_side_encryption_enabled",
        "prowler:sqs_queues_not_publicly_accessible",
    ],
)
def aws_sqs_encrypted(
    queue: Queue, scope: Scope, *, known_accounts: tuple[str, ...] = ()
) -> Verdict:
    """SQS queues are encrypted, and their policy does not let everyone in.

    Everyone is let in, too, where S3 or SNS may send without a condition that says whose bucket or topic it is:
    the account's own, or one in ``known_accounts``. Of other services whom they act for is not asked.

    Why: whoever may receive takes messages away, and whoever may send is believed.
    Fix: aws sqs set-queue-attributes --queue-url URL --attributes SqsManagedSseEnabled=true (or
        KmsMasterKeyId); in the attribute Policy name the accounts, or add a condition on aws:SourceArn.
    """
    encrypted = _encrypted(queue.attributes)
    wrong = ["not encrypted"] if encrypted == "" else []
    try:
        public = queue.public_statements
        sending = by_services(queue.statements, "sqs:SendMessage", scope.account, known_accounts)
    except FactUnavailable:
        if not wrong:
            raise
        public, sending = [], []
    if public:
        told = ", ".join(sorted({statement.told for statement in public}))
        wrong.append(f"its policy lets everyone do {told}")
    if sending:
        wrong.append(f"its policy lets {' and '.join(sending)} send to it")
    if wrong:
        return failed("; ".join(wrong))
    if encrypted is None:
        return inconclusive("AWS does not say whether it is encrypted")
    return passed(f"encrypted with {encrypted}, and its policy is not public")


def _encrypted(attributes: QueueAttributes) -> str | None:
    """By what; nothing where it is not, ``None`` where AWS does not say."""
    if attributes.kms_master_key_id:
        return "a KMS key"
    return {"true": "keys of SQS", "false": ""}.get(attributes.sqs_managed_sse_enabled or "")
