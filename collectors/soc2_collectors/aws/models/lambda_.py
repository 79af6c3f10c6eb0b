"""Views of Lambda: functions with who may invoke them, and what happens when they fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact


class Variables(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Environment variables, each value redacted before it is kept."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Error": "AWS names an error only where it could not tell the variables",
        "Variables": "a function may have none",
    }
    variables: dict[str, str] = {}
    error: dict[str, Any] | None = None
    """Why AWS did not tell them: the key that encrypts them was denied."""


class VpcConfig(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The VPC that a function runs in; empty where in none."""

    vpc_id: str = ""
    security_group_ids: list[str] = []


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where failed events go; AWS leaves it out where there is none."""

    target_arn: str = ""


class Url(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An address of a function on the internet."""

    auth_type: str
    """``AWS_IAM``, or ``NONE``: signed in or not."""


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where an event goes."""

    any_value: ClassVar[Mapping[str, str]] = {"Destination": "an ARN, which may be any"}
    destination: str = ""


class Destinations(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where events go that failed, or succeeded."""

    on_failure: Destination = Destination()


class InvokeConfig(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How asynchronous invocations are handled, of one version or alias."""

    function_arn: str = ""
    """The function's ARN and what is invoked: ``...:orders:$LATEST``, or the name of an alias, or a version."""
    destination_config: Destinations = Destinations()

    @property
    def of_latest(self) -> bool:
        """Whether it is about invocations that name neither a version nor an alias."""
        return self.function_arn.endswith(":$LATEST")


class ManagedInstances(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Instances of the account's own that run a function."""

    capacity_provider_arn: str = ""


class CapacityProvider(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What runs a function in place of Lambda's shared machines; it always names subnets of a VPC."""

    managed_instances: ManagedInstances = msgspec.field(
        default=ManagedInstances(), name="LambdaManagedInstancesCapacityProviderConfig"
    )


class Routing(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``RoutingConfig`` of an alias."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "AdditionalVersionWeights": "empty where an alias sends all requests to one version",
    }
    additional_version_weights: dict[str, float] = {}
    """A second version, and the share of requests that it gets."""


class Concurrency(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetFunctionConcurrency``; empty where nothing is reserved."""

    reserved_concurrent_executions: int | None = None


class Qualified(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An alias (``ListAliases``) or a published version (``ListVersionsByFunction``) of a function.

    Each has a resource policy of its own: whoever asks for the function by the alias or the version is let in by that
    policy; the function's own counts for requests that name neither (Lambda developer guide, "Working with
    resource-based IAM policies"). A version keeps the variables and the runtime that it was published with.
    """

    kind = "aws.lambda.qualified_function"
    may_lack: ClassVar[Mapping[str, str]] = {
        "GetPolicy": "null is ResourceNotFoundException: it has no policy (GetPolicy)",
        "Environment": "AWS leaves it out for a version without variables (FunctionConfiguration)",
        "PackageType": "a version that names a runtime is no image, whose runtime is its own",
        "RoutingConfig": "left out where an alias sends all requests to one version (AliasConfiguration)",
        "FunctionVersion": "of aliases only (AliasConfiguration)",
        "Version": "of versions only (FunctionConfiguration)",
    }
    secret = ("Environment.Variables.*",)
    volatile = ("RevisionId",)
    function_name: str
    qualifier: str
    """The name of the alias, or the number of the version: what ``GetPolicy`` is asked with."""
    function_version: str | None = None
    """Of an alias: the version that it names."""
    routing_config: Routing | None = None
    version: str | None = None
    """Of a version: its number."""
    environment: Variables = Variables()
    runtime: str | None = None
    """Of a version; left out for container images, and by evidence from before it was kept here."""
    package_type: str | None = None
    policy: str | None = fact("GetPolicy")
    """``None``: it has none."""

    @property
    def versions(self) -> list[str]:
        """The versions that an alias sends requests to; none of what is no alias."""
        if self.function_version is None:
            return []
        shared = self.routing_config.additional_version_weights if self.routing_config else {}
        return [self.function_version, *shared]

    @property
    def statements(self) -> list[Statement]:
        """The statements of its resource policy."""
        return statements(self.policy)


class Function(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A function (``ListFunctions``), its newest state."""

    kind = "aws.lambda.function"
    may_lack: ClassVar[Mapping[str, str]] = {
        "Environment": "AWS leaves it out for a function without variables (FunctionConfiguration)",
        "DeadLetterConfig": "AWS leaves it out where there is none",
        "PackageType": "a function that names a runtime is no image, whose runtime is its own",
        "GetPolicy": "null is ResourceNotFoundException: it has no policy (GetPolicy)",
        "ListFunctionUrlConfigs": "a list that is empty for a function without a URL",
        "CapacityProviderConfig": "left out for functions on Lambda's shared machines (FunctionConfiguration)",
    }
    secret = (
        "Environment.Variables.*",
        "**.ImageConfig.Command.*",
        "**.ImageConfig.EntryPoint.*",
    )
    volatile = ("RevisionId",)
    name: str = msgspec.field(name="FunctionName")
    runtime: str | None = None
    """Left out for container images, which bring their own."""
    package_type: str | None = None
    """``Zip`` or ``Image``."""
    environment: Variables = Variables()
    vpc_config: VpcConfig = VpcConfig()
    capacity_provider_config: CapacityProvider = CapacityProvider()
    dead_letter_config: DeadLetter = DeadLetter()
    policy: str | None = fact("GetPolicy")
    """``None``: it has none."""
    urls: list[Url] = fact("ListFunctionUrlConfigs")
    invoke_configs: list[InvokeConfig] = fact("ListFunctionEventInvokeConfigs")
    concurrency: Concurrency = fact("GetFunctionConcurrency")

    @property
    def statements(self) -> list[Statement]:
        """The statements of its resource policy."""
        return statements(self.policy)
