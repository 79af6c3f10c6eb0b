"""Views of ECS: what containers may do, and what they carry."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable; the value is redacted before it is kept."""

    may_lack: ClassVar[dict[str, str]] = {"value": "a variable without a value holds nothing"}
    name: str = ""
    value: str | None = None


class LogConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a container logs to."""

    may_lack: ClassVar[dict[str, str]] = {
        "options": "a driver without options carries no token",
    }
    log_driver: str
    options: dict[str, str | None] = {}
    """By the driver's own names; the value of ``splunk-token`` is redacted before it is kept."""


class EnvironmentFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file in S3 that brings variables; what is in it is not read."""

    value: str = ""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Rights of the kernel beside those that Docker gives every container."""

    may_lack: ClassVar[dict[str, str]] = {"add": "without it a container has Docker's own only"}
    add: list[str] = []


class Device(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device of the host's that a container may use."""

    host_path: str = ""


class LinuxParameters(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What opens the box in other ways than ``privileged``."""

    may_lack: ClassVar[dict[str, str]] = {
        "capabilities": "without them a container has Docker's own only (API reference, LinuxParameters)",
        "devices": "without them no device of the host's is shared (API reference, LinuxParameters)",
    }
    capabilities: Capabilities | None = None
    devices: list[Device] = []


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The command that says whether a container is well, redacted before it is kept."""

    command: list[str] = []


class DockerVolume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A volume of a Docker driver. The driver ``local`` binds a directory of the host's by its options."""

    may_lack: ClassVar[dict[str, str]] = {
        "driverOpts": "without options no directory of the host's is named",
    }
    driver_opts: dict[str, str] = {}


class Volume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A volume of a task."""

    may_lack: ClassVar[dict[str, str]] = {
        "host": "of bind mounts only (API reference, Volume)",
        "dockerVolumeConfiguration": "of volumes of Docker's drivers only (API reference, Volume)",
    }
    name: str = ""
    host: HostVolume | None = None
    docker_volume_configuration: DockerVolume | None = None

    @property
    def host_path(self) -> str:
        """The directory of the host's that it shows to containers; empty where it shows none."""
        if self.host is not None and self.host.source_path:
            return self.host.source_path
        if self.docker_volume_configuration is not None:
            device = self.docker_volume_configuration.driver_opts.get("device", "")
            return device if device.startswith("/") else ""
        return ""


class HostVolume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A directory of the host's; one that Docker chooses where no path is named."""

    source_path: str | None = None


class Container(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A container of a task."""

    may_lack: ClassVar[dict[str, str]] = {
        "privileged": "false where it is left out (API reference, ContainerDefinition)",
        "environment": "AWS tells an empty list, or none, where there are none",
        "command": "AWS leaves it out where the image's own holds",
        "entryPoint": "AWS leaves it out where the image's own holds",
        "environmentFiles": "AWS tells an empty list, or none, where there are none",
        "linuxParameters": "AWS leaves it out where nothing is set (API reference, ContainerDefinition)",
        "dockerSecurityOptions": "AWS leaves it out where nothing is set (API reference, ContainerDefinition)",
        "healthCheck": "AWS leaves it out where there is none (API reference, ContainerDefinition)",
    }
    name: str = ""
    privileged: bool = False
    command: list[str] = []
    entry_point: list[str] = []
    environment: list[Variable] = []
    environment_files: list[EnvironmentFile] = []
    linux_parameters: LinuxParameters | None = None
    docker_security_options: list[str] = []
    health_check: HealthCheck | None = None
    log_configuration: LogConfiguration | None = None


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeTaskDefinition``; AWS: no namespace is the host's unless it says so."""

    container_definitions: list[Container]
    may_lack: ClassVar[dict[str, str]] = {
        "networkMode": "bridge where it is left out (API reference, TaskDefinition)",
        "pidMode": "a namespace of its own where it is left out (API reference, TaskDefinition)",
        "ipcMode": "none of the host's is asked for where it is left out (API reference)",
        "volumes": "AWS tells an empty list, or none, where there are none",
    }
    volumes: list[Volume] = []
    network_mode: str | None = None
    pid_mode: str | None = None
    ipc_mode: str | None = None


class TaskDefinition(Resource, frozen=True, kw_only=True, rename="camel"):
    """The newest active revision of a family."""

    kind = "aws.ecs.task_definition"
    secret = (
        "DescribeTaskDefinition.containerDefinitions.*.logConfiguration.options.splunk-token",
        "**.environment.*.value",
        "**.command.*",
        "**.entryPoint.*",
    )
    """Commands hold passwords as user data does."""
    family: str
    details: Details = fact("DescribeTaskDefinition")


class DeploymentAlarms(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Alarms of CloudWatch that fail a deployment when they go off."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("enable", "alarmNames"), "without them no alarm stops a deployment, which is stricter"
    )
    enable: bool = False
    alarm_names: list[str] = []


class DeploymentConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a service replaces its tasks."""

    may_lack: ClassVar[dict[str, str]] = {
        "alarms": "without them no alarm stops a deployment, which is stricter"
    }
    alarms: DeploymentAlarms = DeploymentAlarms()


class Service(Resource, frozen=True, kw_only=True, rename="camel"):
    """A service (``DescribeServices``), as far as it says what stops its deployments."""

    kind = "aws.ecs.service"
    may_lack: ClassVar[dict[str, str]] = {
        "deploymentConfiguration": "without one no alarm stops a deployment, which is stricter"
    }
    service_name: str
    deployment_configuration: DeploymentConfiguration = DeploymentConfiguration()

    @property
    def stopped_by(self) -> set[str]:
        """The names of alarms that stop its deployments."""
        watched = self.deployment_configuration.alarms
        return set(watched.alarm_names) if watched.enable else set()
