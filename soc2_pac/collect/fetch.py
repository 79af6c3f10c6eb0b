"""One unit of work: list one kind in one scope, and leave a truthful record however it ends.

``run_unit`` is a top-level function over picklable values, so that any ``concurrent.futures.Executor``
can run it. Documents are spooled to an anonymous temporary file as they come: nothing is held.
"""

from __future__ import annotations

import contextlib
import functools
import json
import pickle
import struct
import tempfile
import threading
import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from soc2_pac import clock
from soc2_pac.canonical import canonical, digest
from soc2_pac.collect import redact
from soc2_pac.collect.answers import Exchanges
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    NotInstalled,
    NotOffered,
    ProviderError,
    Soc2PacError,
    Unexpected,
    Unreachable,
)
from soc2_pac.merkle import collection_root
from soc2_pac.model import (
    MALFORMED,
    NOT_OFFERED,
    CollectionStatus,
    Document,
    Exchange,
    Fact,
    Gap,
    Lacking,
    Period,
    Scope,
    strictly,
    utc_text,
)
from soc2_pac.records import Look, Population, Record, storable
from soc2_pac.resources import GAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

    from soc2_pac.config import SourceSettings
    from soc2_pac.hookspecs import Connection
    from soc2_pac.plugins import Registry
    from soc2_pac.resources import Collector

_SPOOL_BYTES = 8 * 1024 * 1024
_CURSOR_BYTES = 256 * 1024
_MANY = 5
"""Deletions within one listing that are suspicious where they are most of what was listed."""
_LISTINGS = 3
"""How often something is listed whose parts are not found: they may have been deleted meanwhile."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one unit: every collection ends."""

    seconds: float = 900
    """Of work; waiting for a rate limit does not count."""
    waiting_seconds: float = 7200
    """Of waiting for the provider's rate limits, beside the work."""
    pages: int = 10_000
    document_bytes: int = 5_000_000
    facts_at_once: int = 4
    exchanges: bool = False
    """Whether to keep what each call was answered, for a recording."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind in one scope through one source. Picklable: secrets in the settings are references."""

    kind: str
    scope: Scope
    source: SourceSettings
    instant: str = ""
    """Of a population: the path to the event's instant in its documents; otherwise empty."""
    cursor: str | None = None
    """Of a population: what its last complete look left, as canonical JSON."""


stopping = threading.Event()
"""Set when this process was asked to stop: units under way end at their next request."""


class Meter:
    """Counts the traffic of one unit and stops it at its bounds. Safe to use from threads."""

    def __init__(self, limits: Limits) -> None:
        self.calls: Counter[str] = Counter()
        self.pages = 0
        self.exchanges = Exchanges() if limits.exchanges else None
        self._limits = limits
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._waiting = 0
        """How many threads wait at this moment, and since when there was always one."""
        self._waiting_since = 0.0
        self._waited = 0.0
        """Seconds in which somebody waited, each counted once."""

    def request(self, operation: str) -> None:
        """Count a request before it is sent. Raises Unreachable when the time is spent, or on a stop."""
        if stopping.is_set():
            msg = "soc2-pac was asked to stop"
            raise Unreachable(msg, operation=operation)
        with self._lock:
            if self._left(time.monotonic()) < 0:
                raise self._spent(operation)
            self.calls[operation] += 1

    def answered(self, exchange: Exchange) -> None:
        """Keep what a request was answered, where that is wanted."""
        if self.exchanges is not None:
            self.exchanges.add(exchange)

    def left(self) -> float:
        """Seconds of work that the unit may still do."""
        with self._lock:
            return self._left(time.monotonic())

    def pause(self, seconds: float, *, working: bool = False) -> None:
        """Wait. Raises Unreachable on a stop, or where the unit would wait longer than it may.

        ``working``: the wait is part of the work: it spends the time of the unit.
        """
        with self._lock:
            now = time.monotonic()
            if working and seconds > self._left(now):
                raise self._spent()
            if not working and self._waited_by(now) + seconds > self._limits.waiting_seconds:
                msg = (
                    "the time that one listing may wait for rate limits "
                    f"({self._limits.waiting_seconds:g} s) is spent"
                )
                raise Unreachable(msg)
            if not working:
                if self._waiting == 0:
                    self._waiting_since = now
                self._waiting += 1
        stopped = stopping.wait(seconds)
        if not working:
            with self._lock:
                self._waiting -= 1
                if self._waiting == 0:
                    self._waited += time.monotonic() - self._waiting_since
        if stopped:
            msg = "soc2-pac was asked to stop"
            raise Unreachable(msg)

    def waited(self) -> float:
        """Seconds that the unit has waited for rate limits; threads that wait together count once."""
        with self._lock:
            return self._waited_by(time.monotonic())

    def _left(self, now: float) -> float:
        return self._limits.seconds - (now - self._began - self._waited_by(now))

    def _spent(self, operation: str = "") -> Unreachable:
        msg = f"the time allowed for one listing ({self._limits.seconds:g} s) is spent"
        return Unreachable(msg, operation=operation)

    def _waited_by(self, now: float) -> float:
        return self._waited + (now - self._waiting_since if self._waiting else 0.0)

    def page(self) -> None:
        """Count a page. Raises Unexpected beyond the limit."""
        with self._lock:
            self.pages += 1
            if self.pages > self._limits.pages:
                msg = f"the listing did not end within {self._limits.pages} pages"
                raise Unexpected(msg)


@dataclass
class UnitResult:
    """How a unit ended, with what it saw."""

    unit: Unit
    status: CollectionStatus
    reason: str = ""
    permission: str | None = None
    calls: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    count: int = 0
    gaps: int = 0
    waited: float = 0.0
    """Seconds of waiting for rate limits."""
    root: str = field(default_factory=lambda: collection_root(()))
    asked: tuple[str, ...] = ()
    version: str = "0"
    started: datetime = field(default_factory=clock.now)
    finished: datetime = field(default_factory=clock.now)
    spool: Spool | None = None
    period: Period | None = None
    """Of a population: what its collector said."""
    exchanges: Exchanges | None = None
    """What each call was answered, where the limits ask for that."""

    @property
    def requests(self) -> int:
        """HTTP requests sent, retries included."""
        return sum(self.calls.values())

    def look(self) -> Look:
        """As the store takes it. The records can be read once."""
        return Look(
            source=self.unit.source.name,
            scope=self.unit.scope,
            kind=self.unit.kind,
            status=self.status,
            reason=storable(self.reason),
            permission=self.permission,
            requests=self.requests,
            pages=self.pages,
            gaps=self.gaps,
            root=self.root,
            asked=self.asked,
            read=self.calls,
            started=self.started,
            finished=self.finished,
            version=self.version,
            records=self.spool.records() if self.spool else (),
            population=self._population(),
        )

    def _population(self) -> Population | None:
        if not self.unit.instant:
            return None
        said = self.period or Period(self.started)
        try:
            parameters = canonical(redact.scrub_document(said.parameters)).decode()
        except (ValueError, TypeError):
            parameters = "{}"  # the look is not complete then, and its reason says why
        return Population(
            instant=self.unit.instant,
            cursor=canonical(said.cursor).decode() if said.cursor is not None else None,
            parameters=parameters,
            total=said.total,
        )


class Spool:
    """Records on their way to the store: in memory while small, then in a file that has no name."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115

    def __del__(self) -> None:
        # Records that nobody asked for (a failed write, a doctor's look) go with the file.
        self._file.close()

    def write(self, record: Record) -> None:
        """Append a record."""
        head = "\0".join(
            (record.uid, record.name, record.digest, record.observed_at or "")
        ).encode()
        self._file.write(struct.pack(">II", len(head), len(record.body)))
        self._file.write(head)
        self._file.write(record.body)

    def records(self, *, again: bool = False) -> Iterator[Record]:
        """Every record in order; closes the spool at the end, unless they are to be read again."""
        self._file.seek(0)
        with contextlib.nullcontext() if again else contextlib.closing(self._file):
            while sizes := self._file.read(8):
                head_size, body_size = struct.unpack(">II", sizes)
                uid, name, document_digest, observed_at = (
                    self._file.read(head_size).decode().split("\0")
                )
                yield Record(
                    uid, name, document_digest, self._file.read(body_size), observed_at or None
                )

    def __getstate__(self) -> bytes:
        """The bytes themselves: an executor in another process has other files."""
        self._file.seek(0)
        return self._file.read()

    def __setstate__(self, content: bytes) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        self._file.write(content)


# -- connections ------------------------------------------------------------------------------------------


@functools.cache
def registry() -> Registry:
    """The plugins of this process, loaded once."""
    from soc2_pac import plugins  # noqa: PLC0415 - a worker in another process loads them itself

    return plugins.load()


_connections: dict[bytes, Connection] = {}
_connecting = threading.Lock()


def connection_of(source: SourceSettings) -> Connection:
    """The connection of a source, made once in each process.

    Raises:
        ProviderError, ConfigError: it cannot be made. NotInstalled: the provider's SDK is missing.
    """
    key = pickle.dumps((source.name, source.provider, source.settings))
    with _connecting:
        if key not in _connections:
            try:
                made = registry().providers[source.provider].connect(source.settings)
            except ModuleNotFoundError as error:
                msg = (
                    f"{error.name} is not installed, and source {source.name} needs it. "
                    f"Next: pip install 'soc2-pac[{source.provider}]'"
                )
                raise NotInstalled(msg) from error
            if hasattr(made, "expecting"):
                made.expecting(_calls_of(source.provider))
            _connections[key] = made
        return _connections[key]


def _calls_of(provider: str) -> frozenset[str]:
    """Every call that collectors of a provider declare."""
    every = registry().collectors.values()
    return frozenset(call for one in every if one.provider == provider for call in one.calls)


def spent() -> Counter[str]:
    """Requests that this process's connections made outside of units, by operation."""
    with _connecting:
        total: Counter[str] = Counter()
        for connection in _connections.values():
            total.update(connection.spent)
        return total


def forget_connections() -> None:
    """Connect anew on the next use: a long-running process reads its secrets again each round."""
    with _connecting:
        _connections.clear()


# -- the unit ---------------------------------------------------------------------------------------------


def run_unit(unit: Unit, limits: Limits) -> UnitResult:
    """Collect one kind in one scope. Never raises for what a provider, plugin or document does."""
    meter = Meter(limits)
    result = UnitResult(unit, CollectionStatus.FAILED, spool=Spool(), exchanges=meter.exchanges)
    taken = _Taken(result)
    try:
        collector = registry().collectors[unit.kind]
        result.asked, result.version = collector.calls, collector.version
        client = connection_of(unit.source).client(unit.scope, meter, frozenset(collector.calls))
        if collector.population:
            result.period = _period(unit, result.started)
            listing: Iterator[object] = collector.documents(client, result.period)
        else:
            listing = _again(lambda: collector.documents(client), taken.seen)
        for document in _resolved(taken.counted(listing), limits, events=collector.population):
            if isinstance(document, _NotFound):
                taken.doubt(collector, document, limits)
            else:
                taken.take(collector, document, limits)
        taken.settle(lambda: collector.documents(client))
    except Exception as error:  # noqa: BLE001 - whatever happens, the attempt leaves a record
        result.status, result.reason, result.permission = classify(error)
        taken.keep_doubtful()
        if result.count and (
            isinstance(error, NotOffered) or result.status is not CollectionStatus.SKIPPED
        ):
            result.status = CollectionStatus.PARTIAL
        if result.period is not None and (taken.lost or _unusable(result.period)):
            result.period.cursor = None
    else:
        if result.period is not None and (why := shortfall(result.period, result.count)):
            taken.note(why)
        if result.period is not None and taken.problem:
            result.period.cursor = None
        result.status = CollectionStatus.PARTIAL if taken.problem else CollectionStatus.COMPLETE
        # Complete all the same, but not in silence.
        went = f"{taken.gone} deleted between their listing and their details" if taken.gone else ""
        result.reason = taken.problem or went
    result.root = collection_root(taken.seen.items())
    result.calls, result.pages = dict(meter.calls), meter.pages
    result.waited = meter.waited()
    result.finished = clock.now()
    return result


def _again(documents: Callable[[], Iterator[object]], seen: Collection[str]) -> Iterator[object]:
    """A listing of several calls; listed anew where something that it named a moment ago is not found.

    Only a listing says what exists: what was deleted meanwhile is not in the next one. Documents that were
    taken before come once. Raises Gone where the answers go on contradicting each other.
    """
    for attempt in range(1, _LISTINGS + 1):
        try:
            for document in documents():
                if attempt == 1 or kept_id(str(getattr(document, "uid", ""))) not in seen:
                    yield document
        except Gone:
            if attempt == _LISTINGS:
                raise
        else:
            return


def _period(unit: Unit, began: datetime) -> Period:
    return Period(began, json.loads(unit.cursor) if unit.cursor is not None else None)


def shortfall(period: Period, read: int) -> str:
    """What makes a look at a population incomplete that came to its end; empty: nothing does."""
    if unusable := _unusable(period):
        return unusable
    if period.total is None:
        return f"the collector ended after {read} events and did not say how many there are"
    if period.total != read:
        return f"{read} events were read, and the provider counts {period.total}"
    return ""


def _unusable(period: Period) -> str:
    """Why the cursor or the parameters cannot be kept; empty: they can."""
    try:
        size = len(canonical(period.cursor)) if period.cursor is not None else 0
        canonical(period.parameters)
    except (ValueError, TypeError) as error:
        return f"what the collector says of its look is no JSON: {error}"
    if size > _CURSOR_BYTES:
        return f"the collector's cursor has {size:,} bytes, the limit is {_CURSOR_BYTES:,}"
    return ""


def classify(error: BaseException) -> tuple[CollectionStatus, str, str | None]:
    """(status, reason, missing permission) of an error that ended a collection."""
    reason = redact.scrub(str(error)) or type(error).__name__
    if isinstance(error, NotOffered):
        return CollectionStatus.SKIPPED, f"{NOT_OFFERED}{reason}", None
    if isinstance(error, NotEnabled):
        return CollectionStatus.SKIPPED, reason, error.permission
    if isinstance(error, Denied | CredentialsRejected):
        return CollectionStatus.DENIED, reason, error.permission
    if isinstance(error, ProviderError):
        return CollectionStatus.FAILED, reason, error.permission
    if isinstance(error, Soc2PacError):
        return CollectionStatus.FAILED, reason, None
    if isinstance(error, KeyError):
        return CollectionStatus.FAILED, f"the provider's answer lacks {reason}", None
    return CollectionStatus.FAILED, f"{type(error).__name__}: {reason}", None


class _Taken:
    """Lays documents down in the result's spool, each uid once."""

    def __init__(self, result: UnitResult) -> None:
        self.seen: dict[str, str] = {}
        self.gone = 0
        """How many were listed and did not exist any more a moment later."""
        self._problem = ""
        self._result = result
        self._yielded = 0
        self._kept = 0
        self._malformed: dict[str, int] = {}
        self._doubtful: dict[str, int] = {}
        self._aside = Spool()
        """Documents of which a fact was not found, until it is known whether they exist."""

    @property
    def problem(self) -> str:
        """The first thing that makes the look incomplete though it came to its end; empty: nothing does."""
        if self._problem or not self._malformed:
            return self._problem
        count = sum(self._malformed.values())
        lacks = ", ".join(sorted(self._malformed))
        what = "1 record lacks" if count == 1 else f"{count} records lack"
        return f"{what} {lacks}: kept as they came, beside the others"

    @property
    def lost(self) -> bool:
        """Whether something that the collector yielded is not in the spool."""
        return bool(self.problem) or self._yielded != self._kept

    def counted(self, documents: Iterable[object]) -> Iterator[object]:
        """The same documents, counted as they come."""
        for document in documents:
            self._yielded += 1
            yield document

    def take(self, collector: Collector, document: object, limits: Limits) -> None:
        if made := self._record(collector, document, limits):
            self._lay_down(*made)

    def doubt(self, collector: Collector, missing: _NotFound, limits: Limits) -> None:
        """Set a document aside of which a fact was not found."""
        made = self._record(collector, missing.document, limits)
        if made and made[0].uid not in self._doubtful:
            record, gaps = made
            self._doubtful[record.uid] = gaps
            self._aside.write(record)

    def settle(self, documents: Callable[[], Iterator[object]]) -> None:
        """Keep the doubtful documents that are listed still; the others were deleted. Raises nothing."""
        if not self._doubtful:
            return
        wanted = set(self._doubtful)
        try:
            for document in documents():
                wanted.discard(storable(kept_id(str(getattr(document, "uid", "")))))
                if not wanted:
                    break
        except Exception:  # noqa: BLE001 - where nobody can say, they are there
            wanted.clear()
        self.gone = len(wanted)
        if self.gone >= _MANY and 2 * self.gone > self._yielded:
            self.note(
                f"{self.gone} of {self._yielded} resources were not found a moment after they were listed: "
                "that many are not deleted at once, so what is there is not known"
            )
        self.keep_doubtful(wanted)

    def keep_doubtful(self, deleted: Collection[str] = ()) -> None:
        """Take up what was set aside."""
        gaps, self._doubtful = self._doubtful, {}
        if gaps:
            for record in self._aside.records():
                # What came again later, whole, is known by that.
                if record.uid not in deleted and record.uid not in self.seen:
                    self._lay_down(record, gaps[record.uid])

    def _record(
        self, collector: Collector, document: object, limits: Limits
    ) -> tuple[Record, int] | None:
        try:
            record, gaps = to_record(collector, document, limits)
        except (ValueError, TypeError) as error:
            self.note(f"a document could not be kept: {redact.scrub(str(error))}")
            return None
        self._kept += 1
        if record.uid.startswith(MALFORMED):
            lacks = Lacking.within(getattr(document, "uid", "")) or ["an id"]
            for member in lacks[:1]:
                self._malformed[member] = self._malformed.get(member, 0) + 1
        return record, gaps

    def _lay_down(self, record: Record, gaps: int) -> None:
        known = self.seen.get(record.uid)
        if known is None:
            self.seen[record.uid] = record.digest
            self._result.count += 1
            self._result.gaps += gaps
            assert self._result.spool is not None  # noqa: S101 - run_unit makes it
            self._result.spool.write(record)
        elif known != record.digest:
            self.note(f"the id {record.uid} came twice with different content; the first was kept")

    def note(self, problem: str) -> None:
        """Remember the first problem; an empty one is none."""
        self._problem = self._problem or problem


def to_record(collector: Collector, document: object, limits: Limits) -> tuple[Record, int]:
    """A document, its facts resolved, as the store keeps it; and how many gaps it has.

    Raises:
        ValueError: it is too large, or holds what JSON cannot say. TypeError: it is no document.
    """
    if not isinstance(document, Document):
        msg = f"the collector of {collector.kind} yielded {type(document).__name__}"
        raise TypeError(msg)
    document = identified(document)
    body, gaps = with_gaps(document.body)
    raw = redact.kept(body, collector.resource.volatile, collector.resource.secret)
    if len(raw) > limits.document_bytes:
        msg = f"{document.uid} has {len(raw):,} bytes, the limit is {limits.document_bytes:,}"
        raise ValueError(msg)
    observed = utc_text(document.observed_at) if document.observed_at else None
    return Record(
        storable(document.uid), storable(str(document.name)), digest(raw), raw, observed
    ), gaps


def has_id(document: Document) -> bool:
    """Whether a document has an id of its own."""
    uid: object = document.uid
    return isinstance(uid, str) and bool(uid) and not Lacking.within(uid)


def kept_id(uid: str) -> str:
    """An id as it is kept; one that holds a credential keeps its place by a digest."""
    said = redact.scrub(uid)
    return uid if said == uid else f"{said}#{digest(uid.encode())[:16]}"


def identified(document: Document) -> Document:
    """The document under an id; one that has none of its own is kept as it came, under one made of it."""
    name = "" if Lacking.within(document.name) else document.name
    name = redact.scrub(str(name))
    if has_id(document):
        uid = kept_id(document.uid)
        return Document(uid, name or uid, document.body, document.observed_at)
    # Facts would be asked for without the id that they need.
    body = {
        key: value
        for key, value in document.body.items()
        if not isinstance(value, Fact) and not Lacking.within(value)
    }
    said = {key: value for key, value in body.items() if not isinstance(value, Gap)}
    made = f"{MALFORMED}{digest(canonical(said))[:16]}"
    return Document(made, name or made, body, document.observed_at)


def with_gaps(body: Any) -> tuple[dict[str, Any], int]:  # noqa: ANN401
    """The body with its :class:`Gap` values moved under ``$gaps``; and how many there were."""
    gaps = {
        key: {
            name: value
            for name, value in (
                ("status", gap.status.value),
                ("operation", gap.operation),
                ("reason", redact.scrub(gap.reason)),
                ("permission", gap.permission),
            )
            if value is not None
        }
        for key, gap in body.items()
        if isinstance(gap, Gap)
    }
    if not gaps:
        return dict(body), 0
    return {**{k: v for k, v in body.items() if k not in gaps}, GAPS: gaps}, len(gaps)


# -- facts ------------------------------------------------------------------------------------------------


def resolve(fact: Fact) -> object:
    """Make the call of a fact: its value, ``None``, or a :class:`Gap`.

    Raises:
        Gone: the provider does not find what was asked for. NotOffered: the provider has no such thing in the
        scope.
    """
    try:
        with strictly():
            return fact.call()
    except (Gone, NotOffered):
        raise
    except ProviderError as error:
        status, reason, permission = classify(error)
        status = CollectionStatus.FAILED if status is CollectionStatus.SKIPPED else status
        return Gap(status, error.operation or fact.operation, reason, permission)
    except (KeyError, TypeError, ValueError, AttributeError, LookupError) as error:
        # One odd answer is one fact that nobody knows.
        reason = f"the answer is not as expected: {type(error).__name__}"
        return Gap(CollectionStatus.FAILED, fact.operation, reason)


def not_found(error: Gone, fact: Fact) -> Gap:
    """What stands for a fact that the provider does not find, of a document that is there."""
    reason = f"{redact.scrub(str(error))}: not found, though the resource was listed"
    return Gap(CollectionStatus.FAILED, error.operation or fact.operation, reason)


@dataclass(frozen=True, slots=True)
class _NotFound:
    """A document of which a fact was not found: it was deleted meanwhile, or the fact alone is not there."""

    document: Document


def _resolve_all(document: Document) -> Document | _NotFound:
    """The document with every fact read."""
    body: dict[str, object] = {}
    missing = False
    for key, value in document.body.items():
        if not isinstance(value, Fact):
            body[key] = value
            continue
        try:
            body[key] = resolve(value)
        except Gone as error:
            missing = True
            body[key] = not_found(error, value)
    read = Document(document.uid, document.name, body, document.observed_at)
    return _NotFound(read) if missing else read


def _resolve_event(document: Document) -> Document:
    """The document of an event with every fact read: it happened, though its details may be deleted."""
    read = _resolve_all(document)
    return read.document if isinstance(read, _NotFound) else read


def _resolved(
    documents: Iterable[object], limits: Limits, *, events: bool = False
) -> Iterator[object]:
    """Documents with their facts read, in order, a few at once.

    ``events``: what happened stays, whatever is found of it now.
    """
    read: Callable[[Document], object] = _resolve_event if events else _resolve_all
    window: deque[Future[object]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        for document in documents:
            if (
                not isinstance(document, Document)
                or not has_id(document)
                or not any(isinstance(value, Fact) for value in document.body.values())
            ):
                while window:
                    yield window.popleft().result()
                yield document
                continue
            pool = pool or ThreadPoolExecutor(limits.facts_at_once, thread_name_prefix="facts")
            window.append(pool.submit(read, document))
            if len(window) > 2 * limits.facts_at_once:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()
    except Exception:
        # What was read before the listing broke off counts: hand it over, then let the error speak.
        for future in window:
            with contextlib.suppress(Exception):
                yield future.result()
        raise
    finally:
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
