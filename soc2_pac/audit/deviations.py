"""Deviations: each stretch in which something failed, the collections that bracket it, and what became of it.

A stretch begins with a failure and ends with a pass, with ``not applicable``, or when the resource, the rule or the
scope is no longer there. What could not be judged in between is part of it: only evidence ends a failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.knowledge import Cell, Seen
from soc2_pac.audit.spans import ms, text_of
from soc2_pac.model import Severity, Status
from soc2_pac.store import periods, waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.force import Force
    from soc2_pac.audit.knowledge import Knowledge
    from soc2_pac.store.periods import Failure, Horizon, Row, Sighted, Version
    from soc2_pac.store.waivers import Waiver

DOCUMENT = "document changed"
CLOCK = "clock"
DOCUMENT_AND_RULE = "document and rule changed"
RULE = "rule changed"
DECISION = "decision about its place changed"
JOINED = "joined evidence changed"
COLLECTION = "another collection"
FIRST_SEEN = "first seen"
FIRST_JUDGED = "first judged"

OPEN = "open"
FIXED = "fixed"
NOT_APPLICABLE = "not applicable any more"
DELETED = "resource deleted"
OFF = "rule switched off"
RETIRED = "scope retired"
BY_RULE = "no failure by the changed rule"
BY_DECISION = "no failure by a decision about its place"
BY_BOTH = "no failure after document and rule changed at once"
ENDED_BY_EVIDENCE = (FIXED, NOT_APPLICABLE, DELETED)
"""Ends that collections show. The others end the judging, and not the failure."""


_NOT_BY_EVIDENCE = {RULE: BY_RULE, DECISION: BY_DECISION, DOCUMENT_AND_RULE: BY_BOTH}
"""Cause of an end that does not prove that anything was fixed in the system -> outcome."""


class Bound(NamedTuple):
    """When something came about, as far as that is known."""

    cause: str
    earliest: int | None
    """Milliseconds since 1970; ``None``: unknown."""
    latest: int
    before: int | None
    """The last collection that saw it otherwise."""
    after: int | None
    """The first collection that saw it so."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One stretch of failure of one finding."""

    rule: str
    severity: Severity
    scope: int
    kind: str
    uid: str | None
    """``None``: it is about the whole scope."""
    name: str | None
    status: str
    """At the end of the period, or the last one before it ended."""
    started: str
    """UTC, as recorded."""
    start: Bound
    ended: str | None
    """UTC, as recorded; ``None``: it is open."""
    outcome: str
    """:data:`OPEN`, or how it ended."""
    end: Bound | None
    shortest: int
    """Milliseconds for which it was open, at least."""
    longest: int | None
    """At most; ``None``: nobody knows since when."""
    unjudged: int
    """Rows of it that could not be judged: inconclusive, stale or in error."""
    due: str | None
    met: str
    """``yes``, ``no``, ``not due`` or ``none`` (no due date)."""
    waivers: tuple[Waiver, ...]
    """Those that covered it at some time."""
    outside: bool
    """A decision put it outside of the system for all of its time in the period: it does not count."""
    left: bool
    """A decision put it outside of the system while it failed: it counts."""
    because: tuple[str, ...]
    """The decisions that touch it, in words."""
    first_message: str
    last_message: str
    digest_before: str | None
    """Of the document before it began."""
    digest: str | None
    """Of the document that failed first."""
    digest_last: str | None
    """Of the document that failed last."""
    digest_fixed: str | None

    @property
    def in_time(self) -> bool:
        """Whether evidence shows that it ended by its due date."""
        return self.met == "yes"

    @property
    def late(self) -> bool:
        """Whether its due date passed while it was open."""
        return self.met == "no"

    @property
    def waived(self) -> bool:
        """Whether somebody accepted it at some time."""
        return bool(self.waivers)


def order(one: Deviation) -> tuple[object, ...]:
    """Worst first: what counts, by severity, open ones first, the longest first."""
    return (
        one.outside,
        -one.severity.rank,
        one.ended is not None,
        bool(one.waivers),
        -one.shortest,
        one.started,
        one.rule,
        one.scope,
        one.uid or "",
    )


def read(
    connection: Connection, to: Horizon, force: Force, knowledge: Knowledge, kinds: Mapping[str, str], start: str,
    end: str, until: str,
) -> list[Deviation]:  # fmt: skip
    """Every deviation that lasted into a period, worst first.

    Args:
        connection: to read from.
        to: what was recorded by the end.
        force: which rules judged.
        knowledge: what was known.
        kinds: rule -> the kind that it judges.
        start: of the period, UTC text.
        end: of the period: up to here what is open is counted.
        until: failures that began before this instant are meant.
    """
    found = periods.failures(connection, to, start, until)
    history = _History(connection, to, force, knowledge, found, kinds, end)
    every = (history.deviation(one, ms(end)) for one in found)
    # An evaluation in the period may have closed what ended before it, with its scope.
    return sorted((one for one in every if one.ended is None or one.ended > start), key=order)


def known_waivers(connection: Connection, at: str) -> list[Waiver]:
    """Every waiver as it stood at an instant (UTC text), oldest first."""
    found = []
    for one in waivers.listed(connection):
        if one.added_at > at:
            continue
        later = one.revoked_at is not None and one.revoked_at > at
        found.append(
            replace(one, revoked_at=None, revoked_because=None, revoked_by=None) if later else one
        )
    return found


def waiver_ends(one: Waiver) -> str | None:
    """When a waiver ends or ended, UTC; ``None``: never."""
    ends = [at for at in (one.expires_at, one.revoked_at) if at is not None]
    return min(ends, default=None)


class _History:
    """All that is asked of the store for some failures, read in a few sweeps."""

    def __init__(
        self, connection: Connection, to: Horizon, force: Force, knowledge: Knowledge,
        found: Sequence[Failure], kinds: Mapping[str, str], end: str,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._to = to
        self._force = force
        self._knowledge = knowledge
        self._kinds = kinds
        self._at = end
        self._names = {version.rule_id: rule for rule, version in force.last.items()}
        self._rows = periods.rows(
            connection, to, {n for one in found for n in (one.first, one.last)}
        )
        self._before = self._beside(found, after=False)
        self._after = self._beside(found, after=True)
        beside = {*self._before.values(), *self._after.values()}
        self._rows |= periods.rows(connection, to, beside - set(self._rows))
        wanted = {one.resource for one in found if one.resource is not None}
        self._resources = periods.resources(connection, wanted)
        self._seen: dict[int, list[Sighted]] = {}
        for version in periods.sighted(connection, to, wanted):
            self._seen.setdefault(version.resource, []).append(version)
        self._adjusted = periods.adjustments(connection)
        self._waivers: dict[str, list[Waiver]] = {}
        for waiver in known_waivers(connection, to.at):
            self._waivers.setdefault(waiver.rule, []).append(waiver)
        self._sightings: dict[int, set[int]] = {}

    def _beside(self, found: Iterable[Failure], *, after: bool) -> dict[int, int]:
        """Id of a failure's first row -> that of the row before; or of its last row -> that of the row after."""
        wanted: dict[tuple[int, int, int | None, str, int], int] = {}
        for one in found:
            row = self._rows[one.last if after else one.first]
            at, by = (row.valid_to, row.closed_by) if after else (row.valid_from, row.opened_by)
            if at is not None and by is not None:
                wanted[one.rule, one.scope, one.resource, at, by] = row.id
        beside: dict[int, int] = {}
        evaluations = {key[4] for key in wanted}
        for near in periods.settled_beside(self._connection, evaluations, after=after):
            row_id = wanted.get((near.rule, near.scope, near.resource, near.at, near.evaluation))
            if row_id is None:
                continue
            # A chain of verdicts by the clock may have left several of no length.
            other = beside.get(row_id)
            closer = other is None or (near.id < other if after else near.id > other)
            if (near.id > row_id if after else near.id < row_id) and closer:
                beside[row_id] = near.id
        return beside

    # -- one deviation ----------------------------------------------------------------------------------

    def deviation(self, one: Failure, end: int) -> Deviation:
        first, last = self._rows[one.first], self._rows[one.last]
        rule = self._names[one.rule]
        kind, uid = (
            self._resources[one.resource]
            if one.resource is not None
            else (self._kinds.get(rule, ""), None)
        )
        cell = Cell(kind, one.scope)
        before = self._rows.get(self._before.get(first.id, 0))
        after = self._rows.get(self._after.get(last.id, 0))
        start = self._start(cell, before, first)
        ended = last.valid_to
        by = self._knowledge.end if ended is None else ms(ended)
        retired = self._knowledge.ended(cell.scope, ms(last.valid_from), by)
        if ended is None and retired is not None:
            ended, outcome = text_of(retired), RETIRED
        else:
            outcome = OPEN if ended is None else self._outcome(cell, last, after)
        if outcome == RETIRED and retired is not None and ended is not None:
            # The next evaluation closed it; the scope had ended before.
            ended = min(ended, text_of(retired))
            last = last._replace(valid_to=ended)
        finish = self._end(cell, last, after, outcome) if ended is not None else None
        _, severity, because = self._adjusted.get(last.adjustment or "", (False, None, ()))
        version = self._version(rule, last)
        outside = one.inside_until is None
        left = one.inside_until not in (None, periods.ONGOING)
        due = last.due or one.due
        seen = self._seen.get(one.resource or 0, ())
        name = seen[-1].name if seen else None
        covering = self._covering(rule, one, uid, name, ended)
        shortest, longest = _open_for(start, finish, end)
        return Deviation(
            rule,
            Severity(severity or version.severity),
            one.scope,
            kind,
            uid,
            name,
            last.status,
            one.since,
            start,
            ended,
            outcome,
            finish,
            shortest,
            longest,
            one.rows - one.failing,
            due,
            _met(due, one.inside_until if left else ended, outcome, self._at, left=left),
            covering,
            outside,
            left,
            because,
            first.message,
            last.message,
            before.digest if before else None,
            first.digest,
            last.digest,
            after.digest if after else None,
        )

    def _version(self, rule: str, last: Row) -> Version:
        """The version that judged it last."""
        if last.closed_by is None:
            found = self._force.now.get(rule)
        else:
            found = self._force.version_at(rule, last.closed_by - 1)
        return found or self._force.versions[last.version]

    def _covering(
        self, rule: str, one: Failure, uid: str | None, name: str | None, ended: str | None
    ) -> tuple[Waiver, ...]:
        until = ended or self._to.at
        here = self._waivers.get(rule, ())
        scope = self._knowledge.name(one.scope) if here else ""
        return tuple(
            waiver
            for waiver in here
            if waiver.covers(scope, uid, name)
            and waiver.added_at <= until
            and (waiver_ends(waiver) or "~") > one.since
        )

    # -- how it began -----------------------------------------------------------------------------------

    def _start(self, cell: Cell, before: Row | None, first: Row) -> Bound:
        at = ms(first.valid_from)
        shown = self._shown(first)
        if before is None:
            if first.resource is None or shown is None:
                return self._by_evaluation(FIRST_JUDGED, None, first.opened_by, at)
            # One that was deleted and came back is new, too.
            took_over = any(
                other.closed_by == shown.opened_by for other in self._seen[shown.resource]
            )
            if took_over or shown.valid_from != first.valid_from:
                return Bound(FIRST_JUDGED, None, at, None, shown.opened_by)
            bound = self._by_document(FIRST_SEEN, cell, shown, at)
            return bound if bound.before is not None else bound._replace(cause=FIRST_JUDGED)
        return self._turned(cell, before, first, shown)

    def _turned(self, cell: Cell, before: Row, after: Row, shown: Sighted | None) -> Bound:
        """Why one verdict took the place of another."""
        at = ms(after.valid_from)
        turned = self._force.turn(self._names[after.rule], after.opened_by)
        if before.digest != after.digest and shown is not None:
            both = turned or before.adjustment != after.adjustment
            return self._by_document(DOCUMENT_AND_RULE if both else DOCUMENT, cell, shown, at)
        if before.until is not None and before.until == after.valid_from:
            return Bound(CLOCK, at, at, None, None)
        # Rows keep the version that opened them: whether another one judged, evaluations say.
        if before.adjustment != after.adjustment:
            return Bound(DECISION, at, at, None, None)
        if turned:
            return Bound(RULE, at, at, None, None)
        cause = JOINED if before.basis is not None or after.basis is not None else COLLECTION
        return self._by_evaluation(cause, before, after.opened_by, at)

    def _shown(self, row: Row) -> Sighted | None:
        """The version of the document that a row judged."""
        found = None
        for one in self._seen.get(row.resource or 0, ()):
            if one.digest == row.digest and (found is None or one.valid_from <= row.valid_from):
                found = one
        return found

    def _by_document(self, cause: str, cell: Cell, shown: Sighted, at: int) -> Bound:
        """Between the last collection that saw a document otherwise and the first that saw it so."""
        last = self._last_before(cell, shown.opened_by, shown.resource)
        return Bound(
            cause,
            last.started if last else None,
            at,
            last.id if last else None,
            shown.opened_by,
        )

    def _last_before(self, cell: Cell, number: int, resource: int) -> Seen | None:
        """The last collection before another that read a resource, or saw that there was none."""
        cover = self._knowledge.covers.get(cell)
        if cover is None:
            return None
        last = cover.before(number)
        for one in reversed(cover.incomplete):
            if one.id >= number:
                continue
            if last is not None and one.id < last.id:
                break
            if one.id not in self._sightings:
                self._sightings[one.id] = periods.sightings(self._connection, one.id)
            if resource in self._sightings[one.id]:
                return Seen(one.id, ms(one.started_at), ms(one.finished_at))
        return last

    def _by_evaluation(self, cause: str, before: Row | None, number: int, at: int) -> Bound:
        """Between an evaluation and the one before it, and the collections that each took into account."""
        own = self._force.evaluation(number)
        earlier = self._force.evaluation(number - 1) if before is not None else None
        return Bound(
            cause,
            min(ms(earlier.as_of), at) if earlier else None,
            at,
            (earlier.upto or None) if earlier else None,
            (own.upto or None) if own else None,
        )

    # -- how it ended -----------------------------------------------------------------------------------

    def _outcome(self, cell: Cell, last: Row, after: Row | None) -> str:
        if after is not None:
            cause = self._turned(cell, last, after, self._shown(after)).cause
            if cause in _NOT_BY_EVIDENCE:
                return _NOT_BY_EVIDENCE[cause]
            return FIXED if after.status == Status.PASS else NOT_APPLICABLE
        own = self._force.evaluation(last.closed_by or 0)
        rule = self._names[last.rule]
        listed = own is None or any(
            self._force.versions[number].rule == rule for number in own.versions
        )
        if not listed:
            return OFF
        if last.resource is not None:
            return DELETED if self._gone(last) is not None else RETIRED
        since, by = ms(last.valid_from), ms(last.valid_to or "")
        if self._knowledge.ended(cell.scope, since, by) is not None:
            return RETIRED
        # Nothing is said about a whole scope any more once something was seen in it.
        return NOT_APPLICABLE

    def _end(self, cell: Cell, last: Row, after: Row | None, outcome: str) -> Bound:
        at = ms(last.valid_to or "")
        if outcome in (OFF, RETIRED):
            return Bound(outcome, at, at, None, None)
        if after is not None:
            return self._turned(cell, last, after, self._shown(after))
        gone = self._gone(last)
        if last.resource is None or gone is None:
            return self._by_evaluation(COLLECTION, last, last.closed_by or 0, at)
        cover = self._knowledge.covers.get(cell)
        own = cover.seen(gone) if cover is not None else None
        saw = self._last_before(cell, gone, last.resource)
        return Bound(
            DELETED,
            saw.started if saw else None,
            own.finished if own else at,
            saw.id if saw else None,
            gone,
        )

    def _gone(self, last: Row) -> int | None:
        """The collection that no longer saw the resource of a finding that was closed for that."""
        own = self._force.evaluation(last.closed_by or 0)
        found = None
        for one in self._seen.get(last.resource or 0, ()):
            if own is None or one.opened_by <= own.upto:
                found = one.closed_by
        return found if own is None or found is None or found <= own.upto else None


def _open_for(start: Bound, finish: Bound | None, end: int) -> tuple[int, int | None]:
    """For how many milliseconds it was open, at least and at most."""
    latest = end if finish is None else finish.latest
    earliest = (
        end if finish is None else (start.latest if finish.earliest is None else finish.earliest)
    )
    shortest = max(0, earliest - start.latest)
    longest = None if start.earliest is None else max(shortest, latest - start.earliest)
    return shortest, longest


def _met(due: str | None, ended: str | None, outcome: str, at: str, *, left: bool = False) -> str:
    """Whether a due date was met: by the first collection that shows it.

    ``left``: it was put outside of the system before its end, at ``ended``.
    """
    if due is None:
        return "none"
    if ended is not None and ended <= due:
        return "yes" if outcome in ENDED_BY_EVIDENCE and not left else "none"
    if ended is None and due > at:
        return "not due"
    return "no"
