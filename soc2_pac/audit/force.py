"""Which version of each rule judged when, by what the evaluations list."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.spans import DAY, Stretch, common, ms, union, without
from soc2_pac.rule_source import source_of
from soc2_pac.store import periods
from soc2_pac.store.periods import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.store.periods import Horizon, Judged

AGE = "$max_evidence_age_days"
"""The threshold of every rule version that says for how many days a collection counts."""
_DEFAULT_DAYS = 7
DEFAULT_AGE = _DEFAULT_DAYS * DAY
"""For how many milliseconds a collection counts where no version says."""


_EVER = 1 << 62
"""After every instant."""


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
    uptos: dict[int, list[int]] = field(default_factory=dict)
    """Id of a rule -> the last collection that each of its evaluations took into account, in order."""
    _turned: dict[str, list[tuple[int, Version | None]]] = field(default_factory=dict)
    """Rule -> (evaluation, the version that judged from it on), in order."""
    closed: dict[int, int] = field(default_factory=dict)
    """Id of a rule that judges no more -> the last collection before its findings were closed."""

    def add(self, one: Turn) -> None:
        """Note that another version judges."""
        self.turns.append(one)
        self._turned.setdefault(one.rule, []).append((one.evaluation, one.after))

    def replace(self, now: Sequence[ActiveRule]) -> None:
        """Let other rules be in force at the end, which no evaluation lists: all that was collected is judged."""
        self.now = {}
        self.uptos = {}
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

    def pauses(self, rule: str) -> tuple[Stretch, ...]:
        """When a rule was not in force, after it had been for the first time."""
        held = union(self.stretches.get(rule, ()))
        return without([(held[0][0], _EVER)], held) if held else ()

    @property
    def ahead(self) -> bool:
        """Whether something was judged as of an earlier instant than before: a clock was ahead."""
        return any(
            later.as_of < earlier.as_of for earlier, later in itertools.pairwise(self.evaluations)
        )

    def turn(self, rule: str, evaluation: int) -> bool:
        """Whether a version judged from an evaluation on that may judge otherwise than the one before it.

        Severity, title and criteria turn no verdict, and neither does for how long a collection counts.
        """
        before = None
        for number, version in self._turned.get(rule, ()):
            if number == evaluation:
                return before is None or version is None or _judging(before) != _judging(version)
            before = version
        return False

    def version_at(self, rule: str, evaluation: int) -> Version | None:
        """The version that judged as of an evaluation; ``None``: none did."""
        found = None
        for number, version in self._turned.get(rule, ()):
            if number > evaluation:
                break
            found = version
        return found

    def judges(self, rule: int, first: int, last: int | None) -> bool:
        """Whether a rule judged what collections showed from one on, until another showed something else.

        Args:
            rule: its id.
            first: the collection that showed it.
            last: the one that no longer did; ``None``: there is none yet.
        """
        uptos = self.uptos.get(rule, ())
        i = bisect_left(uptos, first)
        return i < len(uptos) and (last is None or uptos[i] < last)

    def missed(self, shown: Iterable[tuple[int, int | None]]) -> set[int]:
        """Collections that showed documents which some rule may not have judged, though it judged before.

        ``shown``: (collection that showed a document, the one that no longer did, or ``None``).
        """
        alike = {(tuple(uptos), self.closed.get(rule)): rule for rule, uptos in self.uptos.items()}
        return {
            first
            for first, last in shown
            for rule in alike.values()
            if self.misses(rule, first, last)
        }

    def misses(self, rule: int, first: int, last: int | None) -> bool:
        """Whether a rule (id) that judged before did not judge what collections showed; see :meth:`judges`."""
        uptos, closed = self.uptos.get(rule), self.closed.get(rule)
        if not uptos or first <= uptos[0] or (closed is not None and first > closed):
            return False
        return not self.judges(rule, first, last)

    def evaluation(self, number: int) -> Judged | None:
        """An evaluation by its id; ids count up by one."""
        i = number - self.evaluations[0].id if self.evaluations else -1
        found = self.evaluations[i] if 0 <= i < len(self.evaluations) else None
        return found if found is not None and found.id == number else None


def _judging(version: Version) -> tuple[str, dict[str, object]]:
    """What a verdict on a document follows from."""
    thresholds = {name: said for name, said in version.thresholds.items() if name != AGE}
    return version.source, thresholds


def fresh(version: Version) -> int:
    """For how many milliseconds a collection counts for a rule version."""
    return int(version.thresholds.get(AGE, _DEFAULT_DAYS)) * DAY


def read(connection: Connection, to: Horizon, end: str) -> Force:
    """What judged up to a horizon; ``end``: until when what is in force is known to be, UTC text."""
    force = Force(periods.evaluations(connection, to), periods.versions(connection))
    since: dict[str, int] = {}
    before: tuple[tuple[int, ...], bool] | None = None
    for one in force.evaluations:
        for number in one.versions:
            rule_id = force.versions[number].rule_id
            force.uptos.setdefault(rule_id, []).append(one.upto)
            force.closed.pop(rule_id, None)
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
                force.add(Turn(one.as_of, one.id, rule, old, version))
            force.now[rule] = force.last[rule] = version
        if one.whole:
            for rule in sorted(set(force.now) - set(listed)):
                old = force.now.pop(rule)
                force.closed[old.rule_id] = one.upto
                stretch = since.pop(rule), ms(one.as_of)
                force.stretches.setdefault(rule, []).append(stretch)
                force.add(Turn(one.as_of, one.id, rule, old, None))
    for rule, began in since.items():
        force.stretches.setdefault(rule, []).append((began, max(began, ms(end)) + 1))
    return force
