"""Secrets that are planted in the answers of every provider are found nowhere.

A smaller run of what ``benchmarks/planted_secrets.py`` does with every rule in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from soc2_demo import runner
from soc2_pac.collect.logs import WITHHELD

from . import planted

if TYPE_CHECKING:
    from .planted import Told

pytestmark = pytest.mark.timeout(600)
INCLUDE = (
    *("github-*", "okta-*"),
    *("aws-lambda-*", "aws-instance-*", "aws-ecs-*", "aws-ssm-*", "aws-cf-*"),
    *("azure-app-*", "azure-function-*", "azure-ca-*", "azure-security-*"),
    *("gcp-run-*", "gcp-vm-*", "gcp-build-*", "gcp-essential-*"),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What was seen of a company whose answers hold plants."""
    return planted.carried_out(tmp_path_factory.mktemp("planted"), INCLUDE)


def test_no_planted_secret_is_in_any_file(told: Told) -> None:
    assert told.while_open == {}, "while the store was open, with its write-ahead log"
    assert told.in_files() == {}


def test_no_planted_secret_is_told(told: Told) -> None:
    assert told.in_outputs() == {}


def test_no_planted_secret_is_logged(told: Told) -> None:
    assert WITHHELD in told.logged, "libraries did log"
    assert told.in_logs() == {}


def test_enough_was_planted_and_came_in(told: Told) -> None:
    assert len(told.planter.planted) >= 150
    assert len(told.planter.places) >= 50
    kept = b"".join(p.read_bytes() for p in told.directory.glob("*.db"))
    assert kept.count(b"[redacted") >= 150, "what was found stays visible"
    assert "[redacted" in told.outputs
    names = {p.name for p in told.directory.iterdir()}
    assert {"copy.db", "recording", runner.DATABASE} <= names
    answers = b"".join(
        p.read_bytes() for p in (told.directory / "recording" / "exchanges").iterdir()
    )
    assert answers.count(b"[redacted") >= 50, "refusals that quoted secrets were recorded"
