"""Transfer Family: what boto3 reads from moto, and what AWS really answered."""

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
        yield made


def test_the_good_and_the_bad_are_told_apart(aws: Account) -> None:
    transfer = aws.client("transfer")
    made = {
        status: transfer.create_server(Protocols=protocols)["ServerId"]
        for status, protocols in ((Status.PASS, ["SFTP"]), (Status.FAIL, ["SFTP", "FTP"]))
    }
    for status, number in made.items():
        assert aws.judge("aws-transfer-secure-protocol", number, NOW).status is status
    assert aws.calls == {"transfer:ListServers": 1, "transfer:DescribeServer": 2}
    assert not [s for s in aws.collect("aws.transfer.server") if b"UserCount" in s.body]


def test_recorded_servers(recordings: Callable[[str], Path]) -> None:
    listed = [
        item
        for _, said in answers(recordings("aws"), "transfer.ListServers")
        for item in said["Servers"]
    ]
    described = [
        said["Server"] for _, said in answers(recordings("aws"), "transfer.DescribeServer")
    ]
    assert listed
    assert described
    for item in listed:
        judged("aws.transfer.server", item)
    for server in described:
        body = {"ServerId": server["ServerId"], "DescribeServer": server}
        assert judged("aws.transfer.server", body)
