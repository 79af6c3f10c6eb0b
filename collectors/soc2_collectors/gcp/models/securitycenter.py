"""Security Command Center: whether it looks, and what it found.

Source: Security Command Center API v1, ``Source`` and ``Finding``; Security Center Management API v1,
``SecurityCenterService``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.values import Moment
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Source(msgspec.Struct, frozen=True, rename="camel"):
    """``Source``: what finds."""

    name: str
    display_name: str = ""


class SecurityCenter(Resource, frozen=True, kw_only=True, rename="camel"):
    """The sources of an organisation, folder or project (``sources.list``). Shape from documentation."""

    kind = "gcp.securitycenter.sources"

    name: str
    sources: list[Source]


class FindingData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``Finding``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "category": "only named in the message",
        "severity": "the listing asks for HIGH and CRITICAL; whatever is not CRITICAL counts as HIGH",
        "state": "the listing asks for ACTIVE; whatever is not INACTIVE counts",
        "mute": "the listing asks for what is not muted; whatever is not MUTED counts",
    }
    any_value: ClassVar[Mapping[str, str]] = may_lack

    name: str
    category: str = ""
    severity: str = "SEVERITY_UNSPECIFIED"
    state: str = "ACTIVE"
    mute: str = "UNDEFINED"
    resource_name: str = ""
    create_time: Moment


class Finding(Resource, frozen=True, kw_only=True, rename="camel"):
    """A finding that is active and of high or critical severity (``findings.list``). As recorded."""

    kind = "gcp.securitycenter.finding"
    secret = (
        "finding.processes.*.args.*",
        "finding.processes.*.envVariables.*.val",
    )
    volatile = (
        "finding.eventTime",
        "finding.securityMarks",
        "finding.sourceProperties",
        "resource",
    )

    finding: FindingData

    @property
    def found(self) -> datetime:
        """When it was found first."""
        return self.finding.create_time

    @property
    def open(self) -> bool:
        """Whether it is neither over nor muted."""
        return self.finding.state != "INACTIVE" and self.finding.mute != "MUTED"


class ServiceData(msgspec.Struct, frozen=True, rename="camel"):
    """``SecurityCenterService``: what finds, as it is in force."""

    name: str
    """``organizations/1/locations/global/securityCenterServices/security-health-analytics``."""
    effective_enablement_state: str


class SecurityService(Asset, frozen=True, kw_only=True, rename="camel"):
    """A service of Security Command Center, where its state is set. Shape from documentation."""

    kind = "gcp.securitycenter.service"
    resource: Held[ServiceData]

    @property
    def service(self) -> str:
        """``security-health-analytics``."""
        return self.resource.data.name.rpartition("/")[2]

    @property
    def node(self) -> str:
        """Of which organisation, folder or project: ``projects/1``."""
        return (
            self.ancestors[0]
            if self.ancestors
            else self.resource.data.name.partition("/locations/")[0]
        )
