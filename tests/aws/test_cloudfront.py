"""CloudFront: origins in a VPC are asked for one by one, each once, however many distributions have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws import cloudfront
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Answers:
    """What CloudFront says of three distributions, two of which share an origin in a VPC."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pages(self, _service: str, operation: str) -> Iterator[dict[str, Any]]:
        assert operation == "list_distributions"
        yield {"DistributionList": {"Items": [_distribution("E1", "vo_1", None)]}}
        yield {
            "DistributionList": {
                "Items": [_distribution("E2", "vo_1", "vo_2"), _distribution("E3")]
            }
        }

    def fact(self, _service: str, operation: str, *, key: str, **params: Any) -> Fact:
        def call() -> object:
            assert (operation, key) == ("get_vpc_origin", "VpcOrigin")
            self.asked.append(params["Id"])
            return {"Id": params["Id"]}

        return Fact("cloudfront:GetVpcOrigin", call)


def _distribution(number: str, *origins: str | None) -> dict[str, Any]:
    items = [
        {"Id": str(at), **({"VpcOriginConfig": {"VpcOriginId": one}} if one else {})}
        for at, one in enumerate(origins)
    ]
    return {"Id": number, "ARN": number, "DomainName": number, "Origins": {"Items": items}}


def test_an_origin_in_a_vpc_is_asked_for_once() -> None:
    aws = _Answers()
    told = []
    for document in cloudfront.distributions.function(aws):
        asked: Any = document.body["GetVpcOrigin"]
        told.append([one["Id"] for one in asked.call()])
    assert told == [["vo_1"], ["vo_1", "vo_2"], []]
    assert aws.asked == ["vo_1", "vo_2"]
