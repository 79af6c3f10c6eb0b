"""What to do next before an audit, most valuable first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.acts import reviews as reviewing
from soc2_pac.acts.attestations import TOPICS
from soc2_pac.audit.projection import columns
from soc2_pac.criteria import CRITERIA
from soc2_pac.model import Severity, Status, utc_time
from soc2_pac.report import Shape, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_pac.audit.instant import Making
    from soc2_pac.audit.knowledge import Gap
    from soc2_pac.audit.measured import Measured
    from soc2_pac.audit.readiness import Owed
    from soc2_pac.audit.standing import Standing

_WEIGHT = {
    Severity.CRITICAL: 1000,
    Severity.HIGH: 300,
    Severity.MEDIUM: 100,
    Severity.LOW: 30,
    Severity.INFO: 10,
}
"""What one failure of a severity is worth."""
_LATE = 2
"""How many times as much a failure past its due date is worth."""
_EVIDENCE = 200
_REMOVAL = 150
_CONTROL = 50
_SERIES = ("CC1", "CC2", "CC3", "CC4", "CC5", "CC6", "CC7", "CC8", "CC9")


class Step(NamedTuple):
    """One thing to do."""

    worth: int
    """For ordering only."""
    what: str
    """One sentence."""
    how: str
    """The fix, or the command."""
    sort: str
    """``failure``, ``gap``, ``evidence``, ``review`` or ``control``."""
    criteria: str
    severity: str | None
    number: int
    due: str | None


def found(measured: Measured, making: Making, owed: Sequence[Owed]) -> list[Step]:
    """Every step, most valuable first."""
    steps = [
        *_failures(measured, making.failing),
        *_gaps(measured),
        *_evidence(owed),
        *_reviews(measured),
        *_controls(measured),
    ]
    return sorted(steps, key=lambda one: (-one.worth, one.what))


def table(steps: Sequence[Step]) -> Table:
    """As a table."""
    return Table(
        "next-steps",
        "Next steps",
        "What to do next, most valuable first. Empty: nothing fails, everything was seen, and nothing is missing of "
        "what controls ask for.",
        columns(
            ("number", "No.", Shape.NUMBER),
            ("what", "Step"),
            ("how", "How"),
            ("sort", "Sort"),
            ("criteria", "Criteria"),
            ("severity", "Severity"),
            ("count", "Number", Shape.NUMBER),
            ("due", "Due", Shape.INSTANT),
            ("worth", "Worth", Shape.NUMBER),
        ),
        tuple(
            (
                number, one.what, one.how, one.sort, one.criteria or None, one.severity, one.number, one.due, one.worth,
            )
            for number, one in enumerate(steps, 1)
        ),
    )  # fmt: skip


def _failures(measured: Measured, findings: Sequence[Standing]) -> Iterator[Step]:
    groups: dict[tuple[str, str], list[Standing]] = {}
    for one in findings:
        if one.status == Status.FAIL and not one.outside and one.waiver is None:
            groups.setdefault((one.rule, one.severity), []).append(one)
    at = measured.at
    for (name, severity), own in sorted(groups.items()):
        rule = measured.rules[name]
        late = sum(one.due is not None and one.due <= at for one in own)
        due = min((one.due for one in own if one.due is not None), default=None)
        installed = measured.options.rules.get(name)
        fix = installed.fix if installed is not None else ""
        past = f", {late:,} of them past the due date" if late else ""
        yield Step(
            _WEIGHT[Severity(severity)] * (len(own) + late * (_LATE - 1)),
            f"{rule.version.title}: fix {len(own):,} {'failure' if len(own) == 1 else 'failures'}{past}",
            f"{fix} See: soc2-pac findings list --rule {name} --status fail".strip(),
            "failure",
            ", ".join(rule.version.criteria),
            severity,
            len(own),
            due,
        )


def _gaps(measured: Measured) -> Iterator[Step]:
    groups: dict[tuple[str, str | None, str], list[Gap]] = {}
    for gap in measured.gaps():
        if gap.end == measured.end:
            groups.setdefault((gap.cell.kind, gap.permission, gap.cause), []).append(gap)
    readers: dict[str, list[str]] = {}
    for rule in measured.rules.values():
        if rule.kind is not None:
            readers.setdefault(rule.kind, []).append(rule.rule)
    for (kind, permission, cause), own in sorted(groups.items(), key=lambda one: str(one[0])):
        rules = [measured.rules[name] for name in readers.get(kind, ())]
        weight = sum(_WEIGHT[Severity(rule.version.severity)] for rule in rules) or _CONTROL
        scopes = f"{len(own)} {'scope' if len(own) == 1 else 'scopes'}"
        judged = f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'} cannot judge it"
        reason = own[0].reason
        what = (
            f"Grant {permission}: {kind} is not known in {scopes}, and {judged}"
            if permission
            else f"Collect {kind}: it is not known in {scopes} ({cause}), and {judged}"
        )
        criteria = {criterion for rule in rules for criterion in rule.version.criteria}
        yield Step(
            weight * len(own),
            what,
            f"{reason}. See: soc2-pac doctor" if reason else "soc2-pac run",
            "gap",
            ", ".join(sorted(criteria)),
            None,
            len(own),
            None,
        )


def _evidence(owed: Sequence[Owed]) -> Iterator[Step]:
    for one in owed:
        shows = TOPICS.get(one.topic, "")
        yield Step(
            _EVIDENCE,
            f"Hand in evidence of {one.topic} for control {one.control} ({one.owner}): {one.why}",
            f"{shows}{'. ' if shows else ''}soc2-pac attest {one.control} --topic {one.topic} --file FILE "
            "--covers FROM..TO --valid-until DATE",
            "evidence",
            ", ".join(one.criteria),
            None,
            1,
            None,
        )


def _reviews(measured: Measured) -> Iterator[Step]:
    at = utc_time(measured.at)
    for one in reviewing.reviews(measured.acts).values():
        late = len(one.overdue(at))
        if late:
            yield Step(
                _REMOVAL * late,
                f"Remove the access that review {one.id} revoked: of {late} grants nothing proves that they are gone",
                f"soc2-pac review show {one.id}",
                "review",
                "CC6.2, CC6.3",
                None,
                late,
                None,
            )
        if one.state == "open" and one.open_rows:
            yield Step(
                _REMOVAL,
                f"Finish access review {one.id}: {one.open_rows} of {one.said.rows} grants await a decision",
                f"soc2-pac review show {one.id}",
                "review",
                "CC6.2, CC6.3",
                None,
                one.open_rows,
                one.said.due,
            )


def _controls(measured: Measured) -> Iterator[Step]:
    covered = {
        criterion
        for part in measured.subjects
        if part.kind == "control"
        for criterion in part.criteria
    }
    for criterion in CRITERIA.values():
        if criterion.series in _SERIES and criterion.id not in covered:
            yield Step(
                _CONTROL,
                f"Record a control for {criterion.id}: {criterion.title}",
                "soc2-pac controls init, then write down what you do, and soc2-pac controls record",
                "control",
                criterion.id,
                None,
                1,
                None,
            )
