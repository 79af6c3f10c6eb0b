"""The store as of an instant, and within the bounds of an auditor: which lens a connection is read through."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from soc2_pac.acts import controls as of_controls
from soc2_pac.acts.attestations import handed_in
from soc2_pac.acts.controls import Control
from soc2_pac.acts.scopes import RETIRED
from soc2_pac.audit import force
from soc2_pac.audit.gaps import Reads
from soc2_pac.errors import UsageError
from soc2_pac.store import acts, periods
from soc2_pac.store.lens import Lens, Within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from soc2_pac.acts import Act
    from soc2_pac.audit.bounds import Bounds
    from soc2_pac.audit.force import Force
    from soc2_pac.rules import Rule
    from soc2_pac.store.periods import Horizon

REVIEWED = ("CC6.1", "CC6.2", "CC6.3")
"""The criteria that reviews of who has access serve: they are about granting, changing and ending it."""


def lens(
    connection: Connection, at: str, rules: Mapping[str, Rule], bounds: Bounds | None = None
) -> Lens:
    """How the store is read as of an instant.

    Args:
        connection: reading, through no lens yet.
        at: the instant, UTC text.
        rules: those that are installed: they say which kinds they read.
        bounds: of an auditor.

    Raises:
        UsageError: the store knew nothing then.
    """
    to = periods.horizon(connection, at)
    if to.collection == 0 and bounds is None:
        ever = periods.collected(connection)
        what = f"its first collection ended at {ever[0]}" if ever else "it holds no collection"
        msg = f"as_of: the store knew nothing at {at}: {what}"
        raise UsageError(msg)
    judged = force.read(connection, to, at)
    last = periods.ledger_end(connection, at)
    versions = frozenset(version.id for version in judged.last.values())
    within = None if bounds is None else _within(connection, to, judged, rules, bounds)
    active = frozenset(rule for rule in judged.now if within is None or rule in within.named)
    ends = 0 if last is None else last.seq
    return Lens(to, versions, ends, periods.last_finding(connection, to), within, active)


def _within(
    connection: Connection, to: Horizon, judged: Force, rules: Mapping[str, Rule], bounds: Bounds
) -> Within:
    chosen = {
        name: version for name, version in judged.last.items() if bounds.takes(version.criteria)
    }
    kinds = {kind for name in chosen if name in rules for kind in rules[name].kinds}
    # Of a rule that is installed no more the store knows which kind it judged.
    gone = {version.rule_id for name, version in chosen.items() if name not in rules}
    kinds |= set(periods.samples(connection, to, gone).values())
    return Within(
        bounds.start,
        frozenset(version.rule_id for version in chosen.values()),
        frozenset(chosen),
        frozenset(kinds),
        frozenset(kind for kind, _ in periods.of_populations(connection, to)),
        frozenset(_acts(acts.listed(connection), bounds)),
    )


def _acts(found: Collection[Act], bounds: Bounds) -> Iterable[int]:
    """The acts about controls that serve the criteria, evidence for them, and reviews of access."""
    own = {
        act.subject
        for act in found
        if act.kind == of_controls.SET and bounds.takes(act.said(Control).criteria)
    }
    evidence = {name for name, one in handed_in(found).items() if one.said.control in own}
    for act in found:
        kind = act.kind.partition(".")[0]
        if (
            (kind == "control" and act.subject in own)
            or (kind == "attestation" and act.subject in evidence)
            or (kind == "review" and bounds.takes(REVIEWED))
            or act.kind == RETIRED
        ):
            yield act.id


def reads(connection: Connection, through: Lens, rules: Mapping[str, Rule]) -> Reads:
    """What the rules read that were in force then, and how old a collection might be for each.

    Which kinds a rule reads is what its installed version says.
    """
    versions = periods.versions(connection)
    needed: dict[str, list[str]] = {}
    ages: dict[str, timedelta] = {}
    longest = timedelta(milliseconds=force.DEFAULT_AGE)
    for number in sorted(through.versions):
        version = versions.get(number)
        if version is None or version.rule not in through.active or version.rule not in rules:
            continue
        age = timedelta(milliseconds=force.fresh(version))
        longest = max(longest, age)
        for kind in rules[version.rule].kinds:
            needed.setdefault(kind, []).append(version.rule)
            ages[kind] = min(age, ages.get(kind, age))
    return Reads(
        {rule.id: rule.kind for rule in rules.values()},
        {kind: tuple(names) for kind, names in needed.items()},
        ages,
        longest,
    )
