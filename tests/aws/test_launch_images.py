"""What is asked of the images that launch templates name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from soc2_collectors.aws.launch_images import images
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from soc2_collectors.aws.client import Aws

KNOWN = {
    "ami-new": [{"ImageId": "ami-new", "Name": "al2023", "ImdsSupport": "v2.0"}],
    "ami-old": [{"ImageId": "ami-old", "Name": "amzn2"}],
}


class Ec2:
    """EC2 as far as it tells of images: what it does not know is gone."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fact(self, _service: str, operation: str, **asked: Any) -> Fact:
        assert operation == "describe_images"

        def call() -> object:
            (number,) = asked["ImageIds"]
            self.asked.append(number)
            return KNOWN.get(number)

        return Fact("ec2:DescribeImages", call)


def test_an_image_is_asked_for_once_where_tokens_are_left_open() -> None:
    ec2 = Ec2()
    image = images(cast("Aws", ec2))
    found = [image(one) for one in (
        {"ImageId": "ami-new"},
        {"ImageId": "ami-new", "MetadataOptions": {"HttpPutResponseHopLimit": 2}},
        {"ImageId": "ami-old"},
        {"ImageId": "ami-gone"},
    )]  # fmt: skip
    said = [one.call() for one in found if one is not None]
    assert said == [
        [{"ImageId": "ami-new", "ImdsSupport": "v2.0"}],
        [{"ImageId": "ami-new", "ImdsSupport": "v2.0"}],
        [{"ImageId": "ami-old"}],
        None,
    ]
    assert ec2.asked == ["ami-new", "ami-old", "ami-gone"]


def test_nothing_is_asked_where_it_says_so_itself_or_names_no_image() -> None:
    ec2 = Ec2()
    image = images(cast("Aws", ec2))
    assert image({"ImageId": "ami-new", "MetadataOptions": {"HttpTokens": "optional"}}) is None
    assert image({"ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023"}) is None
    assert image({}) is None
    assert ec2.asked == []
