"""API Gateway, of both generations: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.apigateway import HttpApi, RestApi
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 500}
_KEPT = ("authorizationType", "apiKeyRequired", "authorizerId", "authorizationScopes")
"""Of a method: the rest is how it answers, and can be megabytes."""


@collects(RestApi, calls=["apigateway:GET"], per="region", cost="pages of 500 + 2 N")
def rest_apis(aws: Aws) -> Iterator[Document]:
    """REST APIs."""
    for item in aws.items("apigateway", "get_rest_apis", "items", PaginationConfig=_PAGE):
        number = item["id"]
        stages = aws.fact("apigateway", "get_stages", key="item", restApiId=number)
        yield Document(
            f"arn:{aws.partition}:apigateway:{aws.region}::/restapis/{number}",
            item.get("name") or number,
            {**item, "GetStages": stages, "GetResources": _paths(aws, number)},
        )


def _paths(aws: Aws, number: str) -> Fact:
    def call() -> list[dict[str, Any]]:
        found = aws.items(
            "apigateway",
            "get_resources",
            "items",
            restApiId=number,
            embed=["methods"],
            PaginationConfig=_PAGE,
        )
        return [
            {
                "path": item.get("path", ""),
                "resourceMethods": {
                    verb: {key: method[key] for key in _KEPT if key in method}
                    for verb, method in (item.get("resourceMethods") or {}).items()
                },
            }
            for item in found
        ]

    return Fact("apigateway:GET", call)


@collects(HttpApi, calls=["apigateway:GET"], per="region", cost="pages of 500 + 2 N")
def http_apis(aws: Aws) -> Iterator[Document]:
    """HTTP and WebSocket APIs."""
    for item in aws.items("apigatewayv2", "get_apis", "Items", PaginationConfig=_PAGE):
        number = item["ApiId"]
        yield Document(
            f"arn:{aws.partition}:apigateway:{aws.region}::/apis/{number}",
            item.get("Name") or number,
            {
                **item,
                "GetStages": _all(aws, "get_stages", number),
                "GetRoutes": _all(aws, "get_routes", number),
            },
        )


def _all(aws: Aws, operation: str, number: str) -> Fact:
    def call() -> list[Any]:
        found = aws.items("apigatewayv2", operation, "Items", ApiId=number, PaginationConfig=_PAGE)
        return list(found)

    return Fact("apigateway:GET", call)
