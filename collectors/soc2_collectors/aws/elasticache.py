"""ElastiCache: regional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.elasticache import ReplicationGroup
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

# Pages hold 100 by default, which is also the most that they can.


@collects(
    ReplicationGroup,
    calls=["elasticache:DescribeReplicationGroups", "elasticache:DescribeUsers"],
    per="region",
    cost="pages of 100 + pages of 100 users, where there are user groups",
)
def replication_groups(aws: Aws) -> Iterator[Document]:
    """Replication groups, each with the users of its user groups."""

    @functools.cache
    def users() -> list[dict[str, Any]]:
        """All users of the region: they say which groups they are in, the groups' own call does not."""
        return list(aws.items("elasticache", "describe_users", "Users"))

    def members(groups: frozenset[str]) -> list[dict[str, Any]]:
        return [user for user in users() if groups & set(user.get("UserGroupIds") or ())]

    for item in aws.items("elasticache", "describe_replication_groups", "ReplicationGroups"):
        body = dict(item)
        if groups := item.get("UserGroupIds"):
            body["DescribeUsers"] = Fact(
                "elasticache:DescribeUsers", functools.partial(members, frozenset(groups))
            )
        yield Document(item["ARN"], item["ReplicationGroupId"], body)
