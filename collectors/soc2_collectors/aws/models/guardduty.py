"""Views of GuardDuty: detectors and what they found."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Addition(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What belongs to a plan: whether GuardDuty installs the agents of Runtime Monitoring by itself."""

    name: str
    status: str = ""


class Feature(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A protection plan or log source."""

    may_lack: ClassVar[dict[str, str]] = {
        "AdditionalConfiguration": "only plans with agents have it, and a message names it",
        "AdditionalConfiguration.*.Status": "a message names what is not ENABLED",
        "ManagedBy": "AWS names it where a policy of the organisation manages a plan (API reference, "
        "DetectorFeatureConfigurationResult)",
    }
    any_value: ClassVar[dict[str, str]] = {
        "AdditionalConfiguration.*.Name": "a message names it",
        "AdditionalConfiguration.*.Status": "a message names what is not ENABLED",
    }
    name: str
    status: str = ""
    additional_configuration: list[Addition] = []
    managed_by: str = ""
    """``GUARDDUTY_POLICY`` where a policy of the organisation manages it; left out where the account does."""


class DetectorDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetDetector``."""

    status: str
    features: list[Feature] | None = None
    """Left out by answers from before 2023."""

    @property
    def by_policy(self) -> bool:
        """Whether a GuardDuty policy of AWS Organizations manages one of its plans."""
        return any(feature.managed_by == "GUARDDUTY_POLICY" for feature in self.features or ())


class Administrator(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetAdministratorAccount``."""

    account_id: str = ""
    relationship_status: str = ""
    """``Enabled`` while the account reports."""


class OrganizationConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeOrganizationConfiguration``."""

    auto_enable_organization_members: str | None = None
    """``ALL``, ``NEW`` or ``NONE``; answers from before 2023 leave it out."""
    member_account_limit_reached: bool = False


class Detector(Resource, frozen=True, kw_only=True):
    """A region's detector; at most one."""

    kind = "aws.guardduty.detector"
    details: DetectorDetails = fact("GetDetector")
    administrator: Administrator | None = fact("GetAdministratorAccount")
    """``None``: the account reports to nobody."""
    organization: OrganizationConfiguration | None = fact("DescribeOrganizationConfiguration")
    """``None``: the account is not the delegated administrator."""


class FindingService(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the service says about a finding."""

    may_lack: ClassVar[dict[str, str]] = {
        "Archived": "without it a finding counts as open, which is stricter"
    }
    archived: bool = False


class Finding(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A finding that is not archived (``GetFindings``)."""

    kind = "aws.guardduty.finding"
    secret = ("Service.RuntimeDetails.Context.CommandLineExample",)
    may_lack: ClassVar[dict[str, str]] = {
        "Service": "without it a finding counts as open, which is stricter",
        "Type": "only named in the message",
    }
    id: str
    type: str
    severity: float
    """1.0 to 10.0; from 4.0 medium, from 7.0 high, from 9.0 critical."""
    created_at: datetime
    service: FindingService = FindingService()
