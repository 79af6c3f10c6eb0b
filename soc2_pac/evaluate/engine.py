"""Evidence times rules, incrementally: what changed, what came due, and nothing else.

A verdict is a function of the rule's version and thresholds, the documents that it reads, the clock, and
how complete the last look was. Each of these says when it changes, so the result of judging only what
changed equals that of judging everything (a property test holds the two against each other).
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac import clock
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate import judge
from soc2_pac.evaluate.evidence import JoinedEvidence, Loaded
from soc2_pac.evaluate.looks import SOUND, StoreDocuments, state_of
from soc2_pac.model import Scope, Severity, Status, Verdict, utc_text, utc_time
from soc2_pac.records import storable
from soc2_pac.resources import view
from soc2_pac.rule_source import source_of, source_of_stored
from soc2_pac.store import evidence as store_evidence
from soc2_pac.store import findings as store
from soc2_pac.store.database import without_cycle_search
from soc2_pac.store.scopes import retired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.decisions import Adjustment
    from soc2_pac.due import DueDates
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.evaluate.evidence import EvidenceHere
    from soc2_pac.model import Basis
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Rule
    from soc2_pac.store.findings import DocumentRow, FindingRow, LookRow, Previous

_CHAIN = 1000
"""How many changes of one verdict by the clock alone are followed in one evaluation."""
_NOWHERE = -1
"""Stands for the id of a scope in which a kind was never looked for."""
_TEXTS = {status: status.value for status in Status}
"""``value`` of an enumeration is a call of Python code, one a verdict."""
_SETTLED = (Status.PASS, Status.NOT_APPLICABLE)
"""Verdicts that only complete and fresh evidence may carry."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation did."""

    id: int
    judged: int
    opened: int
    closed: int
    ahead: str | None = None
    """The instant, later than this one, as of which some of it had been judged: a clock was ahead. All that
    was judged then was judged again."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict of an evaluation that is not written (``--as-of``)."""

    rule: Rule
    severity: Severity
    scope: Scope
    uid: str | None
    """The resource; ``None`` for a verdict on the whole scope."""
    verdict: Verdict
    digest: str | None
    adjustment: Adjustment | None = None


def evaluate(
    connection: Connection,
    active: Sequence[ActiveRule],
    *,
    run_id: int,
    now: datetime,
    due: DueDates,
    tool_version: str,
    full: bool = False,
    retire: bool = True,
) -> Evaluated:
    """Judge what changed or came due since each rule's last evaluation, and write the findings.

    Args:
        connection: within ``Database.writing``.
        active: the rules to judge, as configured.
        run_id: the run that this belongs to.
        now: the instant of judgement.
        due: by when a failure of each severity is to be fixed.
        tool_version: recorded with the evaluation.
        full: judge everything, changed or not.
        retire: close the findings of rules that are not in ``active``.
    """
    with without_cycle_search():
        work = _Evaluation(connection, active, run_id, now, due, tool_version, whole=retire)
        return work.run(full=full)


def judge_as_of(
    connection: Connection, active: Sequence[ActiveRule], at: datetime
) -> Iterator[Judged]:
    """What the rules say of the evidence as it was known at an instant. Writes nothing."""
    upto = store.last_collection(connection, utc_text(at))
    for _, found in judge_all(connection, active, at, upto):
        for one in found:
            yield Judged(
                one.item.rule,
                one.severity,
                one.scope,
                one.uid,
                one.verdict,
                one.digest,
                one.adjustment,
            )


class Said(NamedTuple):
    """What a rule says of one resource or scope, with the rows that it speaks of."""

    item: ActiveRule
    scope_id: int | None
    """``None``: the kind was never looked for anywhere."""
    scope: Scope
    resource: int | None
    uid: str | None
    digest: str | None
    verdict: Verdict
    adjustment: Adjustment | None

    @property
    def severity(self) -> Severity:
        """As decided for its place."""
        return (self.adjustment and self.adjustment.severity) or self.item.severity

    @property
    def outside(self) -> bool:
        """Whether it does not count."""
        return self.adjustment is not None and self.adjustment.outside


def judge_all(
    connection: Connection,
    active: Sequence[ActiveRule],
    at: datetime,
    upto: int,
    *,
    current: bool = False,
) -> Iterator[tuple[list[ActiveRule], list[Said]]]:
    """Judge every document at an instant, in chunks. Writes nothing.

    Args:
        connection: reading.
        active: the rules, as configured.
        at: the instant.
        upto: the last collection that counts.
        current: it is the last of all.

    Yields:
        The rules over one kind with what they say: of whole scopes first, then of a chunk of documents.
    """
    gone = retired(connection, utc_text(at))
    for kind, group in _by_kind(active).items():
        looks = store.looks(connection, kind, upto, gone)
        ended = bool(not looks and gone and store.looks(connection, kind, upto, {}))
        yield group, [
            Said(
                item, None if scope_id == _NOWHERE else scope_id, scope, None, None, None, verdict,
                item.adjustment(scope, None),
            )
            for item in group
            for scope_id, (scope, verdict) in _scope_verdicts(item, looks, at, retired=ended).items()
        ]  # fmt: skip
        loaded: dict[timedelta, Loaded] = {}
        judges = [
            _Judge(connection, item, looks, upto, at, loaded, current=current) for item in group
        ]
        for chunk in store.documents(connection, kind, None if current else upto):
            # Those of retired scopes have no look.
            rows = [_Seen(row, group[0].rule.resource) for row in chunk if row.scope in looks]
            yield group, [_said(judging, seen, at) for seen in rows for judging in judges]


def _said(judging: _Judge, seen: _Seen, at: datetime) -> Said:
    row = seen.row
    adjustment = judging.adjustment(row)
    verdict, _ = judging.verdict(seen, at, adjustment)
    return Said(
        judging.item, row.scope, judging.scope_of(row), row.resource, row.uid, row.digest, verdict,
        adjustment,
    )  # fmt: skip


def fingerprint(rule_id: str, scope: Scope, uid: str | None) -> str:
    """The stable name of a finding: 20 hex digits over rule, scope and resource."""
    return _fingerprint(_fingerprint_start(rule_id, scope), uid)


def _fingerprint(start: hashlib._Hash, uid: str | None) -> str:
    digest = start.copy()
    digest.update((uid or "").encode())
    return digest.hexdigest()[:20]


def _fingerprint_start(rule_id: str, scope: Scope) -> hashlib._Hash:
    """Of all findings of a rule in a scope."""
    return hashlib.sha256(f"{rule_id}\0{scope}\0".encode())


def _by_kind(active: Sequence[ActiveRule]) -> dict[str, list[ActiveRule]]:
    groups: dict[str, list[ActiveRule]] = {}
    for item in sorted(active, key=lambda item: item.rule.id):
        groups.setdefault(item.rule.kind, []).append(item)
    return dict(sorted(groups.items()))


def _scope_verdicts(
    item: ActiveRule, looks: Mapping[int, LookRow], now: datetime, *, retired: bool = False
) -> dict[int, tuple[Scope, Verdict]]:
    """Verdicts about whole scopes: nothing is there, or nobody could look. By scope id, or _NOWHERE.

    ``retired``: the kind was collected, in scopes that are no longer ours.
    """
    if not looks:
        why = (
            "every scope in which it was collected was retired"
            if retired
            else "was never collected"
        )
        never = Verdict(
            Status.INCONCLUSIVE,
            f"{item.rule.kind}: {why}" if retired else f"{item.rule.kind} {why}",
        )
        return {_NOWHERE: (Scope(item.rule.provider, "?"), never)}
    found: dict[int, tuple[Scope, Verdict]] = {}
    for scope_id, look in looks.items():
        state = state_of(look, now, item.max_age)
        if state.status is not None:
            whole = "the population is not known to be complete: " if look.population else ""
            found[scope_id] = (look.scope, Verdict(state.status, whole + state.reason))
        elif look.found == 0:
            found[scope_id] = (look.scope, item.rule.when_empty())
    return found


class _Seen:
    """One document, decoded once for all rules of its kind."""

    __slots__ = ("error", "row", "view")

    def __init__(self, row: DocumentRow, resource: type[Resource]) -> None:
        self.row = row
        self.view: Resource | None = None
        self.error: Exception | None = None
        try:
            self.view = view(resource, row.body)
        except FactUnavailable as error:
            self.error = error


class _Judge:
    """One rule over the documents of one state of the store."""

    def __init__(
        self,
        connection: Connection,
        item: ActiveRule,
        looks: Mapping[int, LookRow],
        upto: int,
        now: datetime,
        loaded: dict[timedelta, Loaded],
        *,
        current: bool = True,
    ) -> None:
        """``loaded``: what rules over the same documents have read already, by the age that they allow."""
        self.item = item
        self._looks = looks
        # What an event shows was read whole when it was read: no later look that fails, or does not come,
        # makes it less known. That the population may lack others is said of the scope.
        self._states = {
            scope: SOUND if look.population else state_of(look, now, item.max_age)
            for scope, look in looks.items()
        }
        self._sighted = {
            scope: store.sighted(connection, looks[scope].collection)
            for scope, state in self._states.items()
            if state.status is not None
        }
        self._joined: JoinedEvidence | None = None
        if item.rule.joins:
            if item.max_age not in loaded:
                documents = StoreDocuments(connection, upto, now, item.max_age, current=current)
                loaded[item.max_age] = Loaded(documents)
            self._joined = JoinedEvidence(item.rule, loaded[item.max_age], item.sourced)

    def verdict(
        self, seen: _Seen, now: datetime, adjustment: Adjustment | None
    ) -> tuple[Verdict, Basis | None]:
        """The verdict on one document at an instant, with the completeness of the look laid over it.

        And what it rests on beside the document, for a rule that joins.
        """
        scope_id = seen.row.scope
        verdict, basis = self._base(seen, self._looks[scope_id].scope, now, adjustment)
        state = self._states[scope_id]
        if state.status is None or verdict.status not in _SETTLED:
            return verdict, basis
        if state.status is Status.INCONCLUSIVE and seen.row.resource in self._sighted[scope_id]:
            return verdict, basis
        # The clock goes on under an incomplete look: what it would have changed, it still changes.
        before = f"{state.reason}; before that: {verdict.status}, {verdict.message}"
        return Verdict(state.status, before, verdict.until), basis

    def scope_of(self, row: DocumentRow) -> Scope:
        """Where a document was seen."""
        return self._looks[row.scope].scope

    def adjustment(self, row: DocumentRow) -> Adjustment | None:
        """What was decided for the place of a document, or for its tags."""
        return self.item.adjustment(self.scope_of(row), row.body)

    def _base(
        self, seen: _Seen, scope: Scope, now: datetime, adjustment: Adjustment | None
    ) -> tuple[Verdict, Basis | None]:
        if seen.view is None:
            return judge.explain(seen.error or RuntimeError("no view")), None
        evidence = self._joined.at(scope) if self._joined else None
        thresholds = self.item.thresholds
        if adjustment is not None and adjustment.thresholds:
            thresholds = {**thresholds, **adjustment.thresholds}
        verdict = self._applied(seen.view, scope, now, evidence, thresholds)
        if evidence is None:
            return verdict, None
        try:
            return verdict, evidence.basis(verdict.on, seen.view)
        except TypeError as error:
            return judge.explain(error), evidence.basis()

    def _applied(
        self,
        seen: Resource,
        scope: Scope,
        now: datetime,
        evidence: EvidenceHere | None,
        thresholds: Mapping[str, Any],
    ) -> Verdict:
        try:
            verdict = judge.apply(
                self.item.rule,
                seen,
                now=now,
                scope=scope,
                evidence=evidence,
                thresholds=thresholds,
            )
        except Exception as error:  # noqa: BLE001 - a rule may raise anything; it must not stop the others
            return judge.explain(error)
        if verdict.until is not None and verdict.until <= now:
            return Verdict(
                Status.ERROR, f"the rule broke: its verdict at {utc_text(now)} ended before that"
            )
        return verdict


class _Own(NamedTuple):
    """What an evaluation knows of a rule, beside how it judges."""

    id: int
    """Its row."""
    version: int
    """The row of its version."""
    before: Previous | None
    """Its last evaluation, if that judged by this version."""


@dataclass(slots=True)
class _Todo:
    """What one rule has to judge."""

    everything: bool
    resources: set[int]
    scopes: set[int]
    """Scopes whose completeness changed: all their resources are judged."""

    def wants(self, row: DocumentRow) -> bool:
        return self.everything or row.resource in self.resources or row.scope in self.scopes


class _Evaluation:
    def __init__(
        self,
        connection: Connection,
        active: Sequence[ActiveRule],
        run_id: int,
        now: datetime,
        due: DueDates,
        tool_version: str,
        *,
        whole: bool,
    ) -> None:
        self._connection = connection
        self._now = now
        self._now_text = utc_text(now)
        self._due = due
        self._groups = _by_kind(active)
        self._upto = store.last_collection(connection)
        facts = [_facts(item) for group in self._groups.values() for item in group]
        ids = store.rule_version_rows(connection, facts, self._now_text, source_of_stored)
        versions = [version_id for _, version_id in ids.values()]
        self._whole = whole
        previous = store.previous(
            connection, {version_id: rule_id for rule_id, version_id in ids.values()}
        )
        self._own = {
            name: _Own(rule_id, version_id, previous.get(version_id))
            for name, (rule_id, version_id) in ids.items()
        }
        self._starts: dict[tuple[int, int], hashlib._Hash] = {}
        """Of fingerprints, by the rows of rule and scope."""
        self._looks_cache: dict[tuple[str, int, str, bool], dict[int, LookRow]] = {}
        self._retired = functools.cache(functools.partial(retired, connection))
        self._changed_cache: dict[tuple[str, int], set[int]] = {}
        self._writer = store.EvaluationWriter(
            connection,
            run_id=run_id,
            as_of=now,
            upto=self._upto,
            rule_versions=versions,
            tool_version=tool_version,
            started=now,
            whole=whole,
        )

    def run(self, *, full: bool) -> Evaluated:
        for kind, group in self._groups.items():
            self._evaluate_kind(kind, group, full=full)
        if self._whole:
            rules = [own.id for own in self._own.values()]
            for finding in store.findings_of_other_rules(self._connection, rules):
                self._writer.close(finding, self._now_text)
        opened, closed = self._writer.seal(clock.now())
        known = [own.before for own in self._own.values() if own.before is not None]
        last = max((before.as_of for before in known), default="")
        ahead = last if last > self._now_text else None
        return Evaluated(self._writer.id, self._writer.judged, opened, closed, ahead)

    # -- what is to be judged -------------------------------------------------------------------------

    def _looks(self, kind: str, upto: int, at: str, *, earlier: bool = False) -> dict[int, LookRow]:
        key = (kind, upto, at, earlier)
        if key not in self._looks_cache:
            gone = self._retired(at, earlier=earlier)
            self._looks_cache[key] = store.looks(self._connection, kind, upto, gone)
        return self._looks_cache[key]

    def _changed(self, kind: str, since: int) -> set[int]:
        key = (kind, since)
        if key not in self._changed_cache:
            self._changed_cache[key] = store.changed(self._connection, kind, since, self._upto)
        return self._changed_cache[key]

    def _todo(self, item: ActiveRule, *, full: bool) -> _Todo:
        before = self._own[item.rule.id].before
        ahead = before is not None and before.as_of > self._now_text
        if full or before is None or ahead or self._joins_changed(item, before):
            return _Todo(everything=True, resources=set(), scopes=set())
        due = store.due(self._connection, self._own[item.rule.id].id, self._now_text)
        return _Todo(
            everything=False,
            resources=self._changed(item.rule.kind, before.upto) | due,
            scopes=self._changed_scopes(item.rule.kind, item.max_age, before),
        )

    def _joins_changed(self, item: ActiveRule, before: Previous) -> bool:
        return any(
            self._changed_scopes(joined.kind, item.max_age, before, joined=True)
            or self._changed(joined.kind, before.upto)
            for joined in item.joins
        )

    def _changed_scopes(
        self, kind: str, max_age: timedelta, before: Previous, *, joined: bool = False
    ) -> set[int]:
        """Scopes whose completeness is not what it was, or whose incomplete look is another one.

        The completeness of a population matters only to rules that join it.
        """
        old, new = (
            # What was retired in the very instant of that evaluation may have been retired after it.
            self._looks(kind, before.upto, before.as_of, earlier=True),
            self._looks(kind, self._upto, self._now_text),
        )
        then = utc_time(before.as_of)
        found = set(old) ^ set(new)
        for scope in set(old) & set(new):
            if not joined and old[scope].population and new[scope].population:
                continue
            state = state_of(new[scope], self._now, max_age)
            if state != state_of(old[scope], then, max_age) or (
                state.status is not None and old[scope].collection != new[scope].collection
            ):
                found.add(scope)
        return found

    # -- judging ----------------------------------------------------------------------------------------

    def _evaluate_kind(self, kind: str, group: list[ActiveRule], *, full: bool) -> None:
        looks = self._looks(kind, self._upto, self._now_text)
        todo = {item.rule.id: self._todo(item, full=full) for item in group}
        for item in group:
            self._judge_scopes(item, looks)
        every = any(t.everything or t.scopes for t in todo.values())
        wanted = None if every else set().union(*(t.resources for t in todo.values()))
        found: set[int] = set()
        loaded: dict[timedelta, Loaded] = {}
        judges = [
            _Judge(self._connection, item, looks, self._upto, self._now, loaded) for item in group
        ]
        for chunk in store.documents(self._connection, kind, None, wanted):
            if wanted is not None:
                found.update(row.resource for row in chunk)
            self._judge_chunk([row for row in chunk if row.scope in looks], judges, todo)
        rules = {self._own[item.rule.id].id for item in group}
        if wanted is None:
            gone = store.without_document(self._connection, rules)
            gone += store.in_scopes(self._connection, rules, self._retired(self._now_text))
        else:
            left = store.open_findings(self._connection, rules, wanted - found)
            gone = [finding.id for finding in left.values()]
        for finding_id in gone:
            self._writer.close(finding_id, self._now_text)

    def _judge_chunk(
        self, chunk: list[DocumentRow], judges: list[_Judge], todo: Mapping[str, _Todo]
    ) -> None:
        work = [(row, [j for j in judges if todo[j.item.rule.id].wants(row)]) for row in chunk]
        work = [(row, wanting) for row, wanting in work if wanting]
        rules = {self._own[j.item.rule.id].id for _, wanting in work for j in wanting}
        open_now = store.open_findings(self._connection, rules, [row.resource for row, _ in work])
        for row, wanting in work:
            seen = _Seen(row, wanting[0].item.rule.resource)
            for judging in wanting:
                own = self._own[judging.item.rule.id]
                self._judge_resource(judging, own, seen, open_now.get((own.id, row.resource)))

    def _judge_resource(
        self, judging: _Judge, own: _Own, seen: _Seen, current: FindingRow | None
    ) -> None:
        """Follow one verdict from where the last one ends to now, through every change by the clock."""
        item, row = judging.item, seen.row
        scope = judging.scope_of(row)
        at = self._start(own, current, row)
        adjustment = judging.adjustment(row)
        for _ in range(_CHAIN):
            verdict, basis = judging.verdict(
                seen, self._now if at == self._now_text else utc_time(at), adjustment
            )
            self._writer.judged += 1
            last = verdict.until is None or verdict.until > self._now
            current = self._settle(
                item, current, at, verdict, row.scope, scope, row, basis, adjustment, last=last
            )
            if verdict.until is None or last:
                return
            at = utc_text(verdict.until)
        broken = Verdict(
            Status.ERROR, f"the rule broke: its verdict changed over {_CHAIN} times by the clock"
        )
        self._settle(item, current, self._now_text, broken, row.scope, scope, row, None, adjustment)

    def _start(self, own: _Own, current: FindingRow | None, row: DocumentRow) -> str:
        """The instant from which the new verdict holds, so that history does not depend on when we ran.

        New evidence: when it was collected. The clock alone: the instant that the last verdict named.
        Anything else (a new rule, another threshold, an incomplete look): now.
        """
        before = own.before
        if current is None:
            new_evidence = before is not None and row.opened_by > before.upto
            start = row.valid_from if new_evidence else self._now_text
        elif current.digest != row.digest:
            start = row.valid_from
        elif before is not None and (current.until or "~") <= self._now_text:
            start = current.until or self._now_text
        else:
            start = self._now_text
        if current is not None:
            start = max(start, current.valid_from)
        return min(start, self._now_text)

    def _settle(
        self,
        item: ActiveRule,
        current: FindingRow | None,
        at: str,
        verdict: Verdict,
        scope_id: int,
        scope: Scope,
        row: DocumentRow | None,
        rests_on: Basis | None = None,
        adjustment: Adjustment | None = None,
        *,
        last: bool = True,
    ) -> FindingRow | None:
        """Let a verdict take the place of the open finding, unless it says the same; what is open then.

        ``last``: nobody asks what is open then, and making it takes as long as judging: ``None``.

        A new version of the rule that says the same opens no new interval: which version was in force at an
        instant is what the evaluations list.
        """
        own = self._own[item.rule.id]
        digest, resource_id, uid = (
            (row.digest, row.resource, row.uid) if row else (None, None, None)
        )
        until = utc_text(verdict.until) if verdict.until else None
        status, message = _TEXTS[verdict.status], storable(verdict.message)
        basis = self._writer.basis(rests_on) if rests_on is not None else None
        adjusted = self._writer.adjustment(adjustment) if adjustment is not None else None
        if current is not None:
            before = (
                current.status,
                current.message,
                current.digest,
                current.until,
                current.basis,
                current.adjustment,
            )
            if before == (status, message, digest, until, basis, adjusted):
                return current
            self._writer.close(current.id, at)
        since, due = self._clock_of(item, current, at, verdict.status, adjustment)
        start = self._starts.get((own.id, scope_id))
        if start is None:
            start = _fingerprint_start(item.rule.id, scope)
            self._starts[own.id, scope_id] = start
        number = self._writer.open(
            (
                _fingerprint(start, uid),
                own.id,
                own.version,
                scope_id,
                resource_id,
                status,
                message,
                digest,
                until,
                since,
                due,
                at,
            ),
            item.rule.kind if row else "",
            basis,
            adjusted,
        )
        if last:
            return None
        return store.FindingRow(
            number,
            own.id,
            scope_id,
            resource_id,
            own.version,
            status,
            message,
            digest,
            until,
            since,
            due,
            at,
            basis,
            adjusted,
        )

    def _clock_of(
        self,
        item: ActiveRule,
        current: FindingRow | None,
        at: str,
        status: Status,
        adjustment: Adjustment | None,
    ) -> tuple[str | None, str | None]:
        """(failing since, due): frozen when first seen; only a pass or not-applicable stops the clock.

        What is outside of the system has no due date.
        """
        if status in _SETTLED:
            return None, None
        outside = adjustment is not None and adjustment.outside
        since = current.failing_since if current is not None else None
        if current is not None and since is not None and (outside or current.sla_due is not None):
            return since, None if outside else current.sla_due
        if status is not Status.FAIL and since is None:
            return None, None
        if outside:
            return since or at, None
        # What comes into the system while it fails is due from then on.
        severity = (adjustment and adjustment.severity) or item.severity
        return since or at, self._due.of(severity, at)

    # -- whole scopes -----------------------------------------------------------------------------------

    def _judge_scopes(self, item: ActiveRule, looks: Mapping[int, LookRow]) -> None:
        current = store.open_scope_findings(self._connection, self._own[item.rule.id].id)
        ended = bool(
            not looks
            and self._retired(self._now_text)
            and store.looks(self._connection, item.rule.kind, self._upto, {})
        )
        expected = _scope_verdicts(item, looks, self._now, retired=ended)
        if _NOWHERE in expected:
            scope, verdict = expected.pop(_NOWHERE)
            expected[store_evidence.scope_row(self._connection, scope)] = (scope, verdict)
        for scope_id in sorted(expected):
            scope, verdict = expected[scope_id]
            self._writer.judged += 1
            self._settle(
                item,
                current.get(scope_id),
                self._now_text,
                verdict,
                scope_id,
                scope,
                None,
                None,
                item.adjustment(scope, None),
            )
        for scope_id in sorted(set(current) - set(expected)):
            self._writer.close(current[scope_id].id, self._now_text)


def _facts(item: ActiveRule) -> store.RuleFacts:
    rule = item.rule
    # The allowed age decides verdicts like a threshold does: another one is another version.
    thresholds = {**item.thresholds, "$max_evidence_age_days": item.max_age.days}
    if rule.where_sourced:
        # So does what was there to be read: another set of sources judges anew.
        thresholds["$sourced"] = sorted(item.sourced)
    # And so do decisions about places.
    if item.variants:
        thresholds["$where"] = msgspec.to_builtins(item.variants)
    if item.boundary:
        thresholds["$boundary"] = msgspec.to_builtins(item.boundary)
    return store.RuleFacts(
        rule.id,
        source_of(rule),
        thresholds,
        item.severity.value,
        rule.title,
        rule.criteria,
    )
