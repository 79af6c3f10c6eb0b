"""What every asset of Cloud Asset Inventory has.

Source: Google, "Cloud Asset Inventory: Asset" (REST, v1).
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

import msgspec

from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource

D = TypeVar("D")


class Held(msgspec.Struct, Generic[D], frozen=True, kw_only=True, rename="camel"):
    """``resource`` of an asset: the resource as its own API shows it, and where it is."""

    data: D
    location: str = ""
    """A region, a zone, or ``global``; empty where the resource has none."""
    parent: str = ""
    """The full name of the project, folder or organisation that it is in."""


class Asset(Resource, frozen=True, kw_only=True, rename="camel"):
    """What the inventory says of every asset; views of one type add ``resource: Held[...]``."""

    volatile: ClassVar[tuple[str, ...]] = ("updateTime",)

    name: str
    """The full name: ``//compute.googleapis.com/projects/acme-prod/zones/europe-west1-b/instances/web``."""
    asset_type: str
    ancestors: list[str] = []
    """From the nearest up, by number: ``projects/1``, ``folders/2``, ``organizations/3``. A project, folder
    or organisation is itself the first."""

    @property
    def above(self) -> list[str]:
        """The ancestors. Raises FactUnavailable where there are none: what is inherited is not known then."""
        if not self.ancestors:
            msg = "the inventory does not say which project, folders and organisation are above it"
            raise FactUnavailable(msg, kind=type(self).kind, field="ancestors")
        return self.ancestors

    @property
    def short_name(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def project(self) -> str:
        """The project by number, ``projects/1``; empty above projects."""
        return next((one for one in self.ancestors if one.startswith("projects/")), "")
