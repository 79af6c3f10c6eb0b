"""Tables of a report, out of what was measured. Nothing is worked out here that a number depends on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from soc2_pac.audit.deviations import waiver_ends
from soc2_pac.audit.measured import Tally
from soc2_pac.audit.spans import DAY, text_of
from soc2_pac.report import Column, Shape, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc2_pac.audit.deviations import Bound, Deviation
    from soc2_pac.audit.measured import Measured, OfRule
    from soc2_pac.report import Cell
    from soc2_pac.store.waivers import Waiver

_TEXT, _NUMBER, _INSTANT, _DURATION = Shape.TEXT, Shape.NUMBER, Shape.INSTANT, Shape.DURATION
_DIGEST, _STATUS, _AUDITOR = Shape.DIGEST, Shape.STATUS, Shape.AUDITOR


def columns(*said: tuple[str, str] | tuple[str, str, Shape]) -> tuple[Column, ...]:
    """Columns from (name, title) and (name, title, shape)."""
    return tuple(Column(*one) for one in said)


TIMES = (
    ("in_scope", "Time in scope", _DURATION),
    ("pass", "Pass", _DURATION),
    ("fail", "Fail", _DURATION),
    ("not_applicable", "Not applicable", _DURATION),
    ("not_known", "Not known", _DURATION),
    ("outside", "Outside of the system", _DURATION),
)


def results(measured: Measured) -> Table:
    """Part by rule."""
    rows = []
    for part in measured.subjects:
        for name in part.rules:
            rule = measured.rules.get(name)
            if rule is not None:
                rows.append((part.id, part.kind, *_result(measured, rule), None, None))
        if not part.rules:
            rows.append((part.id, part.kind, *(None,) * 23, None, None))
    return Table(
        "results",
        "Results",
        "One row for each part and rule: how long its resources were in each status, and its deviations. A part "
        "without a rule has one row that names none. Times are sums over resources; time in scope = pass + fail + "
        "not applicable + not known.",
        columns(
            ("part", "Part"),
            ("part_kind", "Part is a"),
            ("rule", "Rule"),
            ("title", "Title"),
            ("severity", "Severity"),
            ("kind", "Kind"),
            ("state", "State"),
            ("resources", "Resources", _NUMBER),
            ("resources_judged", "Resources judged", _NUMBER),
            ("whole_scopes", "Scopes judged as a whole", _NUMBER),
            *TIMES,
            ("days_known", "Days known", _NUMBER),
            ("days", "Days", _NUMBER),
            ("deviations", "Deviations", _NUMBER),
            ("in_time", "Ended by the due date", _NUMBER),
            ("late", "Late", _NUMBER),
            ("open", "Open", _NUMBER),
            ("waived", "Waived", _NUMBER),
            ("outside_deviations", "Deviations outside of the system", _NUMBER),
            ("gaps", "Gaps", _NUMBER),
            ("auditor_test", "Test performed", _AUDITOR),
            ("auditor_conclusion", "Conclusion", _AUDITOR),
        ),
        tuple(rows),
    )


def _result(measured: Measured, rule: OfRule) -> tuple[Cell, ...]:
    spent, tally = rule.times, Tally.of(rule.deviations)
    gaps = sum(len(measured.knowledge.gaps(cell, rule.fresh)) for cell in rule.cells)
    return (
        rule.rule, rule.version.title, rule.version.severity, rule.kind, rule.state, spent.resources, rule.seen,
        spent.scopes, spent.in_scope, spent.passed, spent.failed, spent.not_applicable, spent.not_known,
        spent.outside, rule.days, measured.days, tally.all, tally.in_time, tally.late, tally.open, tally.waived,
        tally.outside, gaps,
    )  # fmt: skip


def rules(measured: Measured) -> Table:
    """Every rule with what judged."""
    rows = []
    for rule in measured.rules.values():
        version, off = rule.version, rule.off
        first = text_of(rule.judged[0][0]) if rule.judged else None
        rows.append(
            (
                rule.rule, version.title, version.severity, ", ".join(version.criteria), rule.kind, rule.state,
                off.reason if off else None, (off.owner or None) if off else None,
                (off.date or None) if off else None, version.source,
                json.dumps(dict(version.thresholds), sort_keys=True, ensure_ascii=False), rule.fresh // DAY, first,
            )
        )  # fmt: skip
    return Table(
        "rules",
        "Rules",
        "Each rule that judged in the period, as it was in force at the end, and those that were switched off, with "
        "the decision. Empty: nothing judged.",
        columns(
            ("rule", "Rule"),
            ("title", "Title"),
            ("severity", "Severity"),
            ("criteria", "Criteria"),
            ("kind", "Kind"),
            ("state", "State"),
            ("reason", "Reason"),
            ("owner", "Owner"),
            ("date", "Date"),
            ("source", "Digest of its source", _DIGEST),
            ("thresholds", "Thresholds"),
            ("evidence_days", "Evidence counts for days", _NUMBER),
            ("judged_from", "Judged from", _INSTANT),
        ),
        tuple(rows),
    )


def deviations(measured: Measured) -> Table:
    """Every deviation, worst first."""
    serving = _serving(measured)
    return Table(
        "deviations",
        "Deviations",
        "One row for each stretch in which something failed, worst first; waived ones, fixed ones and those outside "
        "of the system are among them. Empty: nothing that was known failed in the period; see the gaps for what "
        "was not known.",
        columns(
            ("number", "No.", _NUMBER),
            ("rule", "Rule"),
            ("severity", "Severity"),
            ("controls", "Controls"),
            ("criteria", "Criteria"),
            ("scope", "Scope"),
            ("kind", "Kind"),
            ("resource", "Resource"),
            ("name", "Name"),
            ("status", "Status", _STATUS),
            ("outcome", "Outcome"),
            ("started", "Started", _INSTANT),
            ("start_cause", "Started by"),
            ("start_earliest", "Started at the earliest", _INSTANT),
            ("start_latest", "Started at the latest", _INSTANT),
            ("start_last_without", "Last collection without it", _NUMBER),
            ("start_first_with", "First collection with it", _NUMBER),
            ("ended", "Ended", _INSTANT),
            ("end_cause", "Ended by"),
            ("end_earliest", "Ended at the earliest", _INSTANT),
            ("end_latest", "Ended at the latest", _INSTANT),
            ("end_last_with", "Last collection with it", _NUMBER),
            ("end_first_without", "First collection without it", _NUMBER),
            ("open_min", "Open for at least", _DURATION),
            ("open_max", "Open for at most", _DURATION),
            ("not_judged", "Times it could not be judged", _NUMBER),
            ("due", "Due", _INSTANT),
            ("met", "Due date met"),
            ("waivers", "Waivers"),
            ("waived_by", "Accepted by"),
            ("approved_by", "Approved by"),
            ("waived_until", "Accepted until", _INSTANT),
            ("outside", "Outside of the system"),
            ("decisions", "Decisions about its place"),
            ("first_message", "First message"),
            ("last_message", "Last message"),
            ("digest_before", "Document before", _DIGEST),
            ("digest", "Document that failed first", _DIGEST),
            ("digest_last", "Document that failed last", _DIGEST),
            ("digest_fixed", "Document at the fix", _DIGEST),
        ),
        tuple(
            _deviation(measured, number, one, *serving.get(one.rule, ("", "")))
            for number, one in enumerate(measured.deviations, 1)
        ),
    )


def _serving(measured: Measured) -> dict[str, tuple[str, str]]:
    """Rule -> (controls, criteria) in words."""
    controls: dict[str, list[str]] = {}
    for part in measured.subjects:
        if part.kind == "control":
            for rule in part.rules:
                controls.setdefault(rule, []).append(part.id)
    return {
        name: (", ".join(controls.get(name, ())), ", ".join(rule.version.criteria))
        for name, rule in measured.rules.items()
    }


def _deviation(
    measured: Measured, number: int, one: Deviation, controls: str, criteria: str
) -> tuple[Cell, ...]:
    ends = [waiver_ends(waiver) for waiver in one.waivers]
    last = None if None in ends else max((at for at in ends if at is not None), default=None)
    return (
        number, one.rule, one.severity.value, controls, criteria, measured.name(one.scope), one.kind, one.uid,
        one.name, one.status, one.outcome, one.started, *_bound(one.start), one.ended, *_bound(one.end),
        one.shortest, one.longest, one.unjudged, one.due, one.met,
        _joined(waiver.waiver for waiver in one.waivers), _joined(waiver.owner for waiver in one.waivers),
        _joined(map(approved, one.waivers)), last,
        "yes" if one.outside else "at the end" if one.left else "no", _joined(one.because),
        one.first_message, one.last_message, one.digest_before, one.digest, one.digest_last, one.digest_fixed,
    )  # fmt: skip


def _bound(bound: Bound | None) -> Iterator[Cell]:
    if bound is None:
        yield from (None,) * 5
        return
    yield bound.cause
    yield None if bound.earliest is None else text_of(bound.earliest)
    yield text_of(bound.latest)
    yield bound.before
    yield bound.after


def _joined(texts: Iterable[str]) -> str | None:
    return "; ".join(dict.fromkeys(texts)) or None


def approved(waiver: Waiver) -> str:
    """Who agreed to a waiver, and whether that is proved or only claimed."""
    if waiver.approver is None:
        return "nobody is named"
    if waiver.login is not None:
        return f"{waiver.approver} (named by {waiver.login}, who signed in)"
    return f"{waiver.approver} (only claimed; recorded by user {waiver.os_user or 'unknown'})"


def gaps(measured: Measured) -> Table:
    """What was not known."""
    readers: dict[str, int] = {}
    for rule in measured.rules.values():
        if rule.kind is not None:
            readers[rule.kind] = readers.get(rule.kind, 0) + 1
    rows = [
        (
            gap.cell.kind,
            measured.name(gap.cell.scope),
            text_of(gap.start),
            text_of(gap.end),
            gap.length,
            gap.cause,
            gap.reason or None,
            gap.permission,
            gap.attempts or None,
            readers.get(gap.cell.kind, 0),
        )
        for gap in measured.gaps()
    ]
    return Table(
        "gaps",
        "Gaps",
        "One row for each stretch in which a kind was not known in a scope: no complete collection was recent "
        "enough. The longest first. Empty: every kind was known in every scope from its first collection on.",
        columns(
            ("kind", "Kind"),
            ("scope", "Scope"),
            ("from", "From", _INSTANT),
            ("to", "To", _INSTANT),
            ("length", "Length", _DURATION),
            ("cause", "Cause", _STATUS),
            ("reason", "Reason"),
            ("permission", "Grant"),
            ("attempts", "Attempts"),
            ("rules", "Rules that judge the kind", _NUMBER),
        ),
        tuple(rows),
    )


def gaps_at(table: Table, end: str, at: str) -> Table:
    """Of the gaps up to an instant, those that last until it.

    Args:
        table: all of them.
        end: what they say of their end.
        at: the instant.
    """
    rows = tuple((*row[:3], at, *row[4:]) for row in table.rows if row[3] == end)
    about = (
        "One row for each kind that was not known in a scope at the instant, with since when: no complete collection "
        "was recent enough. Empty: every kind was known in every scope."
    )
    return replace(table, about=about, rows=rows)
