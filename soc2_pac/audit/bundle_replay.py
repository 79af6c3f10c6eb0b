"""Judge the documents of a bundle again by the recorded rules, and compare every verdict with what was recorded.

A rule runs in this process only where its recorded text is the installed one. What another version of soc2-pac judged
is "not judged again" and never "differs": the engine is part of what decides, and no part of the recorded text.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_pac.acts.scopes import RETIRED
from soc2_pac.audit import bundle_child
from soc2_pac.errors import ConfigError, FactUnavailable
from soc2_pac.evaluate import judge
from soc2_pac.evaluate.evidence import Held, JoinedEvidence, Loaded
from soc2_pac.evaluate.looks import SOUND, state_of
from soc2_pac.model import CollectionStatus, Scope, Status, Verdict, utc_text, utc_time
from soc2_pac.resources import view
from soc2_pac.rule_source import source_of
from soc2_pac.store import ledger
from soc2_pac.store.findings import LookRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from soc2_pac.audit.bundle_check import Bundle
    from soc2_pac.evaluate.evidence import EvidenceHere
    from soc2_pac.rules import Rule

_SETTLED = (Status.PASS, Status.NOT_APPLICABLE)
_AGE = "$max_evidence_age_days"
_SOURCED = "$sourced"
_OBSERVATIONS = "observations.jsonl"


class Said(NamedTuple):
    """What is compared."""

    status: str
    message: str
    until: str | None
    basis: str | None
    """``None`` where no other document was read."""


class NotReplayed(Exception):
    """A verdict that cannot be judged again, and why."""


@dataclass(slots=True)
class Replayed:
    """What came of it."""

    equal: int = 0
    differs: list[str] = field(default_factory=list)
    """A sentence for each verdict that is another one now."""
    not_replayed: Counter[str] = field(default_factory=Counter)
    """Reason -> how many verdicts."""


def replay(
    bundle: Bundle, rules: Mapping[str, Rule], version: str, *, trust_rules: bool = False
) -> Replayed:
    """Judge again.

    Args:
        bundle: one that was checked, without a problem.
        rules: those that are installed, by id.
        version: of the installed soc2-pac.
        trust_rules: whether rules whose text is another one may run, in a process without network or home.
    """
    again = _Again(bundle, rules, version, trust_rules=trust_rules)
    done = Replayed(differs=list(again.observed_wrongly()))
    strange: dict[int, list[dict[str, Any]]] = {}
    for line in bundle.lines("findings.jsonl"):
        finding = json.loads(line)
        try:
            if again.strange(finding):
                strange.setdefault(finding["rule_version_id"], []).append(finding)
            else:
                _compare(done, finding, again.said(finding))
        except NotReplayed as reason:
            done.not_replayed[str(reason)] += 1
    for number, findings in sorted(strange.items()):
        again.apart(done, number, findings)
    return done


def _compare(done: Replayed, finding: Mapping[str, Any], possible: Iterable[Said]) -> None:
    recorded = Said(finding["status"], finding["message"], finding["until"], finding["basis"])
    found = list(possible)
    if recorded in found:
        done.equal += 1
        return
    about = finding["resource"] or "the whole scope"
    now = found[0]
    done.differs.append(
        f"{finding['rule']} on {about} in {finding['scope']} at {finding['valid_from']}: recorded "
        f"{recorded.status} ({recorded.message}), judged again {now.status} ({now.message})"
        + (", resting on other documents" if now[:3] == recorded[:3] else "")
    )


class _Again:
    """What judging needs of a bundle, read once."""

    def __init__(
        self, bundle: Bundle, rules: Mapping[str, Rule], version: str, *, trust_rules: bool
    ) -> None:
        self._bundle = bundle
        self._rules = rules
        self._version = version
        self._trust = trust_rules
        self._versions = bundle.rows.get("rule_version", {})
        self._evaluations = bundle.rows.get("evaluation", {})
        self._populations = bundle.rows.get("population", {})
        self._adjustments = {
            ledger.sha256(line.decode()): json.loads(line)
            for line in bundle.lines("adjustments.jsonl")
        }
        self._retired = any(row["kind"] == RETIRED for row in bundle.rows.get("act", {}).values())
        self._digest_of = functools.cache(lambda rule: source_of(self._rules[rule]).digest)
        self._looks_at = functools.cache(self._looks)
        self._loaded = functools.cache(self._load)
        self._by_kind: dict[str, list[dict[str, Any]]] = {}
        for row in bundle.rows.get("collection", {}).values():
            self._by_kind.setdefault(row["kind"], []).append(row)
        for found in self._by_kind.values():
            found.sort(key=lambda row: int(row["id"]))

    # -- what is installed ------------------------------------------------------------------------------

    def strange(self, finding: Mapping[str, Any]) -> bool:
        """Whether its rule is not the installed one. Raises NotReplayed."""
        evaluation = self._evaluations[str(finding["opened_by"])]
        if evaluation["tool_version"] != self._version:
            msg = f"soc2-pac {evaluation['tool_version']} judged, and this is {self._version}"
            raise NotReplayed(msg)
        row = self._versions[str(finding["rule_version_id"])]
        name = row["rule"]
        if name in self._rules and self._digest_of(name) == row["source_digest"]:
            return False
        if not self._trust:
            msg = f"the installed text of {name} is another one, or none. --trust-rules runs the recorded one"
            raise NotReplayed(msg)
        return True

    # -- one verdict ------------------------------------------------------------------------------------

    def said(self, finding: Mapping[str, Any]) -> list[Said]:
        """What the rule says now; several where it depends on what is not in the bundle. Raises NotReplayed."""
        row = self._versions[str(finding["rule_version_id"])]
        rule = self._rules[row["rule"]]
        settings = json.loads(row["thresholds"])
        if finding["adjustment"] is not None:
            settings |= self._adjustments[finding["adjustment"]]["thresholds"]
        try:
            thresholds = rule.settle({k: v for k, v in settings.items() if not k.startswith("$")})
        except ConfigError as error:
            raise NotReplayed(str(error)) from error
        age = timedelta(days=settings[_AGE])
        evaluation = self._evaluations[str(finding["opened_by"])]
        as_of, upto = utc_time(evaluation["as_of"]), int(evaluation["upto"])
        look = self._looks_at(rule.kind, upto).get(finding["scope"])
        if look is None:
            msg = "nothing was collected where they are about"
            raise NotReplayed(msg)
        if finding["resource"] is None:
            return [self._of_scope(rule, look, as_of, age)]
        at = utc_time(finding["valid_from"])
        evidence = None
        if rule.joins:
            sourced = frozenset(settings.get(_SOURCED, ()))
            loaded = self._loaded(upto, evaluation["as_of"], settings[_AGE])
            evidence = JoinedEvidence(rule, loaded, sourced).at(Scope.parse(finding["scope"]))
        body = self.body(finding["digest"])
        verdict, basis = _judged(
            rule, body, at, Scope.parse(finding["scope"]), evidence, thresholds
        )
        return list(self._under(look, as_of, age, verdict, basis))

    def _under(
        self, look: LookRow, as_of: datetime, age: timedelta, verdict: Verdict, basis: str | None
    ) -> Iterator[Said]:
        """A verdict as the completeness of the collection leaves it."""
        until = utc_text(verdict.until) if verdict.until else None
        plain = Said(verdict.status.value, verdict.message, until, basis)
        state = SOUND if look.population else state_of(look, as_of, age)
        if state.status is None or verdict.status not in _SETTLED:
            yield plain
            return
        before = f"{state.reason}; before that: {verdict.status}, {verdict.message}"
        yield Said(state.status.value, before, until, basis)
        if state.status is Status.INCONCLUSIVE:
            yield plain  # what an incomplete collection did see is judged as it is

    def _of_scope(self, rule: Rule, look: LookRow, as_of: datetime, age: timedelta) -> Said:
        state = state_of(look, as_of, age)
        if state.status is not None:
            whole = "the population is not known to be complete: " if look.population else ""
            return Said(state.status.value, whole + state.reason, None, None)
        empty = rule.when_empty()
        until = utc_text(empty.until) if empty.until else None
        return Said(empty.status.value, empty.message, until, None)

    # -- what was collected -----------------------------------------------------------------------------

    def _looks(self, kind: str, upto: int) -> dict[str, LookRow]:
        """Scope -> its last collection by then, as an evaluation chose it."""
        found: dict[str, LookRow] = {}
        reached: dict[str, int] = {}
        for row in self._by_kind.get(kind, ()):
            if row["id"] > upto:
                break
            scope = Scope.parse(row["scope"])
            found[row["scope"]] = LookRow(
                row["id"], row["source"], scope, CollectionStatus(row["status"]), row["reason"], row["permission"],
                row["finished_at"], row["count"], str(row["id"]) in self._populations,
            )  # fmt: skip
            if not scope.boundary.startswith("?"):
                reached[row["source"]] = row["id"]
        return {
            name: look
            for name, look in found.items()
            if not look.scope.boundary.startswith("?")
            or look.collection > reached.get(look.source, 0)
        }

    def body(self, digest: str) -> bytes:
        """A document. Raises NotReplayed where it is not in the bundle."""
        try:
            return self._bundle.read(f"evidence/{digest}.json")
        except KeyError:
            msg = "their documents are not in the bundle (it was made without --all-bodies, or they were archived)"
            raise NotReplayed(msg) from None

    def _load(self, upto: int, as_of: str, days: int) -> Loaded:
        if _OBSERVATIONS not in self._bundle.files:
            msg = "their rules join other documents, and the bundle was made without --all-bodies"
            raise NotReplayed(msg)
        if self._retired:
            msg = "their rules join documents of several scopes, and a scope was retired"
            raise NotReplayed(msg)
        return Loaded(_Joined(self, upto, utc_time(as_of), timedelta(days=days)))

    @functools.cached_property
    def observations(self) -> dict[str, list[dict[str, Any]]]:
        """Kind -> versions of its documents, by resource."""
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self._bundle.lines(_OBSERVATIONS):
            row = json.loads(line)
            found.setdefault(row["kind"], []).append(row)
        for rows in found.values():
            rows.sort(key=lambda row: (row["resource_id"], row["id"]))
        return found

    def looks_at(self, kind: str, upto: int) -> dict[str, LookRow]:
        """See :meth:`_looks`."""
        return self._looks_at(kind, upto)

    def observed_wrongly(self) -> Iterator[str]:
        """Collections whose recorded root is not that of the versions of documents that the bundle lists."""
        if _OBSERVATIONS not in self._bundle.files:
            return
        rows = self._bundle.rows.get("collection", {})
        forms = self._bundle.entries.get("collection", {})
        roots = {
            number: ledger.ChangesRoot(blocks=forms[number]["format"] >= ledger.BLOCKS)
            for number in rows
        }
        columns = ("id", "resource_id", "digest", "name", "observed_at", "valid_from")
        for line in self._bundle.lines(_OBSERVATIONS):
            row = json.loads(line)
            roots[str(row["opened_by"])].open([tuple(row[name] for name in columns)])
            if row["closed_by"] is not None:
                roots[str(row["closed_by"])].close([(row["valid_to"], 0, row["id"])])
        for number, root in roots.items():
            row = rows[number]
            if (root.opened, root.closed, root.hexdigest()) != (
                row["opened"],
                row["closed"],
                row["changes_root"],
            ):
                yield f"observations.jsonl: not what collection {number} recorded"

    # -- rules of another text --------------------------------------------------------------------------

    def apart(self, done: Replayed, number: int, findings: list[dict[str, Any]]) -> None:
        """Judge by a recorded text, in a process of its own."""
        row = self._versions[str(number)]
        parts = []
        source = json.loads(self._bundle.read(f"rules/sources/{row['source_digest']}.json"))
        cases, chosen = [], []
        for finding in findings:
            try:
                cases.append(self._case(finding, row))
                chosen.append(finding)
            except NotReplayed as reason:
                done.not_replayed[str(reason)] += 1
        if not chosen:
            return
        if source.get("format") == 2:  # noqa: PLR2004 - format 1 holds whole modules
            parts = [
                [name, self._bundle.read(f"rules/parts/{digest}.txt").decode()]
                for name, digest in source["parts"]
            ]
        answer = bundle_child.judged(row["rule"], parts, cases)
        if isinstance(answer, str):
            done.not_replayed[
                f"the recorded text of {row['rule']} does not run alone: {answer}"
            ] += len(chosen)
            return
        for finding, said in zip(chosen, answer, strict=True):
            evaluation = self._evaluations[str(finding["opened_by"])]
            look = self._looks_at(said["kind"], int(evaluation["upto"])).get(finding["scope"])
            if look is None:
                done.not_replayed["nothing was collected where they are about"] += 1
                continue
            verdict = Verdict(
                Status(said["status"]),
                said["message"],
                utc_time(said["until"]) if said["until"] else None,
            )
            age = timedelta(days=json.loads(row["thresholds"])[_AGE])
            _compare(
                done, finding, self._under(look, utc_time(evaluation["as_of"]), age, verdict, None)
            )

    def _case(self, finding: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        if finding["resource"] is None:
            msg = "they are about whole scopes, and their rule is not the installed one"
            raise NotReplayed(msg)
        if finding["basis"] is not None:
            msg = "their rule joins other documents, and is not the installed one"
            raise NotReplayed(msg)
        settings = json.loads(row["thresholds"])
        if finding["adjustment"] is not None:
            settings |= self._adjustments[finding["adjustment"]]["thresholds"]
        return {
            "body": self.body(finding["digest"]).decode(),
            "now": finding["valid_from"],
            "scope": finding["scope"],
            "thresholds": {k: v for k, v in settings.items() if not k.startswith("$")},
        }


def _judged(
    rule: Rule,
    body: bytes,
    at: datetime,
    scope: Scope,
    evidence: EvidenceHere | None,
    thresholds: Mapping[str, Any],
) -> tuple[Verdict, str | None]:
    """A verdict and the digest of what it rests on, as the engine comes to them."""
    try:
        seen = view(rule.resource, body)
    except FactUnavailable as error:
        return judge.explain(error), None
    try:
        verdict = judge.apply(
            rule, seen, now=at, scope=scope, evidence=evidence, thresholds=thresholds
        )
    except NotReplayed:
        raise
    except Exception as error:  # noqa: BLE001 - a rule may raise anything
        verdict = judge.explain(error)
    if verdict.until is not None and verdict.until <= at:
        verdict = Verdict(
            Status.ERROR, f"the rule broke: its verdict at {utc_text(at)} ended before that"
        )
    if evidence is None:
        return verdict, None
    try:
        rests_on = evidence.basis(verdict.on, seen)
    except TypeError as error:
        verdict, rests_on = judge.explain(error), evidence.basis()
    if rests_on is None:
        return verdict, None
    said = {"documents": rests_on.documents, "populations": rests_on.populations}
    return verdict, ledger.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")))


class _Joined:
    """:class:`soc2_pac.evaluate.evidence.Documents` of a bundle, as an evaluation found them."""

    def __init__(self, again: _Again, upto: int, as_of: datetime, age: timedelta) -> None:
        self._again = again
        self._upto = upto
        self._as_of = as_of
        self._age = age

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Each scope's last collection, with why it cannot be relied on."""
        for look in self._again.looks_at(kind, self._upto).values():
            state = state_of(look, self._as_of, self._age)
            sound = state.status in (None, Status.NOT_APPLICABLE)
            yield look.scope, None if sound else state.reason

    def bodies(self, kind: str) -> Iterable[Held]:
        """Every document that was there then."""
        looks = self._again.looks_at(kind, self._upto)
        for row in self._again.observations.get(kind, ()):
            there = row["opened_by"] <= self._upto and (
                row["closed_by"] is None or row["closed_by"] > self._upto
            )
            if there and row["scope"] in looks:
                body = self._again.body(row["digest"])
                yield Held(looks[row["scope"]].scope, body, row["uid"], row["digest"])


__all__ = ["NotReplayed", "Replayed", "replay"]
