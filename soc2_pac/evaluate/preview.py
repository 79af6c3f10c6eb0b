"""Which verdicts would change if the evidence in the store were judged now. Everything is judged, and nothing written.

An evaluation judges only what changed or came due, and comes to the same result as judging everything (a property test
holds the two against each other). So a preview can judge everything, in a transaction that only reads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.evaluate.engine import judge_all
from soc2_pac.model import Severity, Status, utc_text
from soc2_pac.records import storable
from soc2_pac.store import current
from soc2_pac.store import findings as store
from soc2_pac.store.database import without_cycle_search
from soc2_pac.store.scopes import retired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.evaluate.engine import Said
    from soc2_pac.store.current import Adjusted, Ruled
    from soc2_pac.store.findings import FindingRow
    from soc2_pac.store.waivers import Waiver

_SETTLED = (Status.PASS, Status.NOT_APPLICABLE)
NONE = "none"


class Side(NamedTuple):
    """What is, or would be, said."""

    status: Status
    severity: str
    outside: bool
    message: str

    def __str__(self) -> str:
        return f"{self.status} (outside)" if self.outside else self.status.value


class Changed(NamedTuple):
    """A verdict that would change."""

    rule: str
    scope: str
    resource: str | None
    before: Side | None
    """``None``: there is no such finding."""
    after: Side | None
    """``None``: the finding would be closed."""

    @property
    def change(self) -> str:
        """``pass -> fail``; with the severities where they alone differ."""
        one, other = (str(side) if side is not None else NONE for side in (self.before, self.after))
        if one == other and self.before is not None and self.after is not None:
            return f"{one} {self.before.severity} -> {other} {self.after.severity}"
        return f"{one} -> {other}"

    @property
    def quiet(self) -> bool:
        """It would come or go without anything to act on."""
        sides = [side for side in (self.before, self.after) if side is not None]
        return len(sides) == 1 and sides[0].status in _SETTLED


@dataclass(slots=True)
class Preview:
    """What an evaluation would find."""

    at: str
    """The instant of judgement, UTC."""
    judged: int = 0
    same: int = 0
    """Verdicts that would stay word for word."""
    reworded: int = 0
    """Verdicts that would stay, with another message or another document."""
    changes: list[Changed] = field(default_factory=list)
    failing: list[Severity] = field(default_factory=list)
    """Severities of failures that would count and are not waived, each once."""
    unknown: bool = False
    """Something that counts would be inconclusive, stale or an error."""
    counting: bool = False
    """Anything would count at all."""

    def by_change(self) -> list[tuple[str, int]]:
        """Change -> how many, most first."""
        counted = Counter(one.change for one in self.changes)
        return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))

    def by_rule(self) -> list[tuple[str, str, int]]:
        """Rule, change, how many: the rule with most changes first."""
        counted = Counter((one.rule, one.change) for one in self.changes)
        total = Counter(one.rule for one in self.changes)
        rows = [(rule, change, count) for (rule, change), count in counted.items()]
        return sorted(rows, key=lambda row: (-total[row[0]], row[0], -row[2], row[1]))


def preview(
    connection: Connection,
    active: Sequence[ActiveRule],
    now: datetime,
    waivers: Iterable[Waiver],
    *,
    whole: bool,
) -> Preview:
    """Judge everything as an evaluation at ``now`` would, and compare it with the open findings.

    Args:
        connection: reading.
        active: the rules, as configured.
        now: the instant of judgement.
        waivers: those that hold then.
        whole: the findings of all other rules would be closed.
    """
    with without_cycle_search():
        return _Compared(connection, active, now, waivers).run(whole=whole)


class _Compared:
    def __init__(
        self,
        connection: Connection,
        active: Sequence[ActiveRule],
        now: datetime,
        waivers: Iterable[Waiver],
    ) -> None:
        self._connection = connection
        self._active = active
        self._now = now
        self._rules: Mapping[str, Ruled] = current.rules(connection)
        self._adjusted: Mapping[str, Adjusted] = current.adjustments(connection)
        self._waivers: dict[str, list[Waiver]] = {}
        for waiver in waivers:
            self._waivers.setdefault(waiver.rule, []).append(waiver)
        self._found = Preview(utc_text(now))
        self._failing: set[Severity] = set()
        self._scopes: dict[str, dict[int, FindingRow]] = {}

    def run(self, *, whole: bool) -> Preview:
        upto = store.last_collection(self._connection)
        for group, said in judge_all(self._connection, self._active, self._now, upto, current=True):
            if any(one.resource is not None for one in said):
                self._documents(group, said)
            else:
                self._places(group, said)
        self._found.failing = sorted(self._failing, key=lambda severity: -severity.rank)
        self._closed(whole=whole)
        return self._found

    # -- the open findings ------------------------------------------------------------------------------

    def _places(self, group: Sequence[ActiveRule], said: Sequence[Said]) -> None:
        """What is said of whole scopes; a chunk without documents says nothing more."""
        for item in group:
            rule = self._rules.get(item.rule.id)
            if item.rule.id not in self._scopes and rule is not None:
                rows = store.open_scope_findings(self._connection, rule.id)
                self._scopes[item.rule.id] = dict(rows)
        for one in said:
            scope_id = one.scope_id
            if scope_id is None:
                scope_id = current.scope_id(self._connection, one.scope)
            rows = self._scopes.get(one.item.rule.id, {})
            self._compare(one, None if scope_id is None else rows.pop(scope_id, None), None)

    def _documents(self, group: Sequence[ActiveRule], said: Sequence[Said]) -> None:
        rules = [rule.id for item in group if (rule := self._rules.get(item.rule.id)) is not None]
        resources = {one.resource for one in said if one.resource is not None}
        rows = store.open_findings(self._connection, rules, resources)
        asked = {
            one.resource
            for one in said
            if one.resource is not None
            and one.verdict.status is Status.FAIL
            and one.item.rule.id in self._waivers
        }
        names = current.names(self._connection, asked)
        for one in said:
            rule = self._rules.get(one.item.rule.id)
            assert one.resource is not None  # noqa: S101 - a chunk of documents
            before = rows.get((rule.id, one.resource)) if rule is not None else None
            self._compare(one, before, names.get(one.resource))

    def _closed(self, *, whole: bool) -> None:
        """Findings that have no verdict any more."""
        ids = [row.id for rows in self._scopes.values() for row in rows.values()]
        rules = [
            rule.id for item in self._active if (rule := self._rules.get(item.rule.id)) is not None
        ]
        gone = retired(self._connection, utc_text(self._now))
        ids += store.without_document(self._connection, rules)
        ids += store.in_scopes(self._connection, rules, gone)
        if whole:
            ids += store.findings_of_other_rules(self._connection, rules)
        for one in current.named(self._connection, set(ids)):
            before = Side(Status(one.status), one.severity, one.outside, one.message)
            self._found.changes.append(Changed(one.rule, one.scope, one.resource, before, None))

    # -- one verdict ------------------------------------------------------------------------------------

    def _compare(self, one: Said, row: FindingRow | None, name: str | None) -> None:
        found = self._found
        found.judged += 1
        message = storable(one.verdict.message)
        after = Side(one.verdict.status, one.severity.value, one.outside, message)
        self._count(one, name)
        before = self._before(one, row) if row is not None else None
        if row is None or before is None or not _alike(before, after):
            change = Changed(one.item.rule.id, str(one.scope), one.uid, before, after)
            found.changes.append(change)
        elif before.message == message and row.digest == one.digest:
            found.same += 1
        else:
            found.reworded += 1

    def _before(self, one: Said, row: FindingRow) -> Side:
        adjusted = self._adjusted.get(row.adjustment) if row.adjustment is not None else None
        severity = (adjusted and adjusted.severity) or self._rules[one.item.rule.id].severity
        outside = adjusted is not None and adjusted.outside
        return Side(Status(row.status), severity, outside, row.message)

    def _count(self, one: Said, name: str | None) -> None:
        """What decides the exit code."""
        if one.outside:
            return
        found, status = self._found, one.verdict.status
        found.counting = True
        if status is Status.FAIL:
            held = self._waivers.get(one.item.rule.id, ())
            if not any(waiver.covers(str(one.scope), one.uid, name) for waiver in held):
                self._failing.add(one.severity)
        elif status not in _SETTLED:
            found.unknown = True


def _alike(before: Side, after: Side) -> bool:
    """Whether both say the same; what passes has no severity."""
    if before.status is not after.status or before.outside != after.outside:
        return False
    return before.status in _SETTLED or before.severity == after.severity
