"""What a ``[sources.NAME]`` table with ``provider = "company"`` may say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_pac.acts import Act
from soc2_pac.acts.due import OpenFailures

if TYPE_CHECKING:
    from collections.abc import Iterable


class CompanySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company whose store this is. Without a table of its own, the source is implied."""

    organization: str = "own"
    """What the scope is called: ``company:own``."""

    def __post_init__(self) -> None:
        """Raises ValueError for what is no name of a scope."""
        if not self.organization.strip() or "/" in self.organization:
            msg = f"organization: '{self.organization}' is no name of a scope"
            raise ValueError(msg)

    def knowing(
        self, acts: Iterable[Act], failures: Iterable[OpenFailures] = ()
    ) -> KnowingSettings:
        """The same, with what the store holds: acts in the order of recording, and open failures."""
        return KnowingSettings(self.organization, tuple(acts), tuple(failures))


class KnowingSettings(CompanySettings, frozen=True, forbid_unknown_fields=True):
    """Settings with what is to be read. No configuration can say this."""

    acts: tuple[Act, ...] = ()
    failures: tuple[OpenFailures, ...] = ()
