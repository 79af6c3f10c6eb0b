"""EFS and FSx: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        efs = made.client("efs")
        for name, encrypted in (("good", True), ("bad", False)):
            efs.create_file_system(
                CreationToken=name, Encrypted=encrypted, Backup=encrypted,
                Tags=[{"Key": "Name", "Value": name}],
            )  # fmt: skip
        made.client("fsx").create_file_system(
            FileSystemType="WINDOWS", StorageCapacity=32, SubnetIds=["subnet-0123456789abcdef0"],
            Tags=[{"Key": "Name", "Value": "homes"}],
        )  # fmt: skip
        yield made


def test_the_good_and_the_bad_are_told_apart(aws: Account) -> None:
    assert aws.judge("aws-efs-encrypted", "good", NOW).status is Status.PASS
    assert aws.judge("aws-efs-encrypted", "bad", NOW).status is Status.FAIL


def test_a_file_system_without_a_backup_policy_has_none(aws: Account) -> None:
    assert aws.one("aws.efs.file_system", "good").view.backup_policy.status == "ENABLED"
    bad = aws.one("aws.efs.file_system", "bad")
    assert bad.view.backup_policy is None
    assert bad.gaps == 0
    assert bad.uid == bad.view.file_system_arn


def test_the_size_is_not_kept(aws: Account) -> None:
    assert b"SizeInBytes" not in aws.one("aws.efs.file_system", "good").body


def test_fsx_file_systems_are_listed_by_their_name(aws: Account) -> None:
    (found,) = aws.collect("aws.fsx.file_system")
    assert (found.name, found.view.file_system_type) == ("homes", "WINDOWS")
    assert found.uid == found.view.resource_arn


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("efs.DescribeFileSystems", "aws.efs.file_system"),
        ("fsx.DescribeFileSystems", "aws.fsx.file_system"),
    ],
)
def test_recorded_file_systems(
    recordings: Callable[[str], Path], operation: str, kind: str
) -> None:
    found = [i for _, said in answers(recordings("aws"), operation) for i in said["FileSystems"]]
    assert found
    for item in found:
        # Recorded from the wire: seconds, which boto3 makes a time of.
        made = item.get("CreationTime")
        when = datetime.fromtimestamp(made, UTC) if isinstance(made, float) else made
        judged(kind, {**item, "CreationTime": when})
