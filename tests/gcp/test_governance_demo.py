"""What is wrong with the emulated company's identities, data, logs and delivery is found by the rules."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp.permissions import grant, permissions
from soc2_pac.canonical import canonical
from soc2_pac.demo.gcp import GcpEmulator
from soc2_pac.demo.gcp_company import DOMAIN, NUMBERS, PRODUCTION, STAGING, acme_robotics
from soc2_pac.demo.gcp_governance import PLANTED, TOP
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status

from .conftest import WHOLE, Source
from .walk import KINDS, PROJECT, REGISTRY, look

if TYPE_CHECKING:
    from soc2_pac.demo.company import Planted
    from soc2_pac.model import Verdict

MODULES = (
    "bigquery", "delivery", "iam", "kms", "project", "registry", "secrets", "securitycenter",
    "service_accounts", "storage", "workspace", "alerts", "logging",
)  # fmt: skip
RULES = {
    rule.id: rule
    for rule in REGISTRY.rules.values()
    if rule.function.__module__.rpartition(".gcp_")[2] in MODULES
}
WANTED = sorted({kind for rule in RULES.values() for kind in rule.kinds})


@functools.cache
def _seen() -> dict[str, dict[str, tuple[str, dict[str, Any]]]]:
    """Kind -> uid -> (name, document), of the whole company."""
    found = {}
    emulator = GcpEmulator(acme_robotics())
    with emulator as url:
        source = Source(emulator, url)
        for kind in WANTED:
            result = look(source, kind)
            assert (result.status, result.gaps) == (S.COMPLETE, 0), (kind, result.reason)
            assert result.spool
            found[kind] = {
                record.uid: (record.name, json.loads(record.body))
                for record in result.spool.records()
            }
    return found


@functools.cache
def _verdicts(rule_id: str) -> dict[str, Verdict]:
    rule = RULES[rule_id]
    bodies = {k: [canonical(body) for _, body in _seen()[k].values()] for k in rule.kinds}
    given = GivenDocuments(WHOLE, bodies)
    scope = PROJECT if KINDS[rule.kind].per == "project" else WHOLE
    evidence = JoinedEvidence(rule, given, frozenset(rule.kinds)).at(scope) if rule.joins else None
    return {
        name: judge(
            rule,
            canonical(body),
            now=datetime.now(UTC),
            scope=scope,
            evidence=evidence,
            thresholds=rule.settle({}),
        )
        for name, body in _seen()[rule.kind].values()
    }


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: f"{p.rule} {p.resource}")
def test_what_was_planted_is_found(planted: Planted) -> None:
    verdict = _verdicts(planted.rule)[planted.resource]
    assert verdict.status is Status.FAIL, verdict.message


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_judge_the_company(rule: str) -> None:
    found = _verdicts(rule)
    assert found
    assert Status.ERROR not in {verdict.status for verdict in found.values()}


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("gcp-bucket-not-public", "acme-orders"),
        ("gcp-kms-rotation", "data"),
        ("gcp-secrets", "db-password"),
        ("gcp-wif-condition", "github"),
        ("gcp-audit-logs-all", PRODUCTION),
        ("gcp-log-sink", STAGING),
        ("gcp-alert-owner-change", PRODUCTION),
        ("gcp-alert-channels-live", "changes"),
        ("gcp-workspace-2sv-enforced", f"mona@{DOMAIN}"),
        ("gcp-workspace-superadmin-count", DOMAIN),
        ("gcp-essential-contacts", TOP),
        ("gcp-access-approval", PRODUCTION),
        ("gcp-no-primitive-roles", NUMBERS[PRODUCTION]),
        ("gcp-image-scanning", "images"),
    ],
)
def test_what_is_right_passes(rule: str, name: str) -> None:
    verdict = _verdicts(rule)[name]
    assert verdict.status is Status.PASS, verdict.message


def test_the_directory_says_what_to_delegate() -> None:
    scope = "https://www.googleapis.com/auth/admin.directory.user.readonly"
    assert scope in str(grant("admin.users.list"))
    assert f"admin.users.list: {scope}" in permissions(["admin.users.list"], "text")
