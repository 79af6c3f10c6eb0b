"""Views of Systems Manager: managed instances, what they lack, parameters, documents, sessions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Associations(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How State Manager's associations with a machine went, counted by their state."""

    may_lack: ClassVar[dict[str, str]] = {
        "InstanceAssociationStatusAggregatedCount": "what was reported as compliance is needed for a pass",
    }
    by_status: dict[str, int] = msgspec.field(
        default_factory=dict, name="InstanceAssociationStatusAggregatedCount"
    )


class ManagedInstance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A machine whose agent reports (``DescribeInstanceInformation``)."""

    kind = "aws.ssm.managed_instance"
    volatile = (
        "LastPingDateTime",
        "LastAssociationExecutionDate",
        "LastSuccessfulAssociationExecutionDate",
    )
    instance_id: str
    may_lack: ClassVar[dict[str, str]] = {
        "AssociationOverview": "what was reported as compliance is needed for a pass",
        "AssociationStatus": "what was reported as compliance is needed for a pass",
    }
    any_value: ClassVar[dict[str, str]] = {
        "AssociationStatus": "what was reported as compliance is needed for a pass",
    }
    ping_status: str
    """``Online``, ``ConnectionLost`` or ``Inactive``."""
    association_status: str = ""
    """``Success``, ``Failed``, ``Pending``, ...; left out where no association is with the machine."""
    association_overview: Associations = Associations()


class NonCompliant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How many items are not as they should be, by severity."""

    may_lack: ClassVar[dict[str, str]] = {
        "NonCompliantCount": "the status says it too, and what it says is needed"
    }
    non_compliant_count: int = 0
    severity_summary: dict[str, int] = {}


class Execution(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """When it was looked at."""

    execution_time: datetime


class Compliance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What a machine lacks of one sort (``ListResourceComplianceSummaries``)."""

    kind = "aws.ssm.compliance"
    volatile = ("ExecutionSummary.ExecutionId",)
    may_lack: ClassVar[dict[str, str]] = {
        "NonCompliantSummary": "the status says it too, and what it says is needed",
        "ComplianceType": "it says which question a summary answers, and joins it",
    }
    any_value: ClassVar[dict[str, str]] = {
        "ComplianceType": "it says which question a summary answers, and joins it"
    }
    compliance_type: str
    """``Patch``, ``Association``, or ``Custom:...``."""
    resource_id: str
    status: str
    """``COMPLIANT`` or ``NON_COMPLIANT``: AWS's words for its own check."""
    non_compliant: NonCompliant = msgspec.field(
        default_factory=NonCompliant, name="NonCompliantSummary"
    )
    execution: Execution = msgspec.field(name="ExecutionSummary")

    @property
    def key(self) -> tuple[str, str]:
        """The machine and the sort."""
        return self.resource_id, self.compliance_type


class Parameter(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A parameter (``DescribeParameters``); its value is never asked for."""

    kind = "aws.ssm.parameter"
    name: str
    type: str
    """``String``, ``StringList`` or ``SecureString``."""


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeDocumentPermission``."""

    account_ids: list[str]
    """``all`` stands for everyone."""


class Content(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetDocument``, redacted before it is kept."""

    content: str


class SsmDocument(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A document of this account."""

    kind = "aws.ssm.document"
    secret = ("GetDocument.Content",)
    name: str
    permission: Permission = fact("DescribeDocumentPermission")
    text: Content = fact("GetDocument")


class Setting(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetServiceSetting``."""

    setting_value: str
    status: str = ""
    """``Default``, ``Customized``, or ``PendingUpdate`` while a change is not in force."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Of Session Manager's preferences what says where sessions are logged; the rest holds commands."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("s3EncryptionEnabled", "cloudWatchEncryptionEnabled", "s3BucketName"),
        "read where sessions go there; without it they count as not encrypted, or not sent",
    )
    bucket: str = msgspec.field(default="", name="s3BucketName")
    bucket_encrypted: bool = msgspec.field(default=False, name="s3EncryptionEnabled")
    group: str = msgspec.field(default="", name="cloudWatchLogGroupName")
    group_encrypted: bool = msgspec.field(default=False, name="cloudWatchEncryptionEnabled")


class RegionSettings(Resource, frozen=True, kw_only=True, rename="pascal"):
    """How Systems Manager is set in a region."""

    kind = "aws.ssm.region_settings"
    public_sharing: Setting = fact("GetServiceSetting")
    """``Enable`` or ``Disable``: whether documents may be shared with everyone."""
    session: Session | None = fact("GetDocument")
    """``None``: nobody ever set preferences."""
