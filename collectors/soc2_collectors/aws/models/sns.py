"""Views of SNS: topics."""

from __future__ import annotations

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact


class TopicAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetTopicAttributes``; SNS gives every value as text."""

    kms_master_key_id: str | None = None
    """AWS leaves it out where a topic is not encrypted."""
    policy: str


class Topic(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A topic (``ListTopics``)."""

    kind = "aws.sns.topic"
    volatile = (
        "GetTopicAttributes.SubscriptionsConfirmed",
        "GetTopicAttributes.SubscriptionsDeleted",
        "GetTopicAttributes.SubscriptionsPending",
    )
    topic_arn: str
    attributes: TopicAttributes = fact("GetTopicAttributes")

    @property
    def public_statements(self) -> list[Statement]:
        """Those of its policy that allow everyone. The one that SNS writes into new topics does not."""
        return [s for s in statements(self.attributes.policy) if s.public]
