"""Security Command Center: whether it looks, and what it found.

Source: Security Command Center API v1, ``Source`` and ``Finding``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

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
