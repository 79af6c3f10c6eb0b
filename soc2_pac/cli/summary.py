"""What a run ends with: what could not be looked at, then what is known."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from soc2_pac import clock
from soc2_pac.acts.bodies import REMOVED, Removed
from soc2_pac.api import control_states
from soc2_pac.audit.decisions import decided
from soc2_pac.config import CONTROLS_FILE
from soc2_pac.model import CollectionStatus, Scope, utc_text
from soc2_pac.output import plain
from soc2_pac.output.summary import WIDTH, WORST, Tally, Told, render
from soc2_pac.store import acts, counts, queries, scopes, simulation
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from soc2_pac.api import Outcome, Workspace
    from soc2_pac.rules import Rule
    from soc2_pac.store import Store
    from soc2_pac.store.queries import Finding
    from soc2_pac.store.waivers import Waiver

EXPIRING_DAYS = 14
"""From so many days before their end on, waivers are told."""

_DECISIONS = 8
"""Decisions of the configuration that are told one by one."""
_CONTROLS = 5
"""Controls that are named one by one."""


def print_summary(work: Workspace, store: Store, outcome: Outcome) -> None:
    """Print it to standard output."""
    rules = work.registry.rules
    with store.reading() as connection:
        told = known(connection, rules)
    ruled = {criterion for item in work.active for criterion in item.rule.criteria}
    for line in resumed(outcome):
        click.echo(line)
    if outcome.units:
        click.echo(_looks(outcome))
    if outcome.removals:
        click.echo(
            f"Access reviews: revoked grants that are proved to be gone: {outcome.removals}."
        )
    for line in (
        *([f"{simulation.SAID}."] if store.simulated() else []),
        *_loud(work, outcome),
        *checkpoints_said(outcome),
        *_unmatched(work, store),
        *_left(store),
        *unproved(store.waivers(active=True)),
        *expiring(store.waivers(active=True)),
    ):
        click.echo(line)
    click.echo("")
    click.echo(render(told, ruled=ruled, commands=()), nl=False)
    for line in _of_controls(work, store):
        click.echo(line)


def known(connection: Connection, rules: Mapping[str, Rule]) -> Tally:
    """What is known now, by the counts."""
    counted, accepted = counts.tallied(connection), counts.waived(connection)
    found = Tally(waived=accepted.total())
    for one in counted:
        found.add(one.status, json.loads(one.criteria), one.findings, outside=one.outside)
    for first, others in counts.worst(connection, counted, accepted, WORST):
        found.worst.append((tell(first, rules), others))
    return found


def resumed(outcome: Outcome) -> list[str]:
    """What was left out because an interrupted run had read it."""
    if not outcome.resumed:
        return []
    runs = ", ".join(str(run) for run in sorted(outcome.resumed))
    which = f"run {runs}" if len(outcome.resumed) == 1 else f"runs {runs}"
    return [f"Resumed {which}: {outcome.resumed_listings:,} listings were complete there."]


def tell(finding: Finding, rules: Mapping[str, Rule]) -> Told:
    """A finding with what its rule says to do."""
    rule = rules.get(finding.rule)
    return Told(
        rule=finding.rule,
        title=finding.title,
        severity=finding.severity,
        criteria=finding.criteria,
        status=finding.status,
        scope=plain(finding.scope),
        resource=plain(finding.resource_name or finding.resource) or None,
        message=plain(finding.message),
        fix=rule.fix if rule else f"soc2-pac rules show {finding.rule}",
        waived=finding.waiver is not None,
        outside=finding.outside,
    )


def unproved(waivers: Iterable[Waiver]) -> list[str]:
    """That nothing shows that another person agreed to what is accepted."""
    found = [plain(f"{one.waiver} (approver {one.approver or 'none'})") for one in waivers]
    if not found:
        return []
    more = f" and {len(found) - _CONTROLS} more" if len(found) > _CONTROLS else ""
    named = ", ".join(found[:_CONTROLS])
    what = f"Accepted on one person's word, the approver is not proved: {named}{more}"
    return [f"{what}. Next: soc2-pac waivers list"]


def expiring(waivers: Iterable[Waiver]) -> list[str]:
    """Which waivers end soon: their failures count again from then on."""
    soon = utc_text(clock.now() + timedelta(days=EXPIRING_DAYS))
    ending = [w for w in waivers if w.expires_at is not None and w.expires_at <= soon]
    if not ending:
        return []
    named = listed(f"{plain(w.waiver)} ({w.rule}) on {str(w.expires_at)[:10]}" for w in ending)
    return [f"Waivers that end within {EXPIRING_DAYS} days: {named}"]


def _looks(outcome: Outcome) -> str:
    counts = Counter(unit.status for unit in outcome.units)
    documents = sum(unit.count for unit in outcome.units)
    others = ", ".join(
        f"{counts[status]} {status}"
        for status in CollectionStatus
        if counts[status] and status is not CollectionStatus.COMPLETE
    )
    judged = outcome.evaluated.judged if outcome.evaluated else 0
    return (
        f"Run {outcome.run}: {documents:,} documents in {len(outcome.units)} listings "
        f"({counts[CollectionStatus.COMPLETE]} complete{', ' + others if others else ''}), "
        f"{sum(outcome.calls.values()):,} requests, {judged:,} verdicts."
    )


def checkpoints_said(outcome: Outcome) -> list[str]:
    """Where the checkpoint after the run is kept, and that it is not kept everywhere."""
    said = [f"Checkpoint: {', '.join(outcome.checkpoints)}."] if outcome.checkpoints else []
    if outcome.checkpoint_lost:
        said.append(f"THE CHECKPOINT IS NOT KEPT: {outcome.checkpoint_lost}")
    return said


def _control_changes(outcome: Outcome) -> list[str]:
    """What changed of the controls, and that nobody declares them any more."""
    counts = Counter(change.what for change in outcome.controls)
    if outcome.controls:
        said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        names = [change.control for change in outcome.controls[:_CONTROLS]]
        more = " ..." if len(outcome.controls) > _CONTROLS else ""
        return [f"Controls recorded: {said} ({', '.join(names)}{more})."]
    if outcome.undeclared:
        stay = f"the {outcome.undeclared} controls that were recorded stay in force"
        then = "Next: put the file back, or leave it empty to retire them"
        return [f"There is no {CONTROLS_FILE} any more: {stay}. {then}."]
    return []


def _of_controls(work: Workspace, store: Store) -> list[str]:
    """The company's own controls, those with most failures first; nothing where there are none."""
    found = control_states(work, store)
    if not found:
        return []
    failing = sorted((s for s in found if s.failures), key=lambda s: (-s.failures, s.id))
    lacking = sum(bool(state.missing) for state in found)
    lines = [
        "",
        f"Controls: {len(found)} in force, {len(failing)} with failures, {lacking} lack evidence.",
    ]
    lines += [
        "  "
        + textwrap.shorten(
            f"{state.id} {plain(state.control.wording)}", WIDTH - 18, placeholder=" ..."
        ).ljust(WIDTH - 18)
        + f"{state.failures:>9} failed"
        for state in failing[:_CONTROLS]
    ]
    if (more := len(failing) - _CONTROLS) > 0:
        lines.append(f"  and {more} more with failures")
    return [*lines, "Next: soc2-pac controls list"]


def _rules_are(count: int) -> str:
    return "1 rule is" if count == 1 else f"{count} rules are"


def _left(store: Store) -> list[str]:
    """Scopes that were retired and texts that left: acts of people that change what can be seen."""
    with store.reading() as connection:
        rows = [row for row in scopes.listed(connection) if row["retired_at"]]
        removed = [act.said(Removed) for act in acts.listed(connection, (REMOVED,))]
    lines = []
    if rows:
        are = "1 scope is" if len(rows) == 1 else f"{len(rows)} scopes are"
        lines.append(f"{are} retired, each with its reason: soc2-pac sources list")
    for how in ("archived", "erased"):
        count = sum(one.count for one in removed if one.how == how)
        if count:
            lines.append(f"The texts of {count:,} documents were {how}; digests and findings stay.")
    return lines


def _unmatched(work: Workspace, store: Store) -> list[str]:
    """Decisions about scopes that nothing was ever collected in: a typing error reads as a boundary."""
    with store.reading() as connection:
        known = [Scope(*name.split(":", 1)) for name in queries.known(connection).scopes]
    places = [*work.config.audit.include, *work.config.audit.exclude]
    places += [variant for one in work.config.rules.values() for variant in one.where]
    return [
        f"No scope that was collected is in '{place.scope}', of which the configuration decides."
        for place in places
        if place.scope and not any(replace(place, tag="").takes(scope, {}) for scope in known)
    ]


def _loud(work: Workspace, outcome: Outcome) -> list[str]:
    """What was not looked at, and why: said before anything else is."""
    rules = work.registry.rules
    lines = [f"Plugin {p.name} ({p.module}) could not be loaded: {p.error}" for p in outcome.broken]
    lines += [
        f"No installed collector knows {kind}, which rules need." for kind in outcome.uncollected
    ]
    for provider, kinds in outcome.unsourced.items():
        lines.append(
            f"Rules in force also need {', '.join(kinds)}: no {provider} source is configured."
        )
    lines += [
        f"{_rules_are(len(rules))} not judged: {work.lacking(provider)}."
        for provider, rules in sorted(work.unsourced.items())
    ]
    if outcome.evaluated is not None and outcome.evaluated.ahead is not None:
        lines.append(
            f"A clock was ahead: the store was judged as of {outcome.evaluated.ahead}, which is yet to come. "
            "All of that was judged again."
        )
    lines += _control_changes(outcome)
    if outcome.nothing_counts:
        lines.append(
            "NOTHING COUNTS: all that was judged is outside of the system that [audit] draws. Exit code 3."
        )
    made = list(decided(work.config, rules))
    lines += [
        f"Decided by {one.owner} on {one.date}: {one.what}, {one.where}: {one.effect}. {one.reason}"
        for one in made[:_DECISIONS]
    ]
    if len(made) > _DECISIONS:
        lines.append(f"and {len(made) - _DECISIONS} more decisions: soc2-pac rules decisions")
    return [plain(line) for line in lines]
