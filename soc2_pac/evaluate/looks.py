"""How complete and how fresh the last look at a kind in a scope was, and what that does to verdicts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.evaluate.evidence import Held
from soc2_pac.model import NOT_OFFERED, CollectionStatus, Status, utc_text, utc_time
from soc2_pac.store import findings as store
from soc2_pac.store.scopes import retired

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.model import Scope
    from soc2_pac.store.findings import LookRow


_DRIFT = timedelta(minutes=5)
"""By how much the clocks of those who collect and those who judge may differ."""


class State(NamedTuple):
    """``status`` is ``None`` where the look is complete and fresh: verdicts stand as they are."""

    status: Status | None
    reason: str


SOUND = State(None, "")
"""Complete and fresh."""


def state_of(look: LookRow, now: datetime, max_age: timedelta) -> State:
    """What the last look allows: ``inconclusive`` when not complete, ``stale`` when too old.

    ``not_applicable`` where the provider has no such service.
    """
    if look.status is CollectionStatus.SKIPPED and look.reason.startswith(NOT_OFFERED):
        return State(Status.NOT_APPLICABLE, look.reason)
    if look.status is not CollectionStatus.COMPLETE:
        grant = f"; grant {look.permission}" if look.permission else ""
        return State(Status.INCONCLUSIVE, f"the last look was {look.status}: {look.reason}{grant}")
    if utc_time(look.finished_at) > now + _DRIFT:
        at = look.finished_at
        return State(
            Status.STALE,
            f"the last complete look says {at}, which is yet to come: a clock was ahead",
        )
    if utc_time(look.finished_at) + max_age <= now:
        day = look.finished_at[:10]
        return State(
            Status.STALE,
            f"the last complete look was on {day}, over {max_age.days} days before",
        )
    return SOUND


class StoreDocuments:
    """:class:`soc2_pac.evaluate.evidence.Documents` out of the store."""

    def __init__(
        self,
        connection: Connection,
        upto: int,
        now: datetime,
        max_age: timedelta,
        *,
        current: bool = True,
    ) -> None:
        self._connection = connection
        self._upto = upto
        self._now = now
        self._max_age = max_age
        self._current = current
        self._scopes: dict[int, Scope] = {}
        self._retired = retired(connection, utc_text(now))

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Each scope's last look, with why it cannot be relied on."""
        found = store.looks(self._connection, kind, self._upto, self._retired)
        for scope_id, look in found.items():
            self._scopes[scope_id] = look.scope
            state = state_of(look, self._now, self._max_age)
            sound = state.status in (None, Status.NOT_APPLICABLE)
            yield look.scope, None if sound else state.reason

    def bodies(self, kind: str) -> Iterable[Held]:
        """Every document of the kind, by resource id. Call :meth:`looks` for the kind first."""
        for chunk in store.documents(self._connection, kind, None if self._current else self._upto):
            for row in chunk:
                if row.scope in self._scopes:  # it was not retired
                    yield Held(self._scopes[row.scope], row.body, row.uid, row.digest)
