"""What changed in the tests themselves: rules, thresholds, scopes, configuration, waivers, controls, versions."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_pac.acts import controls as controls_said
from soc2_pac.acts.controls import Control
from soc2_pac.acts.controls import Retired as ControlRetired
from soc2_pac.acts.scopes import RETIRED, Retired
from soc2_pac.audit.documents import between
from soc2_pac.audit.measured import switched_off
from soc2_pac.audit.spans import text_of
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.force import Turn
    from soc2_pac.audit.measured import Measured
    from soc2_pac.store.periods import Run, Version


class Change(NamedTuple):
    """One change."""

    at: str
    """UTC."""
    what: str
    """``rule changed``, ``scope retired``, ``configuration changed`` ..."""
    subject: str
    part: str
    """``thresholds``, ``severity``, a path in the configuration."""
    before: str | None
    after: str | None
    by: str
    """Who did it, as far as that is known."""
    why: str
    turned: int | None
    """How many verdicts became another status on the same documents; ``None``: that cannot be told of it."""


def read(connection: Connection, measured: Measured, runs: Sequence[Run]) -> list[Change]:
    """Every change in the period, in order. ``runs``: those that are known, in order."""
    start, end = text_of(measured.start), measured.to.at
    found = [
        *_rules(connection, measured, runs, start, end),
        *_configurations(connection, runs),
        *_versions(runs),
        *_scopes(measured),
        *_waivers(measured),
        *_acts(measured),
    ]
    return sorted(
        (one for one in found if start <= one.at <= end),
        key=lambda one: (
            one.at,
            one.what,
            one.subject,
            one.part,
            one.before or "",
            one.after or "",
        ),
    )


# -- rules ------------------------------------------------------------------------------------------


def _rules(
    connection: Connection, measured: Measured, runs: Sequence[Run], start: str, end: str
) -> Iterator[Change]:
    force = measured.force
    # What the first evaluation of a store begins with is no change.
    first = force.evaluations[0].id if force.evaluations else 0
    turns = [
        one
        for one in force.turns
        if start <= one.at <= end and one.evaluation != first and one.rule in measured.rules
    ]
    replaced: dict[int, set[int]] = {}
    for one in turns:
        if one.before is not None and one.after is not None:
            replaced.setdefault(one.evaluation, set()).add(one.after.rule_id)
    counts = periods.turned(connection, replaced)
    ended = {one.evaluation for one in turns if one.after is None}
    configured = _configured(connection, measured, runs, ended)
    for one in turns:
        yield from _turn(one, counts, configured.get(one.evaluation, {}))


def _configured(
    connection: Connection, measured: Measured, runs: Sequence[Run], evaluations: Collection[int]
) -> dict[int, dict[str, Any]]:
    """Evaluation -> the configuration of its run, where that is known."""
    digests = {run.id: run.config for run in runs if run.config is not None}
    found: dict[int, str] = {}
    for number in evaluations:
        one = measured.force.evaluation(number)
        if one is not None and one.run in digests:
            found[number] = digests[one.run]
    bodies = periods.configurations(connection, set(found.values()))
    return {number: json.loads(bodies[digest]) for number, digest in found.items()}


def _turn(
    one: Turn, counts: dict[tuple[int, int], int], configuration: dict[str, Any]
) -> Iterator[Change]:
    if one.before is None or one.after is None:
        what = "rule added" if one.before is None else "rule switched off"
        off = switched_off(configuration, one.rule, one.before.criteria) if one.before else None
        by, why = (off.owner, off.reason) if off is not None else ("", "")
        yield Change(one.at, what, one.rule, "", _said(one.before), _said(one.after), by, why, None)
        return
    turned = counts.get((one.evaluation, one.after.rule_id), 0)
    differs = _differs(one.before, one.after)
    for place, (part, before, after) in enumerate(differs):
        # What they turned together is counted once.
        count = turned if place == 0 else None
        yield Change(one.at, "rule changed", one.rule, part, before, after, "", "", count)


def _said(version: Version | None) -> str | None:
    return (
        None if version is None else f"{version.title} ({version.severity}, {version.source[:12]})"
    )


def _differs(before: Version, after: Version) -> list[tuple[str, str | None, str | None]]:
    found: list[tuple[str, str | None, str | None]] = []
    if before.source != after.source:
        found.append(("source", before.source, after.source))
    for name in sorted({*before.thresholds, *after.thresholds}):
        old, new = (
            _json(version.thresholds[name]) if name in version.thresholds else None
            for version in (before, after)
        )
        if old != new:
            found.append((f"threshold {name.removeprefix('$')}", old, new))
    for part in ("severity", "title", "criteria"):
        old, new = (
            value if isinstance(value, str) else ", ".join(value)
            for value in (getattr(before, part), getattr(after, part))
        )
        if old != new:
            found.append((part, old, new))
    return found


# -- configuration and tool -------------------------------------------------------------------------


def _configurations(connection: Connection, runs: Sequence[Run]) -> Iterator[Change]:
    known = [run for run in runs if run.config is not None]
    bodies = periods.configurations(connection, {run.config for run in known if run.config})
    before: Run | None = None
    for run in known:
        if before is not None and before.config != run.config:
            old, new = bodies[before.config or ""], bodies[run.config or ""]
            for one in between(old, new, whole_items=True):
                owner, why = _decided(one.after or one.before)
                yield Change(
                    min(run.started_at, run.last),
                    "configuration changed",
                    f"run {run.id}",
                    one.path,
                    one.before,
                    one.after,
                    owner,
                    why,
                    None,
                )
        before = run


def _decided(text: str | None) -> tuple[str, str]:
    """Owner and reason of a decision of the configuration, where a value is one."""
    said = json.loads(text) if text and text.startswith("{") else {}
    inner = said.get("decision")
    decision = inner if isinstance(inner, dict) else said
    reason, date = str(decision.get("reason", "")), str(decision.get("date", ""))
    return str(decision.get("owner", "")), f"{reason} ({date})" if reason and date else reason


def _versions(runs: Sequence[Run]) -> Iterator[Change]:
    for before, run in itertools.pairwise(runs):
        if before.tool_version != run.tool_version:
            at = min(run.started_at, run.last)
            yield Change(
                at, "tool version changed", "soc2-pac", "", before.tool_version, run.tool_version, "", "", None
            )  # fmt: skip


# -- scopes, waivers, controls ----------------------------------------------------------------------


def _scopes(measured: Measured) -> Iterator[Change]:
    firsts: dict[int, tuple[str, int]] = {}
    for cell, cover in measured.knowledge.covers.items():
        if cover.first is None or measured.knowledge.unreached(cell):
            continue
        one = cover.first.finished_at, cover.first.run
        firsts[cell.scope] = min(one, firsts.get(cell.scope, one))
    begun = min((run for _, run in firsts.values()), default=0)
    for scope, (at, run) in firsts.items():
        if run != begun and scope in measured.scopes:
            yield Change(at, "scope appeared", measured.name(scope), "", None, None, "", "", None)
    for source, first in measured.knowledge.sources.items():
        if first.run != begun:
            at = first.finished_at
            yield Change(at, "source appeared", source, "", None, None, "", "", None)


def _waivers(measured: Measured) -> Iterator[Change]:
    for one in measured.waivers:
        if one.rule not in measured.rules:
            continue
        about = ", ".join(filter(None, (one.scope, one.resource or one.pattern))) or "everywhere"
        said = f"{one.rule}: {about}"
        by = f"{one.owner}; approved by {one.approver or 'nobody named'}"
        until = f"until {one.expires_at}" if one.expires_at else "without an end"
        yield Change(
            one.added_at, "waiver added", one.waiver, said, None, until, by, one.reason, None
        )
        if one.revoked_at is not None:
            why = one.revoked_because or ""
            yield Change(
                one.revoked_at, "waiver revoked", one.waiver, said, until, None, one.revoked_by or "", why, None
            )  # fmt: skip
        ended = one.expires_at
        if ended is not None and (one.revoked_at is None or one.revoked_at > ended):
            yield Change(ended, "waiver expired", one.waiver, said, until, None, "", "", None)


def _acts(measured: Measured) -> Iterator[Change]:
    controls: dict[str, Control] = {}
    for act in measured.acts:
        by = str(act.by)
        if act.kind == RETIRED:
            said = act.said(Retired)
            for scope in said.scopes:
                yield Change(
                    act.recorded_at, "scope retired", scope, "", None, None, f"{said.owner}; {by}", said.reason, None
                )  # fmt: skip
        elif act.kind == controls_said.SET:
            control = act.said(Control)
            before = controls.get(act.subject)
            controls[act.subject] = control
            if before is None:
                yield Change(
                    act.recorded_at, "control set", act.subject, "", None, control.wording, by, "", None
                )  # fmt: skip
                continue
            for one in between(before.canonical(), control.canonical(), whole_items=True):
                yield Change(
                    act.recorded_at, "control changed", act.subject, one.path, one.before, one.after, by, "", None
                )  # fmt: skip
        elif act.kind == controls_said.RETIRED:
            gone = controls.pop(act.subject, None)
            yield Change(
                act.recorded_at, "control retired", act.subject, "", gone.wording if gone else None, None, by,
                act.said(ControlRetired).reason, None,
            )  # fmt: skip


def _json(value: Any) -> str:  # noqa: ANN401 - a threshold
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
