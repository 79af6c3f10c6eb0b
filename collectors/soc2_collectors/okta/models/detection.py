"""Detection: what counts as unusual, and where the System Log goes.

Source: Okta Management API, "Behavior Rules", "Log Streaming", "Event Hooks".
"""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class BehaviorRule(Resource, frozen=True, kw_only=True, rename="camel"):
    """What makes a sign-in unusual (``GET /api/v1/behaviors``)."""

    kind = "okta.behavior_rule"

    id: str
    name: str
    type: str
    """``ANOMALOUS_LOCATION``, ``ANOMALOUS_DEVICE``, ``ANOMALOUS_IP``, ``ANOMALOUS_ASN`` or ``VELOCITY``."""
    status: str


class LogStream(Resource, frozen=True, kw_only=True, rename="camel"):
    """A stream of the whole System Log to somewhere else (``GET /api/v1/logStreams``)."""

    kind = "okta.log_stream"
    secret = ("settings.token",)

    id: str
    name: str
    type: str
    """``aws_eventbridge`` or ``splunk_cloud_logstreaming``."""
    status: str


class Subscription(msgspec.Struct, frozen=True):
    """Which events a hook gets."""

    items: list[str]
    filter: dict[str, object] | None = None
    """Narrows them further; ``None``: all of these types."""


class EventHook(Resource, frozen=True, kw_only=True, rename="camel"):
    """A hook that sends events of chosen types to an address (``GET /api/v1/eventHooks``)."""

    kind = "okta.event_hook"
    secret = ("channel.config.headers.*.value", "channel.config.authScheme.value")

    id: str
    name: str
    status: str
    verification_status: str | None = None
    """``VERIFIED``, or it receives nothing."""
    events: Subscription

    @property
    def delivers(self) -> bool:
        """Whether events reach it."""
        return self.status == "ACTIVE" and self.verification_status == "VERIFIED"
