"""KMS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.kms import Key
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Key,
    calls=[
        "kms:ListAliases",
        "kms:ListKeys",
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "kms:GetKeyPolicy",
    ],
    per="region",
    cost="pages of 1,000 + pages of 1,000 aliases + 3 N",
)
def keys(aws: Aws) -> Iterator[Document]:
    """Keys of the account, AWS-managed ones too: only ``DescribeKey`` says which is which.

    A key is called by its first alias, as people do.
    """
    names: dict[str, str] = {}
    for alias in aws.items("kms", "list_aliases", "Aliases"):
        names.setdefault(alias.get("TargetKeyId", ""), alias["AliasName"])
    for key in aws.items("kms", "list_keys", "Keys"):
        number = key["KeyId"]
        yield Document(
            key["KeyArn"],
            names.get(number, number),
            {
                **key,
                "DescribeKey": aws.fact("kms", "describe_key", key="KeyMetadata", KeyId=number),
                "GetKeyRotationStatus": aws.fact(
                    "kms",
                    "get_key_rotation_status",
                    absent=("UnsupportedOperationException",),
                    KeyId=number,
                ),
                "GetKeyPolicy": aws.fact(
                    "kms", "get_key_policy", key="Policy", KeyId=number, PolicyName="default"
                ),
            },
        )
