"""Views of Auto Scaling: launch configurations, the predecessors of launch templates."""

from __future__ import annotations

import msgspec

from soc2_collectors.aws.models.ec2 import LaunchImage, MetadataOptions
from soc2_pac.resources import Resource, fact


class LaunchConfiguration(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A launch configuration (``DescribeLaunchConfigurations``); its user data redacted."""

    kind = "aws.autoscaling.launch_configuration"
    secret = ("UserData",)
    name: str = msgspec.field(name="LaunchConfigurationName")
    metadata_options: MetadataOptions | None = None
    associate_public_ip_address: bool | None = None
    """``None``: as the subnet says, which is a question of its own."""
    security_groups: list[str] = []
    """Ids; names in configurations from before there were VPCs."""
    user_data: str
    """Empty where there is none."""
    images: list[LaunchImage] | None = fact("DescribeImages")
    """The image that it names; ``None`` where AWS does not show it."""
