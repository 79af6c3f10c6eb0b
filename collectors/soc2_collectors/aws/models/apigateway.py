"""Views of API Gateway: REST APIs, and HTTP and WebSocket ones."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


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


class RestApi(Resource, frozen=True, kw_only=True, rename="camel"):
    """A REST API with its stages and methods."""

    kind = "aws.apigateway.rest_api"
    secret = ("GetStages.*.variables",)
    may_lack: ClassVar[dict[str, str]] = {
        "endpointConfiguration": "without one an API counts as reached from everywhere, which is stricter"
    }
    id: str
    name: str = ""
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    policy: str | None = None
    stages: list[Stage] = fact("GetStages")
    paths: list[Path] = fact("GetResources")
    """Of each method only how callers are known."""

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

    stage_name: str
    access_log_settings: HttpAccessLog | None = None


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
        return told
