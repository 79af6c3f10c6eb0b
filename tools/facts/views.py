"""What the extractors share: the fields of views, and the form of the files.

A file of facts is JSON: ``source`` (package and version), ``views`` (struct of ours -> shape of theirs) and
``shapes`` (shape -> field -> type). A type is ``string``, ``boolean``, ``number``, ``time``, ``enum: A|B``,
``object Shape``, ``list of`` or ``map of`` one of these, or ``any``; ``null or`` stands before what may be
null.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.resources import GAPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FACTS = Path(__file__).resolve().parents[2] / "tests" / "facts"

Struct = type[msgspec.Struct]


def fields_of(struct: Struct) -> dict[str, tuple[Struct, ...]]:
    """Encoded field name -> the structs that its type holds."""
    return {
        field.encode_name: tuple(_structs(field.type))
        for field in msgspec.structs.fields(struct)
        if field.encode_name != GAPS
    }


def facts_of(struct: Struct) -> set[str]:
    """The encoded names of the fields that a call of its own fills."""
    fields = msgspec.structs.fields(struct)
    return {field.encode_name for field in fields if field.default is msgspec.UNSET}


def _structs(of: Any) -> Iterator[Struct]:
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        yield of
    for argument in typing.get_args(of):
        yield from _structs(argument)


def name_of(struct: Struct) -> str:
    """``aws.models.s3:Bucket``."""
    return f"{struct.__module__.removeprefix('soc2_collectors.')}:{struct.__name__}"


def write(provider: str, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files of a provider, and remove those that are left over."""
    folder = FACTS / provider
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.stem not in files:
            path.unlink()
    for name, content in files.items():
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def write_permissions(provider: str, source: str, known: Mapping[str, str]) -> None:
    """Write which of the permissions that we ask for are published, each with what it allows."""
    path = FACTS / "permissions" / f"{provider}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"source": source, "known": dict(known)}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
