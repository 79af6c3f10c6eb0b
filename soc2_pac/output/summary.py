"""What is known now, for a person: by criterion, the worst findings, and what to try next."""

from __future__ import annotations

import itertools
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from soc2_pac.criteria import CRITERIA
from soc2_pac.model import Severity, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDTH = 100
WORST = 3
"""How many findings are told in full."""


@dataclass(frozen=True, slots=True)
class Told:
    """One current finding, with what its rule says about it."""

    rule: str
    title: str
    severity: Severity
    criteria: tuple[str, ...]
    status: Status
    scope: str
    """``aws:111122223333/eu-central-1``."""
    resource: str | None
    """What a person calls it; ``None`` where the finding is about the whole scope."""
    message: str
    fix: str
    waived: bool = False
    """A waived failure counts as a failure, but is not told among the worst."""
    outside: bool = False
    """It does not count; how many there are is told."""


_COLUMNS: Mapping[Status, str] = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.INCONCLUSIVE: "inconclusive",
    Status.NOT_APPLICABLE: "n/a",
    Status.ERROR: "rule error",
    Status.STALE: "stale",
}
_ALWAYS = (Status.PASS, Status.FAIL, Status.INCONCLUSIVE, Status.NOT_APPLICABLE)


@dataclass(slots=True)
class Tally:
    """Current findings, counted, and the worst of them."""

    total: Counter[Status] = field(default_factory=Counter)
    """What counts, each once."""
    by_criterion: dict[str, Counter[Status]] = field(default_factory=dict)
    waived: int = 0
    """Failures of these that are accepted."""
    outside: Counter[Status] = field(default_factory=Counter)
    """What does not count."""
    worst: list[tuple[Told, int]] = field(default_factory=list)
    """The first failure of the rules that come first, and how many more there are of each."""

    def add(
        self, status: Status, criteria: Iterable[str], number: int = 1, *, outside: bool = False
    ) -> None:
        """Count findings of a rule."""
        if outside:
            self.outside[status] += number
            return
        self.total[status] += number
        for criterion in criteria:
            self.by_criterion.setdefault(criterion, Counter())[status] += number


def tally(outcomes: Sequence[Told]) -> Tally:
    """Count findings, and choose the worst."""
    found = Tally()
    failing: dict[str, list[Told]] = {}
    for outcome in outcomes:
        found.add(outcome.status, outcome.criteria, outside=outcome.outside)
        if outcome.status is not Status.FAIL or outcome.outside:
            continue
        if outcome.waived:
            found.waived += 1
        else:
            failing.setdefault(outcome.rule, []).append(outcome)
    # One finding a rule: three resources with one fault tell a reader less than three faults.
    for rule in sorted(failing, key=lambda rule: (-failing[rule][0].severity.rank, rule))[:WORST]:
        members = sorted(failing[rule], key=lambda o: (o.scope, o.resource or ""))
        found.worst.append((members[0], len(members) - 1))
    return found


def render(
    outcomes: Sequence[Told] | Tally, *, ruled: Iterable[str], commands: Sequence[str]
) -> str:
    """Give the whole summary as plain text.

    ``ruled`` are the criteria that some rule looks at, whether it found anything or not;
    ``commands`` is what to try next, as a person types it.
    """
    found = outcomes if isinstance(outcomes, Tally) else tally(outcomes)
    ruled = frozenset(ruled) | found.by_criterion.keys()
    parts = [_table(found, ruled), _unruled(ruled), _worst(found)]
    if found.outside.total():
        parts.append(_outside(found.outside))
    if commands:
        parts.append("What to try next:\n" + "\n".join(f"  {command}" for command in commands))
    return "\n\n".join(parts) + "\n"


# -- by criterion ---------------------------------------------------------------------------------


def _table(found: Tally, ruled: frozenset[str]) -> str:
    counts: dict[str, Counter[Status]] = {name: Counter() for name in CRITERIA if name in ruled}
    counts |= found.by_criterion
    total = found.total
    columns = [status for status in _COLUMNS if status in _ALWAYS or total[status]]
    width = WIDTH - sum(len(_COLUMNS[status]) + 2 for status in columns)

    def line(label: str, cells: Iterable[str]) -> str:
        numbers = (
            f"{cell:>{len(_COLUMNS[status]) + 2}}"
            for status, cell in zip(columns, cells, strict=True)
        )
        return textwrap.shorten(label, width, placeholder=" ...").ljust(width) + "".join(numbers)

    lines = [line("criterion", (_COLUMNS[status] for status in columns))]
    for name, count in counts.items():
        known = CRITERIA.get(name)
        lines.append(
            line(
                f"{name} {known.title}" if known else name,
                (str(count[status]) for status in columns),
            )
        )
    lines.append(line("all findings, each once", (str(total[status]) for status in columns)))
    return "\n".join(lines)


def _unruled(ruled: frozenset[str]) -> str:
    """Say which criteria no rule looks at: a gap that is told is no surprise to an auditor."""
    without = [criterion for criterion in CRITERIA.values() if criterion.id not in ruled]
    if not without:
        return f"Every one of the {len(CRITERIA)} criteria has at least one rule."
    groups = [
        f"{series} ({len(list(members))})"
        for series, members in itertools.groupby(without, key=lambda criterion: criterion.series)
    ]
    text = (
        f"No rule looks at {len(without)} of the {len(CRITERIA)} criteria: {', '.join(groups)}. "
        "Nothing is known about them here; most need evidence from people."
    )
    return textwrap.fill(text, WIDTH)


# -- the worst ------------------------------------------------------------------------------------


def _worst(found: Tally) -> str:
    waived = found.waived
    accepted = f"{waived} failure{'s are' if waived > 1 else ' is'} waived." if waived else ""
    if not found.worst:
        return accepted or _nothing_failed(found.total)
    lines = ["The worst findings:" if len(found.worst) > 1 else "The worst finding:"]
    for number, (told, others) in enumerate(found.worst, start=1):
        lines += ["", *_told(number, told, others=others)]
    if accepted:
        lines += ["", accepted]
    return "\n".join(lines)


def _outside(beyond: Counter[Status]) -> str:
    text = (
        f"Not counted, because of decisions in the configuration: {beyond.total()} findings outside of the "
        f"system, {beyond[Status.FAIL]} of them failures. Each with its reason: soc2-pac findings list --outside"
    )
    return textwrap.fill(text, WIDTH)


def _nothing_failed(total: Counter[Status]) -> str:
    """Nobody may read "nothing failed" as good news where nobody could look."""
    unknown = sum(total[one] for one in (Status.INCONCLUSIVE, Status.ERROR, Status.STALE))
    if unknown:
        open_ones = f"{unknown} of {total.total()} findings are open"
        return f"No failure is known, but {open_ones}: evidence is missing."
    return "Nothing failed." if total.total() else "Nothing was judged."


def _told(number: int, outcome: Told, *, others: int) -> list[str]:
    where = f"{outcome.resource} in {outcome.scope}" if outcome.resource else outcome.scope
    more = f" (and {others} more)" if others else ""
    criteria = ", ".join(outcome.criteria)
    head = f"{number}. [{outcome.severity}] {outcome.title}: {outcome.rule}, {criteria}"
    return [
        *_wrapped(head, "", "   "),
        *_wrapped(f"{where}{more}: {outcome.message}", "   ", "   "),
        *_wrapped(f"Fix: {outcome.fix}", "   ", "        "),
    ]


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
