"""What authors of rules and collectors use in their tests.

- :func:`judge_document`: what a rule says of a document that nobody collected.
- :mod:`soc2_pac.testing.guards`: whether the passes of a rule rest on facts that were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_pac import clock
from soc2_pac.cases import joined_evidence, stored
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule

__all__ = ["judge_document"]


def judge_document(
    rule: Rule,
    document: dict[str, Any],
    given: Mapping[str, Sequence[dict[str, Any]] | None] | None = None,
    *,
    now: datetime | None = None,
    scope: Scope | None = None,
    thresholds: Mapping[str, object] | None = None,
) -> Verdict:
    """What ``rule`` says of a document, redacted as it would be stored.

    Args:
        rule: a declared rule.
        document: JSON-like, as the provider writes it, gaps under ``$gaps``.
        given: documents of the kinds that it joins. A kind that is left out was never collected; ``None``
            says that it has no source; a document with the key ``$scope`` stands in that scope.
        now: the instant of judgement, with a time zone; the current one by default.
        scope: where the document was seen; an account of the rule's provider by default.
        thresholds: those that differ from the defaults.

    Raises:
        ConfigError: an unknown threshold, or a value of another type.
    """
    place = scope or Scope(rule.provider, "111122223333/eu-west-1")
    return judge(
        rule,
        stored(rule.resource, document),
        now=now or clock.now(),
        scope=place,
        evidence=joined_evidence(rule, given or {}, place),
        thresholds=rule.settle(thresholds or {}),
    )
