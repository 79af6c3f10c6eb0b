"""Views of Systems Manager: managed instances, what they lack, parameters, documents, sessions."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact


class ManagedInstance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A machine whose agent reports (``DescribeInstanceInformation``)."""

    kind = "aws.ssm.managed_instance"
    volatile = (
        "LastPingDateTime",
        "LastAssociationExecutionDate",
        "LastSuccessfulAssociationExecutionDate",
    )
    instance_id: str
    ping_status: str
    """``Online``, ``ConnectionLost`` or ``Inactive``."""


class NonCompliant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How many items are not as they should be, by severity."""

    non_compliant_count: int = 0
    severity_summary: dict[str, int] = {}


class Compliance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What a machine lacks of one sort (``ListResourceComplianceSummaries``)."""

    kind = "aws.ssm.compliance"
    volatile = ("ExecutionSummary",)
    compliance_type: str
    """``Patch``, ``Association``, or ``Custom:...``."""
    resource_id: str
    status: str
    """``COMPLIANT`` or ``NON_COMPLIANT``: AWS's words for its own check."""
    non_compliant: NonCompliant = msgspec.field(
        default_factory=NonCompliant, name="NonCompliantSummary"
    )

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

    account_ids: list[str] = []
    """``all`` stands for everyone."""


class Content(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetDocument``, redacted before it is kept."""

    content: str = ""


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


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The document of Session Manager's preferences."""

    content: str

    @property
    def inputs(self) -> dict[str, Any]:
        """What it says. Raises FactUnavailable where it cannot be read."""
        try:
            said: Any = json.loads(self.content)["inputs"]
        except (ValueError, TypeError, KeyError) as error:
            msg = f"the preferences of Session Manager cannot be read: {type(error).__name__}"
            raise FactUnavailable(msg) from error
        return said if isinstance(said, dict) else {}


class RegionSettings(Resource, frozen=True, kw_only=True, rename="pascal"):
    """How Systems Manager is set in a region."""

    kind = "aws.ssm.region_settings"
    public_sharing: Setting = fact("GetServiceSetting")
    """``Enable`` or ``Disable``: whether documents may be shared with everyone."""
    session: Session | None = fact("GetDocument")
    """``None``: nobody ever set preferences."""
