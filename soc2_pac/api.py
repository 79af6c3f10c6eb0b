"""What soc2-pac does, as functions: the command line, notebooks and tests all come through here."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac import clock, plugins
from soc2_pac.acts import Actor
from soc2_pac.acts.controls import in_force
from soc2_pac.audit import (
    control_file,
    controls,
    decisions,
    exported,
    removals,
    reviews,
)
from soc2_pac.audit.gaps import Reads
from soc2_pac.audit.grants import tells_of_grants
from soc2_pac.collect import events, recording
from soc2_pac.collect.fetch import Unit, UnitResult, spent
from soc2_pac.collect.plan import collect as collect_units
from soc2_pac.errors import Soc2PacError
from soc2_pac.evaluate.engine import Evaluated, Judged, evaluate, judge_as_of
from soc2_pac.evaluate.people import tells_of_people
from soc2_pac.evaluate.preview import Preview, preview
from soc2_pac.model import EVERYWHERE, CollectionStatus, Severity, Status
from soc2_pac.store import acts, counts, queries
from soc2_pac.store.queries import RESUMED
from soc2_pac.workspace import (
    History,
    Workspace,
    activate,
    check,
    check_recording,
    check_rules,
    knowing_source,
    known_from_store,
    make_workspace,
    plan_for,
    reviewing,
    tool_version,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from soc2_pac.acts import Act
    from soc2_pac.acts.controls import Control
    from soc2_pac.collect.plan import Plan
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.model import Selection
    from soc2_pac.plugins import Registry
    from soc2_pac.store import Store
    from soc2_pac.store.queries import Finding


__all__ = [
    "Outcome",
    "Workspace",
    "activate",
    "check",
    "check_recording",
    "check_rules",
    "control_states",
    "deciding",
    "declared_controls",
    "evaluate_as_of",
    "exit_code",
    "exit_code_of",
    "known_from_store",
    "make_workspace",
    "plan_for",
    "preview_evaluation",
    "record",
    "reviewing",
    "run",
    "tool_version",
    "workspace",
]


@dataclass
class Outcome:
    """What a run did, for a person and for the exit code."""

    run: int = 0
    units: list[events.UnitFinished] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    """Requests by operation, over all units."""
    evaluated: Evaluated | None = None
    uncollected: list[str] = field(default_factory=list)
    """Kinds that rules need and no installed collector knows."""
    unsourced: dict[str, list[str]] = field(default_factory=dict)
    """Provider without a source -> kinds that rules in force need from it."""
    broken: tuple[plugins.Plugin, ...] = ()
    nothing_counts: bool = False
    """Everything that was judged is outside of the system that the configuration draws."""
    controls: list[controls.Change] = field(default_factory=list)
    """What differs from the controls that were in force before it."""
    undeclared: int = 0
    """Controls that stay in force because there is no file of controls that says otherwise."""
    resumed: tuple[int, ...] = ()
    """Interrupted runs that this one went on with."""
    removals: int = 0
    """Grants that were to be revoked, and are proved to be gone by this run."""
    checkpoints: list[str] = field(default_factory=list)
    """Where the checkpoint after it is kept."""
    checkpoint_lost: str = ""
    """Why it could not be kept everywhere."""
    resumed_listings: int = 0
    """Listings that were complete in those runs, and were not read again."""

    @property
    def incomplete(self) -> list[events.UnitFinished]:
        """Units that did not read all."""
        return [unit for unit in self.units if unit.status is not CollectionStatus.COMPLETE]

    @property
    def gaps(self) -> int:
        """Details of single resources that could not be read."""
        return sum(unit.gaps for unit in self.units)


def run(
    work: Workspace,
    store: Store,
    *,
    command: str = "run",
    rules: Sequence[ActiveRule] | None = None,
    kinds: Collection[str] = (),
    sources: Collection[str] = (),
    only: Selection = EVERYWHERE,
    resume: bool = False,
    judge: bool = True,
    fetch: bool = True,
    full: bool = False,
    executor: Executor | None = None,
    listener: events.Listener = events.ignore,
) -> Outcome:
    """Collect and evaluate into the store, under the run lock.

    Args:
        work: configuration and plugins.
        store: where to.
        command: recorded with the run.
        rules: only these; all active ones when left out, and findings of others are then retired.
        kinds: collect only these; those that the rules need when empty.
        sources: collect only from these; all when empty.
        only: collect only in these accounts and regions.
        resume: leave out what the last run had read completely, if it was interrupted.
        judge: evaluate after collecting.
        fetch: collect before evaluating.
        full: judge everything, changed or not.
        executor: where units run; threads when left out.
        listener: told of progress.

    Raises:
        StoreError: the store is locked by another run, full, or read-only.
        UsageError: an unknown kind or source, or no such account or region.
        IntegrityError: the run is recorded, and the counts that its summary rests on were changed by somebody.
    """
    declared = declared_controls(work)
    work = work.knowing(store)
    chosen = work.active if rules is None else list(rules)
    outcome = Outcome(broken=work.registry.broken)
    told = command + (RESUMED if resume else "")
    with store.run(told, config=work.config.identity(), tool_version=tool_version()) as run_id:
        outcome.run = run_id
        with store.database.writing() as connection:
            by = Actor.here("the configuration")
            decisions.record(connection, work.config, work.registry.rules, by=by)
        if declared is not None:
            with store.database.writing() as connection:
                by = Actor.here("the configuration")
                outcome.controls = controls.record(connection, declared, by=by)
        else:
            outcome.undeclared = len(in_force(_acts(store)))
        if fetch:
            plan = plan_for(
                work,
                chosen,
                kinds,
                sources,
                only=only,
                remembered=store.remembered_scopes(),
                cursors=store.cursors(),
                reviewed=_reviewed(work, store) if rules is None else (),
            )
            late = work.registry.of_the_store
            plan.last = [unit for unit in plan.units if unit.source.provider in late]
            plan.units = [unit for unit in plan.units if unit.source.provider not in late]
            if resume:
                _leave_out_done(plan, outcome, store, work.registry)
            outcome.uncollected, outcome.unsourced = plan.uncollected, plan.unsourced
            prove = functools.cache(lambda: _prove(work, store, command))

            def refreshed(unit: Unit) -> Unit:
                # What people decided is judged with what this run itself shows to be gone.
                prove()
                held = work.held(store)
                return replace(unit, source=knowing_source(unit.source, held, History(work, store)))

            results = collect_units(
                plan,
                work.limits,
                workers=work.config.run.workers,
                executor=executor,
                listener=_noting(outcome, listener),
                refresh=refreshed,
            )
            for result in results:
                for operation, count in result.calls.items():
                    outcome.calls[operation] = outcome.calls.get(operation, 0) + count
                store.record(run_id, result.look())
            outcome.removals = prove()
            for operation, count in spent().items():
                outcome.calls[operation] = outcome.calls.get(operation, 0) + count
        if judge:
            with store.database.writing() as connection:
                outcome.evaluated = evaluate(
                    connection,
                    chosen,
                    run_id=run_id,
                    now=clock.now(),
                    due=work.config.due_dates,
                    tool_version=tool_version(),
                    full=full,
                    retire=rules is None,
                )
            if work.config.boundary:
                with store.reading() as connection:
                    inside = queries.findings(connection, outside=False, limit=1)
                    outcome.nothing_counts = next(inside, None) is None
    try:
        outcome.checkpoints = exported.export(work.config, work.registry, store)
    except Soc2PacError as error:
        # The run itself is done and kept: what it found is said all the same.
        outcome.checkpoint_lost = str(error)
    if outcome.evaluated is not None:
        with store.reading() as connection:
            counts.check(connection)
    return outcome


def _prove(work: Workspace, store: Store, command: str) -> int:
    """How many grants that were to go are proved to be gone now."""
    # How reviews read the store takes every kind that there is: only where something is to be proved.
    if not removals.pending(store):
        return 0
    by = reviews.machine(command)
    return removals.prove(store, reviewing(work.config, work.registry), by=by)


def _reviewed(work: Workspace, store: Store) -> list[str]:
    """Kinds that say who has what, of systems that are reviewed: by configuration, or since somebody did."""
    systems = set(work.config.reviews.systems)
    with store.reading() as connection:
        for review in reviews.all_reviews(connection).values():
            if review.state == "open" or review.waiting:
                systems.update(review.said.systems)
    if not systems:
        return []
    providers = {system.strip().lower().partition(":")[0] for system in systems}
    sourced = {source.provider for source in work.sources.values()}
    return [
        kind
        for kind, collector in work.registry.collectors.items()
        if collector.provider in sourced
        and (
            collector.resource.names_people
            or (
                collector.provider in providers
                and (tells_of_grants(collector.resource) or tells_of_people(collector.resource))
            )
        )
    ]


def _acts(store: Store) -> tuple[Act, ...]:
    with store.reading() as connection:
        return tuple(acts.listed(connection))


def declared_controls(work: Workspace) -> dict[str, Control] | None:
    """The controls of the configured file by id; ``None`` where there is no file.

    Raises:
        ConfigError: the file is wrong.
    """
    path = work.config.controls_path
    return None if path is None else control_file.load(path, work.registry)


def control_states(
    work: Workspace, store: Store, only: str | None = None, now: datetime | None = None
) -> list[controls.State]:
    """Each control in force with the evidence that there is for it; see :func:`controls.states`."""
    work = work.knowing(store)
    with store.reading() as connection:
        return controls.states(
            connection,
            work.registry.rules,
            work.not_judged,
            now or clock.now(),
            only,
            lambda: work.registry.kinds,
        )


def reads(work: Workspace) -> Reads:
    """What the rules in force read; without sources, every rule that is installed."""
    kinds_of = {item.rule.id: item.kinds for item in work.active}
    needed: dict[str, list[str]] = {}
    ages: dict[str, timedelta] = {}
    for item in work.active:
        for kind in kinds_of[item.rule.id]:
            needed.setdefault(kind, []).append(item.rule.id)
            ages[kind] = min(item.max_age, ages.get(kind, item.max_age))
    return Reads(
        {rule.id: rule.kind for rule in work.registry.rules.values()},
        {kind: tuple(rules) for kind, rules in needed.items()},
        ages,
        timedelta(days=work.config.evidence.max_age_days),
    )


def _leave_out_done(plan: Plan, outcome: Outcome, store: Store, registry: Registry) -> None:
    runs, done = store.resumable(outcome.run)
    missing = [
        unit
        for unit in plan.units
        if (unit.source.name, unit.kind, unit.scope, registry.collectors[unit.kind].version)
        not in done
    ]
    outcome.resumed, outcome.resumed_listings = tuple(runs), len(plan.units) - len(missing)
    plan.units = missing


def _noting(outcome: Outcome, listener: events.Listener) -> events.Listener:
    def note(event: events.Event) -> None:
        if isinstance(event, events.UnitFinished):
            outcome.units.append(event)
        listener(event)

    return note


def evaluate_as_of(
    work: Workspace, store: Store, at: datetime, rules: Sequence[ActiveRule] | None = None
) -> list[Judged]:
    """What the rules say of the evidence as it was known at an instant. Writes nothing."""
    with store.reading() as connection:
        return list(judge_as_of(connection, work.active if rules is None else rules, at))


def preview_evaluation(
    work: Workspace, store: Store, rules: Sequence[ActiveRule] | None = None
) -> Preview:
    """Which verdicts an evaluation would change now. Writes nothing, and takes no lock.

    ``rules``: only these; all active ones when left out, and findings of others would then be closed.
    """
    chosen = work.active if rules is None else rules
    held = store.waivers(active=True)
    with store.reading() as connection:
        now = clock.now()
        return preview(connection, chosen, now, held, whole=rules is None)


def exit_code_of(found: Preview, work: Workspace, fail_on: Severity) -> int:
    """The exit code that the evaluation would have; see :func:`exit_code`."""
    if any(severity.rank >= fail_on.rank for severity in found.failing):
        return 1
    nothing_counts = bool(work.config.boundary) and not found.counting
    return 3 if found.unknown or nothing_counts or work.registry.broken else 0


def record(
    work: Workspace, plan: Plan, results: Iterable[UnitResult], writer: recording.Writer
) -> Iterator[UnitResult]:
    """Write each collection that comes by into a recording.

    At their end: how the plan's scopes were found, and what the recording says of itself.
    """
    now = clock.now()
    for result in results:
        writer.add(result)
        yield result
    for found in plan.discoveries:
        writer.add_discovery(found)
    writer.close(
        made_by=f"soc2-pac {tool_version()}",
        providers=[source.provider for source in work.sources.values()],
        thresholds={item.rule.id: _own_thresholds(item) for item in work.active},
        now=now,
    )


def _own_thresholds(item: ActiveRule) -> dict[str, Any]:
    """What the configuration sets otherwise than the rule does."""
    defaults = {threshold.name: threshold.default for threshold in item.rule.thresholds}
    return {name: value for name, value in item.thresholds.items() if value != defaults[name]}


_UNKNOWN = (Status.INCONCLUSIVE, Status.ERROR, Status.STALE)


def deciding(store: Store, fail_on: Severity, rules: Collection[str] = ()) -> Iterator[Finding]:
    """As few current findings as :func:`exit_code` needs: a failure that gives 1, and one that is not known.

    ``rules``: only of these; of all when empty.
    """
    severities = [severity for severity in Severity if severity.rank >= fail_on.rank]
    yield from store.findings(
        rules=rules,
        statuses=[Status.FAIL],
        severities=severities,
        waived=False,
        outside=False,
        limit=1,
    )
    yield from store.findings(rules=rules, statuses=_UNKNOWN, outside=False, limit=1)


def exit_code(findings: Iterable[Finding], outcome: Outcome | None, fail_on: Severity) -> int:
    """0 nothing to act on; 1 failures at or above ``fail_on``; 3 the evidence is incomplete.

    A failure is the stronger statement: 1 comes before 3. Waived failures do not count, and what is outside
    of the system does not. Details that could
    not be read count where nothing was judged: verdicts say themselves which of them they needed.
    """
    incomplete = outcome is not None and bool(
        outcome.nothing_counts
        or outcome.incomplete
        or outcome.uncollected
        or outcome.unsourced
        or outcome.broken
        or outcome.checkpoint_lost
        or (outcome.evaluated is None and outcome.gaps)
    )
    for finding in findings:
        if finding.outside:
            continue
        if (
            finding.status is Status.FAIL
            and finding.waiver is None
            and finding.severity.rank >= fail_on.rank
        ):
            return 1
        if finding.status in (Status.INCONCLUSIVE, Status.ERROR, Status.STALE):
            incomplete = True
    return 3 if incomplete else 0
