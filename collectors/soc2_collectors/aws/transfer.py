"""Transfer Family: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.transfer import Server
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 1000}
"""As many as a page can hold."""


@collects(
    Server,
    calls=["transfer:ListServers", "transfer:DescribeServer"],
    per="region",
    cost="pages of 1000 + N",
)
def servers(aws: Aws) -> Iterator[Document]:
    """Servers. The listing does not say which protocols they speak."""
    for item in aws.items("transfer", "list_servers", "Servers", PaginationConfig=_PAGE):
        number = item["ServerId"]
        details = aws.fact("transfer", "describe_server", key="Server", ServerId=number)
        yield Document(item["Arn"], number, {**item, "DescribeServer": details})
