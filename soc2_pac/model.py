"""The words of soc2-pac as frozen values. No input or output happens here.

This module reads like a glossary: each type is one word of the design, each field says what it means.
"""

from __future__ import annotations

import contextlib
import enum
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Status(enum.StrEnum):
    """What a rule says of one resource. Waived is a mark beside ``fail``, not a status."""

    PASS = "pass"  # noqa: S105 - a verdict
    """The evidence shows that the question is answered well."""
    FAIL = "fail"
    """The evidence shows that it is not."""
    NOT_APPLICABLE = "not_applicable"
    """The question does not arise for this resource, or there is (provably) no such resource."""
    INCONCLUSIVE = "inconclusive"
    """The evidence is missing, denied or partial: nobody may call this a pass."""
    ERROR = "error"
    """The rule itself broke."""
    STALE = "stale"
    """The evidence is older than the rule allows."""


class Severity(enum.StrEnum):
    """How much a failure matters; ordered from ``INFO`` to ``CRITICAL`` by :attr:`rank`."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for ``INFO`` up to 4 for ``CRITICAL``."""
        return _SEVERITY_ORDER[self]


_SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


class CollectionStatus(enum.StrEnum):
    """How one attempt to list one kind in one scope ended."""

    COMPLETE = "complete"
    """Every page was read. Only this may say that a resource is gone."""
    PARTIAL = "partial"
    """Some was read, then the listing broke off."""
    DENIED = "denied"
    """The identity may not list this kind here."""
    FAILED = "failed"
    """The provider could not be reached, refused for its rate limit, or answered nonsense."""
    SKIPPED = "skipped"
    """Not looked at on purpose (region off, service not enabled); the reason says why."""


NOT_OFFERED = "not offered here: "
"""How the reason of a skipped collection begins where the provider has no such service in the scope:
rules do not apply there."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """The boundary within which a listing is complete. Its identity does not depend on the config.

    ``Scope("aws", "123456789012/eu-west-1")``, ``Scope("aws", "123456789012")`` for account-wide kinds,
    ``Scope("github", "acme")``.
    """

    provider: str
    """Which provider: ``aws``, ``github``, ..."""
    boundary: str
    """Path from the account (organisation, project, subscription) down, joined by ``/``."""

    @property
    def account(self) -> str:
        """The first part of the boundary: account id, organisation, project."""
        return self.boundary.partition("/")[0]

    @property
    def region(self) -> str | None:
        """The rest of the boundary, e.g. the region; ``None`` for an account-wide scope."""
        return self.boundary.partition("/")[2] or None

    def __str__(self) -> str:
        return f"{self.provider}:{self.boundary}"

    @classmethod
    def parse(cls, text: str) -> Scope:
        """``aws:123456789012/eu-west-1`` -> Scope. Raises ValueError when there is no colon."""
        provider, colon, boundary = text.partition(":")
        if not colon:
            msg = f"'{text}' is no scope: write PROVIDER:BOUNDARY, e.g. aws:123456789012/eu-west-1"
            raise ValueError(msg)
        return cls(provider, boundary)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which scopes somebody wants looked at; empty: all."""

    accounts: tuple[str, ...] = ()
    """First parts of boundaries: account ids, organisations, projects."""
    regions: tuple[str, ...] = ()
    """Regions. What is account-wide belongs to every region, and is taken whatever these are."""

    def takes(self, scope: Scope) -> bool:
        """Whether the scope is wanted."""
        if self.accounts and scope.account not in self.accounts:
            return False
        return not self.regions or scope.region is None or scope.region in self.regions


EVERYWHERE = Selection()
"""No choice: all scopes."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A scope that discovery knows of but that nothing is asked in. It leaves a record for every kind."""

    scope: Scope
    status: CollectionStatus
    """``DENIED``, ``FAILED`` or ``SKIPPED``; ``COMPLETE`` where the provider said that there can be nothing
    (an account in no organisation)."""
    reason: str
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact of one resource that could not be read. Part of the evidence: reading it is inconclusive."""

    status: CollectionStatus
    """``DENIED`` or ``FAILED``."""
    operation: str
    """The provider's name of the call, e.g. ``s3:GetBucketPolicy``."""
    reason: str
    """Short and stable: no request ids, no clock, or an unchanged resource would look changed."""
    permission: str | None = None
    """What to grant, e.g. ``s3:GetBucketPolicy``."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A part of a document that costs a call of its own; the engine decides when to make it.

    ``call`` returns what the provider said (JSON-like), or ``None`` where the provider says that there is
    none (``NoSuchPublicAccessBlockConfiguration``). It raises a :class:`~soc2_pac.errors.ProviderError`.
    """

    operation: str
    call: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Document:
    """What a collector yields: one resource as the provider described it.

    Values of ``body`` at the top level may be :class:`Fact` (read when needed) or :class:`Gap`.
    """

    uid: str
    """Unique within (kind, scope) and stable over renames: an ARN, a node id, a row id."""
    name: str
    """What a person calls it."""
    body: Mapping[str, object]
    """The provider's own field names and values."""
    observed_at: datetime | None = None
    """What the provider says the answer is as of (a report's generation time), where it differs from now."""


MALFORMED = "malformed:"
"""How the uid of a document begins whose record has no id of its own. It is kept as it came, and its
collection is partial."""

_strict: ContextVar[bool] = ContextVar("strict", default=False)


@contextlib.contextmanager
def strictly() -> Iterator[None]:
    """Until the block ends, a member that a :class:`Listed` record lacks is a KeyError in this thread."""
    before = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(before)


class Lacking(str):
    """Stands for a text that a record lacks. What is made of it can be recognised; it has no parts."""

    __slots__ = ()
    _MARK = re.compile("\ufdd0(.*?)\ufdd1", re.DOTALL)

    def __new__(cls, member: str) -> Self:
        """Between noncharacters, which Unicode keeps for use within a program."""
        return super().__new__(cls, f"\ufdd0{member}\ufdd1")

    def __iter__(self) -> NoReturn:
        """A list that is not there is no empty list. Raises KeyError."""
        raise KeyError(*self.within(self))

    @classmethod
    def within(cls, text: object) -> list[str]:
        """The members that a text was made without."""
        return cls._MARK.findall(text) if isinstance(text, str) else []


class Listed(dict[str, Any]):
    """A record of a listing, as clients hand it to collectors.

    A collector names the members that it needs (``item["Arn"]``). A record without one would end the
    generator, and lose the rest of the listing. So the record answers with :class:`Lacking`; the engine
    finds that in the document's uid, keeps the record as it came, and calls the collection partial.
    """

    def __missing__(self, key: str) -> Lacking:
        """Raises KeyError within :func:`strictly`: a fact that is worked out of half a record is none."""
        if _strict.get():
            raise KeyError(key)
        return Lacking(key)


def listed(value: object) -> Any:  # noqa: ANN401 - any JSON-like value
    """An answer whose lists hold :class:`Listed` records; ``null`` in such a list is an empty record."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    if isinstance(value, list):
        records = any(isinstance(item, dict) for item in value)
        return [_record(item) if records else listed(item) for item in value]
    return value


def _record(value: object) -> object:
    if value is None:
        return Listed()
    return Listed(listed(value)) if isinstance(value, dict) else value


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a declared call, and what was answered. Never one of signing in."""

    operation: str
    """The declared call."""
    method: str
    url: str
    status: int | None = None
    """Of HTTP; ``None`` where nothing usable came."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer, names in lower case."""
    body: bytes = b""
    """Of the answer, decompressed."""
    problem: str = ""
    """Why nothing usable came."""


@dataclass(slots=True)
class Period:
    """What the collector of a population is told, and where it says what it asked for.

    The one word here that is not frozen: it is filled while the collector reads. ``ask`` comes first, so
    that a look that breaks off says what it was after; ``done`` comes last. Both numbers of ``done`` must
    be true for the look to be complete: the engine compares ``total`` with the documents that it took.
    """

    began: datetime
    """When this look began, UTC: the end of its window."""
    since_cursor: Any = None
    """What the last complete look left with ``done``; ``None``: read the whole window."""
    cursor: Any = None
    """What ``done`` or ``reached`` left for the next look: small, JSON-like, of no meaning to the engine."""
    total: int | None = None
    """The provider's own count of what was asked for; ``None`` until the collector is done."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """What was asked: ``query``, ``from`` and ``to`` (UTC), and whatever else a reader must know."""

    def ask(self, *, query: str, start: datetime, end: datetime, **more: object) -> None:
        """Say what is read.

        Args:
            query: in the provider's own language, so that somebody can ask it again.
            start: first instant that the population covers after this look, UTC.
            end: last one.
            more: JSON-like facts: overlaps, what is left out, how the total is counted.
        """
        self.parameters = {
            **self.parameters,
            "query": query,
            "from": utc_text(start),
            "to": utc_text(end),
            **more,
        }

    def reached(self, cursor: object) -> None:
        """Say from where the next look can go on if this one breaks off: all before it has been yielded.

        Without it the next look starts where this one did. The engine takes it up only when it kept every
        document that was yielded.
        """
        self.cursor = cursor

    def done(self, *, total: int, cursor: object = None, **more: object) -> None:
        """Say that everything was read.

        Args:
            total: how many events there were to read in this look, in the provider's own count.
            cursor: for the next look; ``None`` lets it read everything again.
            more: further parameters, known at the end only; ``whole_total`` is the provider's count of the
                whole population, which an export holds against what is known.
        """
        self.total, self.cursor = total, cursor
        self.parameters = {**self.parameters, **more}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one resource."""

    status: Status
    message: str
    """One line of facts that do not move with the clock ("created 2026-01-03", never "45 days ago")."""
    until: datetime | None = None
    """The instant at which the clock alone changes this verdict; ``None`` when it never does."""
    on: tuple[object, ...] = field(default=(), compare=False, repr=False)
    """Views of the joined documents that decided it, beside the judged one. A finding names them. What a
    rule read as a whole (every policy of the account) is noted by the engine and need not stand here."""


class Basis(NamedTuple):
    """What a verdict rests on beside the judged document."""

    documents: tuple[tuple[str, str, str, str], ...] = ()
    """(kind, scope, uid, digest) of the joined documents that decided it."""
    populations: tuple[tuple[str, str], ...] = ()
    """(kind, scopes) that were read whole: a scope, ``aws:111122223333/*`` for an account and all in it, or
    ``*``."""


def passed(message: str, *, until: datetime | None = None, on: Iterable[object] = ()) -> Verdict:
    """The evidence answers the question well. ``on``: see :attr:`Verdict.on`."""
    return Verdict(Status.PASS, message, until, tuple(on))


def failed(message: str, *, until: datetime | None = None, on: Iterable[object] = ()) -> Verdict:
    """The evidence shows a deficiency. ``on``: see :attr:`Verdict.on`."""
    return Verdict(Status.FAIL, message, until, tuple(on))


def not_applicable(
    message: str, *, until: datetime | None = None, on: Iterable[object] = ()
) -> Verdict:
    """The question does not arise for this resource. ``on``: see :attr:`Verdict.on`."""
    return Verdict(Status.NOT_APPLICABLE, message, until, tuple(on))


def inconclusive(message: str, *, on: Iterable[object] = ()) -> Verdict:
    """The evidence is there but does not answer the question (an unknown value, say)."""
    return Verdict(Status.INCONCLUSIVE, message, None, tuple(on))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a source's credentials are: what ``doctor`` prints and each run records."""

    principal: str
    """ARN, login or client id. Never a credential."""
    account: str
    """Account id or organisation."""
    details: Mapping[str, str] = field(default_factory=dict)


def utc_text(moment: datetime) -> str:
    """``2026-11-23T15:55:06.123Z``: how every time is written, so that text order is time order.

    Raises ValueError for a naive datetime: its instant is unknown.
    """
    if moment.tzinfo is None:
        msg = f"{moment!r} has no time zone"
        raise ValueError(msg)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_time(text: str) -> datetime:
    """The inverse of :func:`utc_text`; also takes a date (``2026-01-31`` is its first instant, UTC)."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
