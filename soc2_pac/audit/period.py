"""Type II: what a store shows of a period, as it was known at its end.

A pure function of an open reading connection, the period and options. No clock is asked: the same store gives the
same report, and one that is made after later runs equals the one that was made then.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from soc2_pac.audit import changed, derived, events, projection, registers, streams
from soc2_pac.audit.knowledge import Cell
from soc2_pac.audit.lanes import lane
from soc2_pac.audit.measured import Options, Tally, measure
from soc2_pac.audit.method import PERIOD
from soc2_pac.audit.spans import length, text_of, union, without
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.report import Fact, Part, Report, duration, sealed
from soc2_pac.store import periods, simulation
from soc2_pac.store.database import without_cycle_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured, OfRule
    from soc2_pac.audit.parts import Subject
    from soc2_pac.audit.populations import AuditPeriod
    from soc2_pac.report import Lane, Table

_MILLISECOND = timedelta(milliseconds=1)


def report(connection: Connection, asked: AuditPeriod, options: Options | None = None) -> Report:
    """The report of a period.

    Args:
        connection: reading; it stays open until the report was written, since streamed tables read as they go.
        asked: the period.
        options: what is asked for.

    Raises:
        UsageError: the store knows nothing of the period, or a scope that is asked for does not exist.
    """
    with without_cycle_search():
        return made(connection, read(connection, asked, options or Options()))


def made(connection: Connection, measured: Measured) -> Report:
    """The report of what was measured."""
    return sealed(_report(connection, measured))


def read(connection: Connection, asked: AuditPeriod, options: Options) -> Measured:
    """What was measured; the report is made of it."""
    start, end = utc_text(asked.start), utc_text(asked.end)
    to = periods.horizon(connection, utc_text(asked.end - _MILLISECOND))
    last = periods.last_recorded(connection, to)
    said = f"{start[:10]}..{to.at[:10]}"
    if last is None:
        ever = periods.collected(connection)
        what = f"its first collection ended at {ever[0]}" if ever else "it holds no collection"
        then = f"ask for a period that ends after {ever[0][:10]}" if ever else "soc2-pac run"
        msg = f"the store knows nothing of {said}: {what}. Next: {then}"
        raise UsageError(msg)
    if last <= start:
        msg = (
            f"the store knows nothing of {said}: what it recorded last before the end was at {last}. "
            f"Next: soc2-pac run, or ask for a period that begins before {last[:10]}"
        )
        raise UsageError(msg)
    measured = measure(connection, to, start, min(end, last), end, options)
    if measured.force.ahead or any(one.ahead for one in measured.knowledge.covers.values()):
        for name, spent in streams.times(connection, measured).items():
            measured.rules[name].times = spent
    return measured


def _report(connection: Connection, measured: Measured) -> Report:
    start, end = text_of(measured.start), text_of(measured.end)
    return Report(
        kind="type2",
        title="Operation over a period (Type II)",
        subtitle=f"{start} to {end}",
        start=start,
        end=end,
        cover=tuple(_cover(connection, measured)),
        warnings=tuple(_warnings(connection, measured)),
        statement=tuple(_statement(measured)),
        parts=tuple(_part(measured, one) for one in measured.subjects),
        lanes=tuple(_lanes(measured)),
        method=PERIOD,
        tables=tables(connection, measured),
    )


def tables(connection: Connection, measured: Measured) -> tuple[Table, ...]:
    """All tables, in the order in which they are read."""
    runs = periods.runs(connection, measured.to)
    return (
        projection.results(measured),
        projection.deviations(measured),
        changed.documents(connection, measured),
        projection.gaps(measured),
        registers.collections(connection, measured),
        changed.tests(connection, measured, runs),
        projection.rules(measured),
        registers.decisions(connection, measured),
        registers.waivers(measured),
        registers.controls(measured),
        registers.attestations(connection, measured),
        registers.reviews(measured),
        events.populations(connection, measured),
        *derived.tables(connection, measured),
        registers.runs(runs, measured),
        registers.checkpoints(connection, measured),
        registers.digests(connection, measured, runs),
        streams.findings(connection, measured),
    )


# -- words ------------------------------------------------------------------------------------------


def _cover(connection: Connection, measured: Measured) -> Iterator[Fact]:
    marks = periods.marks(connection)
    yield Fact("Store", marks.get("store_id", ""))
    yield Fact("Period asked for", f"{text_of(measured.start)} to {text_of(measured.asked_end)}")
    yield Fact("Period reported", f"{text_of(measured.start)} to {text_of(measured.end)}")
    yield from facts(connection, measured)


def facts(connection: Connection, measured: Measured) -> Iterator[Fact]:
    """What stands on every cover: scope, sums, versions, what was recorded last."""
    options = measured.options
    yield Fact("Criteria", ", ".join(options.criteria) or "all")
    yield Fact("Scopes", ", ".join(options.scopes) or "all")
    controls = sum(part.kind == "control" for part in measured.subjects)
    criteria = len(measured.subjects) - controls
    if options.framework == "soc2":
        yield Fact("Parts", f"{many(controls, 'control')}, {criteria} criteria")
    else:
        yield Fact("Framework", "ISO/IEC 27001:2022, controls of Annex A (titles in our own words)")
        yield Fact("Parts", many(criteria, "control"))
    states = Counter(rule.state for rule in measured.rules.values())
    yield Fact(
        "Rules", ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
    )
    listings = [cell for cell in measured.knowledge.covers if cell.scope in measured.scopes]
    yield Fact("Scopes collected", str(len({cell.scope for cell in listings})))
    yield Fact("Kinds collected", str(len({cell.kind for cell in listings})))
    last = measured.force.evaluations[-1] if measured.force.evaluations else None
    yield Fact("Last evaluation", f"{last.id}, as of {last.as_of}" if last else "none")
    yield Fact("Last collection", str(measured.to.collection))
    versions = list(dict.fromkeys(one.tool_version for one in measured.force.evaluations))
    yield Fact("Version of soc2-pac that judged last", versions[-1] if versions else "none")
    cadence = measured.configuration.get("audit", {}).get("cadence")
    yield Fact(
        "Cadence of collections", cadence or "not configured: how many are expected is unknown"
    )
    end = periods.ledger_end(connection, measured.to.at)
    yield Fact("Ledger at the end", f"entry {end.seq}, {end.hash}" if end else "empty")
    given = measured.checkpoints
    yield Fact("Checkpoints kept elsewhere", str(len(given)) if given else "none was given")


def _warnings(connection: Connection, measured: Measured) -> Iterator[str]:
    yield from warnings(connection, measured)
    behind = sorted(measured.behind & set(measured.rules))
    if behind:
        yield (
            f"Not all that was collected was judged, or not by the end of the report, by {many(len(behind), 'rule')}: "
            f"{named(behind)}. That time counts as not known"
        )
    if measured.end < measured.asked_end:
        yield (
            f"The report ends at {text_of(measured.end)}: nothing was collected or judged after that, before the end "
            f"of the period that was asked for, {text_of(measured.asked_end)}"
        )
    first = periods.collected(connection)
    if first is not None and first[0] > text_of(measured.start):
        yield (
            f"The first collection of the store ended at {first[0]}: what was before, from "
            f"{text_of(measured.start)} on, is not known"
        )


def warnings(connection: Connection, measured: Measured, what: str = "Deviations") -> Iterator[str]:
    """What a reader of any report must know first."""
    if simulation.KEY in periods.marks(connection):
        yield simulation.SAID
    if measured.force.ahead or any(one.ahead for one in measured.knowledge.covers.values()):
        yield (
            "A clock was ahead: something was recorded as of a later instant than what came after it. What was "
            "recorded later counts"
        )
    late = measured.not_judged()
    if late:
        rules = {rule for some in late.values() for rule in some}
        yield (
            f"The last collections of {', '.join(sorted(late))} were not judged by the end, by "
            f"{many(len(rules), 'rule')}: verdicts are about what was collected before"
        )
    left = measured.left_out
    if not (measured.options.criteria or measured.options.scopes):
        return
    if left.parts:
        yield f"This report is limited. Left out: {many(len(left.parts), 'part')} ({named(left.parts)})"
    if left.rules:
        yield f"This report is limited. Left out: {many(len(left.rules), 'rule')} ({named(left.rules)})"
    if left.scopes:
        yield f"This report is limited. Left out: {many(len(left.scopes), 'scope')} ({named(left.scopes)})"
    if left.parts or left.rules or left.scopes:
        total = sum(left.deviations.values())
        by_rule = ", ".join(f"{rule} {count}" for rule, count in sorted(left.deviations.items()))
        yield f"{what} that are left out: {total:,}" + (f" ({by_rule})" if by_rule else "")


def named(names: Iterable[str]) -> str:
    """All of them: what is left out is named in full."""
    return ", ".join(names)


def _statement(measured: Measured) -> Iterator[str]:
    yield sentence(measured, list(measured.rules.values()))
    gaps = measured.gaps()
    if not any(cell.scope in measured.scopes for cell in measured.knowledge.covers):
        yield "Nothing was collected in the scopes of this report"
    elif gaps:
        cells = {gap.cell for gap in gaps}
        yield (
            f"{many(len(gaps), 'gap')} in {len(cells)} of "
            f"{many(sum(cell.scope in measured.scopes for cell in measured.knowledge.covers), 'listing')}; "
            f"the longest took {duration(gaps[0].length)}"
        )
    else:
        yield "No gap from the first collection on"


def sentence(measured: Measured, rules: list[OfRule]) -> str:
    """``412 of 412 resources on 181 of 182 days; 3 deviations, 2 ended by the due date``."""
    tally = Tally.of([one for rule in rules for one in rule.deviations])
    kinds: dict[str, tuple[int, int]] = {}
    for rule in rules:
        if rule.kind is None:
            continue
        there, seen = kinds.get(rule.kind, (rule.times.resources, rule.seen))
        kinds[rule.kind] = max(there, rule.times.resources), min(seen, rule.seen)
    there = sum(one for one, _ in kinds.values())
    seen = sum(one for _, one in kinds.values())
    known = reduce(and_, (rule.known for rule in rules)).bit_count() if rules else 0
    counts = [many(tally.all, "deviation")]
    counts += [
        f"{count:,} {what}"
        for count, what in (
            (tally.fixed, "fixed within the due date"),
            (tally.in_time - tally.fixed, "deleted or not applicable any more by the due date"),
            (
                tally.unproved,
                "ended with a change of the test or its scope, not proved to be fixed",
            ),
            (tally.late, "late"),
            (tally.open, "open at the end"),
            (tally.waived, "waived"),
            (tally.outside, "outside of the system beside these"),
        )
        if count
    ]
    if not there:
        return f"no resource was there; known on {known} of {many(measured.days, 'day')}; {', '.join(counts)}"
    return (
        f"{seen:,} of {many(there, 'resource')} on {known} of {many(measured.days, 'day')}; "
        f"{', '.join(counts)}"
    )


def many(count: int, what: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# -- parts ------------------------------------------------------------------------------------------


def _part(measured: Measured, subject: Subject) -> Part:
    rules = [measured.rules[name] for name in subject.rules if name in measured.rules]
    missing = tuple(_missing(measured, rules)) if rules else ("No rule judges any of it",)
    return Part(
        id=subject.id,
        kind=subject.kind,
        title=subject.title,
        owner=subject.owner,
        criteria=subject.criteria,
        rules=subject.rules,
        statement=(sentence(measured, rules),) if rules else (),
        missing=missing,
        state=_state(measured, rules),
    )


def _state(measured: Measured, rules: list[OfRule]) -> str:
    if not rules:
        return "people"
    if any(rule.counting for rule in rules):
        return "fails"
    if any(rule.days < measured.days or rule.times.not_known for rule in rules):
        return "unknown"
    return "holds"


def _missing(measured: Measured, rules: Iterable[OfRule]) -> Iterator[str]:
    kinds: dict[tuple[str, int], OfRule] = {}
    for rule in rules:
        if rule.kind is None:
            yield f"{rule.rule}: no collection shows what it judges"
        else:
            kinds.setdefault((rule.kind, rule.fresh), rule)
        if rule.state != "in force":
            why = f": {rule.off.reason}" if rule.off else ""
            yield f"{rule.rule} was {rule.state} at the end of the period{why}"
        if rule.unsettled:
            yield (
                f"{rule.rule}: some verdict was inconclusive, stale or in error, or not about what was collected "
                f"last, for {duration(length(rule.unsettled))}"
            )
    for (kind, fresh), rule in sorted(kinds.items()):
        found = [gap for cell in rule.cells for gap in measured.knowledge.gaps(cell, fresh)]
        if found:
            longest = max(found, key=lambda gap: gap.length)
            scopes = len({gap.cell for gap in found})
            grant = f"; grant {longest.permission}" if longest.permission else ""
            yield (
                f"{kind}: not known in {scopes} of {many(len(rule.cells), 'scope')}, for {duration(longest.length)} "
                f"at the longest ({longest.cause}{grant})"
            )


# -- timelines --------------------------------------------------------------------------------------


def _lanes(measured: Measured) -> Iterator[Lane]:
    for part in measured.subjects:
        rules = [measured.rules[name] for name in part.rules if name in measured.rules]
        if rules:
            yield _lane(measured, part.id, part.kind, rules)
    for rule in measured.rules.values():
        yield _lane(measured, rule.rule, "rule", [rule])


def _lane(measured: Measured, subject: str, kind: str, rules: list[OfRule]) -> Lane:
    knowledge = measured.knowledge
    holes = {
        (cell, rule.fresh): without(knowledge.lives(cell), knowledge.known(cell, rule.fresh))
        for rule in rules
        for cell in rule.cells
    }
    # What an event shows stays known; anything else may have been fixed while nobody saw it.
    steps = [
        (one, () if cell in knowledge.events else holes.get((cell, rule.fresh), ()))
        for rule in rules
        for scope, one in measured.steps_of(rule.rule).items()
        for cell in [Cell(rule.kind or "", scope)]
    ]
    there = union(stretch for cell, _ in holes for stretch in knowledge.lives(cell))
    # What was there while a rule was not in force, nobody judged by it.
    off = [
        without(
            union(stretch for cell in rule.cells for stretch in knowledge.lives(cell)), rule.judged
        )
        for rule in rules
    ]
    return lane(subject, kind, steps, [*holes.values(), *off], there, measured.start, measured.end)
