"""Systems Manager: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ssm import (
    Compliance,
    ManagedInstance,
    Parameter,
    RegionSettings,
    SsmDocument,
)
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 50}
_OWN = [{"Key": "Owner", "Values": ["Self"]}]
_SHARING = "/ssm/documents/console/public-sharing-permission"
_SESSIONS = "SSM-SessionManagerRunShell"
"""The document that holds Session Manager's preferences."""


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
        permission = aws.fact(
            "ssm", "describe_document_permission", Name=name, PermissionType="Share"
        )
        yield Document(
            f"arn:{aws.partition}:ssm:{aws.region}:{aws.account}:document/{name}",
            name,
            {
                **item,
                "DescribeDocumentPermission": permission,
                "GetDocument": aws.fact("ssm", "get_document", Name=name),
            },
        )


@collects(
    RegionSettings, calls=["ssm:GetServiceSetting", "ssm:GetDocument"], per="region", cost="2"
)
def region_settings(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    body = {
        "GetServiceSetting": aws.fact(
            "ssm", "get_service_setting", key="ServiceSetting", SettingId=_SHARING
        ),
        "GetDocument": aws.fact("ssm", "get_document", absent=["InvalidDocument"], Name=_SESSIONS),
    }
    yield Document(aws.region, aws.region, body)
