"""The company itself: its controls, and what its people handed in and decided. It reads the store's own acts."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.company.settings import CompanySettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class CompanyProvider:
    """:class:`soc2_pac.hookspecs.Provider` for the acts of people in the store."""

    name: str = "company"
    settings: type[CompanySettings] = CompanySettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )
    of_the_store: bool = True

    def connect(self, settings: CompanySettings) -> Connection:
        """A connection to the acts that the settings know."""
        from soc2_collectors.company.client import CompanyConnection  # noqa: PLC0415

        return CompanyConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """Nothing beyond the store."""
        from soc2_collectors.company.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[CompanyProvider]:
    """The company."""
    return [CompanyProvider()]
