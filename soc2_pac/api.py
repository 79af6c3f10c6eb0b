"""What soc2-pac does, as functions: the command line, notebooks and tests all come through here."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac import clock, live, plugins
from soc2_pac import config as configuration
from soc2_pac.acts import Actor
from soc2_pac.acts.controls import in_force
from soc2_pac.acts.decisions import SET as DECISIONS_SET
from soc2_pac.audit import (
    attachments,
    control_file,
    controls,
    decisions,
    exported,
    removals,
    reviews,
    systems,
)
from soc2_pac.audit.granted import granted
from soc2_pac.audit.grants import tells_of_grants
from soc2_pac.collect import events, recording
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, spent
from soc2_pac.collect.plan import collect as collect_units
from soc2_pac.collect.plan import kinds_of, make_plan
from soc2_pac.config import EvidenceTable
from soc2_pac.decisions import loosened
from soc2_pac.errors import ConfigError, Soc2PacError, StoreError, UsageError
from soc2_pac.evaluate.engine import ActiveRule, Evaluated, Judged, evaluate, judge_as_of
from soc2_pac.evaluate.people import tells_of_people
from soc2_pac.evaluate.preview import Preview, preview
from soc2_pac.model import EVERYWHERE, CollectionStatus, Document, Scope, Severity, Status
from soc2_pac.store import acts, open_store, queries
from soc2_pac.store.queries import RESUMED
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from soc2_pac.acts import Act
    from soc2_pac.acts.controls import Control
    from soc2_pac.acts.due import OpenFailures
    from soc2_pac.acts.systems import ReviewedSystem
    from soc2_pac.collect.plan import Plan
    from soc2_pac.config import Config, SourceSettings
    from soc2_pac.decisions import Variant
    from soc2_pac.hookspecs import HistoryEvents
    from soc2_pac.model import Selection
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule
    from soc2_pac.store import Store
    from soc2_pac.store.queries import Finding


def tool_version() -> str:
    """The installed version of soc2-pac."""
    return installed_version(plugins.DISTRIBUTION)


@dataclass
class Workspace:
    """A configuration with the plugins that it speaks of: everything that a command needs."""

    config: Config
    registry: Registry
    sources: dict[str, SourceSettings]
    active: list[ActiveRule]
    """Rules in force that can be judged by the sources that there are."""
    off: dict[str, str]
    """Rules switched off by the configuration, with the reason."""
    unsourced: dict[str, list[str]]
    """What has no source (``okta``, ``okta or roster``) -> rules that are not judged without it."""

    def knowing(self, store: Store, *, stays_open: bool = True) -> Workspace:
        """The same with what people did, as the store holds it.

        Sources of the store know its acts, and are implied where it has some, or where controls are
        configured. ``stays_open``: whether the store is open for as long as they are asked; otherwise the
        configured one is opened again for its history.
        """
        known = self.held(store)
        if not known.acts and not any(
            hasattr(s.settings, "knowing") for s in self.sources.values()
        ):
            return self
        work = make_workspace(
            self.config, self.registry, sources_needed=False, implied=bool(known.acts)
        )
        history = _History(self, store if stays_open else None)
        work.sources = {
            name: _knowing(source, known, history) for name, source in work.sources.items()
        }
        return work

    def held(self, store: Store) -> Held:
        """What the store holds for its own sources; nothing where no provider reads it."""
        if not self.registry.of_the_store:
            return Held((), None)
        with store.reading() as connection:
            return Held(
                # What the configuration decides is no act of people.
                tuple(act for act in acts.listed(connection) if act.kind != DECISIONS_SET),
                None
                if queries.last_instant(connection) is None
                else tuple(queries.open_failures(connection, self.registry.of_the_store)),
                tuple(
                    systems.expected(
                        connection,
                        self.config,
                        self.sources.values(),
                        self.registry.kinds,
                        clock.now(),
                    )
                ),
            )

    def lacking(self, provider: str) -> str:
        """Why rules that need a source of a provider (``okta``, ``okta or roster``) are not judged."""
        if provider in self.registry.of_the_store:
            return "the store holds nothing that people declared. Next: soc2-pac controls init"
        return f"no source of provider {provider} is configured"

    @property
    def not_judged(self) -> dict[str, str]:
        """Every rule that is not judged, with the reason."""
        without = {
            rule: f"no {lacking} source"
            for lacking, rules in self.unsourced.items()
            for rule in rules
        }
        return {**without, **self.off}

    def reads_store(self, names: Collection[str]) -> bool:
        """Whether rules by these ids, globs, criteria or series read what people did."""
        return any(
            kind.partition(".")[0] in self.registry.of_the_store
            for rule in self.registry.rules.values()
            if any(configuration.matches(rule, name) for name in names)
            for kind in activate(rule, self.config, self.registry.providers).kinds
        )

    @property
    def limits(self) -> Limits:
        """Bounds of one unit."""
        run = self.config.run
        return Limits(
            run.unit_timeout_seconds,
            run.rate_limit_wait_seconds,
            run.max_pages,
            facts_at_once=run.facts_at_once,
        )

    def open_store(self, *, create: bool = False) -> Store:
        """The configured store."""
        return open_store(self.config.store_url, create=create)

    def choose(self, names: Iterable[str]) -> list[ActiveRule]:
        """Active rules by id, glob, criterion or series; all when no name is given.

        Raises:
            UsageError: a name matches nothing, or only rules that are switched off or have no source.
        """
        patterns = list(names)
        if not patterns:
            return self.active
        for pattern in patterns:
            if any(configuration.matches(item.rule, pattern) for item in self.active):
                continue
            all_rules = self.registry.rules
            matching = [rule for rule in all_rules.values() if configuration.matches(rule, pattern)]
            if not matching:
                msg = f"no rule matches '{pattern}'.{nearest(pattern, all_rules)} Next: soc2-pac rules list"
                raise UsageError(msg)
            rule = matching[0]
            lacking = rule.lacks({source.provider for source in self.sources.values()})
            why = self.off.get(rule.id, self.lacking(str(lacking)))
            msg = f"rule {rule.id} is not in force: {why}"
            raise UsageError(msg)
        return [
            item
            for item in self.active
            if any(configuration.matches(item.rule, p) for p in patterns)
        ]

    def choose_sources(self, names: Collection[str]) -> dict[str, SourceSettings]:
        """Sources by name; all when none is given. Raises UsageError for an unknown one."""
        wrong = configuration.unknown_names(names, self.sources, "source")
        if wrong:
            msg = f"{wrong} Configured: {listed(self.sources)}"
            raise UsageError(msg)
        return {name: s for name, s in self.sources.items() if not names or name in names}


def workspace(config_path: str | None = None, *, sources_needed: bool = True) -> Workspace:
    """Load configuration and plugins.

    Raises:
        ConfigError: the file is missing or wrong, or has no source though one is needed.
        PluginError: nothing usable is installed.
    """
    config = configuration.load(config_path)
    return make_workspace(config, plugins.load(), sources_needed=sources_needed)


def make_workspace(
    config: Config, registry: Registry, *, sources_needed: bool = True, implied: bool = False
) -> Workspace:
    """A workspace from parts; see :func:`workspace`.

    ``implied``: the store holds acts of people, so its own source is one though no controls are configured.
    """
    sources = config.sources(registry.providers)
    attachments.check(config, registry)
    exported.check(config, registry)
    if implied or config.controls_path is not None:
        _imply(sources, config, registry)
    if sources_needed and not sources:
        raise config.wrong("sources", "no source is configured. Next: add a [sources.NAME] table")
    rules, off = config.active_rules(registry.rules)
    with_source = {source.provider for source in sources.values()}
    active: list[ActiveRule] = []
    unsourced: dict[str, list[str]] = {}
    for rule in rules:
        lacking = rule.lacks(with_source)
        if lacking is None:
            active.append(activate(rule, config, with_source))
        else:
            unsourced.setdefault(lacking, []).append(rule.id)
    if sources and not active:
        msg = "no rule is in force for the configured sources. Next: soc2-pac rules list"
        raise ConfigError(msg)
    return Workspace(config, registry, sources, active, off, unsourced)


def _imply(sources: dict[str, SourceSettings], config: Config, registry: Registry) -> None:
    """Add a source of each provider that reads the store's acts, unless one is configured."""
    configured = {source.provider for source in sources.values()}
    for name in registry.of_the_store:
        if name in configured:
            continue
        if name in sources:
            raise config.wrong(
                f"sources.{name}", f"'{name}' is the store's own source. Next: give it another name"
            )
        settings = registry.providers[name].settings()
        sources[name] = configuration.SourceSettings(name, name, settings)


class Held(NamedTuple):
    """What the store itself holds for its own sources."""

    acts: tuple[Act, ...]
    failures: tuple[OpenFailures, ...] | None
    """``None``: nothing was evaluated yet."""
    systems: tuple[ReviewedSystem, ...] = ()
    """Those of which an access review is expected."""


def _knowing(
    source: SourceSettings, known: Held, history: Callable[..., HistoryEvents]
) -> SourceSettings:
    """The source with what the store holds and a way into its history, where its provider reads that."""
    if not hasattr(source.settings, "knowing"):
        return source
    settings = source.settings.knowing(known.acts, known.failures)
    if hasattr(settings, "expecting"):
        settings = settings.expecting(known.systems)
    if hasattr(settings, "deriving"):
        settings = settings.deriving(history)
    return replace(source, settings=settings)


class _History:
    """Reads privileged grants out of the store's history when it is called.

    Args:
        work: how the store is read.
        store: the store; ``None``: the configured one, opened when it is read.
    """

    _made = itertools.count()

    def __init__(self, work: Workspace, store: Store | None = None) -> None:
        self._work = work
        self._store = store
        self._number = next(self._made)

    def __call__(
        self, start: datetime, end: datetime, since: datetime | None = None, kept: str = ""
    ) -> HistoryEvents:
        """The grants between two instants, UTC; see :func:`soc2_pac.audit.granted.granted`."""
        with contextlib.ExitStack() as stack:
            opened = self._store or stack.enter_context(self._work.open_store())
            connection = stack.enter_context(opened.reading())
            known = reviewing(self._work.config, self._work.registry)
            return granted(connection, known, start, end, since, kept)

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        # Settings are told apart by their pickle. No store goes to another process: what arrives there is its number.
        return int, (self._number,)


def activate(rule: Rule, config: Config, providers: Collection[str]) -> ActiveRule:
    """A rule with its configured thresholds and severity.

    Args:
        rule: as declared.
        config: what is configured.
        providers: those that have a source; decides which of ``where_sourced`` the rule reads.

    Raises:
        ConfigError: a wrong threshold.
    """
    settings = config.rules.get(rule.id, configuration.RuleSettings())
    try:
        thresholds = rule.settle(settings.thresholds)
    except ConfigError as error:
        raise config.wrong(f'rules."{rule.id}"', str(error)) from error
    days = rule.max_evidence_age_days or config.evidence.max_age_days
    severity = settings.severity or rule.severity
    if settings.decision is None:
        _not_loosened(rule, config, thresholds, severity)
    return ActiveRule(
        rule,
        thresholds,
        severity,
        timedelta(days=days),
        rule.sourced_by(providers),
        tuple(_settled(rule, config, variant) for variant in settings.where),
        config.boundary,
    )


def _not_loosened(
    rule: Rule, config: Config, thresholds: Mapping[str, Any], severity: Severity
) -> None:
    """Raise ConfigError where something is looser than the rule's own and nobody answers for it."""
    looser = [
        f"{one.name} = {thresholds[one.name]!r} instead of {one.default!r}"
        for one in rule.thresholds
        if loosened(one.name, one.default, thresholds[one.name])
    ]
    if severity.rank < rule.severity.rank:
        looser.append(f"severity {severity} instead of {rule.severity}")
    if looser:
        what = f"{looser[0]} may be looser: add reason, owner and date, an auditor will ask"
        raise config.wrong(f'rules."{rule.id}"', what)


def _settled(rule: Rule, config: Config, variant: Variant) -> Variant:
    """A variant with thresholds of their declared types. Raises ConfigError."""
    try:
        settled = rule.settle(variant.thresholds)
    except ConfigError as error:
        raise config.wrong(f'rules."{rule.id}".where', str(error)) from error
    return msgspec.structs.replace(
        variant, thresholds={name: settled[name] for name in variant.thresholds}
    )


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
            by = reviews.machine(command)
            prove = functools.cache(
                lambda: removals.prove(store, reviewing(work.config, work.registry), by=by)
            )

            def refreshed(unit: Unit) -> Unit:
                # What people decided is judged with what this run itself shows to be gone.
                prove()
                held = work.held(store)
                return replace(unit, source=_knowing(unit.source, held, _History(work, store)))

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
    return outcome


def reviewing(config: Config, registry: Registry) -> reviews.Known:
    """How access reviews read the store."""
    return reviews.Known(
        kinds=registry.kinds,
        joined=registry.joined_identities,
        max_age=timedelta(days=config.evidence.max_age_days),
        removal_days=config.reviews.removal_days,
        break_glass=config.reviews.break_glass,
    )


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
            work.registry.kinds,
        )


def plan_for(
    work: Workspace,
    rules: Sequence[ActiveRule],
    kinds: Collection[str] = (),
    sources: Collection[str] = (),
    *,
    only: Selection = EVERYWHERE,
    remembered: Mapping[tuple[str, str], Any] | None = None,
    cursors: Mapping[tuple[str, str, Scope, str], str] | None = None,
    reviewed: Collection[str] = (),
) -> Plan:
    """The plan for rules and what is reviewed, or for kinds (ids or globs) when some are named.

    Raises:
        UsageError: an unknown kind or source, or ``only`` leaves no scope.
    """
    wanted = _kinds(work, kinds) if kinds else sorted({*kinds_of(rules), *reviewed})
    sources_chosen = work.choose_sources(sources)
    plan = make_plan(
        wanted, work.registry.collectors, sources_chosen, remembered, only, cursors, work.limits
    )
    for source in work.sources.values():
        plan.unsourced.pop(source.provider, None)  # it has one, which was left out on purpose
    if only != EVERYWHERE and not plan.units and not plan.unread:
        names = listed([*only.accounts, *only.regions])
        msg = f"no scope of the configured sources is in {names}. Next: soc2-pac doctor --quick"
        raise UsageError(msg)
    return plan


def _kinds(work: Workspace, patterns: Collection[str]) -> list[str]:
    known = work.registry.collectors
    for pattern in patterns:
        if not fnmatch.filter(known, pattern):
            msg = (
                f"unknown kind '{pattern}'.{nearest(pattern, known)} Next: soc2-pac plugins --kinds"
            )
            raise UsageError(msg)
    return sorted({kind for pattern in patterns for kind in fnmatch.filter(known, pattern)})


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


def known_from_store(work: Workspace) -> Workspace:
    """The workspace with what people did, as the configured store holds it; as it is where there is none."""
    if not work.registry.of_the_store:
        return work
    try:
        with work.open_store() as store:
            return work.knowing(store, stays_open=False)
    except StoreError:
        return (
            work  # its own source, if one is configured or implied, then says that nothing was read
        )


def check_rules(
    work: Workspace,
    names: Iterable[str],
    sources: Collection[str] = (),
    only: Selection = EVERYWHERE,
) -> live.Checked:
    """Judge rules live: read only what they need, keep nothing.

    Rules over what people did need a workspace that knows it: :func:`known_from_store`.
    """
    chosen = work.choose(names)
    plan = plan_for(work, chosen, sources=sources, only=only)
    return live.check(
        chosen,
        plan,
        sourced=frozenset().union(*(item.sourced for item in chosen)),
        now=clock.now(),
        limits=work.limits,
        workers=work.config.run.workers,
    )


def record(
    work: Workspace, results: Iterable[UnitResult], writer: recording.Writer
) -> Iterator[UnitResult]:
    """Write each collection that comes by into a recording, and at their end what it says of itself."""
    now = clock.now()
    for result in results:
        writer.add(result)
        yield result
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


def check_recording(names: Iterable[str], recorded: recording.Recording) -> list[live.LiveVerdict]:
    """Judge rules on a recording, at its instant; asks nobody.

    Raises:
        UsageError: a name matches no rule.
    """
    registry = plugins.load()
    chosen: dict[str, Rule] = {}
    for name in names:
        matching = {i: r for i, r in registry.rules.items() if configuration.matches(r, name)}
        if not matching:
            msg = f"no rule matches '{name}'.{nearest(name, registry.rules)} Next: soc2-pac rules list"
            raise UsageError(msg)
        chosen |= matching
    providers = set(recorded.head.providers)
    judged = [
        ActiveRule(
            rule,
            rule.settle(recorded.head.thresholds.get(rule.id, {})),
            rule.severity,
            timedelta(days=rule.max_evidence_age_days or EvidenceTable().max_age_days),
            rule.sourced_by(providers),
        )
        for rule in chosen.values()
        if rule.lacks(providers) is None
    ]
    return live.check_recorded(
        judged,
        [
            (_as_collected(said, len(kept)), [Document(k.uid, k.name, k.body) for k in kept])
            for said, kept in recorded.collections
            if said.kind in registry.collectors
        ],
        now=recorded.now,
        limits=Limits(),
        sourced=frozenset().union(*(item.sourced for item in judged)),
    )


def _as_collected(said: recording.Collected, count: int) -> UnitResult:
    unit = Unit(
        said.kind,
        Scope.parse(said.scope),
        configuration.SourceSettings(said.source, said.provider, None),
    )
    status = CollectionStatus(said.status)
    return UnitResult(unit, status, said.reason, said.permission, count=count)


def check(*rules: str, source: Mapping[str, object], name: str = "adhoc") -> list[live.LiveVerdict]:
    """Judge rules against one source, from a notebook or a test.

    ::

        soc2_pac.check("aws-s3-bucket-not-public", source={"provider": "aws", "profile": "audit"})

    Args:
        rules: ids, globs or criteria.
        source: what would stand in a ``[sources.NAME]`` table.
        name: what to call the source in messages.

    Raises:
        ConfigError: the source is wrong. UsageError: no such rule.
    """
    config = configuration.parse({"sources": {name: dict(source)}}, None)
    return check_rules(make_workspace(config, plugins.load()), rules).verdicts


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
