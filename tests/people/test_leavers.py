"""Since when somebody left by Okta's word: from the suspension that came before the deactivation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import joined_evidence, load_cases, stored
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status, Verdict

RULE = plugins.load().rules["okta-leaver-accounts-closed"]
SUSPENSION = {
    "uuid": "s1",
    "published": "2025-12-01T08:00:00.000Z",
    "eventType": "user.lifecycle.suspend",
    "actor": {"id": "00u9", "type": "User"},
    "outcome": {"result": "SUCCESS"},
    "target": [{"id": "00u2", "type": "User"}],
}


def _judged(log: list[dict[str, Any]] | None) -> Verdict:
    """The case of a forgotten account, half a day after the user was deactivated."""
    case = next(one for one in load_cases(RULE) if one.name == "GitHub was forgotten")
    return judge(
        RULE,
        stored(RULE.resource, case.document()),
        now=datetime(2025, 12, 20, 12, tzinfo=UTC),
        scope=case.scope,
        evidence=joined_evidence(RULE, {**case.given, "okta.log_event": log}, case.scope),
        thresholds=RULE.settle({}),
    )


@pytest.mark.parametrize(
    ("log", "status", "message"),
    [
        ([], Status.PASS, "left on 2025-12-20; to be closed by 2025-12-21"),
        ([SUSPENSION], Status.FAIL, "left on 2025-12-01, and can still use bobl"),
        (
            [
                SUSPENSION,
                {
                    **SUSPENSION,
                    "uuid": "s2",
                    "eventType": "user.lifecycle.unsuspend",
                    "published": "2025-12-02T08:00:00.000Z",
                },
            ],
            Status.PASS,
            "left on 2025-12-20; to be closed by 2025-12-21",
        ),
    ],
)
def test_hours_count_from_the_suspension_that_nobody_undid(
    log: list[dict[str, Any]], status: Status, message: str
) -> None:
    said = _judged(log)
    assert said.status is status, said.message
    assert message in said.message


def test_without_the_log_nothing_open_passes() -> None:
    case = next(one for one in load_cases(RULE) if one.name == "GitHub was forgotten")
    given = {kind: held for kind, held in case.given.items() if kind != "okta.log_event"}
    evidence = joined_evidence(RULE, {**given, "okta.log_event": []}, case.scope)
    assert evidence is not None
    # The source is there, and the log was never collected.
    documents: Any = evidence._joined._loaded._documents
    del documents._bodies["okta.log_event"]
    said = judge(
        RULE,
        stored(RULE.resource, case.document()),
        now=datetime(2025, 12, 20, 12, tzinfo=UTC),
        scope=case.scope,
        evidence=evidence,
        thresholds=RULE.settle({}),
    )
    assert said.status is Status.INCONCLUSIVE
    assert "whether suspended before is not known" in said.message
