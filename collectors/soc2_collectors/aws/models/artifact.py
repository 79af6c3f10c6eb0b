"""Views of AWS Artifact: the auditors' reports that AWS offers to its customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from soc2_pac.resources import Resource


class Report(Resource, frozen=True, kw_only=True, rename="camel"):
    """A report (``ListReports``); AWS's own and those of marketplace vendors."""

    kind = "aws.artifact.report"
    may_lack: ClassVar[Mapping[str, str]] = {
        "uploadState": "AWS says it while a document is being put there, and of those that vendors put there",
    }
    name: str
    state: str
    """``PUBLISHED`` or ``UNPUBLISHED``."""
    upload_state: str | None = None
    """``COMPLETE``; or ``PROCESSING``, ``FAILED``, ``FAULT``: there is no document to fetch."""
    company_name: str = ""
    series: str = ""
    category: str = ""
    period_end: datetime | None = None
