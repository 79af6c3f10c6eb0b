"""What the extractors share: the fields of views, how they are laid over shapes, and the form of the files.

``secrets/PROVIDER.json`` says, for each kind, which texts of its documents may be secret: by their name, by a
mark in the specification or by its description. In a path ``[]`` stands for any element, ``*`` for any key.

A file of facts is JSON: ``source`` (package and version), ``views`` (struct of ours -> shapes of theirs) and
``shapes`` (shape -> field -> type). A type is ``string``, ``boolean``, ``number``, ``time``, ``enum: A|B``,
``object Shape``, ``list of`` or ``map of`` one of these, or ``any``; ``null or`` stands before what may be
null.
"""

from __future__ import annotations

import json
import re
import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac.resources import GAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

FACTS = Path(__file__).resolve().parents[2] / "tests" / "facts"

_DEEPEST = 6
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_SECRET = re.compile(
    r"secret|token|passw|pwd|passphrase|credential|connection_string|(?:^|_)keys?(?:_|$)|signature"
    r"|(?:^|_)(?:args|arguments?|commands?|command_line|script|headers?|env|environment|user_data|custom_data"
    r"|metadata|webhook)(?:_|$)"
)
_HOLDER = re.compile(
    r"env|environment|environment_variables|variables|env_vars|headers?|header_parameters|custom_headers"
    r"|query_string_parameters|args|arguments|commands?|entry_?point|user_data|metadata|secrets|log_options"
    r"|app_settings|connection_strings|substitutions"
)
"""What people put secrets into: everything below."""
_SPOKEN = re.compile(
    r"(?i)\b(?:passwords?|secrets?|api keys?|access keys?|(?:auth(?:entication|orization)?|access|bearer) tokens?"
    r"|connection strings?|credentials?|user data|private keys?|sensitive)\b"
)

Struct = type[msgspec.Struct]


class Member(NamedTuple):
    """A field of a shape."""

    type: str
    """As the files say it."""
    shape: str | None = None
    """The shape that it holds, alone, in a list or in a map."""
    secret: bool = False
    """Whether the specification marks it as sensitive, or speaks of secrets where it describes it."""


Shape = typing.Mapping[str, Member]


class Laying:
    """Lays views over the shapes of one provider, and keeps what it finds."""

    def __init__(self, provider: str, shape_of: Callable[[str], Shape | None]) -> None:
        """``shape_of``: a shape by its name, ``file.Shape``; the first part names the file of facts."""
        self._provider = provider
        self._shape_of = shape_of
        self._files: dict[str, dict[str, Any]] = {}
        self._lost: list[str] = []
        self._inside = 0
        self._suspicious: dict[str, dict[str, str]] = {}

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
        if name is not None and shape is not None and not self._inside:
            kind, *way = where.split(" ")
            seen = self._suspicious.setdefault(kind, {})
            for field, held in shape.items():
                if only is None or field in only or not way:
                    self._seek(seen, [*way, field], held, (name,))
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
            self._inside += 1
            for one in inner:
                self.lay(f"{where}.{field}", one, member.shape)
            self._inside -= 1

    def _seek(
        self, found: dict[str, str], way: list[str], member: Member, seen: tuple[str, ...]
    ) -> None:
        """Note the texts that may be secret below a field: views read few of the fields that are kept."""
        steps = re.findall(r"(list|map) of ", member.type)
        here = [*way, *("[]" if step == "list" else "*" for step in steps)]
        if member.shape is not None and member.shape.startswith("graphql."):
            return  # a query names every field that it wants
        if member.shape is not None:
            if member.shape not in seen and len(seen) < _DEEPEST:
                for field, inner in (self._shape_of(member.shape) or {}).items():
                    self._seek(found, [*here, field], inner, (*seen, member.shape))
            return
        bare = re.sub(r"null or |list of |map of ", "", member.type)
        if bare in ("string", "any") and (member.secret or is_suspicious(way)):
            found[".".join(here)] = member.type

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
        secrets = FACTS / "secrets" / f"{self._provider}.json"
        secrets.parent.mkdir(exist_ok=True)
        kinds = {kind: found for kind, found in self._suspicious.items() if found}
        _dump(secrets, {"source": source, "kinds": kinds})
        for line in self._lost:
            print(line, file=sys.stderr)


def is_suspicious(way: Iterable[str]) -> bool:
    """Whether the names on a way speak of secrets, or of what people put secrets into."""
    *before, last = [_HUMP.sub("_", name).lower() for name in way if name not in ("*", "[]")]
    return bool(_SECRET.search(last) or any(_HOLDER.fullmatch(name) for name in (*before, last)))


def speaks_of_secrets(text: str) -> bool:
    """Whether a description of a field does."""
    return _SPOKEN.search(text) is not None


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
