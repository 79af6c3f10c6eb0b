"""The parts of a report: controls in force, and criteria that no control covers, or not with all of their rules.

Every rule is in some part: where no control names a rule, its criteria are parts, too. By another framework, the same
rules are grouped by its controls instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac.acts.controls import in_force
from soc2_pac.audit.controls import rules_of
from soc2_pac.criteria import CRITERIA
from soc2_pac.frameworks import ANNEX_A, annex_a

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from soc2_pac.acts import Act
    from soc2_pac.acts.controls import Control

SERIES = ("CC6", "CC7", "CC8")
"""Criteria of these series are parts of every report, with rules or without."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A control, or a criterion."""

    id: str
    kind: str
    """``control``, ``criterion``, or ``annex`` (a control of Annex A of ISO/IEC 27001)."""
    title: str
    owner: str
    criteria: tuple[str, ...]
    rules: tuple[str, ...]
    control: Control | None = None
    set_by: Act | None = None
    """The act that declared it."""


def subjects(
    acts: Iterable[Act], at: str, criteria_of: Mapping[str, Collection[str]], framework: str
) -> list[Subject]:
    """Every part as of an instant, controls first.

    Args:
        acts: in the order of recording.
        at: the instant, UTC text.
        criteria_of: rule -> the criteria that it serves, of all rules that are reported.
        framework: one of :data:`soc2_pac.frameworks.FRAMEWORKS`.
    """
    if framework == "iso27001":
        return _annex(criteria_of)
    found = []
    covered: set[str] = set()
    named: set[str] = set()
    rules = sorted(criteria_of)
    for name, (act, control) in in_force(acts, at).items():
        own = tuple(rules_of(control.rules, rules))
        covered.update(control.criteria)
        named.update(own)
        found.append(
            Subject(
                name, "control", control.wording, control.owner, control.criteria, own, control, act
            )
        )
    mapped = {criterion for own in criteria_of.values() for criterion in own}
    for criterion in CRITERIA.values():
        wanted = criterion.series in SERIES or criterion.id in mapped
        own = tuple(rule for rule in rules if criterion.id in criteria_of[rule])
        if criterion.id in covered:
            own = tuple(rule for rule in own if rule not in named)
            wanted = bool(own)
        if not wanted:
            continue
        found.append(Subject(criterion.id, "criterion", criterion.title, "", (criterion.id,), own))
    for name in sorted(mapped - set(CRITERIA)):
        own = tuple(rule for rule in rules if name in criteria_of[rule])
        found.append(Subject(name, "criterion", name, "", (name,), own))
    return found


def _annex(criteria_of: Mapping[str, Collection[str]]) -> list[Subject]:
    """Every control of Annex A, those that no rule serves included; and what serves none."""
    by: dict[str, list[str]] = {}
    rest = []
    for rule in sorted(criteria_of):
        found = annex_a(rule, criteria_of[rule])
        for name in found:
            by.setdefault(name, []).append(rule)
        if not found:
            rest.append(rule)
    parts = [
        Subject(one.id, "annex", one.title, "", one.criteria, tuple(by.get(one.id, ())))
        for one in ANNEX_A.values()
    ]
    if rest:
        parts.append(
            Subject("none", "annex", "Rules that serve no control of Annex A", "", (), tuple(rest))
        )
    return parts


def takes(subject: Subject, criteria: Collection[str]) -> bool:
    """Whether a part is meant by criteria or series; all are where none is named."""
    return not criteria or any(
        one in criteria or one.partition(".")[0] in criteria for one in subject.criteria
    )
