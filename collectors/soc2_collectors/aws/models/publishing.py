"""Whether a service of AWS may publish to a topic, and use the key that encrypts it, by their policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.aws.models.arns import parsed
from soc2_collectors.aws.models.policy import statements
from soc2_collectors.samples import Answer, every, negated, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.aws.models.conditions import Condition
    from soc2_collectors.aws.models.policy import Statement

ALARMS, EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"


class Sender(NamedTuple):
    """A service that publishes on behalf of something of an account."""

    service: str
    """:data:`ALARMS` or :data:`EVENTS`."""
    source: str
    """The ARN of the alarm or the rule."""

    @property
    def account(self) -> str:
        """On whose behalf."""
        return parsed(self.source).account


def may_publish(policy: str | None, topic: str, sender: Sender) -> Answer:
    """Whether a topic's policy lets a service publish.

    Alarms publish as their account does: the policy of a new topic, which names its owner in
    ``AWS:SourceOwner``, lets them. EventBridge may only where it is named.
    """
    if policy is None:
        return None  # every topic has a policy: this one was not shown
    found = [one for one in statements(policy) if one.covers("sns:Publish") and one.reaches(topic)]
    return _allowed(found, sender)


def may_use_key(policy: str, sender: Sender) -> Answer:
    """Whether a key's policy lets a service make and read data keys, which an encrypted topic asks for."""
    asked = [
        _allowed([one for one in statements(policy) if one.covers(action)], sender)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    ]
    return every(asked)


def _allowed(found: Sequence[Statement], sender: Sender) -> Answer:
    denied = some([_meets(one, sender) for one in found if not one.allow])
    allowed = some([_meets(one, sender) for one in found if one.allow])
    return every([allowed, negated(denied)])


def _meets(one: Statement, sender: Sender) -> Answer:
    """Whether a statement is about the service that calls."""
    if one.not_principals:
        return None
    named = ("Service", sender.service) in one.principals
    if not named and not one.anyone:
        return False
    return every([_holds(condition, sender) for condition in one.conditions])


def _holds(condition: Condition, sender: Sender) -> Answer:
    """Whether a condition holds of a service's call. A key that is not listed here is not known."""
    if condition.key in ("aws:securetransport", "aws:principalisawsservice"):
        return condition.holds("true")
    if condition.key == "aws:sourceaccount":
        return condition.holds(sender.account)
    if condition.key == "aws:sourceowner":
        # The key of old, which SNS writes into the policy of every topic; only alarms bring it.
        return (
            condition.holds(sender.account) if sender.service == ALARMS else condition.without_key()
        )
    if condition.key == "aws:sourcearn":
        return condition.holds(sender.source)
    return None
