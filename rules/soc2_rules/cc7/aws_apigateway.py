"""API Gateway: who called what."""

from __future__ import annotations

from soc2_collectors.aws.models.apigateway import HttpApi, RestApi
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:apigateway_restapi_logging_enabled",
        "powerpipe:apigateway_stage_logging_enabled",
    ],
)
def aws_apigw_logging(api: RestApi) -> Verdict:
    """Stages of REST APIs log who called, or what every method did.

    Why: an API that is tried out by a stranger looks like one in use, unless somebody reads the log.
    Fix: aws apigateway update-stage --patch-operations op=replace,path=/accessLogSettings/destinationArn.
    """
    if not api.stages:
        return not_applicable("no stage: nobody can call it")
    silent = sorted(stage.stage_name for stage in api.stages if not stage.logs)
    return failed(f"not logged: {', '.join(silent)}") if silent else passed("every stage logs")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:apigatewayv2_api_access_logging_enabled"],
)
def aws_apigw_http_logging(api: HttpApi) -> Verdict:
    """Stages of HTTP and WebSocket APIs log who called.

    Why: an API that is tried out by a stranger looks like one in use, unless somebody reads the log.
    Fix: aws apigatewayv2 update-stage --access-log-settings DestinationArn=...
    """
    if not api.stages:
        return not_applicable("no stage: nobody can call it")
    silent = sorted(
        stage.stage_name
        for stage in api.stages
        if not (stage.access_log_settings and stage.access_log_settings.destination_arn)
    )
    return failed(f"not logged: {', '.join(silent)}") if silent else passed("every stage logs")
