"""SNS: how topics are encrypted, and who may use them."""

from __future__ import annotations

from soc2_collectors.aws.models.sns import Topic
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sns_topics_kms_encryption_at_rest_enabled",
        "prowler:sns_topics_not_publicly_accessible",
        "powerpipe:sns_topic_encrypted_at_rest",
    ],
)
def aws_sns_encrypted(topic: Topic) -> Verdict:
    """SNS topics are encrypted with a KMS key, and their policy does not let everyone in.

    Why: whoever may subscribe reads every message, and whoever may publish is believed.
    Fix: aws sns set-topic-attributes --attribute-name KmsMasterKeyId, with a key whose policy lets the
        publishing services use it; in the attribute Policy name the accounts, or add aws:SourceAccount.
    """
    wrong = []
    if not topic.attributes.kms_master_key_id:
        wrong.append("not encrypted with a KMS key")
    if public := topic.public_statements:
        actions = sorted({action for s in public for action in s.actions})
        wrong.append(f"its policy lets everyone do {', '.join(actions) or 'almost everything'}")
    return failed("; ".join(wrong)) if wrong else passed("encrypted, and its policy is not public")
