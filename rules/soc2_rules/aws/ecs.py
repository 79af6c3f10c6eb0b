"""ECS: containers that stay in their box, and carry no secrets."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ecs import TaskDefinition
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from soc2_collectors.aws.models.ecs import Container


@rule(
    criteria=["CC6.8", "CC6.1", "CC7.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ecs_task_definitions_no_privileged_containers",
        "prowler:ecs_task_definitions_host_namespace_not_shared",
        "prowler:ecs_task_definitions_no_environment_secrets",
        "prowler:ecs_task_definitions_logging_enabled",
    ],
)
def aws_ecs_task_hardening(
    task: TaskDefinition,
    *,
    host_network: bool = False,
    host_paths: tuple[str, ...] = (),
    names: tuple[str, ...] = (
        "*PASSWORD",
        "*PASSWD",
        "*SECRET",
        "*TOKEN",
        "*API_KEY",
        "*PRIVATE_KEY",
    ),
) -> Verdict:
    """Tasks are not privileged, share no namespace or directory with their host, hold no secrets, and log.

    The newest active revision of each family is judged. ``host_network = true`` accepts the host's network,
    ``host_paths`` holds patterns (``/proc``) of directories that may be shared.

    Why: a privileged container is root on its host, and with it on every other container there.
    Fix: register a revision with privileged=false, without pidMode, ipcMode and networkMode of the host, with
        secrets from Secrets Manager (valueFrom) and a logConfiguration for each container.
    """
    details = task.details
    found = [f"{c.name} is privileged" for c in details.container_definitions if c.privileged]
    shared = [
        name
        for name, mode in (("processes", details.pid_mode), ("memory", details.ipc_mode))
        if mode == "host"
    ]
    if details.network_mode == "host" and not host_network:
        shared.append("the network")
    shared += [
        volume.host.source_path
        for volume in details.volumes
        if volume.host is not None
        and volume.host.source_path
        and not any(fnmatchcase(volume.host.source_path, path) for path in host_paths)
    ]
    if shared:
        found.append(f"shares {' and '.join(shared)} with its host")
    unread: list[str] = []
    for container in details.container_definitions:
        if container.log_configuration is None:
            found.append(f"{container.name} does not log")
        found += _carried(container, names, unread)
    if found:
        return failed("; ".join(found))
    if unread:
        return inconclusive(f"could not be looked into: {', '.join(unread)}")
    if not details.container_definitions:
        return inconclusive("AWS tells of no container")
    modes = (details.network_mode, details.pid_mode, details.ipc_mode)
    if strange := [mode for mode in modes if mode not in _MODES]:
        return inconclusive(f"not known: {', '.join(map(str, strange))}")
    return passed(f"{len(details.container_definitions)} containers")


_MODES = (None, "awsvpc", "bridge", "default", "none", "task", "host")
"""Of networks, processes and memory; what is the host's was looked for before."""


def _carried(container: Container, names: tuple[str, ...], unread: list[str]) -> list[str]:
    found = []
    for text in (*container.entry_point, *container.command):
        seen = recognised(text)
        if seen.labels:
            found.append(f"{container.name}: its command looks like {seen.labels}")
        elif not seen.readable:
            unread.append(f"{container.name}: its command")
    for variable in container.environment:
        seen = recognised(variable.value)
        if seen.labels:
            found.append(f"{container.name}: {variable.name} looks like {seen.labels}")
        elif not seen.readable:
            unread.append(f"{container.name}: {variable.name}")
        elif seen.there and any(fnmatchcase(variable.name.upper(), name.upper()) for name in names):
            found.append(f"{container.name}: {variable.name} is called like a credential")
    return found
