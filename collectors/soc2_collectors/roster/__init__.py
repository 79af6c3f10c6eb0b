"""The roster of people: CSV files that whoever keeps the personnel records writes. It needs no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.roster.settings import RosterSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class RosterProvider:
    """:class:`soc2_pac.hookspecs.Provider` for CSV files of people and accounts."""

    name: str = "roster"
    settings: type[RosterSettings] = RosterSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: RosterSettings) -> Connection:
        """A connection; opens nothing yet."""
        from soc2_collectors.roster.client import RosterConnection  # noqa: PLC0415

        return RosterConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """Which files must be readable."""
        from soc2_collectors.roster.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[RosterProvider]:
    """The roster."""
    return [RosterProvider()]
