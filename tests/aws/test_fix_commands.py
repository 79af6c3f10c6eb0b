"""What rules advise for AWS are commands that the AWS CLI takes: services, operations, options by botocore's models."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel

RULES = {rule.id: rule for rule in plugins.load().rules.values() if rule.provider == "aws"}
CALLED = {"s3api": "s3", "deploy": "codedeploy", "configservice": "config"}
"""Services that the CLI calls otherwise than botocore does."""
OF_THE_CLI = {
    ("configservice", "put-configuration-recorder"): {"recording-group": "configuration-recorder"},
    ("ec2", "create-network-acl-entry"): {"ingress": "egress"},
    ("ec2", "modify-subnet-attribute"): {"no-map-public-ip-on-launch": "map-public-ip-on-launch"},
    ("eks", "update-cluster-version"): {"kubernetes-version": "version"},
}
"""Options that the CLI adds, and the member that each stands for. Source: AWS CLI, Command Reference."""
EVERYWHERE = {"region", "cli-input-json", "output", "query", "profile"}
_COMMAND = re.compile(
    r"\baws ([a-z0-9-]+) ([a-z0-9-]+)((?:(?!\baws [a-z0-9-]+ [a-z0-9-]+).)*)", re.DOTALL
)
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")
_END = re.compile(r";|\.(?=\s|$)|, then |, and then | or aws ")


class Command(NamedTuple):
    """A command of the AWS CLI in a text."""

    service: str
    operation: str
    options: frozenset[str]
    rest: str


def commands(text: str) -> Iterator[Command]:
    for found in _COMMAND.finditer(" ".join(text.split())):
        service, operation, rest = found.groups()
        if operation.startswith("-"):
            continue
        said = _END.split(rest)[0]
        yield Command(service, operation, frozenset(_OPTION.findall(said)), said)


@functools.cache
def _operations(service: str) -> dict[str, OperationModel]:
    loader = Loader()
    name = CALLED.get(service, service)
    model = ServiceModel(loader.load_service_model(name, "service-2"), name)
    return {xform_name(one, "-"): model.operation_model(one) for one in model.operation_names}


def _members(operation: OperationModel) -> dict[str, Any]:
    shape = operation.input_shape
    return (
        {} if shape is None else {xform_name(name, "-"): one for name, one in shape.members.items()}
    )


def wrong(command: Command) -> Iterator[str]:
    """What the AWS CLI would refuse."""
    if re.search(r"{[^}]*,", re.sub("'[^']*'", "", command.rest)):
        yield f"{command.operation}: a shell takes the braces apart: quote them"
    known = _operations(command.service)
    if command.operation not in known:
        yield f"aws {command.service} has no {command.operation}"
        return
    operation = known[command.operation]
    members = _members(operation)
    added = OF_THE_CLI.get((command.service, command.operation), {})
    switches = {f"no-{name}" for name, one in members.items() if one.type_name == "boolean"}
    for option in sorted(command.options - members.keys() - switches - EVERYWHERE - added.keys()):
        yield f"{command.operation} has no --{option}"
    if not command.options or re.search(r"\bwith\b", command.rest):
        # What is left to prose: a document, a list.
        return
    shape = operation.input_shape
    # The CLI makes up a token for one try by itself.
    required = {
        xform_name(name, "-")
        for name in (shape.required_members if shape else ())
        if not members[xform_name(name, "-")].metadata.get("idempotencyToken")
    }
    given = {
        added.get(one, one.removeprefix("no-") if one in switches else one)
        for one in command.options
    }
    for option in sorted(required - given):
        yield f"{command.operation} needs --{option}"


@pytest.mark.parametrize("name", RULES)
def test_a_fix_is_a_command_that_the_cli_takes(name: str) -> None:
    problems = [one for command in commands(RULES[name].fix) for one in wrong(command)]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aws rds modify-db-instance --no-publicly-accessible.", "needs --db-instance-identifier"),
        ("aws rds modify-db-instances --db-instance-identifier X", "has no modify-db-instances"),
        ("aws rds modify-db-instance --db-instance-identifier X --public", "has no --public"),
        ("aws elbv2 create-rule --actions A={b=1,c=2}", "quote them"),
    ],
)
def test_what_the_cli_would_refuse_is_found(text: str, said: str) -> None:
    (command,) = commands(text)
    assert any(said in one for one in wrong(command))
