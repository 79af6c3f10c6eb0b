"""Views of functions and services that run on demand.

Source: Cloud Functions API v2, ``projects.locations.functions`` (both generations); Cloud Run Admin API v1,
``namespaces.services``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located


class ServiceConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a function is reached."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "service": "of the first generation there is none; of the second one without it does not pass",
    }

    ingress_settings: str
    service: str = ""
    """The Cloud Run service of one of the second generation: ``projects/p/locations/l/services/f``."""


class FunctionData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A function as Cloud Functions shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "eventTrigger": "one that is called by a web request has none (Function); then ingress is judged",
        "environment": "whatever is not GEN_1 is judged by its Cloud Run service, which must be shown",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "environment": "whatever is not GEN_1 is judged by its Cloud Run service, which must be shown",
    }

    environment: str
    """``GEN_1`` or ``GEN_2``."""
    service_config: ServiceConfig
    event_trigger: Any = None
    """What calls it, where it is not a web request."""


class Function(Located, frozen=True, kw_only=True, rename="camel"):
    """A function (``functions.list``). Shape from documentation."""

    kind = "gcp.cloudfunctions.function"
    secret = ("**.environmentVariables.*",)

    resource: Held[FunctionData]

    @property
    def first_generation(self) -> bool:
        """Whether it is no Cloud Run service."""
        return self.resource.data.environment == "GEN_1"

    @property
    def by_events_only(self) -> bool:
        """Whether no web request reaches it. Those of the second generation have an address in any case."""
        return self.first_generation and bool(self.resource.data.event_trigger)


class ServiceMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Metadata of a service."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "annotations": "without any, a service lets everything in and asks who calls, which are the defaults",
    }

    name: str
    annotations: dict[str, str] = {}


class ServiceData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A service as Cloud Run shows it."""

    metadata: ServiceMetadata


class RunService(Located, frozen=True, kw_only=True, rename="camel"):
    """A Cloud Run service (``services.list``)."""

    kind = "gcp.run.service"
    secret = (
        "**.env.*.value",
        "**.args.*",
        "**.command.*",
    )

    resource: Held[ServiceData]

    @property
    def ingress(self) -> str:
        """``all``, ``internal`` or ``internal-and-cloud-load-balancing``; all where it is left out.

        What is in force counts where Google says it beside what was asked for.
        """
        said = self.resource.data.metadata.annotations
        asked = said.get("run.googleapis.com/ingress", "all")
        return said.get("run.googleapis.com/ingress-status", asked)

    @property
    def addressed(self) -> bool:
        """Whether it has an address of Google's (run.app): a switch leaves balancers and mapped domains alone."""
        off = self.resource.data.metadata.annotations.get("run.googleapis.com/default-url-disabled")
        return (off or "").lower() != "true"

    @property
    def checks_invokers(self) -> bool:
        """Whether Google asks who calls: a switch lets anybody in without a grant."""
        off = self.resource.data.metadata.annotations.get("run.googleapis.com/invoker-iam-disabled")
        return (off or "").lower() != "true"

    @property
    def proxied(self) -> bool:
        """Whether Identity-Aware Proxy decides first who comes in, on every way to it."""
        said = self.resource.data.metadata.annotations.get("run.googleapis.com/iap-enabled")
        return (said or "").lower() == "true"

    @property
    def region(self) -> str:
        """``europe-west1``."""
        return self.path.partition("/locations/")[2].partition("/")[0]
