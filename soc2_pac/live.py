"""``check``: judge what the provider says right now, with only the calls that the verdict needs.

A document's facts are calls not made yet. The rule is tried on what is there; when it reads a fact that
is still pending, that one call is made and the rule is tried again. Rules are pure, so trying is free.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import (
    Limits,
    Meter,
    Unit,
    UnitResult,
    classify,
    connection_of,
    identified,
    not_found,
    resolve,
    to_record,
)
from soc2_pac.errors import FactUnavailable, Gone, NotOffered, ProviderError
from soc2_pac.evaluate.evidence import Held, JoinedEvidence
from soc2_pac.evaluate.judge import apply, explain
from soc2_pac.model import (
    MALFORMED,
    NOT_OFFERED,
    CollectionStatus,
    Document,
    Fact,
    Gap,
    Period,
    Scope,
    Status,
    Verdict,
)
from soc2_pac.resources import noting_missed, view

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from soc2_pac.collect.plan import Plan
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.resources import Collector, Resource
    from soc2_pac.rules import Rule


@dataclass(frozen=True, slots=True)
class LiveVerdict:
    """One verdict on what the provider said a moment ago."""

    rule: Rule
    scope: Scope
    uid: str | None
    """``None`` for a verdict on the whole scope."""
    name: str | None
    verdict: Verdict


@dataclass(slots=True)
class Checked:
    """What a live check found and cost."""

    verdicts: list[LiveVerdict] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)


class _Live:
    """A document whose facts are read one by one, when a rule asks for them."""

    def __init__(
        self, scope: Scope, collector: Collector, document: Document, limits: Limits
    ) -> None:
        self.scope = scope
        self.uid = document.uid
        self.name = document.name
        self.not_offered = ""
        """Why there can be nothing, where a fact showed that the provider has no such service here."""
        self._collector = collector
        self._document = document
        self._body: dict[str, Any] = dict(document.body)
        self._limits = limits
        self._bytes: bytes | None = None
        self._lock = threading.Lock()

    def bytes(self) -> bytes:
        """As the store would keep it, without the facts not read yet. Raises ValueError, TypeError."""
        with self._lock:
            if self._bytes is None:
                known = {k: v for k, v in self._body.items() if not isinstance(v, Fact)}
                document = Document(self.uid, self.name, known, self._document.observed_at)
                self._bytes = to_record(self._collector, document, self._limits)[0].body
            return self._bytes

    def fetch(self, key: str) -> bool:
        """Read one pending fact; False when there is none of that name."""
        with self._lock:
            fact = self._body.get(key)
            if not isinstance(fact, Fact):
                return False
            try:
                self._body[key] = resolve(fact)
            except Gone as error:
                self._body[key] = not_found(error, fact)
            except ProviderError as error:  # one answer does not end the whole check
                status, reason, permission = classify(error)
                if isinstance(error, NotOffered):
                    self.not_offered = reason
                if status is CollectionStatus.SKIPPED:
                    status = CollectionStatus.FAILED
                operation = error.operation or fact.operation
                self._body[key] = Gap(status, operation, reason, permission)
            self._bytes = None
            return True


class _Documents:
    """:class:`soc2_pac.evaluate.evidence.Documents` over live documents."""

    def __init__(
        self, looks: Mapping[str, list[UnitResult]], documents: Mapping[str, list[_Live]]
    ) -> None:
        self._looks = looks
        self._documents = documents

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        for result in self._looks.get(kind, ()):
            known = result.status is CollectionStatus.COMPLETE or _not_offered(result)
            yield result.unit.scope, None if known else f"{result.status}: {result.reason}"

    def bodies(self, kind: str) -> Iterable[Held]:
        return [Held(live.scope, live.bytes(), live.uid) for live in self._documents.get(kind, ())]


def check(
    rules: Sequence[ActiveRule],
    plan: Plan,
    *,
    now: datetime,
    limits: Limits,
    workers: int = 8,
    sourced: Collection[str] = (),
) -> Checked:
    """Judge rules live.

    Args:
        rules: as configured.
        plan: over the kinds of these rules.
        now: the instant of judgement.
        limits: bounds of each listing.
        workers: listings, or documents, looked at at once.
        sourced: of the kinds that rules join ``where_sourced``, those whose provider has a source.
    """
    looks: dict[str, list[UnitResult]] = {}
    documents: dict[str, list[_Live]] = {}
    meters: list[Meter] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="check") as pool:
        for result in plan.unread:
            looks.setdefault(result.unit.kind, []).append(result)
        listed = pool.map(lambda unit: _list(unit, limits, meters), plan.units)
        for result, found in listed:
            looks.setdefault(result.unit.kind, []).append(result)
            documents.setdefault(result.unit.kind, []).extend(found)
        checked = Checked(_verdicts(rules, looks, documents, pool, sourced, now))
    for meter in meters:
        checked.calls.update(meter.calls)
    checked.calls.update(fetch.spent())
    return checked


def check_recorded(
    rules: Sequence[ActiveRule],
    recorded: Iterable[tuple[UnitResult, Sequence[Document]]],
    *,
    now: datetime,
    limits: Limits,
    sourced: Collection[str] = (),
) -> list[LiveVerdict]:
    """Judge rules on documents that were collected before; makes no call."""
    looks: dict[str, list[UnitResult]] = {}
    documents: dict[str, list[_Live]] = {}
    collectors = fetch.registry().collectors
    for result, found in recorded:
        kind = result.unit.kind
        looks.setdefault(kind, []).append(result)
        documents.setdefault(kind, []).extend(
            _Live(result.unit.scope, collectors[kind], document, limits) for document in found
        )
    with ThreadPoolExecutor(1, thread_name_prefix="check") as pool:
        return _verdicts(rules, looks, documents, pool, sourced, now)


def _verdicts(
    rules: Sequence[ActiveRule],
    looks: Mapping[str, list[UnitResult]],
    documents: Mapping[str, list[_Live]],
    pool: ThreadPoolExecutor,
    sourced: Collection[str],
    now: datetime,
) -> list[LiveVerdict]:
    verdicts: list[LiveVerdict] = []
    for item in rules:
        rule = item.rule
        joined = _Joined(rule, looks, documents, pool, sourced)
        lives = documents.get(rule.kind, [])

        def one(live: _Live, item: ActiveRule = item, joined: _Joined = joined) -> Verdict:
            return _judge(item, live, joined, now)

        # A rule that joins shares its evidence between documents: one after the other then.
        judged = map(one, lives) if rule.joins else pool.map(one, lives)
        verdicts += _of_scopes(rule, looks.get(rule.kind, []))
        verdicts += [
            LiveVerdict(rule, live.scope, live.uid, live.name, verdict)
            for live, verdict in zip(lives, judged, strict=True)
        ]
    return verdicts


def _list(unit: Unit, limits: Limits, meters: list[Meter]) -> tuple[UnitResult, list[_Live]]:
    meter = Meter(limits)
    meters.append(meter)
    result = UnitResult(unit, CollectionStatus.COMPLETE)
    found: list[_Live] = []
    try:
        collector = fetch.registry().collectors[unit.kind]
        client = connection_of(unit.source).client(unit.scope, meter, frozenset(collector.calls))
        if collector.population:
            result.period = Period(result.started)
        for document in collector.documents(client, result.period):
            # One by one: what was listed before an error counts.
            found.append(_Live(unit.scope, collector, identified(document), limits))
            if found[-1].uid.startswith(MALFORMED):
                result.status = CollectionStatus.PARTIAL
                result.reason = "a record has no id: kept as it came, beside the others"
        if result.period is not None and (problem := fetch.shortfall(result.period, len(found))):
            result.status, result.reason = CollectionStatus.PARTIAL, problem
    except Exception as error:  # noqa: BLE001 - whatever happens, the attempt leaves a record
        result.status, result.reason, result.permission = classify(error)
        if found:
            result.status = CollectionStatus.PARTIAL
    result.count = len(found)
    return result, found


def _not_offered(result: UnitResult) -> bool:
    return result.status is CollectionStatus.SKIPPED and result.reason.startswith(NOT_OFFERED)


def _of_scopes(rule: Rule, looks: Sequence[UnitResult]) -> Iterable[LiveVerdict]:
    if not looks:
        never = Verdict(
            Status.INCONCLUSIVE, f"{rule.kind} could not be collected: no source reaches it"
        )
        yield LiveVerdict(rule, Scope(rule.provider, "?"), None, None, never)
    for look in looks:
        if _not_offered(look):
            verdict = Verdict(Status.NOT_APPLICABLE, look.reason)
        elif look.status is not CollectionStatus.COMPLETE:
            grant = f"; grant {look.permission}" if look.permission else ""
            verdict = Verdict(
                Status.INCONCLUSIVE, f"the collection was {look.status}: {look.reason}{grant}"
            )
        elif look.count == 0:
            verdict = rule.when_empty()
        else:
            continue
        yield LiveVerdict(rule, look.unit.scope, None, None, verdict)


class _Joined:
    """The joined evidence of one rule, built anew when a fact of a joined kind was fetched."""

    def __init__(
        self,
        rule: Rule,
        looks: Mapping[str, list[UnitResult]],
        documents: Mapping[str, list[_Live]],
        pool: ThreadPoolExecutor,
        sourced: Collection[str],
    ) -> None:
        self._make: Callable[[], JoinedEvidence] = lambda: JoinedEvidence(
            rule, _Documents(looks, documents), sourced
        )
        self._documents = documents
        self._pool = pool
        self.evidence = self._make() if rule.joins else None

    def fetch(self, kind: str, key: str) -> bool:
        """Read one fact of every document of a joined kind; False when none was pending."""
        fetched = any(
            list(self._pool.map(lambda live: live.fetch(key), self._documents.get(kind, ())))
        )
        if fetched:
            self.evidence = self._make()
        return fetched


def _judge(item: ActiveRule, live: _Live, joined: _Joined, now: datetime) -> Verdict:
    rule = item.rule
    while True:
        seen: Resource | None = None
        thresholds = item.thresholds
        with noting_missed() as missed:
            try:
                adjustment = item.adjustment(live.scope, live.bytes())
                if adjustment is not None:
                    thresholds = {**thresholds, **adjustment.thresholds}
                seen = view(rule.resource, live.bytes())
                evidence = joined.evidence.at(live.scope) if joined.evidence else None
                verdict = apply(
                    rule, seen, now=now, scope=live.scope, evidence=evidence, thresholds=thresholds
                )
            except FactUnavailable as error:
                missed.append(error)
                verdict = explain(error)
            except Exception as error:  # noqa: BLE001 - a rule may raise anything; it must not stop the others
                verdict = explain(error)
        # A view or a rule may catch what it lacks and go on: that, too, is read before the verdict counts.
        fetched = False
        for one in missed:
            # Reading another document than the judged one: a joined kind lacks the fact.
            own = one.document is seen or one.document is None
            fetched |= live.fetch(one.field) if own else joined.fetch(one.kind, one.field)
            if live.not_offered:
                return Verdict(Status.NOT_APPLICABLE, live.not_offered)
        if not fetched:
            return verdict
