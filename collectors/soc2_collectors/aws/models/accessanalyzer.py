"""Views of Access Analyzer: analyzers, and what they found to be open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from soc2_collectors.aws.models.policy import account_of
from soc2_pac.resources import Resource

EXTERNAL = ("ACCOUNT", "ORGANIZATION")
"""Types of analyzers that look for access from outside."""


class Analyzer(Resource, frozen=True, kw_only=True):
    """An analyzer (``ListAnalyzers``)."""

    kind = "aws.access_analyzer.analyzer"
    volatile = ("lastResourceAnalyzed", "lastResourceAnalyzedAt")
    arn: str
    name: str
    type: str
    status: str

    @property
    def region(self) -> str:
        """Where it looks."""
        return self.arn.split(":")[3] if self.arn.count(":") > 4 else ""  # noqa: PLR2004

    @property
    def account(self) -> str:
        """Whose it is."""
        return account_of(self.arn)

    @property
    def external(self) -> bool:
        """Whether it looks for access from outside, and works."""
        return self.type in EXTERNAL and self.status == "ACTIVE"


class ExternalAccess(Resource, frozen=True, kw_only=True, rename="camel"):
    """An active finding of access from outside (``ListFindingsV2``)."""

    kind = "aws.access_analyzer.finding"
    may_lack: ClassVar[Mapping[str, str]] = {
        "resourceType": "a message names it",
        "error": "left out where the resource could be looked at; Access Analyzer API, FindingSummaryV2",
    }
    any_value: ClassVar[Mapping[str, str]] = {"resourceType": "a message names it"}
    volatile = ("analyzedAt", "updatedAt")
    id: str
    resource: str = ""
    resource_type: str = ""
    status: str
    created_at: datetime
    error: str | None = None
    """Why the resource could not be looked at, ``ACCESS_DENIED``: who reaches it is not known then."""
