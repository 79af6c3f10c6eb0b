"""Which version of each rule judged when, by what the evaluations list."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.spans import DAY, Stretch, common, ms, union
from soc2_pac.rule_source import source_of
from soc2_pac.store import periods
from soc2_pac.store.periods import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.store.periods import Horizon, Judged

AGE = "$max_evidence_age_days"
"""The threshold of every rule version that says for how many days a collection counts."""
_DEFAULT_DAYS = 7
DEFAULT_AGE = _DEFAULT_DAYS * DAY
"""For how many milliseconds a collection counts where no version says."""


class Turn(NamedTuple):
    """A rule that another version judged from an evaluation on."""

    at: str
    evaluation: int
    rule: str
    before: Version | None
    """``None``: none judged."""
    after: Version | None
    """``None``: none judges any more."""


@dataclass(slots=True)
class Force:
    """The versions of all rules up to a horizon."""

    evaluations: Sequence[Judged]
    """In order."""
    versions: dict[int, Version]
    now: dict[str, Version] = field(default_factory=dict)
    """Rule -> the version in force at the end."""
    last: dict[str, Version] = field(default_factory=dict)
    """Rule -> the last version that ever judged, also of rules that are not in force any more."""
    turns: list[Turn] = field(default_factory=list)
    """Every change of the whole history, in order."""
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    """Rule -> when it was in force."""

    def replace(self, now: Sequence[ActiveRule]) -> None:
        """Let other rules be in force at the end, which no evaluation lists."""
        self.now = {}
        for place, item in enumerate(now, 1):
            rule = item.rule
            known = self.last.get(rule.id)
            self.now[rule.id] = self.last[rule.id] = Version(
                0,
                known.rule_id if known is not None else -place,
                rule.id,
                source_of(rule).digest,
                {**item.thresholds, AGE: item.max_age.days},
                item.severity.value,
                rule.title,
                rule.criteria,
                None,
            )

    def judged(self, rule: str, start: int, end: int) -> tuple[Stretch, ...]:
        """When a rule was in force within a period."""
        return common(union(self.stretches.get(rule, ())), [(start, end + 1)])

    @property
    def ahead(self) -> bool:
        """Whether something was judged as of an earlier instant than before: a clock was ahead."""
        return any(
            later.as_of < earlier.as_of for earlier, later in itertools.pairwise(self.evaluations)
        )

    def evaluation(self, number: int) -> Judged | None:
        """An evaluation by its id; ids count up by one."""
        i = number - self.evaluations[0].id if self.evaluations else -1
        found = self.evaluations[i] if 0 <= i < len(self.evaluations) else None
        return found if found is not None and found.id == number else None


def fresh(version: Version) -> int:
    """For how many milliseconds a collection counts for a rule version."""
    return int(version.thresholds.get(AGE, _DEFAULT_DAYS)) * DAY


def read(connection: Connection, to: Horizon, end: str) -> Force:
    """What judged up to a horizon; ``end``: until when what is in force is known to be, UTC text."""
    force = Force(periods.evaluations(connection, to), periods.versions(connection))
    since: dict[str, int] = {}
    before: tuple[tuple[int, ...], bool] | None = None
    for one in force.evaluations:
        if (one.versions, one.whole) == before:
            continue
        before = one.versions, one.whole
        listed = {force.versions[number].rule: force.versions[number] for number in one.versions}
        for rule, version in sorted(listed.items()):
            old = force.now.get(rule)
            if old is None:
                since[rule] = ms(one.as_of)
            # A version that only moved to another format judges as the one that it comes from.
            if old is None or old.id not in (version.id, version.moved_from):
                force.turns.append(Turn(one.as_of, one.id, rule, old, version))
            force.now[rule] = force.last[rule] = version
        if one.whole:
            for rule in sorted(set(force.now) - set(listed)):
                old = force.now.pop(rule)
                stretch = since.pop(rule), ms(one.as_of)
                force.stretches.setdefault(rule, []).append(stretch)
                force.turns.append(Turn(one.as_of, one.id, rule, old, None))
    for rule, began in since.items():
        force.stretches.setdefault(rule, []).append((began, max(began, ms(end)) + 1))
    return force
