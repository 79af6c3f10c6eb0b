"""OCSF 1.5 Compliance Finding (class 2003), one JSON object a line, as security lakes and SIEMs take it in.

How verdicts are said: ``compliance.status_id`` is 1 for ``pass``, 3 for ``fail``, 2 for ``inconclusive`` and ``stale``
("did not yield a result due to missing information"), 99 for ``not_applicable`` and ``error``; ``status_code`` holds
our word. A failure that is waived, or outside of the audited system, is ``Suppressed`` (``status_id`` 3) with the
reason in ``comment``.

Source: schema.ocsf.io, version 1.5.0, class ``compliance_finding``, objects ``compliance``, ``finding_info``,
``resource_details``, ``remediation``, ``metadata``, profile ``cloud``.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

from soc2_pac.model import Scope, Severity, Status, utc_time
from soc2_pac.output import plain
from soc2_pac.output.exchange import resource_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.output.exchange import Context
    from soc2_pac.store.queries import Finding

_VERSION = "1.5.0"
_CATEGORY, _CLASS, _CREATE = 2, 2003, 1
_STANDARD = "SOC 2 (Trust Services Criteria 2017)"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_STATUSES = {
    Status.PASS: (1, "Pass"),
    Status.INCONCLUSIVE: (2, "Warning"),
    Status.STALE: (2, "Warning"),
    Status.FAIL: (3, "Fail"),
    Status.NOT_APPLICABLE: (99, "Not applicable"),
    Status.ERROR: (99, "Error"),
}


def write(findings: Iterable[Finding], context: Context, stream: TextIO) -> int:
    """Stream one object a line; returns how many."""
    count = 0
    for finding in findings:
        stream.write(json.dumps(_event(finding, context)) + "\n")
        count += 1
    return count


def _event(finding: Finding, context: Context) -> dict[str, Any]:
    severity_id, severity = _SEVERITIES[finding.severity]
    excused = context.excused(finding)
    time = _milliseconds(finding.since)
    found: dict[str, Any] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        **_state(finding, excused),
        "message": plain(f"{resource_of(finding)}: {finding.message}"),
        "metadata": {
            "version": _VERSION,
            "uid": f"{finding.fingerprint}-{time}",
            "profiles": ["cloud"],
            "product": {"name": "soc2-pac", "vendor_name": "soc2-pac", "version": context.version},
        },
        "finding_info": _info(finding, context, time),
        "compliance": _compliance(finding),
        "remediation": {"desc": context.words(finding).fix},
        "resources": [_resource(finding)],
        "cloud": _cloud(finding),
    }
    if excused is not None:
        found["comment"] = excused
    if finding.evidence is not None:
        found["evidences"] = [{"uid": finding.evidence, "data": {"sha256": finding.evidence}}]
    told = {
        "fingerprint": finding.fingerprint,
        "failing_since": finding.failing_since,
        "fix_by": finding.sla_due,
        "waiver": finding.waiver,
        "outside": finding.outside,
        "holds_until": finding.until,
    }
    found["unmapped"] = {name: value for name, value in told.items() if value is not None}
    return found


def _state(finding: Finding, excused: str | None) -> dict[str, Any]:
    if excused is not None:
        return {"status_id": 3, "status": "Suppressed"}
    if finding.status in (Status.PASS, Status.NOT_APPLICABLE):
        return {"status_id": 99, "status": "Nothing to act on"}
    return {"status_id": 1, "status": "New"}


def _info(finding: Finding, context: Context, time: int) -> dict[str, Any]:
    words = context.words(finding)
    found: dict[str, Any] = {
        "uid": finding.fingerprint,
        "title": plain(finding.title),
        "desc": words.why or plain(finding.title),
        "created_time": time,
        "first_seen_time": _milliseconds(finding.failing_since or finding.since),
        "types": ["SOC 2"],
        "analytic": {
            "uid": finding.rule,
            "name": plain(finding.title),
            "type_id": 1,
            "type": "Rule",
        },
    }
    if context.as_of is not None:
        found["last_seen_time"] = _milliseconds(context.as_of)
    return found


def _compliance(finding: Finding) -> dict[str, Any]:
    status_id, status = _STATUSES[finding.status]
    severity_id, severity = _SEVERITIES[finding.severity]
    check = {
        "uid": finding.rule,
        "name": plain(finding.title),
        "standards": [_STANDARD],
        "status_id": status_id,
        "status": status,
        "severity_id": severity_id,
        "severity": severity,
    }
    return {
        "standards": [_STANDARD],
        "requirements": list(finding.criteria),
        "control": finding.rule,
        "checks": [check],
        "status_id": status_id,
        "status": status,
        "status_code": finding.status.value,
        "status_detail": plain(finding.message),
    }


def _resource(finding: Finding) -> dict[str, Any]:
    scope = Scope.parse(finding.scope)
    found = {
        "uid": plain(finding.resource if finding.resource is not None else finding.scope),
        "name": resource_of(finding),
        "type": finding.kind or "scope",
        "namespace": plain(finding.scope),
    }
    if scope.region is not None:
        found["region"] = plain(scope.region)
    return found


def _cloud(finding: Finding) -> dict[str, Any]:
    scope = Scope.parse(finding.scope)
    found: dict[str, Any] = {"provider": scope.provider, "account": {"uid": plain(scope.account)}}
    if scope.region is not None:
        found["region"] = plain(scope.region)
    return found


def _milliseconds(text: str) -> int:
    """Since 1970, UTC."""
    return (utc_time(text) - _EPOCH) // timedelta(milliseconds=1)
