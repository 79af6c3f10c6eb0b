"""Views of Detective."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

CORE = "DETECTIVE_CORE"


class Ingest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a source is taken in: ``STARTED``, ``STOPPED`` or ``DISABLED``."""

    state: str = msgspec.field(name="DatasourcePackageIngestState")


class Graph(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A behaviour graph that the account administers (``ListGraphs``); at most one in a region."""

    kind = "aws.detective.graph"
    volatile = ("ListDatasourcePackages.*.LastIngestStateChange",)
    arn: str
    sources: dict[str, Ingest] = fact("ListDatasourcePackages")
    """By source: ``DETECTIVE_CORE``, ``EKS_AUDIT``, ``ASFF_SECURITYHUB_FINDING``."""

    @property
    def core(self) -> str:
        """Whether it takes in what GuardDuty, CloudTrail and the flow logs say: ``STARTED``."""
        found = self.sources.get(CORE)
        return found.state if found is not None else ""


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
    may_lack: ClassVar[dict[str, str]] = {
        "DatasourcePackageIngestStates": "AWS tells it to administrators, and to some members only"
    }
    graph_arn: str
    ingest_states: dict[str, str] = msgspec.field(
        default_factory=dict, name="DatasourcePackageIngestStates"
    )
    administrator_id: str = ""
    status: str
    """``ENABLED`` while the graph takes this account's data; or ``INVITED``, ``ACCEPTED_BUT_DISABLED``,
    ``VERIFICATION_IN_PROGRESS``, ``VERIFICATION_FAILED``."""
