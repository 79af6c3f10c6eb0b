"""Views of ECS: what containers may do, and what they carry."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable; the value is redacted before it is kept."""

    name: str = ""
    value: str | None = None


class LogConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a container logs to."""

    log_driver: str


class Container(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A container of a task."""

    name: str = ""
    privileged: bool = False
    environment: list[Variable] = []
    log_configuration: LogConfiguration | None = None


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeTaskDefinition``; AWS: no namespace is the host's unless it says so."""

    container_definitions: list[Container]
    network_mode: str | None = None
    pid_mode: str | None = None
    ipc_mode: str | None = None


class TaskDefinition(Resource, frozen=True, kw_only=True, rename="camel"):
    """The newest active revision of a family."""

    kind = "aws.ecs.task_definition"
    secret = ("DescribeTaskDefinition.containerDefinitions.*.environment.*.value",)
    family: str
    details: Details = fact("DescribeTaskDefinition")
