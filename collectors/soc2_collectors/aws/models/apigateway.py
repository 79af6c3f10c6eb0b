"""Views of API Gateway: REST APIs, and HTTP and WebSocket ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.aws.models.conditions import glob
from soc2_collectors.aws.models.policy import statements
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from soc2_collectors.aws.models.policy import Statement


class EndpointConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """``EDGE``, ``REGIONAL`` or ``PRIVATE``."""

    may_lack: ClassVar[dict[str, str]] = {
        "types": "without one an API counts as reached from everywhere, which is stricter"
    }
    any_value: ClassVar[dict[str, str]] = {
        "types": "what is not PRIVATE counts as reached from everywhere, which is stricter"
    }
    types: list[str] = []


class MethodSetting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of the methods that a path pattern names."""

    may_lack: ClassVar[dict[str, str]] = {
        "loggingLevel": "OFF where it is left out (API reference, MethodSetting)",
        "cachingEnabled": "nothing is cached where it is left out (API reference, Stage)",
    }
    logging_level: str = "OFF"
    caching_enabled: bool = False
    cache_data_encrypted: bool = False


class AccessLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where access logs go."""

    destination_arn: str = ""


class Stage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage of a REST API."""

    may_lack: ClassVar[dict[str, str]] = {
        "accessLogSettings": "without them the execution of every method has to be logged",
        "methodSettings": "without them access logs are needed",
    }
    stage_name: str
    cache_cluster_enabled: bool = False
    method_settings: dict[str, MethodSetting] = {}
    access_log_settings: AccessLog | None = None
    web_acl_arn: str = ""

    @property
    def logs(self) -> bool:
        """Whether it keeps access logs, or logs the execution of every method."""
        if self.access_log_settings and self.access_log_settings.destination_arn:
            return True
        every = self.method_settings.get("*/*")
        return every is not None and all(
            setting.logging_level in ("INFO", "ERROR") for setting in self.method_settings.values()
        )


class Method(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How callers of a method are known."""

    authorization_type: str = "NONE"
    api_key_required: bool = False


class Path(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A path with its methods."""

    path: str = ""
    resource_methods: dict[str, Method] = {}


_VERBS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def _unescaped(policy: str | None) -> str | None:
    """A policy as it was written: API Gateway answers it with its quotes escaped."""
    if policy is None or not policy.startswith('{\\"'):
        return policy
    try:
        text = json.loads(f'"{policy}"')
    except ValueError:
        return policy  # which is no policy, and is refused as such
    return str(text)


class RestApi(Resource, frozen=True, kw_only=True, rename="camel"):
    """A REST API with its stages and methods."""

    kind = "aws.apigateway.rest_api"
    secret = ("GetStages.*.variables",)
    may_lack: ClassVar[dict[str, str]] = {
        "policy": "AWS leaves it out where there is none (API reference, RestApi)",
        "endpointConfiguration": "without one an API counts as reached from everywhere, which is stricter",
    }
    id: str
    name: str = ""
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    policy: str | None = None
    stages: list[Stage] = fact("GetStages")
    paths: list[Path] = fact("GetResources")
    """Of each method only how callers are known."""

    def opened(self, sort: str) -> list[str]:
        """``GET /orders`` for each method with a sort of authorization that the resource policy opens to everyone.

        Whoever has an account of AWS can sign a request, and an endpoint of any VPC of any account reaches a private
        API: it is the resource policy that lets callers of other accounts and endpoints in. Raises FactUnavailable
        where the policy cannot be read.
        """
        open_ones = [
            one
            for one in open_to_everyone(statements(_unescaped(self.policy)))
            if one.covers("execute-api:Invoke")
        ]
        return sorted(
            name
            for name, by in self.methods.items()
            if by == sort and any(self._reached(one, name) for one in open_ones)
        )

    def _reached(self, statement: Statement, method: str) -> bool:
        """Whether a statement is about a method in one of the stages."""
        verb, _, path = method.partition(" ")
        verbs = _VERBS if verb == "ANY" else (verb,)
        asked = [f"{stage.stage_name}/{one}{path}" for stage in self.stages for one in verbs]
        patterns = statement.not_resources or statement.resources
        named = [
            any(glob(pattern.partition("/")[2] or "*").match(one) for pattern in patterns)
            for one in asked
        ]
        # Without resources, or with all but some, it is enough that one is not left out.
        return not all(named) if statement.not_resources else not patterns or any(named)

    @property
    def private(self) -> bool:
        """Whether it is reached from VPCs only."""
        return self.endpoint_configuration.types == ["PRIVATE"]

    @property
    def open_methods(self) -> list[str]:
        """``GET /orders`` for each method that anybody may call; preflight requests never carry who asks."""
        return sorted(name for name, by in self.methods.items() if by == "NONE")

    @property
    def methods(self) -> dict[str, str]:
        """By what the callers of each method are known; preflight requests left out."""
        return {
            f"{verb} {path.path}": method.authorization_type
            for path in self.paths
            for verb, method in path.resource_methods.items()
            if verb != "OPTIONS"
        }


class HttpAccessLog(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where access logs go."""

    destination_arn: str = ""


class HttpStage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A stage of an HTTP or WebSocket API."""

    may_lack: ClassVar[dict[str, str]] = {
        "AutoDeploy": "false where it is left out (API reference, Stage); only said in the message",
        "LastDeploymentStatusMessage": "told of stages that deploy by themselves, once they did",
    }
    stage_name: str
    access_log_settings: HttpAccessLog | None = None
    auto_deploy: bool = False
    """Changes are served at once; else a stage serves what somebody deployed to it last."""
    last_deployment_status_message: str | None = None
    """``Successfully deployed stage with ...``, or ``Deployment attempt failed: ...``."""

    @property
    def behind(self) -> bool:
        """Whether it deploys by itself and could not: it serves what was there before."""
        said = self.last_deployment_status_message
        return self.auto_deploy and bool(said) and not str(said).startswith("Successfully")


class Route(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A route, and how its callers are known."""

    route_key: str
    authorization_type: str = "NONE"


class HttpApi(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An HTTP or WebSocket API with its stages and routes."""

    kind = "aws.apigateway.http_api"
    secret = ("GetStages.*.StageVariables",)
    may_lack: ClassVar[dict[str, str]] = {
        "ProtocolType": "without it every route counts, which is stricter"
    }
    any_value: ClassVar[dict[str, str]] = {
        "ProtocolType": "of what is no WebSocket every route counts, which is stricter"
    }
    api_id: str
    name: str = ""
    protocol_type: str = ""
    """``HTTP`` or ``WEBSOCKET``."""
    stages: list[HttpStage] = fact("GetStages")
    routes: list[Route] = fact("GetRoutes")

    @property
    def callers(self) -> dict[str, str]:
        """By what the callers of each route are known. A WebSocket knows its caller from ``$connect`` on.

        Where a WebSocket has no such route, AWS connects everybody.
        """
        told = {route.route_key: route.authorization_type for route in self.routes}
        if self.protocol_type == "WEBSOCKET":
            return {"$connect": told.get("$connect", "NONE")} if told else {}
        # Preflight requests never carry who asks.
        return {route: by for route, by in told.items() if not route.startswith("OPTIONS ")}
