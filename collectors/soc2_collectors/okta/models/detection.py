"""Detection: what counts as unusual, and where the System Log goes.

Source: Okta Management API, "Behavior Rules", "Log Streaming", "Event Hooks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

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


class FilteredEvent(msgspec.Struct, frozen=True):
    """A type of events that a hook gets only in part."""

    event: str | None = None


class HookFilter(msgspec.Struct, frozen=True, rename="camel"):
    """What narrows the events of a hook."""

    event_filter_map: list[FilteredEvent] | None = None
    """``None``: Okta does not say which types it narrows."""


class Subscription(msgspec.Struct, frozen=True):
    """Which events a hook gets."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "filter": "Okta writes null, or nothing, for a hook without a filter (Event Hooks API)",
    }

    items: list[str]
    filter: HookFilter | None = None
    """Narrows some of them; ``None``: all events of these types."""

    @property
    def whole(self) -> set[str]:
        """Types of which the hook gets every event."""
        if self.filter is None:
            return set(self.items)
        narrowed = self.filter.event_filter_map
        return set() if narrowed is None else set(self.items) - {one.event for one in narrowed}


class EventHook(Resource, frozen=True, kw_only=True, rename="camel"):
    """A hook that sends events of chosen types to an address (``GET /api/v1/eventHooks``)."""

    kind = "okta.event_hook"
    secret = (
        "channel.config.authScheme.value",
        "channel.config.headers.*.value",
        # Receivers of hooks often take their key in the path or the query.
        "channel.config.uri",
    )

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
