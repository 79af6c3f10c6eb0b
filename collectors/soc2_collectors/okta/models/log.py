"""Events of the system log.

Source: Okta Management API, "System Log". Okta keeps 90 days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.okta.models.times import Moment
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

CHANGES = (
    "application.lifecycle.",
    "application.policy.sign_on.rule.",
    "application.policy.sign_on.update",
    "group.privilege.",
    "iam.",
    "policy.lifecycle.",
    "policy.rule.",
    "security.authenticator.lifecycle.",
    "security.threat.configuration.",
    "system.api_token.",
    "system.idp.lifecycle.",
    "user.account.privilege.",
    "zone.",
)
"""What begins the types of events that change how the org is administered and signed in to. What happens at
every sign-in (``policy.evaluate_sign_on``) begins with none of them."""
LEAVING = ("user.lifecycle.deactivate", "user.lifecycle.suspend")
"""Types of events by which a person loses access."""
RETURNING = (
    "user.lifecycle.activate",
    "user.lifecycle.reactivate",
    "user.lifecycle.unsuspend",
)
"""Types of events by which a person gets it back."""


class Actor(msgspec.Struct, frozen=True, rename="camel"):
    """Who did it."""

    id: str
    type: str
    """``User``, ``PublicClientApp`` (a service app), ``SystemPrincipal`` (Okta itself), ..."""
    alternate_id: str | None = None
    """A user's login."""
    display_name: str | None = None

    @property
    def called(self) -> str:
        """Login, or else name, or else id."""
        known = (self.alternate_id, self.display_name)
        return next((text for text in known if text and text != "unknown"), self.id)


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """What it was done to."""

    id: str | None = None
    type: str | None = None
    alternate_id: str | None = None
    display_name: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """Whether it was done."""

    result: str | None = None
    """``SUCCESS``, ``FAILURE``, ``SKIPPED``, ``ALLOW``, ``DENY``, ``CHALLENGE``, ``UNKNOWN``, ..."""


class LogEvent(Resource, frozen=True, kw_only=True, rename="camel"):
    """An event that changes administration, or gives a person access or takes it (``GET /api/v1/logs``)."""

    kind = "okta.log_event"
    secret = (
        "authenticationContext.externalSessionId",
        "authenticationContext.rootSessionId",
    )

    uuid: str
    published: Moment
    event_type: str
    actor: Actor
    outcome: Outcome | None = None
    display_message: str | None = None
    target: list[Target] | None = None

    @property
    def happened(self) -> bool:
        """Whether Okta says that it was done."""
        return self.outcome is not None and self.outcome.result == "SUCCESS"

    @property
    def changes_administration(self) -> bool:
        """Whether its type is one of :data:`CHANGES`."""
        return self.event_type.startswith(CHANGES)

    @property
    def takes_access(self) -> bool:
        """Whether a person lost access by it."""
        return self.event_type in LEAVING and self.happened

    @property
    def access_of(self) -> str | None:
        """The id of the user who lost access by it, or got it back; ``None`` for other events."""
        if self.event_type not in LEAVING + RETURNING or not self.happened:
            return None
        return next((t.id for t in self.target or () if t.type == "User"), None)

    @property
    def objects(self) -> str:
        """What it was done to, for a message."""
        named = (t.display_name or t.alternate_id or t.id for t in self.target or ())
        return ", ".join(name for name in named if name) or "nothing named"


def closed_since(events: Iterable[LogEvent]) -> datetime | None:
    """Since when the user of these events has no access, by what the log says; ``None``: not said.

    Args:
        events: of one user, in any order.
    """
    since = None
    for event in sorted(events, key=lambda one: one.published):
        if event.access_of is not None:
            since = (since or event.published) if event.takes_access else None
    return since
