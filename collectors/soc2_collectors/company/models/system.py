"""Systems of which an access review is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from soc2_pac.resources import Resource


class System(Resource, frozen=True, kw_only=True):
    """A system in which people have access: a source collects it, or ``[reviews] systems`` names it."""

    kind = "company.system"
    any_value: ClassVar[Mapping[str, str]] = {"name": "only named in the message"}

    name: str
    called: list[str]
    """What a review or an attestation may call it, in lower case."""

    def among(self, names: Iterable[str]) -> bool:
        """Whether somebody who names these systems means it, too; ``*`` stands for all."""
        wanted = {name.strip().lower() for name in names}
        return "*" in wanted or not wanted.isdisjoint(self.called)
