"""No verdict changes with the clock before it says so: every case of a rule is judged again, later and later."""

from __future__ import annotations

import functools
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.cases import joined_evidence, load_cases, stored
from soc2_pac.evaluate.judge import judge

if TYPE_CHECKING:
    from soc2_pac.cases import Case
    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule

_DAYS = (1, 8, 15, 31, 61, 91, 181, 366, 800)
_INSTANT = re.compile(r'"(20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})')
_PROVIDERS = ("aws", "azure", "company", "gcp", "github", "okta", "roster")


@pytest.mark.parametrize(
    "rule",
    [
        one
        for one in plugins.load().rules.values()
        if one.provider in _PROVIDERS and "now" in one.injected
    ],
    ids=lambda one: one.id,
)
def test_no_verdict_changes_before_it_says_so(rule: Rule) -> None:
    for case in load_cases(rule):
        at = functools.partial(_at, rule, case, stored(rule.resource, case.document()))
        first = at(case.now)
        for later in _later(case):
            if first.until is not None and later >= first.until:
                break
            assert at(later).status is first.status, f"{case.name}, at {later}"


def _later(case: Case) -> list[datetime]:
    """Instants after that of a case: some days on, and just after those that its documents name."""
    written = json.dumps([case.document(), case.given], default=str)
    found = {case.now + timedelta(days=days) for days in _DAYS}
    for text in _INSTANT.findall(written):
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
        found |= {at + timedelta(seconds=1), at + timedelta(days=1)}
    return sorted(at for at in found if at > case.now)


def _at(rule: Rule, case: Case, body: bytes, now: datetime) -> Verdict:
    """What a rule says of the document of a case at an instant."""
    return judge(
        rule,
        body,
        now=now,
        scope=case.scope,
        evidence=joined_evidence(rule, case.given, case.scope),
        thresholds=rule.settle(case.params()),
    )
