"""Reads the acts that the engine handed over. It opens nothing and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.settings import CompanySettings, KnowingSettings
from soc2_pac.errors import CallRefused, Unreachable
from soc2_pac.model import Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from soc2_pac.acts import Act
    from soc2_pac.acts.due import OpenFailures
    from soc2_pac.acts.systems import ReviewedSystem
    from soc2_pac.hookspecs import HistoryEvents, Meter
    from soc2_pac.model import Selection

CALLS = {
    "READ controls": ("control.",),
    "READ attestations": ("attestation.",),
    "READ reviews": ("review.",),
}
"""Declared call -> beginnings of the kinds of acts that it reads."""
HISTORY = "READ history"
"""Reads what the store's history shows."""
SYSTEMS = "READ systems"
"""The declared call for systems of which an access review is expected."""
FAILURES = "READ failures"
"""The declared call for open failures."""


class CompanyConnection:
    """:class:`soc2_pac.hookspecs.Connection` to the store's acts."""

    def __init__(self, settings: CompanySettings) -> None:
        self.settings = settings
        self.scope = Scope("company", settings.organization)

    @property
    def spent(self) -> Mapping[str, int]:
        """Nothing is asked of anybody."""
        return {}

    def whoami(self) -> Identity:
        """The store."""
        return Identity("the acts of people in the store", self.settings.organization)

    def discover(self, per: str, only: Selection, meter: Meter | None = None) -> Iterator[Scope]:
        """The one organisation."""
        del only, meter
        if per == "organization":
            yield self.scope

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Company:
        """What collectors take."""
        del scope  # there is one
        return Company(self.settings, meter, allowed)


class Company:
    """The acts of people, as far as a collector declared them."""

    def __init__(self, settings: CompanySettings, meter: Meter, allowed: frozenset[str]) -> None:
        self._settings = settings
        self._meter = meter
        self._allowed = allowed

    def acts(self, call: str) -> tuple[Act, ...]:
        """The acts of one of :data:`CALLS`, in the order of recording.

        Raises:
            CallRefused: the collector did not declare the call. Unreachable: no store was opened.
        """
        known = self._known(call)
        return tuple(act for act in known.acts if act.kind.startswith(CALLS[call]))

    def failures(self, call: str) -> tuple[OpenFailures, ...] | None:
        """Open failures by severity and day; ``None``: nothing was evaluated yet. Raises as :meth:`acts` does."""
        return self._known(call).failures

    def systems(self) -> tuple[ReviewedSystem, ...]:
        """Systems of which an access review is expected, by :data:`SYSTEMS`. Raises as :meth:`acts` does."""
        return self._known(SYSTEMS).systems

    def grants(
        self, start: datetime, end: datetime, since: datetime | None, kept: str
    ) -> HistoryEvents:
        """Accounts that came to administer their system between two instants, by the store's history.

        ``since``: until when an earlier reading went, of which the documents are of the kind ``kept``.

        Raises:
            CallRefused: the collector did not declare :data:`HISTORY`. Unreachable: no store was opened.
        """
        settings = self._known(HISTORY)
        if settings.history is None:
            msg = "no store could be opened, and it is its history that is read"
            raise Unreachable(msg, operation=HISTORY)
        return settings.history(start, end, since, kept)

    @property
    def settings(self) -> CompanySettings:
        """What the configuration says."""
        return self._settings

    def _known(self, call: str) -> KnowingSettings:
        if call not in self._allowed:
            msg = f"the collector did not declare {call}"
            raise CallRefused(msg, operation=call)
        self._meter.request(call)
        if not isinstance(self._settings, KnowingSettings):
            msg = "no store could be opened, and what people declared stands there. Next: soc2-pac controls record"
            raise Unreachable(msg, operation=call)
        return self._settings
