"""Reads the files, and says what it means when they cannot be read. The only module that opens them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.roster.settings import (
    ACCOUNTS,
    ACCOUNTS_REQUIRED,
    PEOPLE,
    PEOPLE_REQUIRED,
)
from soc2_pac import clock
from soc2_pac.errors import CallRefused, Denied, Unexpected, Unreachable
from soc2_pac.model import Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.roster.settings import RosterSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

_FIELD_CHARACTERS = 10_000
"""A longer value is no name, mail or date: a quote was left open."""


class Row(NamedTuple):
    """One row of a file."""

    line: int
    """Where it begins; the header is line 1."""
    said: dict[str, str]
    """Our name of a column -> what stands there. Columns that the file does not have are left out."""
    own: dict[str, str]
    """The file's own name -> the same. What is in no configured column is not kept: it may be anything."""
    problem: str | None
    """Why the row is none, e.g. the wrong number of columns."""
    written: datetime
    """When the file was last written."""


class RosterConnection:
    """:class:`soc2_pac.hookspecs.Connection` to files."""

    def __init__(self, settings: RosterSettings) -> None:
        self.settings = settings
        self.scope = Scope("roster", settings.organization)

    @property
    def spent(self) -> Mapping[str, int]:
        """Nothing is asked of anybody."""
        return {}

    def whoami(self) -> Identity:
        """The file. Raises Unreachable, Denied or Unexpected where it cannot be read."""
        _read(self.settings, self.settings.people)
        return Identity(Path(self.settings.people).name, self.settings.organization)

    def discover(self, per: str, only: Selection, meter: Meter | None = None) -> Iterator[Scope]:
        """The one organisation."""
        del only, meter
        if per == "organization":
            yield self.scope

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Roster:
        """What collectors take."""
        del scope  # there is one
        return Roster(self.settings, meter, allowed)


class Roster:
    """The files of one organisation, as far as a collector declared them."""

    def __init__(self, settings: RosterSettings, meter: Meter, allowed: frozenset[str]) -> None:
        self.settings = settings
        self._meter = meter
        self._allowed = allowed

    def people(self) -> Iterator[Row]:
        """The rows of the file of people.

        Raises:
            ProviderError: the file cannot be read, or is none; nobody in it is no roster either.
        """
        names = {name: self.settings.column(name) for name in PEOPLE}
        path = self.settings.people
        yield from self._rows("READ people", path, names, PEOPLE_REQUIRED, needs_rows=True)

    def accounts(self) -> Iterator[Row]:
        """The rows of the mapping; none where none is configured. Raises ProviderError as ``people``."""
        names = {name: self.settings.account_column(name) for name in ACCOUNTS}
        path = self.settings.accounts
        yield from self._rows("READ accounts", path, names, ACCOUNTS_REQUIRED, needs_rows=False)

    def _rows(
        self,
        call: str,
        path: str | None,
        names: Mapping[str, str],
        required: tuple[str, ...],
        *,
        needs_rows: bool,
    ) -> Iterator[Row]:
        if call not in self._allowed:
            msg = f"the collector did not declare {call}"
            raise CallRefused(msg, operation=call)
        if path is None:
            return
        self._meter.request(call)
        self._meter.page()
        text, written = _read(self.settings, path)
        name = Path(path).name
        table = csv.reader(
            io.StringIO(text, newline=""), delimiter=self.settings.delimiter, strict=True
        )
        try:
            header = [cell.strip() for cell in next(table, [])]
            places = _places(name, header, names, required, call)
            count = 0
            line = table.line_num + 1
            for cells in table:
                if any(cell.strip() for cell in cells):
                    count += 1
                    yield _row(line, cells, len(header), places, names, written)
                line = table.line_num + 1
        except csv.Error as error:
            msg = f"{name}, line {table.line_num}: {error}"
            raise Unexpected(msg, operation=call) from error
        if needs_rows and not count:
            msg = f"{name} has a header and no row: an empty roster is no roster"
            raise Unexpected(msg, operation=call)


def _row(
    line: int,
    cells: list[str],
    width: int,
    places: Mapping[str, int],
    names: Mapping[str, str],
    written: datetime,
) -> Row:
    said = {key: cells[place].strip() for key, place in places.items() if place < len(cells)}
    own = {names[key]: value for key, value in said.items()}
    problem = None
    if len(cells) != width:
        problem = f"it has {len(cells)} columns, the header {width}"
    elif any(len(value) > _FIELD_CHARACTERS for value in said.values()):
        problem = f"a value is longer than {_FIELD_CHARACTERS} characters"
    return Row(line, said, own, problem, written)


def _places(
    name: str,
    header: list[str],
    names: Mapping[str, str],
    required: tuple[str, ...],
    call: str,
) -> dict[str, int]:
    """Our name of a column -> where it stands."""
    if not any(header):
        msg = f"{name} is empty"
        raise Unexpected(msg, operation=call)
    lower = [cell.lower() for cell in header]
    places = {}
    for key, title in names.items():
        wanted = title.strip().lower()
        if lower.count(wanted) > 1:
            msg = f"{name} has the column '{title}' more than once"
            raise Unexpected(msg, operation=call)
        if wanted in lower:
            places[key] = lower.index(wanted)
    lacking = [names[key] for key in required if key not in places]
    # A name that was configured was meant to be there.
    lacking += [
        title
        for key, title in names.items()
        if title != key and key not in places and title not in lacking
    ]
    if lacking:
        msg = f"{name} has no column '{lacking[0]}'; it has {', '.join(header)[:200]}"
        raise Unexpected(msg, operation=call)
    return places


def _read(settings: RosterSettings, path: str) -> tuple[str, datetime]:
    """The text of a file and when it was last written. Raises ProviderError."""
    file = Path(path)
    name = file.name
    try:
        with file.open("rb") as opened:
            content = opened.read(settings.max_bytes + 1)
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        msg = f"there is no file {name}"
        raise Unreachable(msg, operation="open") from error
    except PermissionError as error:
        msg = f"{name} may not be read"
        raise Denied(msg, operation="open", permission=f"read access to {name}") from error
    except OSError as error:
        msg = f"{name} cannot be read: {error.strerror or type(error).__name__}"
        raise Unreachable(msg, operation="open") from error
    if len(content) > settings.max_bytes:
        msg = f"{name} is larger than {settings.max_bytes:,} bytes"
        raise Unexpected(msg, operation="open")
    allowed = timedelta(days=settings.max_age_days)
    if written + allowed < clock.now():
        msg = f"{name} was last written on {written:%Y-%m-%d}, over {settings.max_age_days} days before"
        raise Unexpected(msg, operation="open")
    try:
        return content.decode("utf-8-sig"), written
    except UnicodeDecodeError as error:
        msg = f"{name} is not UTF-8 (byte {error.start})"
        raise Unexpected(msg, operation="open") from error
