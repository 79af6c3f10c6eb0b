"""Where a verdict rests on facts of which some are missing: what proves a failure counts before that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Verdict, inconclusive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime


def problems(checks: Iterable[Callable[[], str | None]]) -> list[str]:
    """What the checks find wrong, each a sentence; ``None`` is nothing.

    A check whose evidence is missing hides no problem that another one finds. Where none finds any, what is
    missing is raised.

    Raises:
        FactUnavailable: a fact is missing, and no check found a problem.
        EvidenceIncomplete: likewise, of a whole kind.
    """
    found: list[str] = []
    missing: FactUnavailable | EvidenceIncomplete | None = None
    for check in checks:
        try:
            problem = check()
        except (FactUnavailable, EvidenceIncomplete) as error:
            missing = missing or error
            continue
        found += [problem] if problem else []
    if missing is not None and not found:
        raise missing.with_traceback(None)
    return found


def undecided(
    message: str, missing: Iterable[FactUnavailable] = (), *, until: datetime | None = None
) -> Verdict:
    """The verdict where what was read decides nothing.

    A rule that goes on after a missing fact hides from the engine which one it was, and a live check reads
    facts only when a rule asks for them. So the first that nobody asked AWS for yet is raised again, with all
    that there is to say.

    Args:
        message: why it is not decided.
        missing: what was caught on the way.
        until: when the clock alone may decide it.

    Raises:
        FactUnavailable: a fact was not asked for.
    """
    for error in missing:
        gaps = getattr(error.document, "gaps", None)
        if gaps is not None and error.field not in gaps:
            raise FactUnavailable(
                message,
                kind=error.kind,
                field=error.field,
                permission=error.permission,
                document=error.document,
            )
    return inconclusive(message, until=until)
