"""Auto Scaling: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.launch_images import images
from soc2_collectors.aws.models.autoscaling import LaunchConfiguration
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    LaunchConfiguration,
    calls=["autoscaling:DescribeLaunchConfigurations", "ec2:DescribeImages"],
    per="region",
    cost="pages of 100 + 1 per image, where tokens are left open",
)
def launch_configurations(aws: Aws) -> Iterator[Document]:
    """Launch configurations: AWS makes no new ones for new accounts, but old ones still start instances."""
    image = images(aws)
    for item in aws.items(
        "autoscaling",
        "describe_launch_configurations",
        "LaunchConfigurations",
        PaginationConfig={"PageSize": 100},
    ):
        yield Document(
            item["LaunchConfigurationARN"],
            item["LaunchConfigurationName"],
            {**item, "DescribeImages": image(item)},
        )
