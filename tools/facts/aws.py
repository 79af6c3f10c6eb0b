"""Facts of AWS, from botocore's service descriptions and the service authorization reference."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import botocore
import botocore.session
from views import facts_of, fields_of, name_of, write, write_permissions

from soc2_collectors.aws.actions import DISCOVERY, action
from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, ServiceModel
    from views import Struct

NEEDS = ("policy_sentry",)
"""What is installed beside the project."""
_DEPTH = 7
"""How far into an answer the object of a view is looked for."""
_SCALARS = {
    "boolean": "boolean",
    "timestamp": "time",
    **dict.fromkeys(("integer", "long", "double", "float"), "number"),
}


class Extractor:
    """Lays views over botocore's shapes."""

    def __init__(self) -> None:
        self._session = botocore.session.Session()
        self._models: dict[str, ServiceModel] = {}
        self._by_action: dict[str, list[OperationModel]] = defaultdict(list)
        self.files: dict[str, dict[str, Any]] = {}
        self.lost: list[str] = []

    def load(self, wanted: set[str]) -> None:
        """Index the operations of every service by the action that authorises them."""
        prefixes = {name.partition(":")[0] for name in wanted}
        for service in self._session.get_available_services():
            prefix = action(service, "GetX").partition(":")[0]
            if prefix not in prefixes:
                continue
            model = self._session.get_service_model(service)
            self._models[service] = model
            for name in model.operation_names:
                granted = action(service, name)
                if granted in wanted:
                    self._by_action[granted].append(model.operation_model(name))

    def kind(self, kind: str, struct: Struct, calls: tuple[str, ...]) -> None:
        """The object of a kind, and the answers that its facts hold."""
        operations = [one for call in calls for one in self._by_action[call]]
        plain = {n: s for n, s in fields_of(struct).items() if n not in facts_of(struct)}
        if plain:
            self._lay(kind, struct, self._best(operations, plain), only=set(plain))
        for name in sorted(facts_of(struct)):
            for inner in fields_of(struct)[name]:
                named = [one for one in operations if one.name == name] or operations
                self._lay(f"{kind} {name}", inner, self._best(named, fields_of(inner)))

    def _best(self, operations: list[OperationModel], fields: dict[str, Any]) -> Any:
        """The shape in the answers of these operations that has most of the fields; the nearest of equals.

        Services that speak of the same objects (RDS, DocumentDB, Neptune): the one that says more of them.
        """
        best: tuple[int, int, int, Any] = (0, 0, 0, None)
        for operation in operations:
            if operation.output_shape is None:
                continue
            for depth, shape in _reachable(operation.output_shape):
                found = sum(name in shape.members for name in fields)
                score = (found, -depth, len(shape.members))
                if found and score > best[:3]:
                    best = (*score, (operation.service_model, shape))
        return best[3]

    def _lay(self, where: str, struct: Struct, found: Any, only: set[str] | None = None) -> None:
        if found is None:
            self.lost.append(f"{where}: no answer has the fields of {name_of(struct)}")
            return
        model, shape = found
        file = self.files.setdefault(
            model.service_name,
            {"source": f"botocore {botocore.__version__}", "views": {}, "shapes": {}},
        )
        name = f"{model.service_name}.{shape.name}"
        known = file["views"].setdefault(name_of(struct), [])
        if name in known:
            return
        known.append(name)
        known.sort()
        file["shapes"][name] = {n: _type(model.service_name, s) for n, s in shape.members.items()}
        for field, inner in fields_of(struct).items():
            member = shape.members.get(field)
            if member is None or (only is not None and field not in only):
                continue
            for one in inner:
                if (target := _structure(member)) is not None:
                    self._lay(f"{where}.{field}", one, (model, target))


def _reachable(shape: Any, depth: int = 0, seen: tuple[str, ...] = ()) -> Iterator[tuple[int, Any]]:
    if depth > _DEPTH or shape.name in seen:
        return
    if shape.type_name == "structure":
        yield depth, shape
        for member in shape.members.values():
            yield from _reachable(member, depth + 1, (*seen, shape.name))
    elif shape.type_name == "list":
        yield from _reachable(shape.member, depth + 1, (*seen, shape.name))
    elif shape.type_name == "map":
        yield from _reachable(shape.value, depth + 1, (*seen, shape.name))


def _structure(shape: Any) -> Any:
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    return shape if shape.type_name == "structure" else None


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
    from importlib.metadata import version  # noqa: PLC0415

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
    extractor = Extractor()
    extractor.load({call for collector in collectors for call in collector.calls})
    for collector in collectors:
        extractor.kind(collector.kind, collector.resource, collector.calls)
    write("aws", extractor.files)
    write_permissions(
        "aws", *_published(set(DISCOVERY) | {c for one in collectors for c in one.calls})
    )
    for line in extractor.lost:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
