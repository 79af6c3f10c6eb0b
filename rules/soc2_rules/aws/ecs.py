"""ECS: containers that stay in their box, and carry no secrets."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ecs import TaskDefinition
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.credential_names import CREDENTIALS, sounds_like_credential

if TYPE_CHECKING:
    from soc2_collectors.aws.models.ecs import Container, LogConfiguration


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
    names: tuple[str, ...] = CREDENTIALS,
) -> Verdict:
    """Tasks are not privileged, share no namespace, directory or device with their host, hold no secrets, and log.

    The newest active revision of each family is judged. ``host_network = true`` accepts the host's network,
    ``host_paths`` holds patterns (``/proc``) of directories and devices that may be shared. Secrets are looked for
    in variables, commands and the options of logs; files of variables in S3 are not read.

    Why: a privileged container is root on its host, and with it on every other container there.
    Fix: register a revision with privileged=false, without pidMode, ipcMode and networkMode of the host, with
        secrets from Secrets Manager (valueFrom) and a logConfiguration for each container.
    """
    details = task.details
    found: list[str] = []
    unread: list[str] = []
    like_privileged = (
        *_LIKE_PRIVILEGED,
        *(_OF_THE_NETWORK if details.network_mode == "host" else ()),
    )
    for container in details.container_definitions:
        found += _opened(container, like_privileged, unread)
    shared = [
        name
        for name, mode in (("processes", details.pid_mode), ("memory", details.ipc_mode))
        if mode == "host"
    ]
    if details.network_mode == "host" and not host_network:
        shared.append("the network")
    devices = [
        device.host_path
        for container in details.container_definitions
        if container.linux_parameters is not None
        for device in container.linux_parameters.devices
    ]
    shared += [
        path
        for path in (*(volume.host_path for volume in details.volumes), *devices)
        if path and not any(fnmatchcase(normpath(path), pattern) for pattern in host_paths)
    ]
    if shared:
        found.append(f"shares {' and '.join(shared)} with its host")
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
    drivers = {c.name: c.log_configuration for c in details.container_definitions}
    if local := sorted(
        f"{name} ({log.log_driver})"
        for name, log in drivers.items()
        if log is not None and not _sent_on(log)
    ):
        return inconclusive(f"whether logs leave their host is not known: {', '.join(local)}")
    return passed(f"{len(details.container_definitions)} containers")


_MODES = (None, "awsvpc", "bridge", "default", "none", "task", "host")
"""Of networks, processes and memory; what is the host's was looked for before."""
_LOGS_ELSEWHERE = ("awsfirelens", "awslogs", "splunk")
"""Drivers that send logs on; json-file and journald leave them on the host."""
_BY_ADDRESS = {"fluentd": "fluentd-address", "gelf": "gelf-address", "syslog": "syslog-address"}
"""Drivers that send logs where an option says, and without it to a program on the host (Docker, logging drivers)."""
_ON_THE_HOST = re.compile(
    r"(?:\w+(?:\+\w+)?://)?(?:localhost|127\.[\d.]+|\[?::1\]?)(?::|/|$)|unix", re.IGNORECASE
)
_LIKE_PRIVILEGED = (
    "ALL",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_TIME",
)
"""Rights over the kernel and the disks that a container shares with its host."""
_OF_THE_NETWORK = ("NET_ADMIN",)
"""Rights over the network that the container is in, be it the host's."""
_WITHIN_THE_BOX = (
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RESOURCE",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
)
"""Rights over the container's own processes, files and network."""
_REDACTED = "[redacted"
_UNCONFINED = ("apparmor:unconfined", "label:disable", "seccomp:unconfined")


def _sent_on(log: LogConfiguration) -> bool:
    """Whether logs leave their host."""
    option = _BY_ADDRESS.get(log.log_driver)
    if option is None:
        return log.log_driver in _LOGS_ELSEWHERE
    address = log.options.get(option) or ""
    return bool(address) and _ON_THE_HOST.match(address) is None


def _opened(container: Container, like_privileged: tuple[str, ...], unread: list[str]) -> list[str]:
    """By what a container gets out of its box."""
    found = [f"{container.name} is privileged"] if container.privileged else []
    options = {option.replace("=", ":").lower() for option in container.docker_security_options}
    found += [f"{container.name} runs {option}" for option in sorted(options & {*_UNCONFINED})]
    given = container.linux_parameters.capabilities if container.linux_parameters else None
    for name in given.add if given is not None else ():
        capability = name.upper().removeprefix("CAP_")
        if capability in like_privileged:
            found.append(f"{container.name} has the capability {name}")
        elif capability not in _WITHIN_THE_BOX:
            unread.append(f"{container.name}: the capability {name}")
    return found


def _carried(container: Container, names: tuple[str, ...], unread: list[str]) -> list[str]:
    found = []
    check = container.health_check.command if container.health_check is not None else ()
    for text in (*container.entry_point, *container.command, *check):
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
        elif seen.there and sounds_like_credential(variable.name, names):
            found.append(f"{container.name}: {variable.name} is called like a credential")
    log = container.log_configuration
    # What redaction took out of an option was a credential, or called like one.
    found += [
        f"{container.name}: the option {name} of its log holds a credential"
        for name, value in sorted((log.options if log is not None else {}).items())
        if value and _REDACTED in value and recognised(value).there
    ]
    unread += [
        f"{container.name}: its variables in {file.value}" for file in container.environment_files
    ]
    return found
