"""Every decision that makes something looser, or leaves it out: what an auditor asks for.

The configuration says what is decided now (:func:`decided`). Each run records it (:func:`record`), so that the store
alone says what was decided at any instant (:func:`at`) and in any period (:func:`during`), and how much it touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.acts.decisions import (
    CONFIGURATION,
    EVERYWHERE,
    SET,
    Decided,
    Decisions,
    Sort,
    stretches,
)
from soc2_pac.config import matches
from soc2_pac.decisions import loosened
from soc2_pac.model import utc_text
from soc2_pac.store import acts, scopes, touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor
    from soc2_pac.config import Config, RuleSettings
    from soc2_pac.decisions import Decision, Variant
    from soc2_pac.rules import Rule

# -- what the configuration says ----------------------------------------------------------------------


def decided(config: Config, rules: Mapping[str, Rule]) -> Iterator[Decided]:
    """Each decision, rules first, in the order of the configuration."""
    if config.include:
        left = [r for r in rules.values() if not any(matches(r, i.rule) for i in config.include)]
        for one in config.include:
            effect = f"judged, and {_rules(len(left))} switched off"
            yield _made(one, "switched off", one.rule, effect, rules=left)
    for excluded in config.exclude:
        off = [rule for rule in rules.values() if matches(rule, excluded.rule)]
        effect = "switched off" if len(off) == 1 else f"switched off ({len(off)} rules)"
        yield _made(excluded, "switched off", excluded.rule, effect, rules=off)
    for name, settings in config.rules.items():
        rule = rules[name]
        if settings.decision is not None:
            sort: Sort = "loosened" if settings.enabled else "switched off"
            yield _made(settings.decision, sort, name, _effect(rule, settings), rules=[rule])
        for variant in settings.where:
            yield _made(
                variant,
                "in a place",
                name,
                _variant(variant),
                where=variant.where,
                rules=[rule],
                because=variant.because,
            )
    boundary = config.boundary
    for place in boundary.include:
        effect = "inside of the system, and nothing else is"
        because = boundary.because_not_included
        yield _made(place, "boundary", "audit", effect, where=place.where, because=because)
    for place in boundary.exclude:
        effect, because = "outside of the system", boundary.because_excluded(place)
        yield _made(place, "boundary", "audit", effect, where=place.where, because=because)
    for key, table in config.loosened_tables():
        changed = ", ".join(f"{name} = {getattr(table, name)}" for name in table.looser())
        yield Decided("limit", key, changed, EVERYWHERE, table.reason, table.owner, str(table.date))


def _made(
    said: Decision,
    sort: Sort,
    what: str,
    effect: str,
    *,
    where: str = EVERYWHERE,
    rules: Iterable[Rule] = (),
    because: str = "",
) -> Decided:
    about = tuple(sorted((rule.id, rule.kind) for rule in rules))
    return Decided(
        sort,
        what,
        effect,
        where,
        said.reason,
        said.owner,
        str(said.date),
        about,
        because,
    )


def _rules(count: int) -> str:
    return "1 other is" if count == 1 else f"{count} others are"


def _effect(rule: Rule, settings: RuleSettings) -> str:
    if not settings.enabled:
        return "switched off"
    defaults = {threshold.name: threshold.default for threshold in rule.thresholds}
    parts = [
        f"{name} = {value!r} instead of {defaults[name]!r}"
        for name, value in settings.thresholds.items()
        if name in defaults and loosened(name, defaults[name], value)
    ]
    if settings.severity is not None and settings.severity is not rule.severity:
        parts.append(f"severity {settings.severity} instead of {rule.severity}")
    return ", ".join(parts) or "no setting that is looser"


def _variant(variant: Variant) -> str:
    parts = [] if variant.enabled else ["switched off: judged, and not counted"]
    parts += [f"{name} = {value!r}" for name, value in variant.thresholds.items()]
    if variant.severity is not None:
        parts.append(f"severity {variant.severity}")
    return ", ".join(parts) or "no other setting"


# -- what the store says ------------------------------------------------------------------------------


def record(
    connection: Connection,
    config: Config,
    rules: Mapping[str, Rule],
    *,
    by: Actor,
    now: datetime | None = None,
) -> bool:
    """Record the decisions in force, where they are others than before. Within ``Database.writing``.

    That nothing was decided is recorded, too. Returns whether something was recorded.
    """
    body = Decisions(decided=tuple(decided(config, rules)))
    before = stretches(acts.listed(connection, (SET,)))
    if before and before[-1].decided == body.decided:
        return False
    acts.record(connection, SET, CONFIGURATION, body, by=by, now=now)
    return True


class Held(NamedTuple):
    """A decision that was in force for some time, and what it touched then."""

    decided: Decided
    since: str
    """The run, UTC, that recorded it."""
    until: str | None
    """The run that found it gone; ``None``: none did."""
    findings: int | None
    """How many findings it touched; ``None``: it touches none in particular (a limit, a retired scope)."""
    not_judged: int
    """How many resources nobody judged because of it, counted once for each rule that is switched off."""

    def row(self) -> dict[str, object]:
        """What is printed of it."""
        one = self.decided
        return {
            "what": one.what,
            "effect": one.effect,
            "where": one.where,
            "reason": one.reason,
            "owner": one.owner,
            "date": one.date,
            "sort": one.sort,
            "rules": [rule for rule, _ in one.rules],
            "since": self.since,
            "until": self.until,
            "findings": self.findings,
            "not_judged": self.not_judged,
        }


class Record(NamedTuple):
    """What the store says of decisions."""

    held: tuple[Held, ...]
    known_since: str | None
    """From when on decisions are recorded, UTC; ``None``: no run recorded any."""

    def gap(self, start: datetime) -> str | None:
        """What is not known of the time from an instant on; ``None``: all of it is."""
        if self.known_since is None:
            return "no run recorded what was decided. Next: soc2-pac run"
        if self.known_since > utc_text(start):
            return f"what was decided before {self.known_since} was not recorded"
        return None


def at(connection: Connection, instant: datetime) -> Record:
    """Every decision that was in force at an instant, with what it touched then. Asks the store alone."""
    moment = utc_text(instant)
    return _between(connection, moment, moment)


def during(connection: Connection, start: datetime, end: datetime) -> Record:
    """Every decision that was in force at some time from ``start`` up to, and without, ``end``.

    What it touched is counted over the part of the period in which it was in force. A decision that stands in
    several versions of the configuration without a break is one.
    """
    return _between(connection, utc_text(start), utc_text(end))


def _between(connection: Connection, start: str, end: str) -> Record:
    """``end`` equal to ``start`` means that instant."""
    every = stretches(acts.listed(connection, (SET,)))
    open_ones: dict[Decided, str] = {}
    ended: list[tuple[Decided, str, str | None]] = []
    for stretch in every:
        gone = [one for one in open_ones if one not in stretch.decided]
        ended += [(one, open_ones.pop(one), stretch.since) for one in gone]
        for one in stretch.decided:
            open_ones.setdefault(one, stretch.since)
    ended += [(one, since, None) for one, since in open_ones.items()]
    ended += list(_retired(connection))
    found = [
        _held(connection, one, since, until, max(since, start), min(until or end, end))
        for one, since, until in ended
        if (since <= start if start == end else since < end) and (until is None or until > start)
    ]
    return Record(
        tuple(sorted(found, key=lambda held: (held.since, _ORDER.index(held.decided.sort)))),
        every[0].since if every else None,
    )


_ORDER = ("switched off", "loosened", "in a place", "boundary", "retired", "limit")


def _retired(connection: Connection) -> Iterator[tuple[Decided, str, str | None]]:
    for act, said, until in scopes.retirements(connection):
        where = ", ".join(said.scopes)
        day = act.recorded_at[: len("2026-01-31")]
        one = Decided("retired", act.subject, "no longer ours", where, said.reason, said.owner, day)
        yield one, act.recorded_at, until


def _held(
    connection: Connection, one: Decided, since: str, until: str | None, start: str, end: str
) -> Held:
    findings: int | None = None
    not_judged = 0
    if one.sort == "switched off":
        findings = 0
        known = touched.resources(connection, {kind for _, kind in one.rules}, start, end)
        not_judged = sum(known.get(kind, 0) for _, kind in one.rules)
    elif one.sort in ("loosened", "in a place", "boundary"):
        rules = [rule for rule, _ in one.rules]
        findings = touched.findings(connection, rules, one.because, start, end)
    return Held(one, since, until, findings, not_judged)
