"""Tables with a row for each rule and resource, read as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac.audit.knowledge import Cell as Place
from soc2_pac.audit.projection import TIMES, columns
from soc2_pac.audit.spans import ms, text_of, union, without
from soc2_pac.audit.times import Times
from soc2_pac.model import Status
from soc2_pac.report import Shape, Table
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured, OfRule
    from soc2_pac.audit.spans import Stretch
    from soc2_pac.report import Cell
    from soc2_pac.store.periods import Held, Known

_SETTLED = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)
_AT_ONCE = 40_000
"""Findings that are held in memory at once."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Each rule and resource with its times, by rule, scope and resource."""

    connection: Connection
    measured: Measured
    size: int

    def __len__(self) -> int:
        """How many there are."""
        return self.size

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        """Each row."""
        for chunk in self._chunks():
            yield from self._rows(chunk)

    def _chunks(self) -> Iterator[dict[str, list[int]]]:
        """Rule -> ids of scopes, of so many findings as fit."""
        measured = self.measured
        chunk: dict[str, list[int]] = {}
        size = 0
        for rule in measured.rules:
            scopes = [(n, s) for (name, s), n in measured.subjects_of.items() if name == rule]
            for number, scope in sorted(scopes, key=lambda one: measured.name(one[1])):
                if scope not in measured.scopes:
                    continue
                if chunk and size + number > _AT_ONCE:
                    yield chunk
                    chunk, size = {}, 0
                chunk.setdefault(rule, []).append(scope)
                size += number
        if chunk:
            yield chunk

    def _rows(self, chunk: dict[str, list[int]]) -> Iterator[tuple[Cell, ...]]:
        measured = self.measured
        start, end = text_of(measured.start), text_of(measured.end)
        rules = {measured.rules[name].version.rule_id: name for name in chunk}
        pairs = {number: chunk[name] for number, name in rules.items()}
        found: dict[tuple[str, int, int], list[Held]] = {}
        for row in periods.held(self.connection, measured.to, start, end, pairs):
            found.setdefault((rules[row.rule], row.scope, row.resource or 0), []).append(row)
        kinds = {kind for name in chunk if (kind := measured.rules[name].kind) is not None}
        scopes = {scope for some in chunk.values() for scope in some}
        there: dict[int, list[Known]] = {}
        for one in periods.documents(self.connection, measured.to, start, end, kinds, scopes):
            there.setdefault(one.resource, []).append(one)
        outside = measured.outside
        for (rule, scope, resource), rows in sorted(
            found.items(), key=lambda one: (one[0][0], measured.name(one[0][1]), one[0][2])
        ):
            yield self._row(measured.rules[rule], scope, rows, there.get(resource, []), outside)

    def _row(
        self, rule: OfRule, scope: int, rows: list[Held], seen: list[Known], outside: frozenset[str]
    ) -> tuple[Cell, ...]:
        measured = self.measured
        knowledge = measured.knowledge
        place = Place(rule.kind or "", scope)
        about = rows[0].resource is not None
        lives = knowledge.gauge(place, None)
        events = about and place in knowledge.events
        known = lives if events else knowledge.gauge(place, rule.fresh)
        present = _within(measured, ((one.valid_from, one.valid_to) for one in seen))
        spent = dict.fromkeys(_SETTLED, 0)
        beyond = total = 0
        later: tuple[Stretch, ...] = ()
        void = measured.unjudged.get((rule.rule, rows[0].resource or 0), ())
        for row in reversed(rows):
            # Where a clock was ahead, rows overlap: what was recorded later counts.
            own = _within(measured, [(row.valid_from, row.valid_to)])
            stretches = without(own, later)
            later = union((*later, *own))
            total += sum(lives.between(*one) for one in stretches)
            if about:
                stretches = without(stretches, without(stretches, present))
            if row.adjustment in outside:
                beyond += sum(lives.between(*one) for one in stretches)
            elif row.status in _SETTLED:
                stretches = without(stretches, void)
                spent[Status(row.status)] += sum(known.between(*one) for one in stretches)
        whole = sum(lives.between(*one) for one in present) if about else total
        last = rows[-1]
        name = seen[-1] if seen else None
        in_scope = whole - beyond
        return (
            rule.rule, measured.name(scope), rule.kind, name.uid if name else None, name.name if name else None,
            last.status if last.valid_to is None else None, last.message, last.digest, last.failing_since, last.due,
            in_scope, *spent.values(), in_scope - sum(spent.values()), beyond,
            len(rows),
        )  # fmt: skip


def times(connection: Connection, measured: Measured) -> dict[str, Times]:
    """Rule -> times, by going through every finding: for histories in which a clock was ahead.

    There intervals overlap, and sums over where they begin and end would count some time twice.
    """
    found = {name: Times() for name in measured.rules}
    judged: dict[str, set[tuple[str, str]]] = {name: set() for name in measured.rules}
    for row in findings(connection, measured).cells():
        name = str(row["rule"])
        passed, failed, not_applicable, rest, beyond = (int(row[c] or 0) for c in _SPENT)
        about = row["resource"] is not None
        found[name] += Times(
            passed, failed, not_applicable, rest, beyond, int(about), int(not about)
        )
        if about:
            judged[name].add((str(row["scope"]), str(row["resource"])))
    start, end = text_of(measured.start), text_of(measured.end)
    kinds = {rule.kind for rule in measured.rules.values() if rule.kind is not None}
    there: dict[int, list[Known]] = {}
    for one in periods.documents(connection, measured.to, start, end, kinds, measured.scopes):
        there.setdefault(one.resource, []).append(one)
    for seen in there.values():
        first = seen[0]
        present = _within(measured, ((one.valid_from, one.valid_to) for one in seen))
        lives = measured.knowledge.gauge(Place(first.kind, first.scope), None)
        whole = sum(lives.between(*one) for one in present)
        for rule in measured.rules.values():
            key = measured.name(first.scope), first.uid
            if rule.kind == first.kind and key not in judged[rule.rule]:
                found[rule.rule] += Times(not_known=whole, resources=1)
    return found


_SPENT = ("pass", "fail", "not_applicable", "not_known", "outside")


def _within(measured: Measured, intervals: Iterable[tuple[str, str | None]]) -> tuple[Stretch, ...]:
    """Intervals cut to the period."""
    return union(
        (
            max(ms(first), measured.start),
            measured.end if last is None else min(ms(last), measured.end),
        )
        for first, last in intervals
    )


def findings(connection: Connection, measured: Measured) -> Table:
    """Each rule and resource through the period."""
    size = sum(
        number
        for (rule, scope), number in measured.subjects_of.items()
        if rule in measured.rules and scope in measured.scopes
    )
    return Table(
        "findings",
        "Findings",
        "Each rule and resource of which anything was said in the period: its status at the end (none: the finding "
        "had ended), and how long it was in each. Empty: nothing was judged.",
        columns(
            ("rule", "Rule"),
            ("scope", "Scope"),
            ("kind", "Kind"),
            ("resource", "Resource"),
            ("name", "Name"),
            ("status", "Status at the end", Shape.STATUS),
            ("message", "Last message"),
            ("digest", "Last document", Shape.DIGEST),
            ("failing_since", "Failing since", Shape.INSTANT),
            ("due", "Due", Shape.INSTANT),
            *TIMES,
            ("changes", "Verdicts", Shape.NUMBER),
        ),
        Findings(connection, measured, size),
        streamed=True,
    )
