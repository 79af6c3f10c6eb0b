"""The images of launch templates and launch configurations: regional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from soc2_collectors.aws.client import Aws

_GONE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed")
_KEPT = ("ImageId", "ImdsSupport")


def images(aws: Aws) -> Callable[[Mapping[str, Any]], Fact | None]:
    """What the image asks for that a launch names; ``None`` where it says itself whether tokens are required.

    Templates share images, and each is asked for once. One that is gone, or no longer shared, is ``None``.
    """

    @functools.cache
    def asked(number: str) -> list[dict[str, Any]] | None:
        said = aws.fact(
            "ec2", "describe_images", key="Images", absent=_GONE, ImageIds=[number]
        ).call()
        if not isinstance(said, list) or not said:
            return None
        return [{key: one[key] for key in _KEPT if key in one} for one in said]

    def image(launch: Mapping[str, Any]) -> Fact | None:
        number = str(launch.get("ImageId") or "")
        # A template may name a parameter that holds the image: resolve:ssm:...
        if (launch.get("MetadataOptions") or {}).get("HttpTokens") or not number.startswith("ami-"):
            return None
        return Fact("ec2:DescribeImages", functools.partial(asked, number))

    return image
