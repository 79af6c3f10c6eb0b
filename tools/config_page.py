"""The page of the configuration: every key with type, default and meaning, out of the settings' own docstrings.

Under each table stands an example of it, which a test reads as a configuration.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import itertools
import textwrap
import types
import typing
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union

import msgspec

from soc2_pac.config import TABLES, Named, SecretRef
from soc2_pac.decisions import Decision, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_pac.plugins import Registry

_PLAIN = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    dt.date: "date",
    SecretRef: "[secret](#secrets)",
    Any: "any value",
}


class Key(NamedTuple):
    """A key of a table."""

    name: str
    shape: Any
    default: object
    """``msgspec.NODEFAULT``: it must be there."""
    says: str


def lines(registry: Registry) -> Iterator[str]:
    """The page. Raises ValueError for a key whose struct does not say what it means."""
    yield from ("# Configuration", "")
    yield (
        "One TOML file: `soc2-pac.toml` in the working folder, or the one that `--config` or `SOC2_PAC_CONFIG` names. "
        "Every table may be left out. An unknown key and a value of the wrong type end every command with exit code 2; "
        "the error names the key, and the one that was probably meant."
    )
    yield from ("", "## Secrets", "")
    yield "No secret stands in the file. It is named, in exactly one of three ways:"
    yield from ("", *_rows(keys(SecretRef)))
    yield from ("", "## Decisions", "")
    yield "Whatever is looser than its default, or left out, needs a reason, an owner and a date. Reports print them."
    yield from ("", *_rows(keys(Decision)))
    for name, shape in TABLES.items():
        yield from ("", f"## [{name}]", "", *_about(shape, f"``[{name}]``"), *_rows(keys(shape)))
        yield from _below(name, shape)
        yield from ("", "```toml", *example(name, shape), "```")
    yield from _of_rules()
    for provider, found in sorted(registry.providers.items()):
        yield from ("", f"## Source: {provider}", "")
        yield f'A table `[sources.NAME]` with `provider = "{provider}"`; you choose the name.'
        yield from ("", *_about(found.settings, ""), *_rows(keys(found.settings)))
        yield from _below("sources.NAME", found.settings)


def _of_rules() -> Iterator[str]:
    yield from ("", "## [rules]", "")
    yield "Which rules judge, and how. A rule's own page lists its thresholds."
    yield from ("", "| key | type | default | meaning |", "|---|---|---|---|")
    yield "| `paths` | list of text | | Folders and files with your own rules, relative to the configuration. |"
    yield "| `[rules.ID]` | table | | `enabled`, `severity`, thresholds; a decision where it is looser. |"
    where = (
        "Other settings of one rule in some places; the first that matches applies. Thresholds stand beside these "
        "keys, by their own names."
    )
    for name, shape, says in (
        ("rules.include", Named, "Only these rules judge."),
        ("rules.exclude", Named, "These rules do not judge. Every report prints them."),
        ("rules.ID.where", Variant, where),
    ):
        yield from ("", f"### [[{name}]]", "", says, "", *_of_decision(shape, "thresholds"))


def keys(shape: type[msgspec.Struct]) -> list[Key]:
    """The keys of a struct. Raises ValueError for one without a docstring."""
    told: dict[str, str] = {}
    for one in reversed(shape.__mro__):
        if one is not msgspec.Struct and issubclass(one, msgspec.Struct):
            told |= _docstrings(one)
    hints = typing.get_type_hints(shape)
    found = []
    for field in msgspec.structs.fields(shape):
        if field.name not in told:
            msg = f"{shape.__name__}.{field.name}: say in a docstring what it means"
            raise ValueError(msg)
        made = field.default_factory
        default = field.default if made is msgspec.NODEFAULT else made()
        found.append(Key(field.encode_name, hints[field.name], default, told[field.name]))
    return found


def _docstrings(shape: type) -> Mapping[str, str]:
    """The texts that stand below the fields of one class."""
    body = next(
        node.body
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(shape))))
        if isinstance(node, ast.ClassDef)
    )
    found = {}
    for one, below in itertools.pairwise(body):
        match one, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = text
    return found


def _of_decision(shape: type[msgspec.Struct], *but: str) -> Iterator[str]:
    """The rows of a table within a table; those of a decision are on the page already."""
    decided = set(Decision.__struct_fields__) if issubclass(shape, Decision) else set()
    if decided:
        yield from ("With a [decision](#decisions).", "")
    yield from _rows([key for key in keys(shape) if key.name not in {*decided, *but}])


def _about(shape: type, named: str) -> Iterator[str]:
    """What a struct says of itself, less the table's own name."""
    text = inspect.cleandoc(shape.__doc__ or "").removeprefix(named).lstrip(":. \n")
    if text:
        yield from (_marked(text[:1].upper() + text[1:]), "")


def _rows(found: list[Key]) -> Iterator[str]:
    yield from ("| key | type | default | meaning |", "|---|---|---|---|")
    for key in found:
        required = key.default is msgspec.NODEFAULT
        default = "*required*" if required else _default(key.default)
        says = _marked(" ".join(key.says.split())).replace("|", "\\|")
        yield f"| `{key.name}` | {_type(key.shape)} | {default} | {says} |"


def _marked(text: str) -> str:
    return text.replace("``", "`")


def _default(value: object) -> str:
    return "" if value in (None, "", (), {}, []) else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{k} = {_toml(v)}' for k, v in value.items())} }}"
    return str(value)


def _parts(shape: Any) -> list[Any]:
    """The alternatives of a type, ``None`` left out."""
    if typing.get_origin(shape) in (Union, types.UnionType):
        return [one for one in typing.get_args(shape) if one is not type(None)]
    return [shape]


def _type(shape: Any) -> str:
    """A type in words."""
    return " or ".join(dict.fromkeys(_words(one) for one in _parts(shape)))


def _words(shape: Any) -> str:
    origin, inner = typing.get_origin(shape), typing.get_args(shape)
    if origin is Literal:
        return ", ".join(f'`"{one}"`' for one in inner)
    if origin in (tuple, list):
        return "list of " + _words(inner[0]).replace("table", "tables")
    if origin is dict or shape is dict:
        return "table"
    if shape in _PLAIN:
        return _PLAIN[shape]
    if isinstance(shape, type) and issubclass(shape, Enum):
        return ", ".join(f'`"{one.value}"`' for one in shape)
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return "table"
    msg = f"a type that this page has no word for: {shape}"
    raise ValueError(msg)


def _tables_in(shape: type[msgspec.Struct]) -> Iterator[tuple[Key, type[msgspec.Struct], bool]]:
    """The keys that hold tables, with what these hold, and whether there may be several."""
    for key in keys(shape):
        for part in _parts(key.shape):
            several = typing.get_origin(part) in (tuple, list)
            one = typing.get_args(part)[0] if several else part
            if isinstance(one, type) and issubclass(one, msgspec.Struct) and one is not SecretRef:
                yield key, one, several


def _below(name: str, shape: type[msgspec.Struct]) -> Iterator[str]:
    """The tables within a table."""
    for key, one, several in _tables_in(shape):
        full = f"{name}.{key.name}"
        heading = f"[[{full}]]" if several else f"[{full}]"
        yield from ("", f"### {heading}", "", *_about(one, f"``[{full}]``"), *_of_decision(one))
        yield from _below(full, one)


_SAMPLES: Mapping[Any, str] = {
    bool: "true",
    int: "1",
    float: "1.0",
    dt.date: "2026-01-05",
    SecretRef: '{ env = "NAME" }',
}
"""Values of the example, where neither the default nor the meaning has one."""


def example(name: str, shape: type[msgspec.Struct]) -> Iterator[str]:
    """A table with each of its plain keys at its default, or at some value of its type in a comment."""
    inner = {key.name for key, _, _ in _tables_in(shape)}
    yield f"[{name}]"
    for key in keys(shape):
        if key.name in inner:
            continue
        if key.default not in (None, "", (), {}, [], msgspec.NODEFAULT):
            yield f"{key.name} = {_toml(key.default)}"
        else:
            yield f"# {key.name} = {_sample(key.shape)}"


def _sample(shape: Any) -> str:
    first = _parts(shape)[0]
    origin, inner = typing.get_origin(first), typing.get_args(first)
    if origin in (tuple, list):
        return f"[{_sample(inner[0])}]"
    if origin is dict:
        return "{}"
    if origin is Literal:
        return _toml(inner[0])
    return _SAMPLES.get(first, '"..."')
