"""Cognito: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cognito import UserPool
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 60}
"""The most that AWS takes, which wants to be told."""


@collects(
    UserPool,
    calls=["cognito-idp:ListUserPools", "cognito-idp:DescribeUserPool"],
    per="region",
    cost="pages of 60 + N",
)
def user_pools(aws: Aws) -> Iterator[Document]:
    """User pools."""
    for item in aws.items("cognito-idp", "list_user_pools", "UserPools", PaginationConfig=_PAGE):
        number = item["Id"]
        details = aws.fact("cognito-idp", "describe_user_pool", key="UserPool", UserPoolId=number)
        arn = f"arn:{aws.partition}:cognito-idp:{aws.region}:{aws.account}:userpool/{number}"
        yield Document(arn, item["Name"], {**item, "DescribeUserPool": details})
