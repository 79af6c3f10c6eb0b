"""AWS Backup: restores that AWS does not list any more were made all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from soc2_collectors.aws.backup import restore_jobs
from soc2_pac.model import Document, Period, Status
from soc2_pac.testing import judge_document
from soc2_rules.aws.backup import aws_recovery_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

BEGAN = datetime(2026, 6, 1, tzinfo=UTC)


class _Listing:
    """A client that lists these jobs."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = numbers

    def items(self, *asked: str) -> Iterator[dict[str, Any]]:
        assert asked == ("backup", "list_restore_jobs", "RestoreJobs")
        yield from ({"RestoreJobId": number, "Status": "COMPLETED"} for number in self.numbers)


def _look(period: Period, *numbers: str) -> list[Document]:
    client = cast("Aws", _Listing(*numbers))
    return list(restore_jobs.function(client, period))


def test_restores_are_events_that_stay() -> None:
    assert restore_jobs.population
    period = Period(BEGAN)
    assert [found.uid for found in _look(period, "1", "2")] == ["1", "2"]
    assert period.total == 2
    assert period.parameters["from"] == "2026-05-02T00:00:00.000Z"


def test_a_look_within_the_month_goes_on_with_what_is_known() -> None:
    first = Period(BEGAN)
    _look(first, "1")
    later = Period(BEGAN + timedelta(days=29), first.cursor)
    assert _look(later) == []
    assert (later.total, later.parameters["from"]) == (0, "2026-05-02T00:00:00.000Z")


def test_what_nobody_saw_for_more_than_a_month_is_not_claimed() -> None:
    first = Period(BEGAN)
    _look(first, "1")
    late = Period(BEGAN + timedelta(days=31), first.cursor)
    _look(late)
    assert late.parameters["from"] == "2026-06-02T00:00:00.000Z"


def test_a_volume_of_fsx_is_not_taken_for_a_deleted_file_system() -> None:
    """Volumes are not collected: that none is among the file systems says nothing."""
    arn = "arn:aws:fsx:eu-west-1:111122223333:volume/fs-0def/fsvol-0abc"
    given: dict[str, list[dict[str, Any]] | None] = {kind: [] for kind in aws_recovery_points.kinds}
    verdict = judge_document(
        aws_recovery_points, {"ResourceArn": arn, "ResourceType": "FSx"}, given
    )
    assert verdict.status is Status.FAIL


@pytest.mark.parametrize(
    ("there", "expected"), [(["acme-files"], Status.FAIL), (["acme"], Status.NOT_APPLICABLE)]
)
def test_nothing_recent_is_asked_of_a_bucket_that_was_deleted(
    there: list[str], expected: Status
) -> None:
    arn = "arn:aws:s3:::acme-files"
    old = {
        "RecoveryPointArn": "a",
        "ResourceArn": arn,
        "Status": "COMPLETED",
        "CreationDate": "2026-05-01T03:00:00Z",
        "IsEncrypted": True,
    }
    given: dict[str, list[dict[str, Any]] | None] = {
        **{kind: [] for kind in aws_recovery_points.kinds},
        "aws.backup.recovery_point": [old],
        "aws.s3.bucket": [{"Name": name} for name in there],
    }
    document = {"ResourceArn": arn, "ResourceType": "S3"}
    assert judge_document(aws_recovery_points, document, given, now=BEGAN).status is expected
