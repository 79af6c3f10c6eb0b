"""Views of CodeDeploy: deployment groups, and how they replace what runs."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class AutoRollback(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a deployment is taken back by itself."""

    enabled: bool = False
    events: list[str] = []


class HealthyHosts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many servers stay as they are; percent for ``FLEET_PERCENT``."""

    type: str
    value: int


class Routing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How traffic moves: ``TimeBasedCanary``, ``TimeBasedLinear`` or ``AllAtOnce``."""

    type: str


class DeploymentConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``GetDeploymentConfig``: hosts for servers, routing for Lambda and ECS."""

    minimum_healthy_hosts: HealthyHosts | None = None
    traffic_routing_config: Routing | None = None


class DeploymentGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A deployment group (``BatchGetDeploymentGroups``)."""

    kind = "aws.codedeploy.deployment_group"
    volatile = ("lastSuccessfulDeployment", "lastAttemptedDeployment", "targetRevision")
    application_name: str
    deployment_group_name: str
    deployment_config_name: str
    auto_rollback_configuration: AutoRollback = AutoRollback()
    """Left out where nobody has set one: nothing is taken back then."""
    config: DeploymentConfig | None = fact("GetDeploymentConfig")
    """Asked only for configurations of the account's own; ``None`` where it is not there any more."""
