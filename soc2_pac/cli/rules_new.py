"""``rules new``: a rule and its cases to start from."""

from __future__ import annotations

import enum
import json
import re
import types
import typing
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from soc2_pac import plugins
from soc2_pac.cli.options import check_known
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.resources import Resource

_RULE = '''"""Rules over {kind}."""

from __future__ import annotations

{imports}


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM)
def {function}(resource: {view}) -> Verdict:
    """Say here what must be true.

    Why: what goes wrong when it is not.
    Fix: what to do, as a command or a place in the console.
    """
    if resource.{field}:
        return passed("{field} is there")
    return failed("there is no {field}")
'''

_CASES = """{rule_id}:
  base: {base}
  cases:
    - {{name: "{field} is there", status: pass}}
    - {{name: "there is no {field}", status: fail, set: {{{key}: {empty}}}}}
"""


@click.command()
@click.argument("rule_id", metavar="RULE")
@click.option("--kind", required=True, help="The kind that it judges, e.g. aws.s3.bucket.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=".",
    show_default=True,
    help="Where to write.",
)
def new(rule_id: str, kind: str, folder: Path) -> None:
    """Write a new rule and its cases: two files that run, to be changed into what you mean."""
    registry = plugins.load()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", rule_id):
        msg = f"'{rule_id}' is no rule id. Next: write it like aws-bucket-named-well"
        raise UsageError(msg)
    if rule_id in registry.rules:
        msg = f"there is a rule {rule_id} already. Next: soc2-pac rules show {rule_id}"
        raise UsageError(msg)
    check_known(kind, registry.collectors, "kind", "soc2-pac plugins --kinds")
    code, cases = _texts(rule_id, registry.collectors[kind].resource)
    stem = folder / rule_id.replace("-", "_")
    written = {stem.with_suffix(".py"): code, stem.with_suffix(".cases.yaml"): cases}
    for target in written:
        if target.exists():
            msg = f"{target} is there already: it is left alone. Next: --folder ANOTHER"
            raise UsageError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, text in written.items():
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{folder} cannot be written to: {error.strerror}"
        raise UsageError(msg) from error
    for target in written:
        click.echo(f"Wrote {target}")
    click.echo(
        "Next:\n"
        "  1. say in the two files what you mean\n"
        f"  2. soc2-pac rules test {stem.with_suffix('.py')}\n"
        "  3. put them into a package that an entry point of the group 'soc2_pac' names, so that\n"
        "     every run judges by the rule"
    )


def _texts(rule_id: str, view: type[Resource]) -> tuple[str, str]:
    """The module and the case file of a rule that reads one field of a view."""
    found = _a_field(view)
    if found is None:
        msg = f"{view.kind} has no field to start from. Next: copy the rule of a neighbour"
        raise UsageError(msg)
    field, key, base, empty = found
    imports = sorted(
        (
            f"from {view.__module__} import {view.__name__}",
            "from soc2_pac.model import Severity, Verdict, failed, passed",
            "from soc2_pac.rules import rule",
        )
    )
    function = rule_id.replace("-", "_")
    names = {"function": function, "view": view.__name__, "field": field}
    code = _RULE.format(kind=view.kind, imports="\n".join(imports), **names)
    cases = _CASES.format(
        rule_id=rule_id, base=json.dumps(base), field=field, key=key, empty=json.dumps(empty)
    )
    return code, cases


def _a_field(shape: type[msgspec.Struct]) -> tuple[str, str, dict[str, object], object] | None:
    """A field that the sample can read, or None.

    Returns:
        How code reads it, its path in the document, a document in which it is true, a false value.
    """
    fields = [field for field in msgspec.structs.fields(shape) if field.name != "gaps"]
    # Yes or no reads best in an example; what an id is, is seldom the question.
    fields.sort(key=lambda field: (field.type is not bool, field.required))
    for field in fields:
        full, empty = _sample(field.type, filled=True), _sample(field.type, filled=False)
        if full and not empty:
            document = {**_sample_struct(shape), field.encode_name: full}
            return field.name, field.encode_name, document, empty
    for field in fields:
        inner = None
        inside = typing.get_origin(field.type) or field.type
        if isinstance(inside, type) and issubclass(inside, msgspec.Struct):
            inner = _a_field(field.type)
        if inner is not None:
            name, key, within, empty = inner
            document = {**_sample_struct(shape), field.encode_name: within}
            return f"{field.name}.{name}", f"{field.encode_name}.{key}", document, empty
    return None


def _sample(shape: Any, *, filled: bool) -> object:  # noqa: ANN401
    """A JSON-like value of a type: a true one, or the emptiest that the type allows."""
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if origin in (typing.Union, types.UnionType):
        members = [member for member in arguments if member is not type(None)]
        return _sample(members[0], filled=filled) if filled or members == list(arguments) else None
    if origin is typing.Annotated:
        return _sample(arguments[0], filled=filled)
    if origin is typing.Literal:
        return arguments[0]
    origin = origin or shape
    if isinstance(origin, type):
        if issubclass(origin, msgspec.Struct):
            # The shape itself: a generic one says in its arguments what stands in it.
            return _sample_struct(shape) or _first_field(shape)
        if issubclass(origin, enum.Enum):
            return next(iter(origin)).value
        if issubclass(origin, datetime):
            return "2026-01-01T00:00:00Z"
        if issubclass(origin, date):
            return "2026-01-01"
        if issubclass(origin, dict):
            return {"x": _sample(arguments[1] if arguments else str, filled=True)} if filled else {}
        if issubclass(origin, list | tuple | set | frozenset):
            return [_sample(arguments[0] if arguments else str, filled=True)] if filled else []
    return _of_scalar(origin, filled=filled)


def _of_scalar(shape: object, *, filled: bool) -> object:
    samples: dict[object, tuple[object, object]] = {
        bool: (True, False),
        int: (1, 0),
        float: (1.5, 0.0),
        str: ("x", ""),
    }
    full, empty = samples.get(shape, ({"x": "x"}, {}))
    return full if filled else empty


def _sample_struct(shape: type[msgspec.Struct]) -> dict[str, object]:
    """The required fields with values."""
    fields: Iterable[msgspec.structs.FieldInfo] = msgspec.structs.fields(shape)
    return {
        field.encode_name: _sample(field.type, filled=True) for field in fields if field.required
    }


def _first_field(shape: type[msgspec.Struct]) -> dict[str, object]:
    """One field with a value: shows what may stand in a struct of which nothing is required."""
    fields = msgspec.structs.fields(shape)
    return {field.encode_name: _sample(field.type, filled=True) for field in fields[:1]}
