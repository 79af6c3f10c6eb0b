"""Verdicts at one instant: as they were recorded, or as today's rules judge the evidence of then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.deviations import waiver_ends
from soc2_pac.audit.knowledge import Cell as Place
from soc2_pac.audit.projection import columns
from soc2_pac.audit.spans import text_of
from soc2_pac.model import Severity, Status
from soc2_pac.report import Shape, Table
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured
    from soc2_pac.evaluate.engine import Judged
    from soc2_pac.report import Cell
    from soc2_pac.store.waivers import Waiver

_SETTLED = (Status.PASS, Status.NOT_APPLICABLE)
_NUMBER, _INSTANT, _DIGEST = Shape.NUMBER, Shape.INSTANT, Shape.DIGEST


class Count(NamedTuple):
    """How many findings are in one status."""

    rule: str
    whole: bool
    status: str
    outside: bool
    number: int


class Standing(NamedTuple):
    """One finding at the instant; the fields are columns of the tables."""

    rule: str
    severity: str
    scope: str
    kind: str | None
    resource: str | None
    name: str | None
    status: str
    message: str
    digest: str | None
    failing_since: str | None
    due: str | None
    waiver: str | None
    outside: bool
    decisions: str | None
    collection: int | None
    """The last complete collection of its kind in its scope."""
    collected: str | None
    """When that ended."""

    def row(self) -> tuple[Cell, ...]:
        """As cells."""
        return (*self[:12], "yes" if self.outside else "no", *self[13:])


class _About:
    """What is asked of the places and waivers of findings."""

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self._numbers = {str(scope): n for n, scope in measured.knowledge.scopes.items()}
        self._collected: dict[Place, tuple[int | None, str | None]] = {}
        self._waivers: dict[str, list[Waiver]] = {}
        for one in measured.waivers:
            ends = waiver_ends(one)
            if ends is None or ends > measured.to.at:
                self._waivers.setdefault(one.rule, []).append(one)

    def scope(self, name: str) -> int:
        return self._numbers.get(name, 0)

    def collected(self, kind: str | None, scope: int) -> tuple[int | None, str | None]:
        place = Place(kind or "", scope)
        found = self._collected.get(place)
        if found is None:
            cover = self.measured.knowledge.covers.get(place)
            known = cover is not None and len(cover.complete) > 0
            found = (
                (cover.complete[-1], text_of(cover.finished[-1]))
                if cover and known
                else (None, None)
            )
            self._collected[place] = found
        return found

    def waiver(self, rule: str, scope: str, uid: str | None, name: str | None) -> str | None:
        here = self._waivers.get(rule)
        if not here:
            return None
        return "; ".join(one.waiver for one in here if one.covers(scope, uid, name)) or None


class Recorded:
    """What evaluations recorded by the instant."""

    def __init__(self, connection: Connection, measured: Measured) -> None:
        self._connection = connection
        self._measured = measured
        self._about = _About(measured)
        self._adjusted = periods.adjustments(connection)
        self._rules = {version.rule_id: rule for rule, version in measured.force.last.items()}
        self._statuses = periods.statuses(connection, measured.to)

    def counts(self) -> Iterator[Count]:
        """Of what is reported."""
        for one in self._statuses:
            rule = self._rules[one.rule]
            if rule in self._measured.rules and one.scope in self._measured.scopes:
                outside = one.adjustment in self._measured.outside
                yield Count(rule, one.whole, one.status, outside, one.number)

    def left_out(self) -> Iterator[Count]:
        """Failures that a limited report does not show."""
        for one in self._statuses:
            rule = self._rules[one.rule]
            shown = rule in self._measured.rules and one.scope in self._measured.scopes
            if one.status == Status.FAIL and not shown:
                yield Count(rule, one.whole, one.status, False, one.number)  # noqa: FBT003

    def __len__(self) -> int:
        return sum(one.number for one in self.counts())

    def __iter__(self) -> Iterator[Standing]:
        return self._read(passing=True)

    def not_passing(self) -> Iterator[Standing]:
        """What neither passes nor is not applicable."""
        return self._read(passing=False)

    def _read(self, *, passing: bool) -> Iterator[Standing]:
        measured = self._measured
        scopes = {scope: measured.name(scope) for scope in measured.scopes}
        rules = {number: measured.rules.get(name) for number, name in self._rules.items()}
        for row in periods.held_at(self._connection, measured.to, passing=passing):
            rule, scope = rules[row.rule], scopes.get(row.scope)
            if rule is None or scope is None:
                continue
            kind = row.kind or rule.kind
            outside, severity, because = (
                self._adjusted[row.adjustment] if row.adjustment else _UNTOUCHED
            )
            waiver = None
            if row.status == Status.FAIL:
                waiver = self._about.waiver(rule.rule, scope, row.uid, row.name)
            yield Standing(
                rule.rule, severity or rule.version.severity, scope, kind, row.uid, row.name, row.status, row.message,
                row.digest, row.failing_since, row.due, waiver, outside, "; ".join(because) or None,
                *self._about.collected(kind, row.scope),
            )  # fmt: skip


_UNTOUCHED: tuple[bool, str | None, tuple[str, ...]] = (False, None, ())


class Today:
    """What today's rules say of the evidence as it was known at the instant."""

    def __init__(self, measured: Measured, judged: Sequence[Judged]) -> None:
        self._measured = measured
        self._about = _About(measured)
        self._judged = [one for one in judged if one.rule.id in measured.rules]
        self._others = [one for one in judged if one.rule.id not in measured.rules]
        self._names = {measured.name(scope) for scope in measured.scopes}

    def counts(self) -> Iterator[Count]:
        """Of what is reported."""
        found: Counter[tuple[str, bool, str, bool]] = Counter()
        for one in self._judged:
            if str(one.scope) in self._names:
                outside = one.adjustment is not None and one.adjustment.outside
                found[one.rule.id, one.uid is None, one.verdict.status.value, outside] += 1
        for key, number in sorted(found.items()):
            yield Count(*key, number)

    def left_out(self) -> Iterator[Count]:
        """Failures that a limited report does not show."""
        elsewhere = [one for one in self._judged if str(one.scope) not in self._names]
        for one in (*elsewhere, *self._others):
            if one.verdict.status is Status.FAIL:
                yield Count(one.rule.id, one.uid is None, Status.FAIL.value, False, 1)  # noqa: FBT003

    def __len__(self) -> int:
        return sum(one.number for one in self.counts())

    def __iter__(self) -> Iterator[Standing]:
        ordered = sorted(self._judged, key=lambda one: (one.rule.id, str(one.scope), one.uid or ""))
        for one in ordered:
            scope = str(one.scope)
            if scope not in self._names:
                continue
            adjustment = one.adjustment
            failing = one.verdict.status is Status.FAIL
            kind = one.rule.kind
            yield Standing(
                one.rule.id, one.severity.value, scope, kind, one.uid, None, one.verdict.status.value,
                one.verdict.message, one.digest, None, None,
                self._about.waiver(one.rule.id, scope, one.uid, None) if failing else None,
                adjustment is not None and adjustment.outside,
                "; ".join(adjustment.because) or None if adjustment else None,
                *self._about.collected(kind, self._about.scope(scope)),
            )  # fmt: skip

    def not_passing(self) -> Iterator[Standing]:
        """What neither passes nor is not applicable."""
        return (one for one in self if one.status not in _SETTLED)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Findings as they come."""

    judged: Recorded | Today

    def __len__(self) -> int:
        return len(self.judged)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        return (one.row() for one in self.judged)


_COLUMNS = columns(
    ("rule", "Rule"),
    ("severity", "Severity"),
    ("scope", "Scope"),
    ("kind", "Kind"),
    ("resource", "Resource"),
    ("name", "Name"),
    ("status", "Status", Shape.STATUS),
    ("message", "Message"),
    ("digest", "Document", _DIGEST),
    ("failing_since", "Failing since", _INSTANT),
    ("due", "Due", _INSTANT),
    ("waiver", "Waivers"),
    ("outside", "Outside of the system"),
    ("decisions", "Decisions about its place"),
    ("collection", "Last complete collection", _NUMBER),
    ("collected", "It ended", _INSTANT),
)


def findings(judged: Recorded | Today) -> Table:
    """Every finding at the instant."""
    return Table(
        "findings",
        "Findings",
        "Each rule and resource at the instant. Empty: nothing had been judged.",
        _COLUMNS,
        _Rows(judged),
        streamed=True,
    )


def not_passing(found: Iterable[Standing]) -> Table:
    """What did not pass, worst first."""
    severities = [severity.value for severity in reversed(Severity)]
    statuses = [status.value for status in Status]

    def order(one: Standing) -> tuple[object, ...]:
        return (
            one.outside,
            statuses.index(one.status),
            severities.index(one.severity),
            one.failing_since or "~",
            one.rule,
            one.scope,
            one.resource or "",
        )

    return Table(
        "not-passing",
        "What did not pass",
        "Each finding that was neither pass nor not applicable at the instant, failures first; waived ones and those "
        "outside of the system are among them. Empty: all that was judged passed or did not apply.",
        _COLUMNS,
        tuple(one.row() for one in sorted(found, key=order)),
    )


def results(rows: Sequence[tuple[Cell, ...]]) -> Table:
    """Part by rule."""
    return Table(
        "results",
        "Results",
        "One row for each part and rule: how many verdicts there were of each status. A part without a rule has one "
        "row that names none.",
        columns(
            ("part", "Part"),
            ("part_kind", "Part is a"),
            ("rule", "Rule"),
            ("title", "Title"),
            ("severity", "Severity"),
            ("kind", "Kind"),
            ("state", "State"),
            ("resources", "Resources", _NUMBER),
            ("whole_scopes", "Scopes judged as a whole", _NUMBER),
            ("pass", "Pass", _NUMBER),
            ("fail", "Fail", _NUMBER),
            ("not_applicable", "Not applicable", _NUMBER),
            ("inconclusive", "Inconclusive", _NUMBER),
            ("error", "Error", _NUMBER),
            ("stale", "Stale", _NUMBER),
            ("outside", "Outside of the system", _NUMBER),
            ("waived", "Waived failures", _NUMBER),
            ("overdue", "Failures past the due date", _NUMBER),
            ("listings", "Listings", _NUMBER),
            ("not_known", "Listings not known", _NUMBER),
            ("auditor_test", "Test performed", Shape.AUDITOR),
            ("auditor_conclusion", "Conclusion", Shape.AUDITOR),
        ),
        tuple(rows),
    )
