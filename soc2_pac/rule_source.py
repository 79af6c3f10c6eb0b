"""The text that decides a verdict, and its digest: what makes a rule version another one.

Format 2, in force: the rule's own function and whatever it reaches by name in its own packages: functions,
classes, constants, and data files that these name. Module names and import lines are left out, so a moved
module or an edited neighbour changes no version. Format 1, still read: the whole text of every module that
the rule's module imports. The engine is left out of both: its version is recorded with each evaluation.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_pac.rules import KnownDigest, Rule

FORMAT = 2
"""What :func:`source_of` makes."""


class Source(NamedTuple):
    """The text of a rule version."""

    digest: str
    """SHA-256 (hex) of ``body``."""
    body: str
    """``{"format":2,"parts":[[name, digest of its text], ...]}``, canonical JSON."""
    parts: Mapping[str, str]
    """Digest -> text."""


class KnownSource:
    """A source whose digest is known already. Its text, which few need, is read when it is asked for."""

    def __init__(self, declared: Rule, known: KnownDigest) -> None:
        """``known``: of the text of the rule ``declared``."""
        self.digest = known.digest
        self._declared = declared
        self._known = known

    @property
    def body(self) -> str:
        """Names and digests of the parts."""
        return self._whole.body

    @property
    def parts(self) -> Mapping[str, str]:
        """Digest -> text."""
        return self._whole.parts

    @functools.cached_property
    def _whole(self) -> Source:
        source = _source(self._declared)
        if source.digest != self.digest:
            raise self._known.mistaken()
        return source


def source_of(declared: Rule) -> Source | KnownSource:
    """The source of a rule as it is loaded, in format 2."""
    known = declared.known_source
    return _source(declared) if known is None else KnownSource(declared, known)


def _source(declared: Rule) -> Source:
    roots = [(declared.function.__module__, declared.function.__name__)]
    roots += [(kind.__module__, kind.__qualname__) for kind in (declared.resource, *declared.joins)]
    packages = frozenset(module.partition(".")[0] for module, _ in roots) - {"soc2_pac"}
    return _graph(packages).source(roots)


def source_of_stored(rule_id: str, modules: Mapping[str, str]) -> Source | None:
    """The source in format 2 of a rule that was stored in format 1; ``None`` where it is not in there.

    Args:
        rule_id: e.g. ``aws-access-key-age``.
        modules: module name -> text, as format 1 kept them.
    """
    name = rule_id.replace("-", "_")
    split = functools.cache(lambda module: _split(module, modules[module], None))
    for module in modules:
        if name in split(module).definitions:
            return _Graph(lambda m: split(m) if m in modules else None).source([(module, name)])
    return None


def digest_of_modules(modules: Mapping[str, str]) -> str:
    """The digest of a source in format 1."""
    digest = hashlib.sha256()
    for name, text in sorted(modules.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


# -- what is reached ------------------------------------------------------------------------------------


class _Module(NamedTuple):
    """The top level of a module."""

    definitions: dict[str, str]
    """Name -> text of the statements that make it."""
    imports: dict[str, tuple[str, str | None]]
    """Local name -> (module, name in it; ``None``: the module itself)."""
    folder: Path | None
    """Where data files stand that the text names."""


class _Graph:
    """Which definition names which, over modules that ``find`` gives. What was worked out once is kept."""

    def __init__(self, find: Callable[[str], _Module | None]) -> None:
        self._find = find
        self._near: dict[tuple[str, str], tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}

    def source(self, roots: list[tuple[str, str]]) -> Source:
        """The text of these (module, name), and of all that they reach."""
        queue = [place for root in roots if (place := self._resolved(*root))]
        reached = set(queue)
        parts: set[tuple[str, str]] = set()
        while queue:
            own, near = self._around(queue.pop())
            parts.update(own)
            new = [place for place in near if place not in reached]
            reached.update(new)
            queue += new
        texts = {_sha256(text): text for _, text in parts}
        listed = sorted((name, _sha256(text)) for name, text in parts)
        body = json.dumps({"format": FORMAT, "parts": listed}, separators=(",", ":"))
        return Source(_sha256(body), body, texts)

    def _around(
        self, place: tuple[str, str]
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The parts that a definition is, and the definitions that it names."""
        if place not in self._near:
            module = self._find(place[0])
            assert module is not None  # noqa: S101 - the place was resolved there
            text = module.definitions[place[1]]
            named = set(_names(place[0], text, module, self._find))
            near = {found for one in named if (found := self._resolved(*one))}
            self._near[place] = [(place[1], text), *_data(text, module.folder)], sorted(near)
        return self._near[place]

    def _resolved(self, module: str, name: str) -> tuple[str, str] | None:
        """Where a name is defined, re-exports followed."""
        for _ in range(10):
            found = self._find(module)
            if found is None:
                return None
            if name in found.definitions:
                return module, name
            target = found.imports.get(name)
            if target is None or target[1] is None:
                return None
            module, name = target[0], target[1]
        return None


@functools.cache
def _graph(packages: frozenset[str]) -> _Graph:
    """Over the modules that are loaded from these packages."""
    return _Graph(lambda name: _loaded(name) if name.partition(".")[0] in packages else None)


@functools.cache
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_WORD = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_LONG_TEXT = re.compile(r'"""(?:.|\n)*?"""|\'\'\'(?:.|\n)*?\'\'\'')
_FILE = re.compile(r"[\"']([\w-]+\.(?:csv|json|toml|tsv|txt|yaml))[\"']")


def _names(
    where: str, text: str, module: _Module, find: Callable[[str], _Module | None]
) -> Iterator[tuple[str, str]]:
    """What a text names at the top level of its module, as (module, name).

    A word too many, from a message, does no harm: one text more is part of the version.
    """
    for word in set(_words(text)):
        first, *rest = word.split(".")
        if first in module.definitions:
            yield where, first
        elif first in module.imports:
            target, name = module.imports[first]
            if name is not None and find(f"{target}.{name}") is not None:
                target, name = f"{target}.{name}", None
            if name is not None:
                yield target, name
            elif rest:
                yield target, rest[0]
            elif (whole := find(target)) is not None and _uses_bare(text, first):
                yield from ((target, one) for one in whole.definitions)


def _words(text: str) -> list[str]:
    return _WORD.findall(_LONG_TEXT.sub("", text))


def _uses_bare(text: str, name: str) -> bool:
    """Whether code uses a module as a value: not only a message or a comment that holds the word."""
    tree = ast.parse(text)
    owners = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return any(
        isinstance(node, ast.Name) and node.id == name and id(node) not in owners
        for node in ast.walk(tree)
    )


def _data(text: str, folder: Path | None) -> Iterator[tuple[str, str]]:
    """Data files beside the module that a text names."""
    for name in _FILE.findall(text):
        if folder is not None and (folder / name).is_file():
            yield name, (folder / name).read_text(encoding="utf-8")


# -- splitting a module -----------------------------------------------------------------------------------


@functools.cache
def _loaded(name: str) -> _Module | None:
    module = sys.modules.get(name)
    path = getattr(module, "__file__", None)
    if path is None or not Path(path).is_file():
        return None
    text = Path(path).read_text(encoding="utf-8")
    return _split(name, text, Path(path))


_NAMED = re.compile(
    r"(?:async def|def|class)\s+(?P<made>\w+)"
    r"|(?P<first>[A-Za-z_]\w*)(?P<more>(?:\s*,\s*[A-Za-z_]\w*)*)\s*(?::[^=\n]*)?(?:[-+|&*/]?=|\.|\[)"
)
_GOES_ON = (" ", "\t", ")", "]", "}", "else", "elif", "except", "finally", "#", '"', "'")


def _split(name: str, text: str, path: Path | None) -> _Module:
    """The top level of a module. By its lines: parsing hundreds of modules takes a second."""
    definitions: dict[str, str] = {}
    for statement in _statements(text):
        head = statement
        while head.startswith("@"):
            head = _after_decorator(head)
        found = _NAMED.match(head)
        if found is None or head.startswith(("from ", "import ", "if TYPE_CHECKING")):
            continue
        names = (
            [found["made"]] if found["made"] else [found["first"], *_WORD.findall(found["more"])]
        )
        for one in names:
            before = definitions.get(one)
            definitions[one] = statement if before is None else f"{before}\n{statement}"
    is_package = path is not None and path.name == "__init__.py"
    package = name if is_package else name.rpartition(".")[0]
    return _Module(definitions, _imports(text, package), path.parent if path else None)


def _after_decorator(text: str) -> str:
    """The text after its first decorator, which may span lines."""
    lines = text.split("\n")
    for index, line in enumerate(lines[1:], start=1):
        if line and not line.startswith((" ", ")", "]", "}")):
            return "\n".join(lines[index:])
    return ""


def _statements(text: str) -> Iterator[str]:
    """Statements of the top level, without comments and bare texts between them."""
    taken: list[str] = []
    quote = ""
    decorated = False
    for line in text.split("\n"):
        inside = quote
        quote = _still_open(line, quote)
        if inside:
            taken.append(line)
            continue
        if line and not line.startswith(_GOES_ON):
            if not decorated:
                yield from _finished(taken)
                taken = []
            decorated = line.startswith("@")
            taken.append(line)
        elif line.startswith(("#", '"', "'")):
            # Between statements: it decides nothing.
            yield from _finished(taken)
            taken = ["#"] if quote else []
        elif taken or line.startswith((" ", "\t")):
            taken.append(line)
    yield from _finished(taken)


def _finished(taken: list[str]) -> Iterator[str]:
    statement = "\n".join(taken).rstrip()
    if statement and not statement.startswith(("#", " ")):
        yield statement


def _still_open(line: str, quote: str) -> str:
    """Which triple quote is open after a line."""
    position = 0
    while True:
        if quote:
            end = line.find(quote, position)
            if end < 0:
                return quote
            position, quote = end + 3, ""
        starts = [(at, mark) for mark in ('"""', "'''") if (at := line.find(mark, position)) >= 0]
        if not starts:
            return ""
        at, quote = min(starts)
        position = at + 3


_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>\.*[\w.]*)[ \t]+import[ \t]+"
    r"(?:\((?P<several>[^)]*)\)|(?P<names>[^\n]*))|import[ \t]+(?P<modules>[^\n]*))",
    re.MULTILINE,
)
_ALIASED = re.compile(r"([\w.]+)(?:[ \t]+as[ \t]+(\w+))?")


def _imports(text: str, package: str) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for line in _IMPORT.finditer(text):
        if line["modules"] is not None:
            for module, alias in _ALIASED.findall(line["modules"].partition("#")[0]):
                found[alias or module.partition(".")[0]] = (module, None)
            continue
        base = line["base"]
        base = importlib.util.resolve_name(base, package) if base.startswith(".") else base
        listed: Any = re.sub(r"#[^\n]*", "", line["several"] or line["names"] or "")
        for name, alias in _ALIASED.findall(listed):
            found[alias or name] = (base, name)
    return found
