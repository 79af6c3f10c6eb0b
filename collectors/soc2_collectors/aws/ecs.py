"""ECS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ecs import TaskDefinition
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 100}


@collects(
    TaskDefinition,
    calls=["ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition"],
    per="region",
    cost="pages of 100 + N",
)
def task_definitions(aws: Aws) -> Iterator[Document]:
    """The newest active revision of each family: older ones start only where somebody asks for them."""
    families = aws.items(
        "ecs",
        "list_task_definition_families",
        "families",
        status="ACTIVE",
        PaginationConfig=_PAGE,
    )
    for family in families:
        details = aws.fact(
            "ecs", "describe_task_definition", key="taskDefinition", taskDefinition=family
        )
        arn = f"arn:{aws.partition}:ecs:{aws.region}:{aws.account}:task-definition/{family}"
        yield Document(arn, str(family), {"family": family, "DescribeTaskDefinition": details})
