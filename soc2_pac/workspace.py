"""A configuration with the plugins that it speaks of, and what is judged live: nothing here opens a store.

What keeps and evaluates stands in :mod:`soc2_pac.api`. Whoever judges one rule live imports neither it nor
SQLAlchemy: a store is opened by those methods that say so.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac import clock, live, plugins, rule_files
from soc2_pac import config as configuration
from soc2_pac.acts.decisions import SET as DECISIONS_SET
from soc2_pac.collect.fetch import Limits, Unit, UnitResult
from soc2_pac.collect.plan import kinds_of, make_plan
from soc2_pac.config import EvidenceTable
from soc2_pac.decisions import loosened
from soc2_pac.errors import ConfigError, StoreError, UsageError
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.model import EVERYWHERE, CollectionStatus, Document, Scope, Severity
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from soc2_pac.acts import Act
    from soc2_pac.acts.due import OpenFailures
    from soc2_pac.acts.systems import ReviewedSystem
    from soc2_pac.audit.reviews import Known
    from soc2_pac.collect import recording
    from soc2_pac.collect.plan import Plan
    from soc2_pac.config import Config, SourceSettings
    from soc2_pac.decisions import Variant
    from soc2_pac.hookspecs import HistoryEvents
    from soc2_pac.model import Selection
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule
    from soc2_pac.store import Store


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
        history = History(self, store if stays_open else None)
        work.sources = {
            name: knowing_source(source, known, history) for name, source in work.sources.items()
        }
        return work

    def implying(self, acts: Iterable[Act]) -> Workspace:
        """The same with the store's own source where people did something: for who asks what is in force, and why.

        Who collects needs :meth:`knowing`, which also reads what those sources collect from.
        """
        if not any(act.kind != DECISIONS_SET for act in acts):
            return self
        return make_workspace(self.config, self.registry, sources_needed=False, implied=True)

    def held(self, store: Store) -> Held:
        """What the store holds for its own sources; nothing where no provider reads it."""
        if not self.registry.of_the_store:
            return Held((), None)
        from soc2_pac.audit import systems  # noqa: PLC0415 - for whoever has opened a store
        from soc2_pac.store import acts, queries  # noqa: PLC0415

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
                        self.registry.kinds_of({s.provider for s in self.sources.values()}),
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
        from soc2_pac.store import open_store  # noqa: PLC0415 - it imports SQLAlchemy

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
    registry = rule_files.with_own(config, registry)
    sources = config.sources(registry.providers)
    _check_places(config, registry)
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


def _check_places(config: Config, registry: Registry) -> None:
    """Hold what is configured of places outside of the store against what it names. Raises ConfigError."""
    if config.attachments != configuration.AttachmentsTable():
        from soc2_pac.audit import attachments  # noqa: PLC0415 - few configure any

        attachments.check(config, registry)
    if config.checkpoints != configuration.CheckpointsTable():
        from soc2_pac.audit import exported  # noqa: PLC0415

        exported.check(config, registry)


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


def knowing_source(
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


class History:
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
        from soc2_pac.audit.granted import granted  # noqa: PLC0415 - it reads the store

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


def reviewing(config: Config, registry: Registry) -> Known:
    """How access reviews read the store."""
    from soc2_pac.audit.reviews import Known  # noqa: PLC0415 - it reads the store

    return Known(
        kinds=registry.kinds,
        joined=registry.joined_identities,
        max_age=timedelta(days=config.evidence.max_age_days),
        removal_days=config.reviews.removal_days,
        break_glass=config.reviews.break_glass,
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
    limits: Limits | None = None,
) -> Plan:
    """The plan for rules and what is reviewed, or for kinds (ids or globs) when some are named.

    ``limits``: of finding the scopes, otherwise than configured.

    Raises:
        UsageError: an unknown kind or source, or ``only`` leaves no scope.
    """
    wanted = _kinds(work, kinds) if kinds else sorted({*kinds_of(rules), *reviewed})
    sources_chosen = work.choose_sources(sources)
    plan = make_plan(
        wanted,
        work.registry.collectors,
        sources_chosen,
        remembered,
        only,
        cursors,
        limits or work.limits,
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


def check_recording(
    names: Iterable[str], recorded: recording.Recording, registry: Registry | None = None
) -> list[live.LiveVerdict]:
    """Judge rules on a recording, at its instant; asks nobody.

    ``registry``: with rules of one's own; the installed plugins when left out.

    Raises:
        UsageError: a name matches no rule.
    """
    registry = registry or plugins.load()
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
