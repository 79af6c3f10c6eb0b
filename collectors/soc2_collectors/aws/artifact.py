"""AWS Artifact: account-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.artifact import Report
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Report, calls=["artifact:ListReports"], per="account", cost="pages of 300")
def reports(aws: Aws) -> Iterator[Document]:
    """Reports on offer. Their contents are under a non-disclosure agreement, and are not read."""
    for item in aws.items("artifact", "list_reports", "reports"):
        yield Document(item["arn"], item["name"], item)
