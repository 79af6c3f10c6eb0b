"""The Okta provider. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.okta.settings import OktaSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class OktaProvider:
    """:class:`soc2_pac.hookspecs.Provider` for Okta."""

    name: str = "okta"
    settings: type[OktaSettings] = OktaSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: OktaSettings) -> Connection:
        """A connection; loads Okta's SDK."""
        from soc2_collectors.okta.client import OktaConnection  # noqa: PLC0415

        return OktaConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """What to grant to a service app or a token for declared calls."""
        from soc2_collectors.okta.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[OktaProvider]:
    """Okta."""
    return [OktaProvider()]
