"""Views of functions and services that run on demand.

Source: Cloud Functions API v2, ``projects.locations.functions`` (both generations); Cloud Run Admin API v1,
``namespaces.services``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_collectors.gcp.models.located import Held, Located


class ServiceConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a function is reached."""

    ingress_settings: str


class FunctionData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A function as Cloud Functions shows it."""

    environment: str
    """``GEN_1`` or ``GEN_2``."""
    service_config: ServiceConfig
    event_trigger: Any = None
    """What calls it, where it is not a web request."""


class Function(Located, frozen=True, kw_only=True, rename="camel"):
    """A function (``functions.list``). Shape from documentation."""

    kind = "gcp.cloudfunctions.function"
    secret = (
        "resource.data.serviceConfig.environmentVariables.*",
        "resource.data.buildConfig.environmentVariables.*",
    )

    resource: Held[FunctionData]

    @property
    def by_events_only(self) -> bool:
        """Whether no web request reaches it. Those of the second generation have an address in any case."""
        data = self.resource.data
        return data.environment == "GEN_1" and bool(data.event_trigger)


class ServiceMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Metadata of a service."""

    name: str
    annotations: dict[str, str] = {}


class ServiceData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A service as Cloud Run shows it."""

    metadata: ServiceMetadata


class RunService(Located, frozen=True, kw_only=True, rename="camel"):
    """A Cloud Run service (``services.list``)."""

    kind = "gcp.run.service"
    secret = ("resource.data.spec.template.spec.containers.*.env.*.value",)

    resource: Held[ServiceData]

    @property
    def ingress(self) -> str:
        """``all``, ``internal`` or ``internal-and-cloud-load-balancing``; all where it is left out."""
        return self.resource.data.metadata.annotations.get("run.googleapis.com/ingress", "all")

    @property
    def checks_invokers(self) -> bool:
        """Whether Google asks who calls: a switch lets anybody in without a grant."""
        off = self.resource.data.metadata.annotations.get("run.googleapis.com/invoker-iam-disabled")
        return (off or "").lower() != "true"
