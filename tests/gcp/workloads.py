"""Helps of the tests over networks, machines, databases and clusters."""

from __future__ import annotations

import importlib
import json
import pkgutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import soc2_rules
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.rules import Rule

from .walk import WHOLE

if TYPE_CHECKING:
    from soc2_pac.collect.fetch import UnitResult
    from soc2_pac.model import Verdict

MODULES = ("balancing", "compute", "container", "data", "firewall", "network", "serverless", "sql")
RULES = {
    found.id: found
    for module in pkgutil.walk_packages(soc2_rules.__path__, "soc2_rules.")
    if module.name.rpartition(".gcp.")[2] in MODULES
    for found in vars(importlib.import_module(module.name)).values()
    if isinstance(found, Rule)
}
"""The rules of these areas."""
WANTED = sorted({kind for rule in RULES.values() for kind in rule.kinds})
NONE: dict[str, list[dict[str, Any]]] = {kind: [] for kind in WANTED}
"""Every kind was looked at, and nothing is there."""


def records(result: UnitResult) -> list[dict[str, Any]]:
    """What a look saw, as the store would keep it."""
    return [json.loads(record.body) for record in result.look().records]


def judged(documents: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Verdict]]:
    """Verdicts by rule and short name of the resource."""
    stored = {kind: [canonical(body) for body in found] for kind, found in documents.items()}
    given = GivenDocuments(WHOLE, stored)
    found: dict[str, dict[str, Verdict]] = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given, list(stored)).at(WHOLE) if rule.joins else None
        for body in documents.get(rule.kind, ()):
            verdict = judge(
                rule,
                canonical(body),
                now=datetime.now(UTC),
                scope=WHOLE,
                evidence=evidence,
                thresholds=rule.settle({}),
            )
            name = str(body["name"]).rpartition("/")[2]
            found.setdefault(rule.id, {})[name] = verdict
    return found
