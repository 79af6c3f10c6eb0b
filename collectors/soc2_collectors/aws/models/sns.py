"""Views of SNS: topics."""

from __future__ import annotations

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact


class TopicAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetTopicAttributes``; SNS gives every value as text."""

    kms_master_key_id: str | None = None
    """AWS leaves it out where a topic is not encrypted."""
    policy: str | None = None
    """Every topic has one."""


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
    def statements(self) -> list[Statement]:
        """Those of its policy. Raises FactUnavailable where its policy was not told, or is none."""
        if self.attributes.policy is None:
            msg = "its policy was not told"
            raise FactUnavailable(msg, field="GetTopicAttributes")
        return statements(self.attributes.policy)

    @property
    def public_statements(self) -> list[Statement]:
        """Those of its policy that let everyone in. The one that SNS writes into new topics does not.

        Raises FactUnavailable where its policy was not told, or is none.
        """
        return open_to_everyone(self.statements)
