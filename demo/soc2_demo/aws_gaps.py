"""What moto does not answer at all, answered as AWS does for a company that has none of it.

Without this every such listing would fail in the demo, and its rules would be inconclusive: true of the
emulator, not of the company.
"""

from __future__ import annotations

import functools
import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from soc2_demo.company import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Environ = dict[str, Any]
    StartResponse = Callable[..., object]
    Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Refusal(NamedTuple):
    """An answer that is an error."""

    status: int
    code: str
    message: str


_OFF = {"status": "DISABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": ""}
GAPS: Mapping[str, Mapping[str, Mapping[str, Any] | Refusal]] = {
    "accessanalyzer": {"ListAnalyzers": {"analyzers": []}},
    "artifact": {"ListReports": {"reports": []}},
    "backup": {
        "ListProtectedResources": {"Results": []},
        "ListRestoreJobs": {"RestoreJobs": []},
        "ListRestoreTestingPlans": {"RestoreTestingPlans": []},
    },
    "cloudtrail": {"LookupEvents": {"Events": []}},
    "codebuild": {"ListSourceCredentials": {"sourceCredentialsInfos": []}},
    "detective": {"ListGraphs": {"GraphList": []}, "ListInvitations": {"Invitations": []}},
    "eks": {"DescribeClusterVersions": {"clusterVersions": []}},
    "iam": {
        "ListOrganizationsFeatures": Refusal(
            409, "OrganizationNotFoundException", "The account is in no organization."
        )
    },
    "emr": {
        "GetBlockPublicAccessConfiguration": {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": True,
                "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
            },
            "BlockPublicAccessConfigurationMetadata": {
                "CreationDateTime": 1577836800,
                "CreatedByArn": f"arn:aws:iam::{ACCOUNT}:root",
            },
        }
    },
    "inspector2": {
        "BatchGetAccountStatus": {
            "accounts": [
                {
                    "accountId": ACCOUNT,
                    "state": _OFF,
                    "resourceState": dict.fromkeys(("ec2", "ecr", "lambda", "lambdaCode"), _OFF),
                }
            ],
            "failedAccounts": [],
        },
        "ListCoverage": {"coveredResources": []},
    },
    "kafkaconnect": {"ListConnectors": {"connectors": []}},
    "macie2": {
        "GetAutomatedDiscoveryConfiguration": Refusal(
            403, "AccessDeniedException", "Macie is not enabled."
        )
    },
    "securityhub": {
        operation: Refusal(401, "InvalidAccessException", "Not subscribed to AWS Security Hub.")
        for operation in ("GetEnabledStandards", "ListFindingAggregators")
    },
    "ssm": {
        "DescribeInstanceInformation": {"InstanceInformationList": []},
        "ListResourceComplianceSummaries": {"ResourceComplianceSummaryItems": []},
        "GetServiceSetting": {
            "ServiceSetting": {
                "SettingId": "/ssm/documents/console/public-sharing-permission",
                "SettingValue": "Enable",
                "Status": "Default",
            }
        },
    },
    "ssm-incidents": {
        "ListReplicationSets": {"replicationSetArns": []},
        "ListResponsePlans": {"responsePlanSummaries": []},
    },
}
"""boto3's name of a service -> API operation -> the answer."""


class Completed:
    """A WSGI application that answers for another one where that one has a gap."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        found = _operation(environ)
        if found is None:
            return self._application(environ, start_response)
        service, operation = found
        return _answer(service, GAPS[service][operation], start_response)


_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[\w-]+/([\w-]+)/aws4_request")


def _operation(environ: Environ) -> tuple[str, str] | None:
    signed = _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
    for service in GAPS:
        model = _model(service)
        if signed is None or model.signing_name != signed[1]:
            continue
        for operation in GAPS[service]:
            if _asks(environ, model.operation_model(operation), model.metadata):
                return service, operation
    return None


def _asks(environ: Environ, operation: Any, metadata: Mapping[str, Any]) -> bool:  # noqa: ANN401
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return bool(target == f"{metadata.get('targetPrefix')}.{operation.name}")
    if metadata["protocol"] == "query":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)  # for whoever answers
        return parse_qs(body.decode()).get("Action") == [operation.name]
    path = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(operation.http["requestUri"]))
    return (
        environ["REQUEST_METHOD"] == operation.http["method"]
        and re.fullmatch(path.rstrip("/") + "/?", environ["PATH_INFO"]) is not None
    )


def _answer(
    service: str,
    answer: Mapping[str, Any] | Refusal,
    start_response: StartResponse,
) -> list[bytes]:
    query = _model(service).metadata["protocol"] == "query"
    if isinstance(answer, Refusal):
        error = f"<Error><Code>{answer.code}</Code><Message>{answer.message}</Message></Error>"
        text = (
            f"<ErrorResponse>{error}</ErrorResponse>"
            if query
            else json.dumps({"__type": answer.code, "message": answer.message})
        )
        status = f"{answer.status} Refused"
    else:
        assert not query, "no gap of a query service has an answer yet"  # noqa: S101
        text, status = json.dumps(answer), "200 OK"
    headers = [
        ("Content-Type", "text/xml" if query else "application/json"),
        ("Content-Length", str(len(text.encode()))),
    ]
    if isinstance(answer, Refusal):
        headers.append(("x-amzn-errortype", answer.code))
    start_response(status, headers)
    return [text.encode()]


@functools.cache
def _model(service: str) -> Any:  # noqa: ANN401 - botocore.model.ServiceModel
    import botocore.session  # noqa: PLC0415

    return botocore.session.get_session().get_service_model(service)
