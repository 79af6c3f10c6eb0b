"""Views of Detective."""

from __future__ import annotations

from soc2_pac.resources import Resource


class Graph(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A behaviour graph that the account administers (``ListGraphs``); at most one in a region."""

    kind = "aws.detective.graph"
    arn: str


class Membership(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A behaviour graph of another account that this one feeds or was asked to (``ListInvitations``)."""

    kind = "aws.detective.membership"
    volatile = (
        "UpdatedTime",
        "VolumeUsageInBytes",
        "VolumeUsageUpdatedTime",
        "PercentOfGraphUtilization",
        "PercentOfGraphUtilizationUpdatedTime",
        "VolumeUsageByDatasourcePackage",
    )
    graph_arn: str
    administrator_id: str = ""
    status: str
    """``ENABLED`` while the graph takes this account's data; or ``INVITED``, ``ACCEPTED_BUT_DISABLED``,
    ``VERIFICATION_IN_PROGRESS``, ``VERIFICATION_FAILED``."""
