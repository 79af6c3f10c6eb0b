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
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from soc2_pac.canonical import canonical, collection_root, digest
from soc2_pac.collect import redact
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    NotInstalled,
    ProviderError,
    Soc2PacError,
    Unexpected,
    Unreachable,
)
from soc2_pac.model import CollectionStatus, Document, Fact, Gap, Period, Scope, utc_text
from soc2_pac.resources import GAPS
from soc2_pac.store.database import storable
from soc2_pac.store.evidence import Look, Population, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc2_pac.config import SourceSettings
    from soc2_pac.hookspecs import Connection
    from soc2_pac.plugins import Registry
    from soc2_pac.resources import Collector

_SPOOL_BYTES = 8 * 1024 * 1024
_CURSOR_BYTES = 256 * 1024


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
            now = time.monotonic()
            if now - self._began - self._waited_by(now) > self._limits.seconds:
                msg = f"the time allowed for one listing ({self._limits.seconds:g} s) is spent"
                raise Unreachable(msg, operation=operation)
            self.calls[operation] += 1

    def pause(self, seconds: float) -> None:
        """Wait. Raises Unreachable on a stop, or where the unit would wait longer than it may."""
        with self._lock:
            now = time.monotonic()
            if self._waited_by(now) + seconds > self._limits.waiting_seconds:
                msg = (
                    "the time that one listing may wait for rate limits "
                    f"({self._limits.waiting_seconds:g} s) is spent"
                )
                raise Unreachable(msg)
            if self._waiting == 0:
                self._waiting_since = now
            self._waiting += 1
        stopped = stopping.wait(seconds)
        with self._lock:
            self._waiting -= 1
            if self._waiting == 0:
                self._waited += time.monotonic() - self._waiting_since
        if stopped:
            msg = "soc2-pac was asked to stop"
            raise Unreachable(msg)

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
    root: str = field(default_factory=lambda: collection_root(()))
    asked: tuple[str, ...] = ()
    version: str = "0"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished: datetime = field(default_factory=lambda: datetime.now(UTC))
    spool: Spool | None = None
    period: Period | None = None
    """Of a population: what its collector said."""

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

    def records(self) -> Iterator[Record]:
        """Every record in order; closes the spool at the end."""
        self._file.seek(0)
        with contextlib.closing(self._file):
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
                _connections[key] = registry().providers[source.provider].connect(source.settings)
            except ModuleNotFoundError as error:
                msg = (
                    f"{error.name} is not installed, and source {source.name} needs it. "
                    f"Next: pip install 'soc2-pac[{source.provider}]'"
                )
                raise NotInstalled(msg) from error
        return _connections[key]


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
    result = UnitResult(unit, CollectionStatus.FAILED, spool=Spool())
    taken = _Taken(result)
    try:
        collector = registry().collectors[unit.kind]
        result.asked, result.version = collector.calls, collector.version
        client = connection_of(unit.source).client(unit.scope, meter, frozenset(collector.calls))
        if collector.population:
            result.period = _period(unit, result.started)
        listing = taken.counted(collector.documents(client, result.period))
        for document in _resolved(listing, limits, events=collector.population):
            if document is None:
                taken.gone += 1
            else:
                taken.take(collector, document, limits)
    except Exception as error:  # noqa: BLE001 - whatever happens, the attempt leaves a record
        result.status, result.reason, result.permission = classify(error)
        if result.count and result.status is not CollectionStatus.SKIPPED:
            result.status = CollectionStatus.PARTIAL
        if result.period is not None and (taken.lost or _unusable(result.period)):
            result.period.cursor = None
    else:
        if result.period is not None and (why := shortfall(result.period, result.count)):
            taken.note(why)
        if result.period is not None and taken.problem:
            result.period.cursor = None
        result.status = CollectionStatus.PARTIAL if taken.problem else CollectionStatus.COMPLETE
        # Complete all the same, but told: an answer that is taken for "gone" by mistake must not be silent.
        went = f"{taken.gone} listed, and gone when their details were read" if taken.gone else ""
        result.reason = taken.problem or went
    result.root = collection_root(taken.seen.items())
    result.calls, result.pages = dict(meter.calls), meter.pages
    result.finished = datetime.now(UTC)
    return result


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
        self.problem = ""
        """The first thing that makes the look incomplete though it came to its end."""
        self._result = result
        self._yielded = 0
        self._kept = 0

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
        try:
            record, gaps = to_record(collector, document, limits)
        except (ValueError, TypeError) as error:
            self.note(f"a document could not be kept: {redact.scrub(str(error))}")
            return
        self._kept += 1
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
        self.problem = self.problem or problem


def to_record(collector: Collector, document: object, limits: Limits) -> tuple[Record, int]:
    """A document, its facts resolved, as the store keeps it; and how many gaps it has.

    Raises:
        ValueError: it is too large, or holds what JSON cannot say. TypeError: it is no document.
    """
    if not isinstance(document, Document) or not isinstance(document.uid, str) or not document.uid:
        msg = f"the collector of {collector.kind} yielded {type(document).__name__}, or a document with no id"
        raise TypeError(msg)
    body, gaps = with_gaps(document.body)
    body = redact.drop_paths(body, collector.resource.volatile)
    body = redact.redact_paths(body, collector.resource.secret)
    raw = canonical(body)
    if redact.may_hold_secret(raw.decode()):
        raw = canonical(redact.scrub_document(body))
    if len(raw) > limits.document_bytes:
        msg = f"{document.uid} has {len(raw):,} bytes, the limit is {limits.document_bytes:,}"
        raise ValueError(msg)
    observed = utc_text(document.observed_at) if document.observed_at else None
    return Record(
        storable(document.uid), storable(str(document.name)), digest(raw), raw, observed
    ), gaps


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
        Gone: the resource no longer exists. CredentialsRejected: nothing further can be read.
    """
    try:
        return fact.call()
    except (Gone, CredentialsRejected):
        raise
    except ProviderError as error:
        status, reason, permission = classify(error)
        status = CollectionStatus.FAILED if status is CollectionStatus.SKIPPED else status
        return Gap(status, error.operation or fact.operation, reason, permission)


def _resolve_all(document: Document) -> Document | None:
    """The document with every fact read; ``None`` when the resource has gone meanwhile."""
    try:
        body = {k: resolve(v) if isinstance(v, Fact) else v for k, v in document.body.items()}
    except Gone:
        return None
    return Document(document.uid, document.name, body, document.observed_at)


def _resolve_event(document: Document) -> Document:
    """The document of an event with every fact read: it happened, though its details may be gone."""
    body: dict[str, object] = {}
    for key, value in document.body.items():
        try:
            body[key] = resolve(value) if isinstance(value, Fact) else value
        except Gone as error:
            operation = error.operation or key
            body[key] = Gap(CollectionStatus.FAILED, operation, f"gone: {redact.scrub(str(error))}")
    return Document(document.uid, document.name, body, document.observed_at)


def _resolved(
    documents: Iterable[object], limits: Limits, *, events: bool = False
) -> Iterator[object]:
    """Documents with their facts read, in order, a few at once; ``None`` for one that has gone meanwhile.

    ``events``: none of them can be gone.
    """
    read = _resolve_event if events else _resolve_all
    window: deque[Future[Document | None]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        for document in documents:
            if not isinstance(document, Document) or not any(
                isinstance(value, Fact) for value in document.body.values()
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
