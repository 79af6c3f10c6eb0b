"""ECS: regional."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ecs import Service, TaskDefinition
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 100}
_AT_ONCE = 10
"""As many services as one ``DescribeServices`` takes."""
_KEPT = (
    "serviceArn",
    "serviceName",
    "clusterArn",
    "deploymentConfiguration",
    "deploymentController",
)
"""Of a service: the rest changes with every task that starts, and no rule reads it."""
_GONE = "MISSING"
"""Why AWS does not describe a service that was deleted since it was listed."""


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


@collects(
    Service,
    calls=["ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices"],
    per="region",
    cost="pages of 100 + at least 1 per cluster + 1 per 10",
)
def services(aws: Aws) -> Iterator[Document]:
    """Services of every cluster: AWS lists them only by cluster."""
    for cluster in aws.items("ecs", "list_clusters", "clusterArns", PaginationConfig=_PAGE):
        listed = aws.children(
            "ecs", "list_services", "serviceArns", cluster=cluster, PaginationConfig=_PAGE
        )
        while batch := list(islice(listed, _AT_ONCE)):
            said = aws.ask("ecs", "describe_services", cluster=cluster, services=batch)
            if lost := [one for one in said.get("failures") or () if one.get("reason") != _GONE]:
                # The others are answered as if nothing was: some would be missing unsaid.
                msg = f"not every service of {cluster} was given: {lost[0].get('reason')}"
                raise Unexpected(msg, operation="ecs:DescribeServices")
            for item in said["services"]:
                body = {key: item[key] for key in _KEPT if key in item}
                yield Document(item["serviceArn"], item["serviceName"], body)
