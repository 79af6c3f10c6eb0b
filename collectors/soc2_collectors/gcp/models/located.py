"""Assets that other resources refer to by link, and the project that an asset is in."""

from __future__ import annotations

from soc2_collectors.gcp.models.asset import Asset, Held

__all__ = ["Held", "Located", "short"]


class Located(Asset, frozen=True, kw_only=True, rename="camel"):
    """An asset in a project."""

    @property
    def path(self) -> str:
        """``projects/p/zones/z/instances/i``: by it other resources refer to this one."""
        return short(self.name)

    @property
    def project_id(self) -> str:
        """The project that its name speaks of; empty where it names none."""
        if "projects/" not in self.name:
            return ""
        return self.path.removeprefix("projects/").partition("/")[0]


def short(link: str) -> str:
    """The part of a name or link from ``projects/`` on, whatever host and version stand before it."""
    _, found, rest = link.partition("projects/")
    return f"{found}{rest}" if found else link
