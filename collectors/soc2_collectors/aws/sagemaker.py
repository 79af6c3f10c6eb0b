"""SageMaker: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.sagemaker import EndpointConfig, Notebook
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Notebook,
    calls=["sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance"],
    per="region",
    cost="pages of 100 + N",
)
def notebooks(aws: Aws) -> Iterator[Document]:
    """Notebook instances, stopped ones too."""
    for item in aws.items("sagemaker", "list_notebook_instances", "NotebookInstances"):
        name = item["NotebookInstanceName"]
        details = aws.fact("sagemaker", "describe_notebook_instance", NotebookInstanceName=name)
        yield Document(
            item["NotebookInstanceArn"], name, {**item, "DescribeNotebookInstance": details}
        )


@collects(
    EndpointConfig,
    calls=["sagemaker:ListEndpointConfigs", "sagemaker:DescribeEndpointConfig"],
    per="region",
    cost="pages of 100 + N",
)
def endpoint_configs(aws: Aws) -> Iterator[Document]:
    """Configurations of endpoints."""
    for item in aws.items("sagemaker", "list_endpoint_configs", "EndpointConfigs"):
        name = item["EndpointConfigName"]
        details = aws.fact("sagemaker", "describe_endpoint_config", EndpointConfigName=name)
        yield Document(item["EndpointConfigArn"], name, {**item, "DescribeEndpointConfig": details})
