"""The Azure provider: a tenant of Entra and its Azure subscriptions. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.azure.objects import Blobs
from soc2_collectors.azure.settings import AzureSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class AzureProvider:
    """:class:`soc2_pac.hookspecs.Provider` for Azure and Entra."""

    name: str = "azure"
    settings: type[AzureSettings] = AzureSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: AzureSettings) -> Connection:
        """A connection; loads Microsoft's SDK."""
        from soc2_collectors.azure.client import AzureConnection  # noqa: PLC0415

        return AzureConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The custom role and the application permissions that declared calls need."""
        from soc2_collectors.azure.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[AzureProvider]:
    """Azure."""
    return [AzureProvider()]


@hookimpl
def soc2_object_stores() -> list[Blobs]:
    """Azure Blob Storage."""
    return [Blobs()]
