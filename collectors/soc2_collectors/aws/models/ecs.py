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

    log_driver: str


class Volume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A volume of a task."""

    name: str = ""
    host: HostVolume | None = None


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
    }
    name: str = ""
    privileged: bool = False
    command: list[str] = []
    entry_point: list[str] = []
    environment: list[Variable] = []
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
