"""Secrets Manager: which secrets are asked of whom they are copies, and what follows from that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import secretsmanager
from soc2_pac import plugins
from soc2_pac.model import Fact, Status
from soc2_pac.testing import judge_document

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULE = plugins.load().rules["aws-secret-rotation"]


class _Answers:
    """What Secrets Manager says of three secrets."""

    def items(self, _service: str, operation: str, key: str) -> Iterator[dict[str, Any]]:
        assert (operation, key) == ("list_secrets", "SecretList")
        yield {"ARN": "arn:turning", "Name": "turning", "RotationEnabled": True}
        yield {"ARN": "arn:managed", "Name": "managed", "OwningService": "rds"}
        yield {"ARN": "arn:still", "Name": "still"}

    def fact(self, _service: str, operation: str, **params: Any) -> Fact:
        return Fact(f"secretsmanager:{operation}", lambda: params)


def test_only_what_nothing_rotates_here_is_asked_of_whom_it_is_a_copy() -> None:
    found = {
        document.name: document.body["DescribeSecret"]
        for document in secretsmanager.secrets.function(_Answers())
    }
    assert found["turning"] is None
    assert found["managed"] is None
    asked: Any = found["still"]
    assert asked.call()["SecretId"] == "arn:still"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("InSync", Status.NOT_APPLICABLE),
        ("InProgress", Status.NOT_APPLICABLE),
        ("Pending", Status.NOT_APPLICABLE),
        ("Failed", Status.FAIL),
        ("Detached", Status.FAIL),
    ],
)
def test_a_copy_counts_as_one_as_long_as_it_follows(status: str, expected: Status) -> None:
    document = {
        "Name": "orders",
        "CreatedDate": "2026-01-01T00:00:00Z",
        "DescribeSecret": {"PrimarySecretARN": "arn:orders", "ReplicationStatus": status},
    }
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert judge_document(_RULE, document, now=now).status is expected
