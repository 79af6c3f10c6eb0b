"""Who reviews what: by managers, by a file, and never only somebody's own access."""

from __future__ import annotations

import csv
import io
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.acts.reviews import Reviewer
from soc2_pac.audit.given import opened
from soc2_pac.audit.review_files import some
from soc2_pac.errors import UsageError
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from soc2_pac.audit.grants import Effective
    from soc2_pac.identity import IdentityGraph, Person

_COLUMNS = ("system", "login", "department", "grant", "reviewer", "deputy")
_DEMANDED = ("system", "reviewer")


class Line(NamedTuple):
    """A line of the file of reviewers: the first one that fits a grant says who reviews it."""

    number: int
    system: str
    """A pattern over systems and providers: ``github``, ``aws:*``, ``*``."""
    login: str
    department: str
    grant: str
    reviewer: str
    deputy: str
    """Who reviews what the reviewer has themselves."""

    def fits(self, row: Effective) -> bool:
        """Whether the line speaks of a grant."""
        owned, system = row.owned, row.grant.system.lower()
        login = owned.account.login.lower() if owned else row.group.lower()
        department = owned.person.department if owned and owned.person else ""
        return (
            any(_like(name, self.system) for name in (system, system.partition(":")[0]))
            and _like(login, self.login)
            and _like((department or "").lower(), self.department)
            and _like(row.grant.what.lower(), self.grant)
        )


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.strip().lower() or "*")


def lines(path: Path) -> list[Line]:
    """Read a file of reviewers: CSV with the columns ``system`` and ``reviewer``, further ones narrow.

    Raises:
        UsageError: it cannot be read, has another column, or a line without a reviewer.
    """
    try:
        source, _ = opened(path)
        with io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as file:
            records = list(csv.DictReader(file, restkey="", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"the file of reviewers {path} cannot be read: {error}"
        raise UsageError(msg) from error
    if not records:
        msg = f"the file of reviewers {path} has no line. Its columns: {listed(_COLUMNS)}"
        raise UsageError(msg)
    named = {str(key).strip().lower(): key for key in records[0]}
    for key in named:
        if key not in _COLUMNS:
            msg = f"{path}: there is no column '{key}'.{nearest(key, _COLUMNS)} Known: {listed(_COLUMNS)}"
            raise UsageError(msg)
    for key in _DEMANDED:
        if key not in named:
            msg = f"{path}: the column '{key}' is missing. Known: {listed(_COLUMNS)}"
            raise UsageError(msg)
    found = []
    for number, record in enumerate(records, 2):
        cells = {key: (record[name] or "").strip() for key, name in named.items()}
        if not cells["system"] or not cells["reviewer"]:
            msg = f"{path} line {number}: system and reviewer are needed; * stands for every system"
            raise UsageError(msg)
        found.append(Line(number, *(cells.get(key, "") for key in _COLUMNS)))
    return found


class Assignment(NamedTuple):
    """Who reviews which row."""

    reviewers: tuple[Reviewer, ...]
    by_row: tuple[str, ...]
    """Id of the reviewer of each row, in the order of the rows."""


class People:
    """Reviewers by what they are called."""

    def __init__(self, graph: IdentityGraph, now: datetime) -> None:
        self._graph = graph
        self._now = now
        self._names: dict[str, list[Person]] = {}
        for person in graph.persons:
            self._names.setdefault(person.name.strip().lower(), []).append(person)

    @property
    def known(self) -> bool:
        """Whether any source says who works here."""
        return bool(self._graph.persons)

    def reviewer(self, name: str, where: str) -> Reviewer:
        """Somebody who works here, by id, mail address, login or full name.

        Where no source says who works here, whoever is named. Raises UsageError for nobody, for several, and
        for somebody who left.
        """
        if not self._graph.persons:
            return Reviewer(name.strip(), name.strip())
        person = self._graph.person(name)
        if person is None:
            found = self._names.get(name.strip().lower(), [])
            if len(found) > 1:
                msg = f"{where}: {len(found)} people are called '{name}'. Next: name one by id or mail"
                raise UsageError(msg)
            if not found:
                known = [
                    key for one in self._graph.persons for key in (one.name, one.id, *one.mails)
                ]
                msg = f"{where}: nobody who works here is '{name}'.{nearest(name, known)}"
                raise UsageError(msg)
            person = found[0]
        if person.gone(self._now):
            when = f" on {person.left_at:%Y-%m-%d}" if person.left_at else ""
            msg = f"{where}: {person} left{when}, and cannot review. Next: name somebody who works here"
            raise UsageError(msg)
        return as_reviewer(person)

    def manager(self, person: Person | None) -> Reviewer | None:
        """Whom somebody reports to, if they work here."""
        if person is None or not person.manager:
            return None
        found = self._graph.person(person.manager)
        if found is None:
            named = self._names.get(person.manager.strip().lower(), [])
            found = named[0] if len(named) == 1 else None
        if found is None or found.gone(self._now):
            return None
        return as_reviewer(found)


def person_id(person: Person) -> str:
    """``roster:acme/1042``: unique over all sources."""
    return f"{person.source}/{person.id}"


def as_reviewer(person: Person) -> Reviewer:
    """Somebody as a reviewer."""
    keys = tuple(dict.fromkeys((person.id, *person.mails, *person.logins)))
    return Reviewer(person_id(person), person.name or person.id, keys)


def owns(reviewer: Reviewer, row: Effective) -> bool:
    """Whether a reviewer would decide on access of their own.

    By the owner of the account; where the evidence names none, by what the account is called.
    """
    if row.owned is None:
        return False
    person, account = row.owned.person, row.owned.account
    if person is not None:
        return person_id(person) == reviewer.id
    return any(
        reviewer.called(name) for name in (account.login, account.name, *account.mails) if name
    )


def assign(
    rows: Sequence[Effective],
    people: People,
    *,
    by_manager: bool,
    given: Sequence[Line],
) -> Assignment:
    """A reviewer for each row.

    Args:
        rows: the population.
        people: who works here.
        by_manager: the manager of the account's owner comes before the lines.
        given: the file of reviewers.

    Raises:
        UsageError: an unknown reviewer, one who left, or rows that nobody else than their owner would review.
    """
    choosing = _Choosing(people, given, by_manager=by_manager)
    chosen: list[str] = []
    everybody: dict[str, Reviewer] = {}
    missing: list[Effective] = []
    own: list[Effective] = []
    for row in rows:
        candidates = list(choosing.candidates(row))
        reviewer = next((one for one in candidates if not owns(one, row)), None)
        if reviewer is None:
            (own if candidates else missing).append(row)
            continue
        everybody[reviewer.id] = reviewer
        chosen.append(reviewer.id)
    if missing:
        msg = (
            f"{len(missing)} of {len(rows)} grants have no reviewer: {some(map(label, missing))}. Next: "
            "name one in --reviewers FILE; a line with system * takes the rest"
        )
        raise UsageError(msg)
    if own:
        msg = (
            f"{len(own)} grants would be reviewed by their owner alone: {some(map(label, own))}. Next: "
            "name a deputy in --reviewers FILE"
        )
        raise UsageError(msg)
    counts = Counter(chosen)
    reviewers = tuple(
        Reviewer(one.id, one.name, one.keys, counts[one.id])
        for one in sorted(everybody.values(), key=lambda one: (one.name.lower(), one.id))
    )
    return Assignment(reviewers, tuple(chosen))


class _Choosing:
    """Who may review a row, in the order in which they are asked."""

    def __init__(self, people: People, given: Sequence[Line], *, by_manager: bool) -> None:
        self._people = people
        self._by_manager = by_manager
        self._given = given
        self._managers: dict[str, Reviewer | None] = {}
        # Every name is looked up, of lines too that fit nothing: a name with a typing error is an error.
        self._named = {
            name: people.reviewer(name, f"reviewers line {line.number}")
            for line in given
            for name in (line.reviewer, line.deputy)
            if name
        }

    def candidates(self, row: Effective) -> Iterator[Reviewer]:
        """The owner's manager, then reviewer and deputy of each line that fits."""
        person = row.owned.person if row.owned else None
        if self._by_manager and person is not None:
            key = person_id(person)
            if key not in self._managers:
                self._managers[key] = self._people.manager(person)
            manager = self._managers[key]
            if manager is not None:
                yield manager
        for line in self._given:
            if line.fits(row):
                yield from (self._named[name] for name in (line.reviewer, line.deputy) if name)


def label(row: Effective) -> str:
    """A row in words."""
    who = row.owned.account.login if row.owned else f"group {row.group}"
    return f"{who} in {row.grant.system}: {row.grant.what}"
