"""Collects behavior rules, log streams and event hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.detection import BehaviorRule, EventHook, LogStream
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_BEHAVIORS = "/api/v1/behaviors"
_STREAMS = "/api/v1/logStreams"
_HOOKS = "/api/v1/eventHooks"


@collects(BehaviorRule, calls=[f"GET {_BEHAVIORS}"], per="organization", cost="pages of 10")
def behavior_rules(okta: Okta) -> Iterator[Document]:
    """Behavior rules, active or not."""
    for behavior in okta.items(_BEHAVIORS):
        yield document(behavior, name="name")


@collects(LogStream, calls=[f"GET {_STREAMS}"], per="organization", cost="pages of 20")
def log_streams(okta: Okta) -> Iterator[Document]:
    """Log streams, active or not."""
    for stream in okta.items(_STREAMS):
        yield document(stream, name="name")


@collects(EventHook, calls=[f"GET {_HOOKS}"], per="organization", cost="1")
def event_hooks(okta: Okta) -> Iterator[Document]:
    """Event hooks, active or not."""
    for hook in okta.items(_HOOKS):
        yield document(hook, name="name")
