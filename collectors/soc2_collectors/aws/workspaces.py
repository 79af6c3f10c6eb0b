"""WorkSpaces: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.workspaces import Workspace
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Workspace, calls=["workspaces:DescribeWorkspaces"], per="region", cost="pages of 25")
def workspaces(aws: Aws) -> Iterator[Document]:
    """Virtual desktops."""
    # A page holds 25 by default, which is also the most that it can.
    for item in aws.items("workspaces", "describe_workspaces", "Workspaces"):
        number = item["WorkspaceId"]
        arn = f"arn:{aws.partition}:workspaces:{aws.region}:{aws.account}:workspace/{number}"
        yield Document(arn, number, item)
