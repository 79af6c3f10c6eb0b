"""Inspector: regional. A delegated administrator sees other accounts' too: only this account's are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.inspector import AccountStatus, Coverage, Finding
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(AccountStatus, calls=["inspector2:BatchGetAccountStatus"], per="region", cost="1")
def status(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    asked = aws.fact(
        "inspector2", "batch_get_account_status", key="accounts", accountIds=[aws.account]
    )

    def own() -> object:
        told: Any = asked.call()
        return next((item for item in told if item.get("accountId") == aws.account), None)

    body = {"BatchGetAccountStatus": Fact(asked.operation, own)}
    yield Document(aws.region, aws.region, body)


@collects(Coverage, calls=["inspector2:ListCoverage"], per="region", cost="pages of 200")
def coverage(aws: Aws) -> Iterator[Document]:
    """What Inspector scans, or should."""
    mine = {"accountId": _equal(aws.account)}
    for item in aws.items("inspector2", "list_coverage", "coveredResources", filterCriteria=mine):
        uid = f"{item['resourceType']}/{item['resourceId']}/{item.get('scanType', '')}"
        yield Document(uid, item["resourceId"], item)


@collects(Finding, calls=["inspector2:ListFindings"], per="region", cost="2 x pages of 100")
def findings(aws: Aws) -> Iterator[Document]:
    """Active findings that are critical or high, then those that are exploited whatever their severity."""
    open_here = {"awsAccountId": _equal(aws.account), "findingStatus": _equal("ACTIVE")}
    for narrowed in (
        {"severity": _equal("CRITICAL", "HIGH")},
        {"exploitAvailable": _equal("YES")},
    ):
        for item in aws.items(
            "inspector2", "list_findings", "findings", filterCriteria={**open_here, **narrowed}
        ):
            yield Document(item["findingArn"], item.get("title") or item["findingArn"], item)


def _equal(*values: str) -> list[dict[str, str]]:
    return [{"comparison": "EQUALS", "value": value} for value in values]
