"""SNS: how topics are encrypted, and who may use them."""

from __future__ import annotations

from soc2_collectors.aws.models.sns import Topic
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.aws_messages import by_services


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sns_topics_kms_encryption_at_rest_enabled",
        "prowler:sns_topics_not_publicly_accessible",
        "powerpipe:sns_topic_encrypted_at_rest",
    ],
)
def aws_sns_encrypted(
    topic: Topic, scope: Scope, *, known_accounts: tuple[str, ...] = ()
) -> Verdict:
    """SNS topics are encrypted with a KMS key, and their policy does not let everyone in.

    Everyone is let in, too, where S3 may publish without a condition that says whose bucket it is: the account's own,
    or that of one in ``known_accounts``. Of other services whom they act for is not asked.

    Why: whoever may subscribe reads every message, and whoever may publish is believed.
    Fix: aws sns set-topic-attributes --attribute-name KmsMasterKeyId, with a key whose policy lets the
        publishing services use it; in the attribute Policy name the accounts, or add aws:SourceAccount.
    """
    wrong = []
    if not topic.attributes.kms_master_key_id:
        wrong.append("not encrypted with a KMS key")
    try:
        public = topic.public_statements
        sending = by_services(topic.statements, "sns:Publish", scope.account, known_accounts)
    except FactUnavailable:
        if not wrong:
            raise
        public, sending = [], []
    if public:
        told = ", ".join(sorted({statement.told for statement in public}))
        wrong.append(f"its policy lets everyone do {told}")
    if sending:
        wrong.append(f"its policy lets {' and '.join(sending)} publish to it")
    if wrong:
        return failed("; ".join(wrong))
    return passed(
        f"encrypted with {topic.attributes.kms_master_key_id}, and its policy is not public"
    )
