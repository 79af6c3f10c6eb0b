"""Systems Manager: regional."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.ssm import (
    Compliance,
    ManagedInstance,
    Parameter,
    RegionSettings,
    SsmDocument,
)
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 50}
_OWN = [{"Key": "Owner", "Values": ["Self"]}]
_SHARING = "/ssm/documents/console/public-sharing-permission"
_SESSIONS = "SSM-SessionManagerRunShell"
"""The document that holds Session Manager's preferences."""
_LOGGED = (
    "s3BucketName",
    "s3EncryptionEnabled",
    "cloudWatchLogGroupName",
    "cloudWatchEncryptionEnabled",
)
_SORTS = [{"Key": "ComplianceType", "Type": "EQUAL", "Values": ["Patch", "Association"]}]


@collects(
    ManagedInstance,
    calls=["ssm:DescribeInstanceInformation"],
    per="region",
    cost="pages of 50",
)
def managed_instances(aws: Aws) -> Iterator[Document]:
    """Machines that report, in EC2 and elsewhere."""
    for item in aws.items("ssm", "describe_instance_information", "InstanceInformationList"):
        name = item.get("ComputerName") or item["InstanceId"]
        yield Document(item["InstanceId"], name, item)


@collects(
    Compliance,
    calls=["ssm:ListResourceComplianceSummaries"],
    per="region",
    cost="pages of 50",
)
def compliance(aws: Aws) -> Iterator[Document]:
    """What machines lack."""
    for item in aws.items(
        "ssm",
        "list_resource_compliance_summaries",
        "ResourceComplianceSummaryItems",
        Filters=_SORTS,
        PaginationConfig=_PAGE,
    ):
        uid = f"{item['ResourceId']}/{item['ComplianceType']}"
        yield Document(uid, item["ResourceId"], item)


@collects(Parameter, calls=["ssm:DescribeParameters"], per="region", cost="pages of 50")
def parameters(aws: Aws) -> Iterator[Document]:
    """Parameters, by what is said about them."""
    for item in aws.items("ssm", "describe_parameters", "Parameters", PaginationConfig=_PAGE):
        place = f"arn:{aws.partition}:ssm:{aws.region}:{aws.account}"
        arn = item.get("ARN") or f"{place}:parameter/{item['Name'].lstrip('/')}"
        yield Document(arn, item["Name"], item)


@collects(
    SsmDocument,
    calls=["ssm:ListDocuments", "ssm:DescribeDocumentPermission", "ssm:GetDocument"],
    per="region",
    cost="pages of 50 + 2 N",
)
def documents(aws: Aws) -> Iterator[Document]:
    """Documents of this account."""
    for item in aws.items(
        "ssm", "list_documents", "DocumentIdentifiers", Filters=_OWN, PaginationConfig=_PAGE
    ):
        name = item["Name"]
        yield Document(
            f"arn:{aws.partition}:ssm:{aws.region}:{aws.account}:document/{name}",
            name,
            {
                **item,
                "DescribeDocumentPermission": _permission(aws, name),
                "GetDocument": aws.fact("ssm", "get_document", Name=name),
            },
        )


def _permission(aws: Aws, name: str) -> Fact:
    """With whom a document is shared: 200 accounts a page."""

    def call() -> dict[str, Any]:
        pages = aws.pages(
            "ssm", "describe_document_permission", Name=name, PermissionType="Share", MaxResults=200
        )
        first, *more = pages
        for page in more:
            for key in ("AccountIds", "AccountSharingInfoList"):
                first[key] = [*(first.get(key) or ()), *(page.get(key) or ())]
        first.pop("ResponseMetadata", None)
        first.pop("NextToken", None)
        return first

    return Fact("ssm:DescribeDocumentPermission", call)


def _session(aws: Aws) -> Fact:
    """Where sessions are logged; ``None`` where nobody ever said. The shell's profile may hold anything."""
    asked = aws.fact(
        "ssm", "get_document", key="Content", absent=["InvalidDocument"], Name=_SESSIONS
    )

    def call() -> object:
        content = asked.call()
        if content is None:
            return None
        try:
            inputs: Any = json.loads(str(content))["inputs"]
            return {key: inputs[key] for key in _LOGGED if key in inputs}
        except (ValueError, TypeError, KeyError) as error:
            msg = f"{asked.operation}: the preferences of sessions are not as expected"
            raise Unexpected(msg, operation=asked.operation) from error

    return Fact(asked.operation, call)


@collects(
    RegionSettings, calls=["ssm:GetServiceSetting", "ssm:GetDocument"], per="region", cost="2"
)
def region_settings(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    body = {
        "GetServiceSetting": aws.fact(
            "ssm", "get_service_setting", key="ServiceSetting", SettingId=_SHARING
        ),
        "GetDocument": _session(aws),
    }
    yield Document(aws.region, aws.region, body)
