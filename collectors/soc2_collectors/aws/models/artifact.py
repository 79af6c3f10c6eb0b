"""Views of AWS Artifact: the auditors' reports that AWS offers to its customers."""

from __future__ import annotations

from datetime import datetime

from soc2_pac.resources import Resource


class Report(Resource, frozen=True, kw_only=True, rename="camel"):
    """A report (``ListReports``); AWS's own and those of marketplace vendors."""

    kind = "aws.artifact.report"
    name: str
    state: str
    """``PUBLISHED`` or ``UNPUBLISHED``."""
    company_name: str = ""
    series: str = ""
    category: str = ""
    period_end: datetime | None = None
