"""Where a company stands before an audit: criterion by criterion, and what to do next.

As of the last that was recorded: the last collection or evaluation. No clock is asked.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.acts import reviews as reviewing
from soc2_pac.acts.attestations import handed_in
from soc2_pac.audit import instant, method, period, projection, registers, standing, steps
from soc2_pac.audit.measured import Options, at_instant
from soc2_pac.audit.projection import columns
from soc2_pac.audit.spans import text_of
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import UsageError
from soc2_pac.model import Status, utc_time
from soc2_pac.report import Fact, Report, Shape, Table, sealed
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from soc2_pac.audit.instant import Making
    from soc2_pac.audit.measured import Measured
    from soc2_pac.report import Cell

_NUMBER = Shape.NUMBER
_OPEN = (Status.INCONCLUSIVE, Status.STALE, Status.ERROR)


class Owed(NamedTuple):
    """Evidence of people that a control asks for and that does not count now."""

    control: str
    topic: str
    owner: str
    criteria: tuple[str, ...]
    why: str


def report(connection: Connection, options: Options | None = None) -> Report:
    """The report. Raises UsageError where the store holds no collection."""
    options = options or Options()
    ever = periods.collected(connection)
    if ever is None:
        msg = "the store holds no collection. Next: soc2-pac run"
        raise UsageError(msg)
    at = max(ever[1], periods.last_evaluated(connection) or "")
    measured = at_instant(connection, periods.horizon(connection, at), options)
    judged = standing.Recorded(connection, measured)
    making = instant.Making(connection, measured, judged)
    owed = list(_owed(measured))
    found = steps.found(measured, making, owed)
    return sealed(
        Report(
            kind="readiness",
            title="Readiness for an audit",
            subtitle=f"as of {at}",
            start=at,
            end=text_of(measured.end),
            cover=(
                Fact("Store", periods.marks(connection).get("store_id", "")),
                Fact("As of", at),
                *period.facts(connection, measured),
                Fact("Next steps", str(len(found))),
            ),
            warnings=tuple(period.warnings(connection, measured, "Failures")),
            statement=(*making.statement(), *_people(measured, owed)),
            method=method.READINESS,
            parts=tuple(making.part(one) for one in measured.subjects),
            tables=(
                steps.table(found),
                _criteria(measured, making, owed),
                standing.not_passing(making.failing),
                making.gaps(),
                registers.collections(connection, measured),
                projection.rules(measured),
                registers.decisions(connection, measured),
                making.waivers(),
                registers.controls(measured, at_the_end=True),
                registers.attestations(connection, measured),
                registers.reviews(measured),
            ),
        )
    )


def _owed(measured: Measured) -> Iterator[Owed]:
    """Evidence of people that is missing, by control and topic."""
    at = utc_time(measured.at)
    evidence = list(handed_in(measured.acts).values())
    for part in measured.subjects:
        control = part.control
        if control is None:
            continue
        for topic in control.attestations:
            own = [
                one for one in evidence if (one.said.control, one.said.topic) == (part.id, topic)
            ]
            valid = [one for one in own if one.revoked is None]
            ends = max((one.holds_until(control.every_days) for one in valid), default=None)
            if ends is not None and ends > at:
                continue
            if ends is not None:
                why = f"what was handed in counted until {ends:%Y-%m-%d}"
            else:
                why = "what was handed in is revoked" if own else "nothing was handed in"
            yield Owed(part.id, topic, part.owner, part.criteria, why)


def _people(measured: Measured, owed: list[Owed]) -> Iterator[str]:
    asked = sum(len(p.control.attestations) for p in measured.subjects if p.control is not None)
    if asked:
        yield f"{asked - len(owed)} of {asked} kinds of evidence of people count now"
    at = utc_time(measured.at)
    states = Counter(one.state for one in reviewing.reviews(measured.acts).values())
    late = sum(len(one.overdue(at)) for one in reviewing.reviews(measured.acts).values())
    if states:
        said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        yield f"Access reviews: {said}; {period.many(late, 'removal')} late"


def _criteria(measured: Measured, making: Making, owed: list[Owed]) -> Table:
    """Each criterion, those without rules and controls too."""
    serving: dict[str, list[str]] = {}
    for rule in measured.rules.values():
        for criterion in rule.version.criteria:
            serving.setdefault(criterion, []).append(rule.rule)
    controls: dict[str, list[str]] = {}
    for part in measured.subjects:
        if part.kind == "control":
            for criterion in part.criteria:
                controls.setdefault(criterion, []).append(part.id)
    missing = Counter(served for each in owed for served in each.criteria)
    rows: list[tuple[Cell, ...]] = []
    for one in CRITERIA.values():
        known = one.id in serving or one.id in controls
        if one.category != "Security" and not known:
            continue
        names = serving.get(one.id, [])
        own = [making.counts[name] for name in names]
        of_rules = [measured.rules[name] for name in names]
        rows.append(
            (
                one.id, one.title, one.reach,
                state_of(making.state(of_rules), controls.get(one.id, []), missing[one.id]),
                len(names), sum(each.of(Status.PASS, Status.NOT_APPLICABLE) for each in own),
                sum(each.of(Status.FAIL) for each in own), sum(each.waived for each in own),
                sum(each.of(*_OPEN) for each in own), making.unknown(of_rules),
                ", ".join(controls.get(one.id, ())) or None, missing[one.id],
            )
        )  # fmt: skip
    return Table(
        "criteria",
        "Criteria",
        "Each criterion of security, and each other one that a rule or a control serves: what is automated and holds, "
        "fails or was not seen, and what needs a person.",
        columns(
            ("criterion", "Criterion"),
            ("title", "What it asks for"),
            ("reach", "Reach of automation"),
            ("state", "State", Shape.STATUS),
            ("rules", "Rules", _NUMBER),
            ("holds", "Verdicts that hold", _NUMBER),
            ("fails", "Failures", _NUMBER),
            ("waived", "Of these waived", _NUMBER),
            ("not_seen", "Verdicts not known", _NUMBER),
            ("listings_not_known", "Listings not known", _NUMBER),
            ("controls", "Controls"),
            ("evidence_missing", "Evidence of people that is missing", _NUMBER),
        ),
        tuple(rows),
    )


def state_of(automated: str, controls: list[str], missing: int) -> str:
    """What a criterion is short of: ``fails``, ``unknown``, ``people`` or nothing (``holds``)."""
    if automated in ("fails", "unknown"):
        return automated
    if missing or (automated == "people" and not controls):
        return "people"
    return "holds"
