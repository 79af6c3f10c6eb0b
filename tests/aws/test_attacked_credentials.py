"""A key that proves a failure counts, whatever the report leaves out of the other one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROW = {
    "user": "ann",
    "arn": "arn:aws:iam::111122223333:user/ann",
    "access_key_1_active": "true",
    "access_key_1_last_rotated": "N/A",
    "access_key_1_last_used_date": "N/A",
    "access_key_2_active": "true",
    "access_key_2_last_rotated": "2025-01-02T00:00:00+00:00",
    "access_key_2_last_used_date": "N/A",
}


@pytest.mark.parametrize("rule", ["aws-access-key-age", "aws-access-key-inactive"])
@pytest.mark.parametrize("word", ["N/A", "perhaps"])
def test_an_old_second_key_fails_without_the_date_of_the_first(rule: str, word: str) -> None:
    row = ROW | {"access_key_1_last_rotated": word}

    verdict = judge_document(plugins.load().rules[rule], row, now=NOW)

    assert verdict.status is Status.FAIL
