"""CodeDeploy: regional."""

from __future__ import annotations

import functools
from itertools import islice
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.codedeploy import DeploymentGroup
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_AT_ONCE = 100
"""As many groups as one ``BatchGetDeploymentGroups`` takes."""
_OF_AWS = "CodeDeployDefault."
"""How the names of the configurations begin that AWS gives; they say what these do."""


@collects(
    DeploymentGroup,
    calls=[
        "codedeploy:ListApplications",
        "codedeploy:ListDeploymentGroups",
        "codedeploy:BatchGetDeploymentGroups",
        "codedeploy:GetDeploymentConfig",
    ],
    per="region",
    cost="pages + 2 per application + 1 per configuration of one's own",
)
def deployment_groups(aws: Aws) -> Iterator[Document]:
    """Deployment groups of every application: AWS lists them only by application."""

    @functools.cache
    def config(name: str) -> object:
        return aws.fact(
            "codedeploy",
            "get_deployment_config",
            key="deploymentConfigInfo",
            absent=("DeploymentConfigDoesNotExistException",),
            deploymentConfigName=name,
        ).call()

    for application in aws.items("codedeploy", "list_applications", "applications"):
        names = aws.children(
            "codedeploy", "list_deployment_groups", "deploymentGroups", applicationName=application
        )
        while batch := list(islice(names, _AT_ONCE)):
            said = aws.ask(
                "codedeploy",
                "batch_get_deployment_groups",
                applicationName=application,
                deploymentGroupNames=batch,
            )
            if problem := said.get("errorMessage"):
                # The others of the batch are answered as if nothing was: some would be missing unsaid.
                msg = f"not every deployment group of {application} was given: {problem}"
                raise Unexpected(msg, operation="codedeploy:BatchGetDeploymentGroups")
            for group in said["deploymentGroupsInfo"]:
                name = group["deploymentGroupName"]
                body = dict(group)
                used = group.get("deploymentConfigName") or ""
                if used and not used.startswith(_OF_AWS):
                    body["GetDeploymentConfig"] = Fact(
                        "codedeploy:GetDeploymentConfig", functools.partial(config, used)
                    )
                arn = (
                    f"arn:{aws.partition}:codedeploy:{aws.region}:{aws.account}"
                    f":deploymentgroup:{application}/{name}"
                )
                yield Document(arn, f"{application}/{name}", body)
