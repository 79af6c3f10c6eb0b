"""Views of CodeDeploy: deployment groups, and how they replace what runs."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

_ALL = 100


class AutoRollback(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a deployment is taken back by itself."""

    enabled: bool = False
    events: list[str] = []


class WatchedAlarm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alarm of CloudWatch, by its name."""

    name: str = ""


class Alarms(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Alarms that stop a deployment when they go off."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("enabled", "alarms"), "without them no alarm stops a deployment, which is stricter"
    )
    enabled: bool = False
    alarms: list[WatchedAlarm] = []


class HealthyHosts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many servers stay as they are; percent for ``FLEET_PERCENT``."""

    type: str
    value: int


class Canary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much traffic, in percent, moves at first; the rest follows at once."""

    canary_percentage: int | None = None


class Linear(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much traffic, in percent, moves in each step."""

    linear_percentage: int | None = None


class Routing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How traffic moves: ``TimeBasedCanary``, ``TimeBasedLinear`` or ``AllAtOnce``."""

    may_lack: ClassVar[dict[str, str]] = {
        "timeBasedCanary": "of the other type; of its own it is needed",
        "timeBasedLinear": "of the other type; of its own it is needed",
    }
    type: str
    time_based_canary: Canary | None = None
    time_based_linear: Linear | None = None

    @property
    def first_step(self) -> int | None:
        """How much traffic, in percent, moves at first; ``None`` where it is not told."""
        if self.type == "AllAtOnce":
            return _ALL
        if self.type == "TimeBasedCanary" and self.time_based_canary is not None:
            return self.time_based_canary.canary_percentage
        if self.type == "TimeBasedLinear" and self.time_based_linear is not None:
            return self.time_based_linear.linear_percentage
        return None

    @property
    def at_once(self) -> bool | None:
        """Whether all traffic moves in one step; ``None`` where that is not told."""
        first = self.first_step
        return None if first is None else first >= _ALL


class DeploymentConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``GetDeploymentConfig``: hosts for servers, routing for Lambda and ECS."""

    may_lack: ClassVar[dict[str, str]] = {
        "zonalConfig": "of deployments zone after zone only (API reference, DeploymentConfigInfo)"
    }
    any_value: ClassVar[dict[str, str]] = {
        "zonalConfig": "how long it waits between zones does not matter"
    }
    minimum_healthy_hosts: HealthyHosts | None = None
    zonal_config: dict[str, Any] | None = None
    """Servers are replaced zone after zone, however many of a zone at a time."""
    traffic_routing_config: Routing | None = None


class DeploymentGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A deployment group (``BatchGetDeploymentGroups``)."""

    kind = "aws.codedeploy.deployment_group"
    volatile = ("lastSuccessfulDeployment", "lastAttemptedDeployment", "targetRevision")
    may_lack: ClassVar[dict[str, str]] = {
        "alarmConfiguration": "left out where no alarm was ever named (API reference, DeploymentGroupInfo)"
    }
    application_name: str
    deployment_group_name: str
    deployment_config_name: str
    auto_rollback_configuration: AutoRollback = AutoRollback()
    """Left out where nobody has set one: nothing is taken back then."""
    alarm_configuration: Alarms = Alarms()
    config: DeploymentConfig | None = fact("GetDeploymentConfig")
    """Asked only for configurations of the account's own; ``None`` where it is not there any more."""

    @property
    def stopped_by(self) -> set[str]:
        """The names of alarms that stop its deployments."""
        watched = self.alarm_configuration
        return {one.name for one in watched.alarms} if watched.enabled else set()
