"""A sample of two benchmarks: hostile answers for every provider, and fault cells."""

from __future__ import annotations

import fault_cells
import hostile_answers
import pytest

SAMPLE = [
    ("okta", "okta.user", 7),
    ("github", "github.repository", 7),
    ("azure", "azure.storage.*", 13),
    ("gcp", "gcp.compute.*", 29),
    ("aws", "aws.s3.*", 29),
]


@pytest.mark.slow
@pytest.mark.parametrize(("provider", "kinds", "every"), SAMPLE)
def test_no_wrong_answer_makes_a_pass(
    provider: str, kinds: str, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLS_TOKEN", "")
    tally = fault_cells.Tally()
    fault_cells.run(provider, tally, kinds=kinds, every=every)
    assert tally.cells[provider] > 3
    assert tally.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["drip-headers", "bomb"])
@pytest.mark.parametrize("provider", hostile_answers.KINDS)
def test_a_hostile_answer_ends_a_unit_in_its_time(provider: str, mode: str) -> None:
    found = hostile_answers.measured(provider, mode, 3)
    assert found["status"] == "failed", found
    assert found["discovery"] != "read", found
    assert found["unit"] < 3 + hostile_answers.MOST_LATE, found
    assert found["discovering"] < 3 + hostile_answers.MOST_LATE, found
    assert found["peak_mb"] < hostile_answers.MOST_MB, found
