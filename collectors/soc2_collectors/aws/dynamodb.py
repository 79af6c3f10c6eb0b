"""DynamoDB: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.dynamodb import Table
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Table,
    calls=[
        "dynamodb:ListTables",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
    ],
    per="region",
    cost="pages of 100 + 2 N",
)
def tables(aws: Aws) -> Iterator[Document]:
    """Tables."""
    # A page holds 100 by default, which is also the most that it can.
    for name in aws.items("dynamodb", "list_tables", "TableNames"):
        arn = f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.account}:table/{name}"
        # DynamoDB says so of a table that is archived, too. One that was deleted DescribeTable does not find either.
        backups = aws.fact(
            "dynamodb",
            "describe_continuous_backups",
            absent=("TableNotFoundException",),
            key="ContinuousBackupsDescription",
            TableName=name,
        )
        yield Document(
            arn,
            str(name),
            {
                "TableName": name,
                "TableArn": arn,
                "DescribeContinuousBackups": backups,
                "DescribeTable": aws.fact(
                    "dynamodb", "describe_table", key="Table", TableName=name
                ),
            },
        )
