"""SARIF 2.1.0, for what shows results of analysis tools (code scanning of GitHub and GitLab, editors).

How verdicts are said (section 3.27.9, ``kind``):

- ``fail``: kind ``fail``, with a level by severity. One that is waived, or outside of the audited system, has a
  suppression that says who accepted it, and why (3.35).
- ``inconclusive`` and ``stale``: kind ``open``, "insufficient information to decide whether a problem exists". Its
  level must then be ``none``.
- ``error``: kind ``open``, and a notification of the tool's execution, which was not successful for that rule (3.58).
- ``pass``, ``not_applicable``: the kinds of these names. They are left out unless asked for: many readers show any
  result as a problem.

A location names the resource (3.33) and gives its place as a relative path, since code scanning shows no result without
a file. Results are written as they come; the rules follow at the end.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; GitHub, "SARIF support for code
scanning" (which properties it reads).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from soc2_pac.model import Severity, Status
from soc2_pac.output import plain
from soc2_pac.output.exchange import UNKNOWN, resource_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.output.exchange import Context
    from soc2_pac.store.queries import Finding

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.0",
}
"""``security-severity``: from 9.0 on critical, from 7.0 high, from 4.0 medium, above 0 low."""
_KINDS = {
    Status.PASS: "pass",
    Status.NOT_APPLICABLE: "notApplicable",
    Status.FAIL: "fail",
    Status.ERROR: "open",
    **dict.fromkeys(UNKNOWN, "open"),
}
_SEGMENT = 200
"""Characters of a part of a path."""


def write(findings: Iterable[Finding], context: Context, stream: TextIO) -> int:
    """Stream one run; returns how many results there are."""
    rules: dict[str, tuple[int, Finding]] = {}
    broken: list[dict[str, Any]] = []
    count = 0
    stream.write(
        f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{\n"results": ['
    )
    for finding in findings:
        index, _ = rules.setdefault(finding.rule, (len(rules), finding))
        stream.write(",\n" if count else "\n")
        stream.write(json.dumps(_result(finding, index, context)))
        count += 1
        if finding.status is Status.ERROR:
            broken.append(_notification(finding, index))
    driver = {
        "name": "soc2-pac",
        "semanticVersion": context.version,
        "rules": [_rule(finding, context) for _, finding in rules.values()],
    }
    invocation: dict[str, Any] = {"executionSuccessful": not broken}
    if context.as_of is not None:
        invocation["endTimeUtc"] = context.as_of
    if broken:
        invocation["toolExecutionNotifications"] = broken
    stream.write(
        f'\n],\n"tool": {json.dumps({"driver": driver})},\n"invocations": {json.dumps([invocation])},\n'
        f'"columnKind": "unicodeCodePoints"\n}}]}}\n'
    )
    return count


def _result(finding: Finding, index: int, context: Context) -> dict[str, Any]:
    kind = _KINDS[finding.status]
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": _LEVELS[finding.severity] if kind == "fail" else "none",
        "message": {"text": _text(f"{resource_of(finding)}: {finding.message}")},
        "locations": [_location(finding)],
        "fingerprints": {"soc2Pac/v1": finding.fingerprint},
        # By this name code scanning tells whether it has seen a result.
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
    }
    excused = context.excused(finding)
    if excused is not None:
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": excused}
        ]
    told = {
        "status": finding.status.value,
        "severity": finding.severity.value,
        "criteria": list(finding.criteria),
        "scope": plain(finding.scope),
        "kind": finding.kind,
        "resource": None if finding.resource is None else plain(finding.resource),
        "evidence": finding.evidence,
        "since": finding.since,
        "failingSince": finding.failing_since,
        "fixBy": finding.sla_due,
        "waiver": finding.waiver,
        "outside": finding.outside,
    }
    found["properties"] = {name: value for name, value in told.items() if value is not None}
    return found


def _location(finding: Finding) -> dict[str, Any]:
    what = plain(finding.resource) if finding.resource is not None else ""
    parts = [*finding.scope.replace(":", "/", 1).split("/"), finding.kind or "", what]
    path = "/".join(quote(plain(part)[:_SEGMENT], safe="") for part in parts if part)
    name = plain(f"{finding.scope}/{finding.kind}/{what}" if what else finding.scope)
    logical = {"name": resource_of(finding), "fullyQualifiedName": name, "kind": "resource"}
    return {
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 1}},
        "logicalLocations": [logical],
    }


def _rule(finding: Finding, context: Context) -> dict[str, Any]:
    words = context.words(finding)
    why = f"Why: {words.why}\n\n" if words.why else ""
    title = plain(words.title)
    return {
        "id": finding.rule,
        "name": "".join(part.capitalize() for part in finding.rule.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{title}. {words.why}".strip()},
        "help": {
            "text": f"{title}.\n\n{why}Fix: {words.fix}",
            "markdown": f"{title}.\n\n{why.replace('Why:', '**Why**')}**Fix** {words.fix}",
        },
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["soc2", "security", *finding.criteria],
            "precision": "high",
            "problem.severity": {"note": "recommendation"}.get(
                _LEVELS[finding.severity], _LEVELS[finding.severity]
            ),
            "security-severity": _SCORES[finding.severity],
        },
    }


def _notification(finding: Finding, index: int) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _text(f"{finding.rule} in {finding.scope}: {finding.message}")},
        "associatedRule": {"id": finding.rule, "index": index},
    }


def _text(text: str) -> str:
    """A message in which nothing is a link: ``[text](target)`` would be one (3.11.6)."""
    return plain(text).replace("](", "] (")
