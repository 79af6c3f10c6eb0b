"""One rule over one document: the only place where an exception becomes a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.evaluate.evidence import EvidenceHere
from soc2_pac.model import Status, Verdict
from soc2_pac.resources import view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Rule


def apply(
    rule: Rule,
    seen: Resource,
    *,
    now: datetime,
    scope: Scope,
    evidence: Evidence | None,
    thresholds: Mapping[str, Any],
) -> Verdict:
    """Call the rule on a view. Raises whatever the rule raises; see :func:`explain`."""
    if rule.injected:
        offered = {"now": now, "scope": scope, "evidence": evidence}
        verdict = rule.function(seen, *[offered[name] for name in rule.injected], **thresholds)
    else:
        verdict = rule.function(seen, **thresholds)
    if not isinstance(verdict, Verdict):
        msg = f"it returned {type(verdict).__name__}, not a Verdict"
        raise TypeError(msg)
    return verdict


def explain(error: Exception) -> Verdict:
    """The verdict that stands for an exception: missing evidence is inconclusive, the rest an error."""
    if isinstance(error, FactUnavailable | EvidenceIncomplete):
        return Verdict(Status.INCONCLUSIVE, str(error), error.until)
    return Verdict(Status.ERROR, f"the rule broke: {type(error).__name__}: {error}")


def judge(
    rule: Rule,
    body: bytes | str,
    *,
    now: datetime,
    scope: Scope,
    evidence: Evidence | None = None,
    thresholds: Mapping[str, Any] | None = None,
) -> Verdict:
    """What ``rule`` says of a stored document (canonical JSON). Never raises for what a rule does.

    ``thresholds`` come from :meth:`Rule.settle`; the defaults when left out.
    """
    settled = rule.settle({}) if thresholds is None else thresholds
    try:
        seen = view(rule.resource, body)
        verdict = apply(rule, seen, now=now, scope=scope, evidence=evidence, thresholds=settled)
        if isinstance(evidence, EvidenceHere):
            evidence.basis(verdict.on, seen)  # raises for what is no document of the evidence
        return verdict  # noqa: TRY300 - what it rests on is part of it
    except Exception as error:  # noqa: BLE001 - a rule may raise anything; it must not stop the others
        return explain(error)
