"""Access Analyzer: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.accessanalyzer import EXTERNAL, Analyzer, ExternalAccess
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 100}
_OPEN = {"status": {"eq": ["ACTIVE"]}}


@collects(Analyzer, calls=["access-analyzer:ListAnalyzers"], per="region", cost="pages of 100")
def analyzers(aws: Aws) -> Iterator[Document]:
    """Analyzers of every type."""
    for item in aws.items("accessanalyzer", "list_analyzers", "analyzers", PaginationConfig=_PAGE):
        yield Document(item["arn"], item["name"], item)


@collects(
    ExternalAccess,
    calls=["access-analyzer:ListAnalyzers", "access-analyzer:ListFindingsV2"],
    per="region",
    cost="1 + pages of 100 per analyzer",
)
def external_access(aws: Aws) -> Iterator[Document]:
    """Active findings of the analyzers that look for access from outside."""
    for analyzer in aws.items("accessanalyzer", "list_analyzers", "analyzers"):
        if analyzer.get("type") not in EXTERNAL or analyzer.get("status") != "ACTIVE":
            continue
        for item in aws.children(
            "accessanalyzer",
            "list_findings_v2",
            "findings",
            analyzerArn=analyzer["arn"],
            filter=_OPEN,
            PaginationConfig=_PAGE,
        ):
            name = item.get("resource") or item["id"]
            yield Document(f"{analyzer['arn']}/{item['id']}", name, item)
