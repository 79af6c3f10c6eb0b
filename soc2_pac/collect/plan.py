"""From rules and sources to units of work: only the kinds that the rules need, in every scope."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED as FIRST
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from soc2_pac import clock
from soc2_pac.collect import events
from soc2_pac.collect.fetch import (
    Limits,
    Meter,
    Unit,
    UnitResult,
    classify,
    connection_of,
    run_unit,
    stopping,
)
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import ConfigError
from soc2_pac.model import EVERYWHERE, CollectionStatus, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from soc2_pac.collect.answers import Exchanges
    from soc2_pac.config import SourceSettings
    from soc2_pac.model import Selection
    from soc2_pac.resources import Collector


@dataclass
class Plan:
    """What will be collected, and what is known already not to be readable."""

    units: list[Unit] = field(default_factory=list)
    unread: list[UnitResult] = field(default_factory=list)
    """Finished before it began: scopes that discovery found unreadable."""
    unsourced: dict[str, list[str]] = field(default_factory=dict)
    """Provider without a source -> kinds that the rules need from it."""
    last: list[Unit] = field(default_factory=list)
    """Units that read what the others left: collected after them."""
    uncollected: list[str] = field(default_factory=list)
    """Kinds that rules need and no installed collector knows."""
    discoveries: list[Discovery] = field(default_factory=list)
    """How scopes were found, where the limits ask that answers are kept."""


class Discovery(NamedTuple):
    """What was answered when the scopes of one sort were looked for in one source."""

    source: str
    provider: str
    per: str
    """The sort of scopes."""
    exchanges: Exchanges


class Reads(Protocol):
    """A rule in force, as far as a plan goes."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that it reads in this configuration."""


def kinds_of(rules: Iterable[Reads]) -> list[str]:
    """Every kind that the rules read, sorted."""
    return sorted({kind for rule in rules for kind in rule.kinds})


def make_plan(
    kinds: Collection[str],
    collectors: Mapping[str, Collector],
    sources: Mapping[str, SourceSettings],
    remembered: Mapping[tuple[str, str], Collection[Scope]] | None = None,
    only: Selection = EVERYWHERE,
    cursors: Mapping[tuple[str, str, Scope, str], str] | None = None,
    limits: Limits | None = None,
) -> Plan:
    """Lay kinds over the scopes of the sources. Asks each source for its scopes: makes calls.

    Args:
        kinds: what is wanted.
        collectors: by kind.
        sources: by name.
        remembered: (source, kind) -> scopes looked at in the past. When a source cannot even say what its
            scopes are, each of these gets a failed look, so that what was seen there is not called current.
        only: which scopes are wanted.
        cursors: (source, kind, scope, collector version) -> what the last complete look at a population
            left. Where there is none, all of it is read.
        limits: bounds of finding one sort of scopes of one source, as of a unit of work.

    Raises:
        ConfigError: two sources reach the same scope.
    """
    plan = Plan()
    by_provider: dict[str, list[SourceSettings]] = {}
    for source in sources.values():
        by_provider.setdefault(source.provider, []).append(source)
    wanted: dict[str, list[Collector]] = {}
    for kind in sorted(kinds):
        provider = kind.partition(".")[0]
        if kind not in collectors:
            plan.uncollected.append(kind)
        elif provider not in by_provider:
            plan.unsourced.setdefault(provider, []).append(kind)
        else:
            wanted.setdefault(provider, []).append(collectors[kind])
    owners: dict[Scope, str] = {}
    for provider, listed in wanted.items():
        for source in by_provider[provider]:
            _plan_source(plan, source, listed, owners, remembered or {}, only, limits or Limits())
    plan.units = _interleaved(
        [_from_cursor(unit, collectors, cursors or {}) for unit in plan.units]
    )
    return plan


def _plan_source(
    plan: Plan,
    source: SourceSettings,
    wanted: list[Collector],
    owners: dict[Scope, str],
    remembered: Mapping[tuple[str, str], Collection[Scope]],
    only: Selection,
    limits: Limits,
) -> None:
    by_sort: dict[str, list[Collector]] = {}
    for collector in wanted:
        by_sort.setdefault(collector.per, []).append(collector)
    for per, collectors in sorted(by_sort.items()):
        started = clock.now()
        try:
            found = _discovered(plan, source, per, only, limits)
        except Exception as error:  # noqa: BLE001 - a source that fails leaves records, it does not stop others
            for collector in collectors:
                known = sorted(remembered.get((source.name, collector.kind), ()))
                for scope in known or [Scope(source.provider, f"?{source.name}")]:
                    if known and not only.takes(scope):
                        continue
                    unread = Unread(scope, *classify(error))
                    unit = Unit(collector.kind, scope, source, collector.instant)
                    plan.unread.append(_unread(unit, collector, unread, started))
            continue
        for item in found:
            scope = item.scope if isinstance(item, Unread) else item
            if not only.takes(scope):
                continue
            owner = owners.setdefault(scope, source.name)
            if owner != source.name:
                both = f"sources.{source.name} and sources.{owner}"
                msg = f"{both} both reach {scope}: remove it from one of them"
                raise ConfigError(msg)
            for collector in collectors:
                unit = Unit(collector.kind, scope, source, collector.instant)
                if isinstance(item, Unread):
                    plan.unread.append(_unread(unit, collector, item, started))
                else:
                    plan.units.append(unit)


def _discovered(
    plan: Plan, source: SourceSettings, per: str, only: Selection, limits: Limits
) -> list[Scope | Unread]:
    meter = Meter(limits)
    if meter.exchanges is not None:
        plan.discoveries.append(Discovery(source.name, source.provider, per, meter.exchanges))
    return list(connection_of(source).discover(per, only, meter))


def _from_cursor(
    unit: Unit,
    collectors: Mapping[str, Collector],
    cursors: Mapping[tuple[str, str, Scope, str], str],
) -> Unit:
    """The unit of a population goes on where its last complete look by the same collector ended."""
    if not unit.instant:
        return unit
    version = collectors[unit.kind].version
    cursor = cursors.get((unit.source.name, unit.kind, unit.scope, version))
    return replace(unit, cursor=cursor)


def _interleaved(units: list[Unit]) -> list[Unit]:
    """Neighbours in time ask different services of different scopes: no limit is met before it must be."""
    turn: Counter[tuple[Scope, str]] = Counter()
    turns = []
    for unit in units:
        service = (unit.scope, unit.kind.rpartition(".")[0])
        turns.append(turn[service])
        turn[service] += 1
    order = sorted(range(len(units)), key=turns.__getitem__)
    return [units[position] for position in order]


def _unread(unit: Unit, collector: Collector, found: Unread, started: datetime) -> UnitResult:
    return UnitResult(
        unit,
        found.status,
        scrub(found.reason),
        found.permission,
        asked=collector.calls,
        version=collector.version,
        started=started,
    )


def collect(
    plan: Plan,
    limits: Limits,
    *,
    workers: int = 8,
    executor: Executor | None = None,
    listener: events.Listener = events.ignore,
    refresh: Callable[[Unit], Unit] = lambda unit: unit,
) -> Iterator[UnitResult]:
    """Run the plan's units and yield each as it ends; unreadable scopes come first, the last units last.

    When :data:`~soc2_pac.collect.fetch.stopping` is set no further unit starts, and those under way end
    at their next request.

    Args:
        plan: what to collect.
        limits: bounds of each unit.
        workers: how many units at once.
        executor: where units run; threads of this process when left out. It is not shut down.
        listener: told of every start and end.
        refresh: a last unit as it is to be run, asked once every other result was taken. It runs in this
            process, since what it is given stays here.
    """
    listener(events.Planned(len(plan.units) + len(plan.unread) + len(plan.last)))
    for result in plan.unread:
        listener(_finished(result))
        yield result
    own = ThreadPoolExecutor(workers, thread_name_prefix="collect") if executor is None else None
    pool = executor or own
    assert pool is not None  # noqa: S101 - one of them is there
    waiting = iter(plan.units)
    running: dict[Future[UnitResult], Unit] = {}
    try:
        while True:
            while len(running) < workers and not stopping.is_set():
                unit = next(waiting, None)
                if unit is None:
                    break
                listener(events.UnitStarted(unit.source.name, unit.kind, unit.scope))
                running[pool.submit(run_unit, unit, limits)] = unit
            if not running:
                break
            done, _ = wait(running, timeout=1, return_when=FIRST)
            for future in done:
                result = _result(future, running.pop(future))
                listener(_finished(result))
                yield result
    finally:
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
    for unit in plan.last:
        if stopping.is_set():
            return
        listener(events.UnitStarted(unit.source.name, unit.kind, unit.scope))
        result = run_unit(refresh(unit), limits)
        listener(_finished(result))
        yield result


def _result(future: Future[UnitResult], unit: Unit) -> UnitResult:
    """The unit's result; a worker that died is a failed unit, never a lost one."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001
        status, reason, permission = classify(error)
        status = CollectionStatus.FAILED if status is CollectionStatus.SKIPPED else status
        return UnitResult(unit, status, f"the worker died: {reason}", permission)


def _finished(result: UnitResult) -> events.UnitFinished:
    return events.UnitFinished(
        result.unit.source.name,
        result.unit.kind,
        result.unit.scope,
        result.status,
        result.reason,
        result.count,
        result.requests,
        (result.finished - result.started).total_seconds(),
        result.gaps,
        result.waited,
    )
