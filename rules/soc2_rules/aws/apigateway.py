"""API Gateway: who may call, past which filter, and who called what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.apigateway import HttpApi, RestApi
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.known import asked

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWN = 3
_KNOWN = ("AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM", "JWT")
"""Ways to know a caller."""


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:apigateway_restapi_authorizers_enabled",
        "prowler:apigateway_restapi_waf_acl_attached",
        "powerpipe:apigateway_stage_use_waf_web_acl",
    ],
)
def aws_apigw_auth_waf(api: RestApi, *, public_apis: tuple[str, ...] = ()) -> Verdict:
    """REST APIs know who calls each method, and stand behind a web ACL.

    What is defined is read; a stage serves it once it is deployed. A method with AWS_IAM whose resource policy lets
    every AWS account in knows nobody. A private API is reached from the VPCs of any account: of one, what its resource
    policy opens to all of them is judged, and no web ACL is asked for.

    Why: a method without authorization is answered to everybody who finds its address.
    Fix: aws apigateway update-method with authorizationType AWS_IAM, CUSTOM or COGNITO_USER_POOLS; aws wafv2
        associate-web-acl with the stage's ARN. An API for everyone by intent goes into public_apis.
    """
    if not api.stages:
        return not_applicable("no stage: nobody can call it")
    if api.private:
        return _private(api, public=api.name in public_apis)
    questions: list[tuple[str, Callable[[], list[str]]]] = []
    if api.name not in public_apis:
        questions = [
            ("no authorization:", lambda: api.open_methods),
            ("its policy lets every AWS account call", lambda: api.opened("AWS_IAM")),
        ]
    known, unread = asked(questions, lambda question: question[1]())
    found = [f"{who} {_some(methods)}" for (who, _), methods in known if methods]
    if bare := sorted(stage.stage_name for stage in api.stages if not stage.web_acl_arn):
        found.append(f"no web ACL: {', '.join(bare)}")
    if found:
        return failed("; ".join(found))
    if unread is not None:
        raise unread
    if api.name in public_apis:
        return passed("public by intent, behind a web ACL")
    if not api.methods:
        return inconclusive("AWS tells of no method that could be called")
    if strange := sorted({by for by in api.methods.values() if by not in _KNOWN}):
        return inconclusive(f"not known: authorization by {', '.join(strange)}")
    return passed(f"callers of {len(api.methods)} methods are known, behind a web ACL")


def _private(api: RestApi, *, public: bool) -> Verdict:
    """Of an API that endpoints of VPCs reach, of any account: nobody, where there is no policy."""
    if api.policy is None:
        return not_applicable("private, and without a resource policy nobody may call it")
    if public:
        return not_applicable("private")
    found = [
        f"{what} {_some(methods)}"
        for what, sort in (
            ("without authorization", "NONE"),
            ("whoever has an AWS account, by", "AWS_IAM"),
        )
        if (methods := api.opened(sort))
    ]
    if found:
        return failed(f"private, but its policy lets every VPC call: {'; '.join(found)}")
    return not_applicable("private, and its policy opens no method to every VPC")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:apigatewayv2_api_authorizers_enabled"],
)
def aws_apigw_http_auth(api: HttpApi, *, public_apis: tuple[str, ...] = ()) -> Verdict:
    """HTTP and WebSocket APIs know who calls each route.

    What is defined is read; a stage that does not deploy by itself serves it once somebody deploys it. Web ACLs
    cannot be attached to them: put CloudFront in front of one that needs a filter.

    Why: a route without authorization is answered to everybody who finds its address.
    Fix: aws apigatewayv2 update-route --api-id ID --route-id ROUTE --authorization-type JWT
        --authorizer-id AUTHORIZER. An API for everyone by intent goes into public_apis.
    """
    if api.name in public_apis:
        return passed("public by intent")
    callers = api.callers
    if not api.stages or not api.routes:
        return not_applicable("no route, or no stage: nobody can call it")
    if not callers:
        return not_applicable("it answers preflight requests only")
    if free := sorted(route for route, by in callers.items() if by == "NONE"):
        return failed(f"anybody may call {_some(free)}")
    if strange := sorted({by for by in callers.values() if by not in _KNOWN}):
        return inconclusive(f"not known: authorization by {', '.join(strange)}")
    if behind := sorted(stage.stage_name for stage in api.stages if stage.behind):
        return inconclusive(
            f"what is defined could not be deployed: what {_some(behind)} serves is not read"
        )
    by_hand = sorted(stage.stage_name for stage in api.stages if not stage.auto_deploy)
    served = f"; {_some(by_hand)} serves what was deployed last" if by_hand else ""
    return passed(f"callers of {_some(sorted(callers))} are known{served}")


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:apigateway_restapi_cache_encrypted",
        "powerpipe:apigateway_stage_cache_encryption_at_rest_enabled",
    ],
)
def aws_apigw_cache_encrypted(api: RestApi) -> Verdict:
    """Caches of REST APIs are encrypted.

    Why: a cache holds the answers that the method would give, personal data and all.
    Fix: aws apigateway update-stage --rest-api-id API --stage-name STAGE --patch-operations
        op=replace,path=/*/*/caching/dataEncrypted,value=true.
    """
    cached = [stage for stage in api.stages if stage.cache_cluster_enabled]
    if not cached:
        return not_applicable("no stage has a cache")
    kept = {
        f"{stage.stage_name}: {method}": setting.cache_data_encrypted
        for stage in cached
        for method, setting in stage.method_settings.items()
        if setting.caching_enabled
    }
    if not kept:
        return not_applicable("no method is cached")
    if plain := sorted(method for method, encrypted in kept.items() if not encrypted):
        return failed(f"not encrypted: {_some(plain)}")
    return passed(f"encrypted: {_some(sorted(kept))}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:apigateway_restapi_logging_enabled",
        "powerpipe:apigateway_stage_logging_enabled",
    ],
)
def aws_apigw_logging(api: RestApi) -> Verdict:
    """Stages of REST APIs keep access logs, or execution logs of every method.

    Why: an API that is tried out by a stranger looks like one in use, unless somebody reads the log.
    Fix: aws apigateway update-stage --rest-api-id API --stage-name STAGE --patch-operations
        op=replace,path=/accessLogSettings/destinationArn,value=ARN.
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
    Fix: aws apigatewayv2 update-stage --api-id API --stage-name STAGE --access-log-settings DestinationArn=...
    """
    if not api.stages:
        return not_applicable("no stage: nobody can call it")
    silent = sorted(
        stage.stage_name
        for stage in api.stages
        if not (stage.access_log_settings and stage.access_log_settings.destination_arn)
    )
    return failed(f"not logged: {', '.join(silent)}") if silent else passed("every stage logs")
