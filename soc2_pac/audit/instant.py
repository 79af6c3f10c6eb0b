"""Type I: what a store shows at one instant, as it was known then.

By the rules that judged then; or, where that is asked for and marked, by today's rules over the evidence of then.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit import events, method, period, projection, registers, standing
from soc2_pac.audit.measured import Measured, Options, at_instant
from soc2_pac.audit.spans import text_of
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.engine import judge_as_of
from soc2_pac.model import Status, utc_text
from soc2_pac.report import Fact, Lane, Part, Report, Span, sealed
from soc2_pac.store import periods
from soc2_pac.store.database import without_cycle_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.audit.knowledge import Cell as Place
    from soc2_pac.audit.measured import OfRule
    from soc2_pac.audit.parts import Subject
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.report import Cell, Table


class _Key(NamedTuple):
    status: str
    outside: bool


@dataclass(slots=True)
class Counts:
    """Findings of one rule at the instant."""

    by: Counter[_Key] = field(default_factory=Counter)
    resources: int = 0
    scopes: int = 0
    waived: int = 0
    overdue: int = 0

    def of(self, *statuses: Status) -> int:
        """How many are in one of these statuses, and count."""
        return sum(self.by[_Key(status.value, outside=False)] for status in statuses)

    @property
    def outside(self) -> int:
        """How many do not count."""
        return sum(count for key, count in self.by.items() if key.outside)


def report(
    connection: Connection,
    at: datetime,
    options: Options | None = None,
    now: Sequence[ActiveRule] | None = None,
) -> Report:
    """The report of an instant.

    Args:
        connection: reading; it stays open until the report was written, since streamed tables read as they go.
        at: the instant.
        options: what is asked for.
        now: today's rules, to judge the evidence of then by them; without them it is said what was judged then.

    Raises:
        UsageError: the store knew nothing at the instant, or a scope that is asked for does not exist.
    """
    options = options or Options()
    to = periods.horizon(connection, utc_text(at))
    if to.collection == 0:
        ever = periods.collected(connection)
        what = f"its first collection ended at {ever[0]}" if ever else "it holds no collection"
        then = f"--as-of {ever[0]}, or later" if ever else "soc2-pac run"
        msg = f"the store knew nothing at {to.at}: {what}. Next: {then}"
        raise UsageError(msg)
    with without_cycle_search():
        measured = at_instant(connection, to, options, now)
        if now is None:
            return sealed(
                Making(connection, measured, standing.Recorded(connection, measured)).report()
            )
        judged = standing.Today(measured, list(judge_as_of(connection, now, at)))
        return sealed(Making(connection, measured, judged, today=True).report())


class Making:
    """A report about an instant in the making."""

    def __init__(
        self,
        connection: Connection,
        measured: Measured,
        judged: standing.Recorded | standing.Today,
        *,
        today: bool = False,
    ) -> None:
        self._connection = connection
        self.measured = measured
        self._judged = judged
        self._today = today
        self.failing = list(judged.not_passing())
        self._behind = {rule for some in measured.not_judged().values() for rule in some}
        self.counts = self._counted()

    def _counted(self) -> dict[str, Counts]:
        found: dict[str, Counts] = {rule: Counts() for rule in self.measured.rules}
        for one in self._judged.counts():
            own = found.get(one.rule)
            if own is not None:
                own.by[_Key(one.status, one.outside)] += one.number
                if one.whole:
                    own.scopes += one.number
                else:
                    own.resources += one.number
        at = self.measured.at
        for row in self.failing:
            if row.status == Status.FAIL and not row.outside:
                own = found[row.rule]
                own.waived += row.waiver is not None
                own.overdue += row.due is not None and row.due <= at
        return found

    def report(self) -> Report:
        """The whole."""
        measured = self.measured
        at = measured.to.at
        title = "The state at an instant (Type I)"
        return Report(
            kind="type1",
            title=f"{title}, judged by today's rules" if self._today else title,
            subtitle=at,
            start=at,
            end=text_of(measured.end),
            cover=tuple(self._cover()),
            warnings=tuple(self._warnings()),
            statement=tuple(self.statement()),
            method=method.TODAY if self._today else method.INSTANT,
            parts=tuple(self.part(one) for one in measured.subjects),
            lanes=tuple(self._lanes()),
            tables=self._tables(),
        )

    def _tables(self) -> tuple[Table, ...]:
        connection, measured = self._connection, self.measured
        runs = periods.runs(connection, measured.to)
        return (
            self._results(),
            standing.not_passing(self.failing),
            self.gaps(),
            registers.collections(connection, measured),
            projection.rules(measured),
            registers.decisions(connection, measured),
            self.waivers(),
            registers.controls(measured, at_the_end=True),
            registers.attestations(connection, measured),
            registers.reviews(measured),
            events.populations(connection, measured),
            registers.runs(runs[-1:], measured),
            registers.checkpoints(connection, measured),
            registers.digests(connection, measured, runs[-1:]),
            standing.findings(self._judged),
        )

    # -- words ------------------------------------------------------------------------------------------

    def _cover(self) -> Iterator[Fact]:
        marks = periods.marks(self._connection)
        yield Fact("Store", marks.get("store_id", ""))
        yield Fact("Instant", self.measured.to.at)
        last = periods.last_recorded(self._connection, self.measured.to)
        yield Fact("Collected or judged last by then", last or "never")
        yield Fact("Judged by", "today's rules" if self._today else "the rules that judged then")
        yield from period.facts(self._connection, self.measured)

    def _warnings(self) -> Iterator[str]:
        if self._today:
            yield (
                "Judged by today's rules and settings over the evidence of that instant: this is not what was judged "
                "then, and it was recorded nowhere"
            )
        left = self.measured.left_out
        for one in self._judged.left_out():
            left.deviations[one.rule] += one.number
        yield from period.warnings(self._connection, self.measured, "Failures")

    def statement(self) -> Iterator[str]:
        """The whole in facts."""
        yield self._sentence(self.measured.rules.values())
        unknown = self.unknown(self.measured.rules.values())
        if unknown:
            yield f"Not known at that instant: {period.many(unknown, 'listing')}"

    def unknown(self, rules: Iterable[OfRule]) -> int:
        """How many kinds in scopes were not known."""
        cells = {(cell, rule.fresh) for rule in rules for cell in rule.cells}
        return len({cell for cell, fresh in cells if self.is_unknown(cell, fresh)})

    def is_unknown(self, place: Place, fresh: int) -> bool:
        """Whether a kind was not known in a scope."""
        knowledge = self.measured.knowledge
        last = self.measured.end
        there = knowledge.gauge(place, None).between(last - 1, last)
        return bool(there) and not knowledge.gauge(place, fresh).between(last - 1, last)

    def _sentence(self, rules: Iterable[OfRule]) -> str:
        own = [self.counts[rule.rule] for rule in rules if rule.rule in self.counts]
        total = sum(one.resources + one.scopes for one in own)
        counts = [
            (sum(one.of(Status.PASS) for one in own), "pass"),
            (sum(one.of(Status.NOT_APPLICABLE) for one in own), "not applicable"),
            (sum(one.of(Status.FAIL) for one in own), "fail"),
            (
                sum(one.of(Status.INCONCLUSIVE, Status.STALE, Status.ERROR) for one in own),
                "not known",
            ),
            (sum(one.outside for one in own), "outside of the system"),
        ]
        said = (
            ", ".join(f"{count:,} {what}" for count, what in counts if count)
            or "nothing was judged"
        )
        waived = sum(one.waived for one in own)
        late = sum(one.overdue for one in own)
        more = "".join(
            f"; {count:,} of the failures {what}"
            for count, what in ((waived, "waived"), (late, "past the due date"))
            if count
        )
        return f"{period.many(total, 'verdict')}: {said}{more}"

    def part(self, subject: Subject) -> Part:
        """A part in words."""
        rules = [self.measured.rules[name] for name in subject.rules if name in self.measured.rules]
        return Part(
            id=subject.id,
            kind=subject.kind,
            title=subject.title,
            owner=subject.owner,
            criteria=subject.criteria,
            rules=subject.rules,
            statement=(self._sentence(rules),) if rules else (),
            missing=tuple(self._missing(rules)) if rules else ("No rule judges any of it",),
            state=self.state(rules),
        )

    def _missing(self, rules: list[OfRule]) -> Iterator[str]:
        unknown = self.unknown(rules)
        if unknown:
            yield f"Not known: {period.many(unknown, 'listing')}; see the gaps"
        for rule in rules:
            if rule.rule in self._behind:
                yield f"{rule.rule}: what was collected last was not judged by the instant"
            if rule.state != "in force":
                yield f"{rule.rule} was {rule.state}" + (f": {rule.off.reason}" if rule.off else "")

    def state(self, rules: list[OfRule]) -> str:
        """``holds``, ``fails``, ``unknown`` or ``people``."""
        if not rules:
            return "people"
        own = [self.counts[rule.rule] for rule in rules]
        if any(one.of(Status.FAIL) for one in own):
            return "fails"
        open_ones = (Status.INCONCLUSIVE, Status.STALE, Status.ERROR)
        judged = any(one.by for one in own)
        behind = any(rule.rule in self._behind for rule in rules)
        if not judged or behind or any(one.of(*open_ones) for one in own) or self.unknown(rules):
            return "unknown"
        return "holds"

    def _lanes(self) -> Iterator[Lane]:
        at, after = self.measured.to.at, text_of(self.measured.end)
        subjects: list[tuple[str, str, list[OfRule]]] = [
            (
                part.id,
                part.kind,
                [self.measured.rules[n] for n in part.rules if n in self.measured.rules],
            )
            for part in self.measured.subjects
        ]
        subjects += [(name, "rule", [rule]) for name, rule in self.measured.rules.items()]
        for name, kind, rules in subjects:
            if not rules:
                continue
            state = self.state(rules)
            own = [self.counts[rule.rule] for rule in rules]
            count = sum(one.of(Status.FAIL) for one in own) if state == "fails" else 0
            yield Lane(name, (Span(at, after, state, count),), kind)

    # -- tables -----------------------------------------------------------------------------------------

    def _results(self) -> Table:
        measured = self.measured
        rows: list[tuple[Cell, ...]] = []
        for part in measured.subjects:
            names = [name for name in part.rules if name in measured.rules]
            rows += [
                (part.id, part.kind, *self._result(measured.rules[n]), None, None) for n in names
            ]
            if not part.rules:
                rows.append((part.id, part.kind, *(None,) * 18, None, None))
        return standing.results(rows)

    def _result(self, rule: OfRule) -> tuple[Cell, ...]:
        own = self.counts[rule.rule]
        statuses = (own.of(status) for status in Status)
        return (
            rule.rule, rule.version.title, rule.version.severity, rule.kind, rule.state, own.resources, own.scopes,
            *statuses, own.outside, own.waived, own.overdue, len(rule.cells), self.unknown([rule]),
        )  # fmt: skip

    def waivers(self) -> Table:
        """What was accepted at the instant."""
        covered = Counter(name for row in self.failing for name in (row.waiver or "").split("; "))
        return registers.waivers_at(self.measured, covered)

    def gaps(self) -> Table:
        """What was not known, since when."""
        table = projection.gaps(self.measured)
        end = text_of(self.measured.end)
        return projection.gaps_at(table, end, self.measured.to.at)
