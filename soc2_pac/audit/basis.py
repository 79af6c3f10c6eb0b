"""Everything that a finding rests on, so that somebody else can judge it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soc2_pac.cases import SCOPE
from soc2_pac.store import queries

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.store.queries import Finding


def judged_by(connection: Connection, finding: Finding) -> dict[str, Any]:
    """What ``soc2-pac check RULE --document FILE`` takes to come to the same verdict.

    Returns:
        ``rule``, ``scope``, ``thresholds``, ``now`` (of the last evaluation, UTC), ``document`` (``None`` for
        a finding about a whole scope) and ``given``: documents by kind, those of another scope with its name
        under ``$scope``. A kind that was not read completely is left out.
    """
    rests_on = queries.finding_documents(connection, finding.fingerprint)
    judged = next((item.digest for item in rests_on if item.role == "judged"), None)
    given: dict[str, list[dict[str, Any]]] = {}
    incomplete: set[str] = set()
    complete = {
        item.id: item.status == "complete" for item in queries.collections(connection, latest=True)
    }
    for item in rests_on:
        if item.role != "population":
            continue
        bodies = given.setdefault(item.kind, [])
        if not complete.get(item.collection or 0):
            incomplete.add(item.kind)
        for version in queries.evidence(connection, kind=item.kind, scope=item.scope):
            body = _body(connection, version.digest)
            bodies.append(body if item.scope == finding.scope else {**body, SCOPE: item.scope})
    return {
        "rule": finding.rule,
        "scope": finding.scope,
        "thresholds": {k: v for k, v in finding.thresholds.items() if not k.startswith("$")},
        "now": queries.last_instant(connection),
        "document": _body(connection, judged) if judged else None,
        "given": {kind: bodies for kind, bodies in given.items() if kind not in incomplete},
    }


def _body(connection: Connection, digest: str) -> dict[str, Any]:
    found = queries.bodies(connection, [digest])
    body: dict[str, Any] = json.loads(found[digest])
    return body
