"""What the extractors share: the fields of views, how they are laid over shapes, and the form of the files.

A file of facts is JSON: ``source`` (package and version), ``views`` (struct of ours -> shapes of theirs) and
``shapes`` (shape -> field -> type). A type is ``string``, ``boolean``, ``number``, ``time``, ``enum: A|B``,
``object Shape``, ``list of`` or ``map of`` one of these, or ``any``; ``null or`` stands before what may be
null.
"""

from __future__ import annotations

import json
import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac.resources import GAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

FACTS = Path(__file__).resolve().parents[2] / "tests" / "facts"

Struct = type[msgspec.Struct]


class Member(NamedTuple):
    """A field of a shape."""

    type: str
    """As the files say it."""
    shape: str | None = None
    """The shape that it holds, alone, in a list or in a map."""


Shape = typing.Mapping[str, Member]


class Laying:
    """Lays views over the shapes of one provider, and keeps what it finds."""

    def __init__(self, provider: str, shape_of: Callable[[str], Shape | None]) -> None:
        """``shape_of``: a shape by its name, ``file.Shape``; the first part names the file of facts."""
        self._provider = provider
        self._shape_of = shape_of
        self._files: dict[str, dict[str, Any]] = {}
        self._lost: list[str] = []

    def best(self, fields: Collection[str], candidates: Iterable[tuple[int, str]]) -> str | None:
        """Of (how far to seek, shape) the one with most of the fields; the nearest, then the largest."""
        best: tuple[int, int, int] = (0, 0, 0)
        chosen: str | None = None
        for distance, name in candidates:
            shape = self._shape_of(name)
            found = sum(field in shape for field in fields) if shape is not None else 0
            if shape is not None and found and (found, -distance, len(shape)) > best:
                best, chosen = (found, -distance, len(shape)), name
        return chosen

    def lay(
        self, where: str, struct: Struct, name: str | None, only: Collection[str] | None = None
    ) -> None:
        """Note that a struct reads a shape, and follow its fields; ``only``: these of its fields."""
        shape = self._shape_of(name) if name is not None else None
        if name is None or shape is None:
            self._lost.append(f"{where}: no specification has the fields of {name_of(struct)}")
            return
        empty: dict[str, Any] = {"views": {}, "shapes": {}}
        file = self._files.setdefault(name.partition(".")[0], empty)
        known = file["views"].setdefault(name_of(struct), [])
        if name in known:
            return
        known.append(name)
        known.sort()
        file["shapes"][name] = {field: member.type for field, member in shape.items()}
        for field, inner in fields_of(struct).items():
            member = shape.get(field)
            if member is None or member.shape is None or (only is not None and field not in only):
                continue
            for one in inner:
                self.lay(f"{where}.{field}", one, member.shape)

    def write(self, source: str | Mapping[str, str]) -> None:
        """Write the files, remove those that are left over, and name what was not found.

        ``source``: package and version; by file where they differ.
        """
        folder = FACTS / self._provider
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.json"):
            if path.stem not in self._files:
                path.unlink()
        for name, content in self._files.items():
            whole = {**content, "source": source if isinstance(source, str) else source[name]}
            _dump(folder / f"{name}.json", whole)
        for line in self._lost:
            print(line, file=sys.stderr)


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
    elif isinstance(typing.get_origin(of), type) and issubclass(
        typing.get_origin(of), msgspec.Struct
    ):
        yield of  # a generic one, with what it holds
        return
    for argument in typing.get_args(of):
        yield from _structs(argument)


def name_of(struct: Any) -> str:
    """``aws.models.s3:Bucket``; of a generic struct with what it holds: ``gcp.models.asset:Held``."""
    plain = typing.get_origin(struct) or struct
    return f"{plain.__module__.removeprefix('soc2_collectors.')}:{plain.__name__}"


def write_permissions(
    provider: str, source: str, known: Mapping[str, str], **more: Mapping[str, Any]
) -> None:
    """Write which of the permissions that we ask for are published, each with what it allows.

    ``more``: further keys, such as what is published of each call where permissions have names of their own.
    """
    path = FACTS / "permissions" / f"{provider}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # Which permission authorises which call stands on pages that no package holds: kept as it was read there.
    by_hand = {"calls": kept["calls"]} if "calls" in kept else {}
    _dump(path, {"source": source, "known": dict(known), **by_hand, **more})


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
