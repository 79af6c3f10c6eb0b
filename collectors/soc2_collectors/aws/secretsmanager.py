"""Secrets Manager: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.secretsmanager import Secret
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Secret,
    calls=[
        "secretsmanager:ListSecrets",
        "secretsmanager:GetResourcePolicy",
        "secretsmanager:DescribeSecret",
    ],
    per="region",
    cost="pages of 100 + N + 1 per secret that nothing rotates",
)
def secrets(aws: Aws) -> Iterator[Document]:
    """Secrets that are not on their way out, by what is said about them."""
    for item in aws.items("secretsmanager", "list_secrets", "SecretList"):
        policy = aws.fact(
            "secretsmanager",
            "get_resource_policy",
            key="ResourcePolicy",
            optional=True,
            SecretId=item["ARN"],
        )
        body = {**item, "GetResourcePolicy": policy, "DescribeSecret": None}
        if not (item.get("RotationEnabled") or item.get("OwningService")):
            # Only this call tells that it is a copy of another account's secret.
            body["DescribeSecret"] = aws.fact(
                "secretsmanager",
                "describe_secret",
                key="CrossAccountPrimary",
                optional=True,
                SecretId=item["ARN"],
            )
        yield Document(item["ARN"], item["Name"], body)
