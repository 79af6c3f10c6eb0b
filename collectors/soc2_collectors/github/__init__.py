"""The GitHub provider. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.github.settings import GithubSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class GithubProvider:
    """:class:`soc2_pac.hookspecs.Provider` for GitHub."""

    name: str = "github"
    settings: type[GithubSettings] = GithubSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: GithubSettings) -> Connection:
        """A connection; loads PyGithub."""
        from soc2_collectors.github.client import GithubConnection  # noqa: PLC0415

        return GithubConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """What to grant to a token or an App for declared calls."""
        from soc2_collectors.github.permissions import permissions  # noqa: PLC0415

        return permissions(calls, form)


@hookimpl
def soc2_providers() -> list[GithubProvider]:
    """GitHub."""
    return [GithubProvider()]
