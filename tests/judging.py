"""The verdict of a rule on another document than its case has, with the rest of the case as it is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_pac.canonical import canonical
from soc2_pac.cases import load_cases, stored
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge

if TYPE_CHECKING:
    from soc2_pac.cases import Case
    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule


@functools.cache
def cases_of(rule: Rule) -> tuple[Case, ...]:
    """The cases of a rule, made once: nobody changes them."""
    return tuple(load_cases(rule))


class Judge:
    """One case, of which the joined documents are written as stored only once."""

    def __init__(self, rule: Rule, case: Case) -> None:
        self.rule = rule
        self.case = case
        self._given = {
            kind: [canonical(body) for body in bodies]
            for kind, bodies in case.given.items()
            if bodies is not None
        }
        self._thresholds = rule.settle(case.params())

    def verdict(
        self,
        document: dict[str, Any],
        *,
        without: str | None = None,
        instead: dict[str, list[dict[str, Any]]] | None = None,
    ) -> Verdict:
        """Of this document; ``without``: a kind that has no source; ``instead``: of joined kinds."""
        rule, case = self.rule, self.case
        bodies = {kind: given for kind, given in self._given.items() if kind != without}
        bodies.update({k: [canonical(body) for body in v] for k, v in (instead or {}).items()})
        given = GivenDocuments(case.scope, bodies)
        evidence = JoinedEvidence(rule, given, case.sourced).at(case.scope) if rule.joins else None
        return judge(
            rule,
            stored(rule.resource, document),
            now=case.now,
            scope=case.scope,
            evidence=evidence,
            thresholds=self._thresholds,
        )
