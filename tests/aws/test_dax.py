"""DAX: what boto3 reads from moto."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.model import Status

from .regional import Account, account

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        dax = made.client("dax")
        for name, at_rest, wire in (
            ("good", True, "TLS"),
            ("plain-disks", False, "TLS"),
            ("plain-wire", True, "NONE"),
        ):
            dax.create_cluster(
                ClusterName=name, NodeType="dax.t3.small", ReplicationFactor=1,
                IamRoleArn=f"arn:aws:iam::{made.number}:role/dax",
                SSESpecification={"Enabled": at_rest}, ClusterEndpointEncryptionType=wire,
            )  # fmt: skip
        yield made


@pytest.mark.parametrize(
    ("name", "status"),
    [("good", Status.PASS), ("plain-disks", Status.FAIL), ("plain-wire", Status.FAIL)],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, name: str, status: Status) -> None:
    assert aws.judge("aws-dax-encrypted", name, NOW).status is status


def test_a_listing_is_one_request(aws: Account) -> None:
    found = aws.collect("aws.dax.cluster")
    assert len(found) == 3
    assert all(seen.uid.startswith("arn:aws:dax:") for seen in found)
    assert aws.calls == {"dax:DescribeClusters": 1}
