"""Reports for download: those of the command line, over the store as whoever asks may see it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from soc2_pac import api
from soc2_pac.audit import instant, period, readiness
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.errors import UsageError
from soc2_pac.output import reports
from soc2_pac.store import checkpoint
from soc2_pac.web import lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.report import Report
    from soc2_pac.web.lists import Place

KINDS = ("type1", "type2", "readiness")
FORMS = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "oscal": "application/json",
}
"""Format -> media type."""
PARAMETERS = frozenset({"as_of", "period", "criteria"})


def made(place: Place, name: str, asked: Mapping[str, str]) -> tuple[bytes, str] | None:
    """A report with its media type; ``None``: there is no such report.

    Args:
        place: where it is read from. An auditor's holds nothing outside of their bounds.
        name: ``type1.pdf``.
        asked: the parameters.

    Raises:
        UsageError: what is asked for cannot be told.
    """
    kind, _, form = name.partition(".")
    if kind not in KINDS or form not in FORMS:
        return None
    said = lists.Asked(dict(asked))
    criteria = tuple(lists.criteria_of(said, "criteria"))
    bounds = place.bounds
    if bounds is not None:
        # Readiness is about what is to be done now.
        if kind == "readiness" or not all(bounds.takes([one]) for one in criteria):
            return None
        criteria = criteria or bounds.criteria
    registry = place.work.registry
    options = Options(
        criteria=criteria,
        rules=registry.rules,
        known=api.reviewing(place.work.config, registry),
        kept=tuple(map(checkpoint.load, place.known.checkpoints())) if bounds is None else (),
    )
    report = _report(place, kind, asked, options)
    target = io.BytesIO()
    reports.write(report, form, target)
    return target.getvalue(), FORMS[form]


def _report(place: Place, kind: str, asked: Mapping[str, str], options: Options) -> Report:
    if kind == "type2":
        said = asked.get("period")
        if said is None:
            msg = "period: a report over a period needs one: 2026-01-01..2026-06-30"
            raise UsageError(msg)
        over = AuditPeriod.parse(said)
        if place.bounds is not None and not lists.inside(place.bounds, over):
            msg = "period: it is not within the period that you see"
            raise UsageError(msg)
        return period.report(place.connection, over, options)
    if "period" in asked:
        msg = "period: only a report over a period (type2) has one"
        raise UsageError(msg)
    if kind == "type1":
        return instant.report(place.connection, place.now, options)
    if place.at is not None:
        msg = "as_of: readiness is about now. What held at an instant is in a report of Type I"
        raise UsageError(msg)
    return readiness.report(place.connection, options)
