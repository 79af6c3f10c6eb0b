"""CloudFormation: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudformation import Stack
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Stack, calls=["cloudformation:DescribeStacks"], per="region", cost="pages of 100")
def stacks(aws: Aws) -> Iterator[Document]:
    """Stacks, nested ones too; AWS leaves out those that are deleted unless one asks by name."""
    for stack in aws.items("cloudformation", "describe_stacks", "Stacks"):
        yield Document(stack["StackId"], stack["StackName"], stack)
