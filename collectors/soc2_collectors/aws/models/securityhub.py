"""Views of Security Hub."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from soc2_collectors.aws.models.arns import parsed
from soc2_pac.resources import Resource, fact


class StatusReason(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Why a standard is in its state."""

    status_reason_code: str = ""


class Standard(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A standard that is switched on."""

    may_lack: ClassVar[dict[str, str]] = {
        "Provider": "answers from before standards of other clouds leave it out: AWS's own",
    }
    standards_arn: str
    standards_status: str
    """``READY``; ``PENDING``, ``FAILED``, ``DELETING``; ``INCOMPLETE``: controls could not be set up."""
    standards_status_reason: StatusReason | None = None
    provider: str = "AWS"
    """The cloud whose resources it checks."""


class Aggregator(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where findings are gathered, and of which Regions (``GetFindingAggregator``)."""

    may_lack: ClassVar[dict[str, str]] = {
        "Regions": "the mode says whether it is read; where it is, none of them is linked without it"
    }
    finding_aggregation_region: str
    region_linking_mode: str
    regions: list[str] = []

    def takes(self, region: str | None) -> bool | None:
        """Whether findings of a Region come there; ``None`` for a mode that is not known."""
        if region == self.finding_aggregation_region:
            return True
        return {
            "ALL_REGIONS": True,
            "ALL_REGIONS_EXCEPT_SPECIFIED": region not in self.regions,
            "SPECIFIED_REGIONS": region in self.regions,
            "NO_REGIONS": False,
        }.get(self.region_linking_mode)


class Administrator(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetAdministratorAccount``."""

    account_id: str
    member_status: str = ""
    """``Enabled`` while findings go there."""


class Hub(Resource, frozen=True, kw_only=True):
    """Security Hub in a region; each part is ``None`` where it is not enabled."""

    kind = "aws.securityhub.hub"
    hub: dict[str, Any] | None = fact("DescribeHub")
    standards: list[Standard] | None = fact("GetEnabledStandards")
    aggregators: list[Aggregator] | None = fact("GetFindingAggregator")
    administrator: Administrator | None = fact("GetAdministratorAccount")
    """``None``: the account is no member of another one's."""

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region; empty where it is not enabled."""
        return parsed(str((self.hub or {}).get("HubArn", ""))).place
