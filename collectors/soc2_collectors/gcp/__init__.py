"""The Google Cloud provider. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.gcp.objects import Gcs
from soc2_collectors.gcp.settings import GcpSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class GcpProvider:
    """:class:`soc2_pac.hookspecs.Provider` for Google Cloud."""

    name: str = "gcp"
    settings: type[GcpSettings] = GcpSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: GcpSettings) -> Connection:
        """A connection; loads Google's SDK."""
        from soc2_collectors.gcp.client import GcpConnection  # noqa: PLC0415

        return GcpConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The custom role for declared calls."""
        from soc2_collectors.gcp.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[GcpProvider]:
    """Google Cloud."""
    return [GcpProvider()]


@hookimpl
def soc2_object_stores() -> list[Gcs]:
    """Google Cloud Storage."""
    return [Gcs()]
