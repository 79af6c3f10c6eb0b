"""A provider that reads what people did, from the store itself, and a rule over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.acts import Act, Body
from soc2_pac.errors import Unreachable
from soc2_pac.hookspecs import hookimpl
from soc2_pac.model import Document, Identity, Scope, Severity, Verdict, failed, passed
from soc2_pac.resources import Resource, collects
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from soc2_pac.acts.due import OpenFailures
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection


class Note(Body, frozen=True):
    """What somebody wrote down."""

    text: str


class NoteSeen(Resource, frozen=True, kw_only=True):
    """A note."""

    kind = "notes.note"
    text: str


class NoteSettings(msgspec.Struct, frozen=True):
    """Knows nothing at first."""

    acts: tuple[Act, ...] | None = None

    def knowing(self, acts: Iterable[Act], failures: Iterable[OpenFailures] | None) -> NoteSettings:
        """The same, with acts."""
        del failures
        return NoteSettings(tuple(acts))


@dataclass
class NoteConnection:
    """One source, and its client."""

    settings: NoteSettings
    meter: Meter | None = None

    @property
    def spent(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def whoami(self) -> Identity:
        """The store."""
        return Identity("store", "own")

    def discover(self, per: str, only: Selection, meter: Meter | None = None) -> Iterator[Scope]:
        """One."""
        yield Scope("notes", "own")

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> NoteConnection:
        """Itself."""
        return NoteConnection(self.settings, meter)


@collects(NoteSeen, calls=["READ notes"], per="account")
def notes(store: NoteConnection) -> Iterator[Document]:
    """Notes by the number of their act."""
    if store.settings.acts is None:
        msg = "no store was opened"
        raise Unreachable(msg)
    for act in store.settings.acts:
        if act.kind == "note.made":
            yield Document(str(act.id), act.subject, {"text": act.said(Note).text})


@rule(criteria=["CC6.1"], severity=Severity.LOW)
def notes_note_is_good(note: NoteSeen) -> Verdict:
    """Notes are good.

    Why: to test.
    Fix: write a better one.
    """
    return passed("good") if note.text == "good" else failed("bad")


@dataclass(frozen=True)
class NoteProvider:
    """:class:`soc2_pac.hookspecs.Provider` of the store's own acts."""

    name: str = "notes"
    settings: type[NoteSettings] = NoteSettings
    modules: Sequence[str] = (__name__,)
    of_the_store: bool = True

    def connect(self, settings: NoteSettings) -> NoteConnection:
        """A connection."""
        return NoteConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The calls."""
        return f"{form}: {', '.join(calls)}"


@hookimpl
def soc2_providers() -> list[NoteProvider]:
    """The notes."""
    return [NoteProvider()]


@hookimpl
def soc2_rule_packages() -> list[str]:
    """This module."""
    return [__name__]
