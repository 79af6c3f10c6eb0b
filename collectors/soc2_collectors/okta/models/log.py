"""Events of the system log.

Source: Okta Management API, "System Log". Okta keeps 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.okta.models.event_types import BY_OKTA_S_STAFF, changes_administration
from soc2_collectors.okta.models.times import Moment
from soc2_pac.identity import Deed, Doer
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import DeedSort, DoerSort
    from soc2_pac.model import Scope

LEAVING = ("system.import.user.suspend", "user.lifecycle.deactivate", "user.lifecycle.suspend")
"""Types of events by which a person loses access."""
RETURNING = (
    "system.import.user.unsuspend",
    "system.import.user.unsuspend_after_confirm",
    "system.import.user.update_user_lifecycle_from_master",
    "user.lifecycle.activate",
    "user.lifecycle.reactivate",
    "user.lifecycle.unsuspend",
)
"""Types of events by which a person gets it back, or may: an import that changes the status says not how."""
CREATING = ("user.lifecycle.create",)
"""Types of events by which an account is made."""
DELETING = ("user.lifecycle.delete.completed", "user.lifecycle.delete.initiated")
"""Types of events by which an account is deleted."""
_DEEDS: Mapping[str, DeedSort] = {
    **dict.fromkeys(CREATING, "created"),
    **dict.fromkeys(DELETING, "removed"),
    **dict.fromkeys(LEAVING, "disabled"),
    "user.account.privilege.grant": "granted",
    "user.account.privilege.revoke": "revoked",
}
_SORTS: Mapping[str, DoerSort] = {
    "User": "person",
    "PublicClientApp": "app",
    "AppInstance": "app",
    "SystemPrincipal": "bot",
}
"""Types of actors, as far as Okta documents them; any other is unknown (System Log, "Actor object")."""
NOT_DONE = frozenset({"ABANDONED", "DENY", "FAILURE", "RATE_LIMIT", "SKIPPED", "UNANSWERED"})
"""Outcomes by which nothing was done."""


_WHO = "whoever is not Okta itself is asked for a review; the name of a person is not taken for a pipeline"


class Actor(msgspec.Struct, frozen=True, rename="camel"):
    """Who did it."""

    may_lack: ClassVar[Mapping[str, str]] = {"type": _WHO}
    any_value: ClassVar[Mapping[str, str]] = {"type": _WHO}

    id: str
    type: str
    """``User``, ``PublicClientApp`` (a service app), ``SystemPrincipal`` (Okta itself), ..."""
    alternate_id: str | None = None
    """A user's login."""
    display_name: str | None = None
    """Of a user, what the profile says: people may write it themselves."""

    def is_one_of(self, names: tuple[str, ...]) -> bool:
        """Whether its id or login is one of these, or the name of an app; a person's name proves nothing."""
        mine = {self.id, self.alternate_id}
        if self.type != "User":
            mine.add(self.display_name)
        return not mine.isdisjoint(names)

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


_DONE = "what Okta does not call refused may have been done, and counts; only SUCCESS takes access"


class Outcome(msgspec.Struct, frozen=True):
    """Whether it was done."""

    may_lack: ClassVar[Mapping[str, str]] = {"result": _DONE}
    any_value: ClassVar[Mapping[str, str]] = {"result": _DONE}

    result: str | None = None
    """``SUCCESS``, ``FAILURE``, ``SKIPPED``, ``ALLOW``, ``DENY``, ``CHALLENGE``, ``UNKNOWN``, ..."""


class LogEvent(Resource, frozen=True, kw_only=True, rename="camel"):
    """An event that changes administration, or gives a person access or takes it (``GET /api/v1/logs``)."""

    kind = "okta.log_event"
    may_lack: ClassVar[Mapping[str, str]] = {
        "outcome": _DONE,
        "target": "only named in messages; an event without a user takes nobody's access",
        "displayMessage": "only a name",
    }
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
    def refused(self) -> bool:
        """Whether Okta says that it was not done; where it says nothing, it may have been."""
        return self.outcome is not None and self.outcome.result in NOT_DONE

    @property
    def changes_administration(self) -> bool:
        """Whether its type changes how the org is set up, administered or signed in to."""
        return changes_administration(self.event_type)

    @property
    def by_okta_itself(self) -> bool:
        """Whether Okta did it by itself: not where its type says that Okta's staff reached the org."""
        return self.actor.type == "SystemPrincipal" and not self.event_type.startswith(
            BY_OKTA_S_STAFF
        )

    @property
    def takes_access(self) -> bool:
        """Whether a person certainly lost access by it."""
        done = self.outcome is not None and self.outcome.result == "SUCCESS"
        return self.event_type in LEAVING and done

    @property
    def access_of(self) -> str | None:
        """The id of the user who lost access by it, or may have got it back; ``None`` for other events."""
        if not (self.takes_access or (self.event_type in RETURNING and not self.refused)):
            return None
        return next((t.id for t in self.target or () if t.type == "User"), None)

    @property
    def doer(self) -> Doer:
        """Who did it, in the words of the engine."""
        return Doer(self.actor.called, _SORTS.get(self.actor.type, "unknown"), self.actor.id)

    def deeds(self, scope: Scope) -> Iterable[Deed]:
        """What it says was done to each user that it names."""
        sort = _DEEDS.get(self.event_type)
        if sort is None or self.refused:
            return
        for target in self.target or ():
            if target.type == "User" and target.id:
                system = f"okta:{scope.account}"
                yield Deed(system, target.id, sort, self.published, self.doer, self.event_type)

    def event_columns(self) -> Mapping[str, object]:
        """Who did it, and to what."""
        by = self.doer
        named = [t.alternate_id or t.display_name or t.id for t in self.target or ()]
        return {
            "author": by.name,
            "author_id": by.id,
            "author_kind": by.sort,
            "targets": [name for name in named if name],
        }

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
