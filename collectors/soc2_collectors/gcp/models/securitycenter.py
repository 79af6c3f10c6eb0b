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

OFF = ("DISABLED", "INGEST_ONLY")
"""States in which nothing is looked for."""


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


class Module(msgspec.Struct, frozen=True, rename="camel"):
    """``ModuleSettings``: one detector of a service, as it is in force."""

    effective_enablement_state: str = ""


class ServiceData(msgspec.Struct, frozen=True, rename="camel"):
    """``SecurityCenterService``: what finds, as it is in force."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "modules": "a detector that is not named is as its service is (SecurityCenterService.modules)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "modules": "only detectors that are off are named; all of those named off is a failure",
    }

    name: str
    """``organizations/1/locations/global/securityCenterServices/security-health-analytics``."""
    effective_enablement_state: str
    modules: dict[str, Module] = {}


class SecurityService(Asset, frozen=True, kw_only=True, rename="camel"):
    """A service of Security Command Center, where its state is set. Shape from documentation."""

    kind = "gcp.securitycenter.service"
    resource: Held[ServiceData]

    @property
    def service(self) -> str:
        """``security-health-analytics``."""
        return self.resource.data.name.rpartition("/")[2]

    @property
    def detectors_off(self) -> list[str]:
        """Its detectors that are switched off, by name."""
        found = self.resource.data.modules.items()
        return sorted(name for name, one in found if one.effective_enablement_state in OFF)

    @property
    def blind(self) -> bool:
        """Whether detectors are named, and all of them are off."""
        named = self.resource.data.modules
        return bool(named) and len(self.detectors_off) == len(named)

    @property
    def node(self) -> str:
        """Of which organisation, folder or project: ``projects/1``."""
        return (
            self.ancestors[0]
            if self.ancestors
            else self.resource.data.name.partition("/locations/")[0]
        )
