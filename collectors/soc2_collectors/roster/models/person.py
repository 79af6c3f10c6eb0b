"""People, and the mapping of accounts to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import msgspec

from soc2_pac.identity import Grant, Link, Person, Strength
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope


Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: what has none is no instant, and is not read."""


class RosterPerson(Resource, frozen=True, kw_only=True):
    """Somebody who works here, or did, as a row of the roster says.

    Dates without a time are their first instant, UTC. Columns that no setting names are not kept.
    """

    kind = "roster.person"
    names_people = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "joined_at": "a column that a file may lack; without it a day of leaving is taken as it stands",
        "left_at": "who works here has none; of who left without a day, whatever can be used fails at once",
        "logins": "a column that a file may lack; it only adds ties to accounts",
        "manager": "a column that a file may lack; only named",
        "department": "a column that a file may lack; who is in none is meant to administer nothing",
        "malformed": "only rows that cannot be read have it",
    }

    id: str
    """The personnel number; ``malformed:...`` for a row that cannot be read."""
    name: str = ""
    mails: list[str] = []
    logins: list[str] = []
    """Further keys that systems know the person by."""
    status: Literal["active", "left", "unknown"]
    """``unknown`` for a row that cannot be read."""
    joined_at: Moment | None = None
    left_at: Moment | None = None
    """The day they leave, or left; ``None`` where the file does not say."""
    manager: str | None = None
    department: str | None = None
    access_reviewed_at: Moment | None = fact("access_reviewed_at")
    """``None``: never. A file without the column does not say."""
    malformed: str | None = None
    """Why the row cannot be read."""

    @property
    def leaves_at(self) -> datetime | None:
        """When they leave, or left; not the end of an earlier employment, of who came back since."""
        came_back = (
            self.status == "active"
            and self.joined_at is not None
            and self.left_at is not None
            and self.left_at < self.joined_at
        )
        return None if came_back else self.left_at

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The person; nobody for a row that cannot be read."""
        if self.status != "unknown":
            yield Person(
                id=self.id,
                name=self.name,
                mails=tuple(self.mails),
                active=self.status == "active",
                left_at=self.leaves_at,
                source=f"roster:{scope.account}",
                joined_at=self.joined_at,
                manager=self.manager,
                department=self.department,
                logins=tuple(self.logins),
            )


class RosterAccount(Resource, frozen=True, kw_only=True):
    """A line of the mapping: whose an account is, and what it is."""

    kind = "roster.account"
    names_people = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "file": "only named",
        "note": "a column that a file may lack; only named",
        "malformed": "only lines that cannot be read have it",
    }
    any_value: ClassVar[Mapping[str, str]] = {"file": "only named"}

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

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The account, for a system that no source collects: then this line is all that says it exists."""
        del scope
        if self.sort != "unknown" and self.login:
            yield Grant(
                self.system,
                self.login,
                "account",
                "account",
                holder_is=self.sort,
                stated=True,
                note=f"by {self.file} line {self.line} alone",
            )
