"""The same findings by ISO/IEC 27001: every rule has its place, and names nothing that does not exist."""

from __future__ import annotations

import pytest

from soc2_pac.criteria import CRITERIA
from soc2_pac.frameworks import ANNEX_A, annex_a
from soc2_pac.plugins import load


def test_annex_a_has_its_93_controls_in_order() -> None:
    numbers = [tuple(map(int, one.removeprefix("A.").split("."))) for one in ANNEX_A]
    assert numbers == sorted(numbers)
    assert {chapter: sum(n[0] == chapter for n in numbers) for chapter in (5, 6, 7, 8)} == {
        5: 37, 6: 8, 7: 14, 8: 34,
    }  # fmt: skip


def test_controls_name_criteria_that_exist() -> None:
    assert {name for one in ANNEX_A.values() for name in one.criteria} <= set(CRITERIA)


def test_every_rule_is_evidence_for_few_controls() -> None:
    for rule in load().rules.values():
        found = annex_a(rule.id, map(str, rule.criteria))
        assert 1 <= len(found) <= 7, (rule.id, found)
        assert set(found) <= set(ANNEX_A)


@pytest.mark.parametrize(
    ("rule", "criteria", "control"),
    [
        ("aws-console-user-mfa", ["CC6.1"], "A.8.5"),
        ("aws-kms-rotation", ["CC6.1"], "A.8.24"),
        ("aws-log-retention", ["CC7.2"], "A.8.15"),
        ("aws-ebs-backed-up", ["CC7.5"], "A.8.13"),
        ("azure-nsg-ssh", ["CC6.6"], "A.8.20"),
        ("github-merged-pr-checks", ["CC8.1"], "A.8.32"),
        ("okta-deprovisioned-in-sla", ["CC6.2"], "A.5.18"),
        ("company-background-checks", ["CC1.4"], "A.6.1"),
        ("something-of-ones-own", ["CC7.4"], "A.5.26"),
        ("something-of-ones-own", ["P8.1"], None),
    ],
)
def test_words_of_the_id_choose_among_the_controls_of_a_criterion(
    rule: str, criteria: list[str], control: str | None
) -> None:
    found = annex_a(rule, criteria)
    assert found == () if control is None else control in found
