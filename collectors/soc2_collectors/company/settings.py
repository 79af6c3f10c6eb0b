"""What a ``[sources.NAME]`` table with ``provider = "company"`` may say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.acts import Act
from soc2_pac.acts.due import OpenFailures
from soc2_pac.acts.systems import ReviewedSystem
from soc2_pac.hookspecs import HistoryEvents
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from collections.abc import Iterable


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket by which somebody approved that an account administers a system."""

    system: str
    """In full or by its provider, or a pattern: ``github:acme``, ``aws``, ``okta:*``."""
    account: str
    """Login or uid of the account, or a pattern. Letter case does not matter."""
    ticket: str
    """Reference of the ticket: ``SEC-123``."""
    by: str
    """Who approved."""
    date: date
    """On which day."""
    note: str = ""
    """What else is to be said of it."""

    def __post_init__(self) -> None:
        """Raises ValueError for an approval that says nothing."""
        for name in ("system", "account", "ticket", "by"):
            if not says_something(getattr(self, name)):
                msg = f"approvals: {name} is empty"
                raise ValueError(msg)

    def fits(self, system: str, names: Iterable[str]) -> bool:
        """Whether it speaks of an account, by any of its names in lower case."""
        places = (system.lower(), system.lower().partition(":")[0])
        return any(fnmatchcase(one, self.system.strip().lower()) for one in places) and any(
            fnmatchcase(one, self.account.strip().lower()) for one in names
        )


class CompanySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company whose store this is. Without a table of its own, the source is implied."""

    organization: str = "own"
    """What the scope is called: ``company:own``."""
    approvals: tuple[Approval, ...] = ()
    """Tickets by which privileged access was approved."""
    grants_since_days: int = 365
    """How far back each collection reads privileged grants out of the store's history."""

    def __post_init__(self) -> None:
        """Raises ValueError for what is no name of a scope."""
        if not self.organization.strip() or "/" in self.organization:
            msg = f"organization: '{self.organization}' is no name of a scope"
            raise ValueError(msg)
        if self.grants_since_days < 1:
            msg = "grants_since_days: 1 or more"
            raise ValueError(msg)

    def knowing(
        self, acts: Iterable[Act], failures: Iterable[OpenFailures] | None = None
    ) -> KnowingSettings:
        """The same, with what the store holds: acts in the order of recording, and open failures.

        ``failures``: ``None`` where nothing was evaluated yet.
        """
        return KnowingSettings(
            self.organization,
            self.approvals,
            self.grants_since_days,
            tuple(acts),
            None if failures is None else tuple(failures),
        )


class KnowingSettings(CompanySettings, frozen=True, forbid_unknown_fields=True):
    """Settings with what is to be read. No configuration can say this."""

    acts: tuple[Act, ...] = ()
    failures: tuple[OpenFailures, ...] | None = None
    systems: tuple[ReviewedSystem, ...] = ()
    """Those of which an access review is expected."""
    history: Callable[[datetime, datetime, datetime | None, str], HistoryEvents] | None = None
    """Reads privileged grants out of the store's history."""

    def expecting(self, systems: Iterable[ReviewedSystem]) -> KnowingSettings:
        """The same, with the systems of which an access review is expected."""
        return msgspec.structs.replace(self, systems=tuple(systems))

    def deriving(
        self, history: Callable[[datetime, datetime, datetime | None, str], HistoryEvents]
    ) -> KnowingSettings:
        """The same, with a way into the store's history."""
        return msgspec.structs.replace(self, history=history)
