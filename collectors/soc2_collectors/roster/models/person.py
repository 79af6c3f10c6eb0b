"""People, and the mapping of accounts to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from soc2_pac.identity import Link, Person, Strength
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope


class RosterPerson(Resource, frozen=True, kw_only=True):
    """Somebody who works here, or did, as a row of the roster says.

    Dates without a time are their first instant, UTC. Columns that no setting names are not kept.
    """

    kind = "roster.person"

    id: str
    """The personnel number; ``malformed:...`` for a row that cannot be read."""
    name: str = ""
    mails: list[str] = []
    logins: list[str] = []
    """Further keys that systems know the person by."""
    status: Literal["active", "left", "unknown"]
    """``unknown`` for a row that cannot be read."""
    joined_at: datetime | None = None
    left_at: datetime | None = None
    """The day they leave, or left; ``None`` where the file does not say."""
    manager: str | None = None
    department: str | None = None
    access_reviewed_at: datetime | None = fact("access_reviewed_at")
    """``None``: never. A file without the column does not say."""
    malformed: str | None = None
    """Why the row cannot be read."""

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The person; nobody for a row that cannot be read."""
        if self.status != "unknown":
            yield Person(
                id=self.id,
                name=self.name,
                mails=tuple(self.mails),
                active=self.status == "active",
                left_at=self.left_at,
                source=f"roster:{scope.account}",
                joined_at=self.joined_at,
                manager=self.manager,
                department=self.department,
                logins=tuple(self.logins),
            )


class RosterAccount(Resource, frozen=True, kw_only=True):
    """A line of the mapping: whose an account is, and what it is."""

    kind = "roster.account"

    system: str
    """``github``, or ``github:acme`` for one organisation alone; ``aws:111122223333``."""
    login: str
    person: str | None = None
    """Id, mail or login of a person; of who answers for it, where it is no person's own."""
    sort: Literal["person", "service", "shared", "unknown"]
    """``unknown`` for a line that cannot be read."""
    note: str = ""
    file: str
    line: int
    malformed: str | None = None
    """Why the line cannot be read."""

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The link; nothing for a line that cannot be read."""
        del scope
        if self.sort != "unknown":
            yield Link(
                system=self.system,
                login=self.login,
                person_key=self.person,
                reason=f"{self.file} line {self.line}",
                strength=Strength.MAPPING,
                sort=self.sort,
                note=self.note,
            )
