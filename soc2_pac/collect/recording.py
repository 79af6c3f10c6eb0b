"""A recording: what every collection of a run yielded, in disguise, to be judged again without a network.

It is what a bug report needs: the documents as rules see them and how each collection ended. Secrets are cut as
they are for the store, and what a company calls its things goes through :mod:`soc2_pac.collect.disguise`.

The directory holds ``recording.json`` (when, which version, the thresholds) and one file a collection in
``collections/``: its first line says how it ended, each further one is a document. A file of the same name in
``exchanges/`` says what each call was answered. Files there that begin with ``discovery`` are of no collection: they
say how the scopes were found.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.collect import redact
from soc2_pac.collect.answers import Answered, disguised
from soc2_pac.collect.disguise import Disguise, vocabulary
from soc2_pac.errors import UsageError
from soc2_pac.model import Scope, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from soc2_pac.collect.fetch import UnitResult
    from soc2_pac.collect.plan import Discovery
    from soc2_pac.plugins import Registry

FORMAT = 1
_HEAD = "recording.json"
_COLLECTIONS = "collections"
_EXCHANGES = "exchanges"


class Collected(msgspec.Struct, kw_only=True):
    """How a collection ended, as a recording says it."""

    source: str
    provider: str
    kind: str
    scope: str
    status: str
    reason: str = ""
    permission: str | None = None
    calls: dict[str, int] = {}
    pages: int = 0
    gaps: int = 0
    version: str = "0"


class Kept(msgspec.Struct, kw_only=True):
    """A document, as a recording holds it."""

    uid: str
    name: str
    observed_at: str | None = None
    body: dict[str, Any]


class Head(msgspec.Struct, kw_only=True):
    """What a recording says of itself."""

    format: int
    made_by: str
    now: str
    """The instant that its verdicts are of."""
    providers: list[str]
    """Those that had a source."""
    thresholds: dict[str, dict[str, Any]] = {}
    """Rule -> thresholds that the configuration sets, in disguise."""


@dataclass
class Recording:
    """A recording that was read."""

    head: Head
    collections: list[tuple[Collected, list[Kept]]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The instant that its verdicts are of."""
        return datetime.fromisoformat(self.head.now)


def disguise_for(registry: Registry, key: bytes | None = None) -> Disguise:
    """The map of a recording: words stay that the engine, the collectors or the rules know."""
    modules = {__name__.partition(".")[0]}
    modules |= {c.function.__module__.partition(".")[0] for c in registry.collectors.values()}
    modules |= {r.function.__module__.partition(".")[0] for r in registry.rules.values()}
    return Disguise(*_known(frozenset(modules)), key=key)


@functools.cache
def _known(modules: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    import importlib  # noqa: PLC0415 - the names are known at run time only

    return vocabulary(
        path
        for name in sorted(modules)
        for path in _places(importlib.import_module(name))
        if not (name == "soc2_pac" and Path(path).name in _NOT_COMPARED)
    )


_NOT_COMPARED = ("demo", "cli", "testing", "store", "output", "audit", "web")
"""Parts of the engine whose words no document is compared with."""


def _places(module: ModuleType) -> Iterator[Path]:
    for place in getattr(module, "__path__", ()):
        yield from (
            one for one in sorted(Path(place).iterdir()) if one.is_dir() or one.suffix == ".py"
        )


class Writer:
    """Writes a recording into a new directory, which nobody else may read."""

    def __init__(self, directory: Path, disguise: Disguise | None) -> None:
        """``disguise``: ``None`` leaves names as they are, for a test of one's own."""
        if directory.exists() and any(directory.iterdir()):
            msg = f"{directory} is not empty. Next: name a new directory"
            raise UsageError(msg)
        self._directory = directory
        self._disguise = disguise
        self.collections = 0
        """How many were written so far, how many documents, and answers of calls."""
        self.documents = 0
        self.answers = 0
        self._discoveries = 0
        for one in (directory, directory / _COLLECTIONS, directory / _EXCHANGES):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, result: UnitResult) -> None:
        """Write one collection; its records can be read again."""
        said = Collected(
            source=result.unit.source.name,
            provider=result.unit.source.provider,
            kind=result.unit.kind,
            scope=str(result.unit.scope),
            status=result.status.value,
            reason=redact.scrub(result.reason),
            permission=result.permission,
            calls=dict(result.calls),
            pages=result.pages,
            gaps=result.gaps,
            version=result.version,
        )
        records = result.spool.records(again=True) if result.spool else ()
        self.write(
            said,
            (
                Kept(
                    uid=one.uid,
                    name=one.name,
                    observed_at=one.observed_at,
                    body=json.loads(one.body),
                )
                for one in records
            ),
            result.exchanges or (),
        )

    def write(
        self, said: Collected, documents: Iterable[Kept], exchanges: Iterable[Answered] = ()
    ) -> None:
        """Write one collection, its documents, and what its calls were answered, in disguise."""
        self.collections += 1
        name = f"{self.collections:04}-{said.kind}.jsonl"
        path = self._directory / _COLLECTIONS / name
        lines = [
            msgspec.json.encode(
                Kept(
                    uid=self._text(one.uid),
                    name=self._text(one.name),
                    observed_at=one.observed_at,
                    body=self._value(one.body),
                )
            )
            for one in documents
        ]
        self.documents += len(lines)
        told = msgspec.structs.replace(
            said,
            scope=self._scope(Scope.parse(said.scope)),
            source=self._text(said.source),
            reason=self._sentence(said.reason),
        )
        _write(path, [msgspec.json.encode(told), *lines])
        # After the documents, whose names sentences are searched for.
        self._write_answers(name, exchanges)

    def add_discovery(self, found: Discovery) -> None:
        """Write what was answered when the scopes of a source were looked for; nothing where nobody was asked.

        After all collections, whose documents sentences are searched for.
        """
        self._discoveries += 1
        name = f"discovery-{self._discoveries:04}-{found.provider}.{found.per}.jsonl"
        self._write_answers(name, found.exchanges)

    def _write_answers(self, name: str, exchanges: Iterable[Answered]) -> None:
        answered = [
            msgspec.json.encode(disguised(one, self._disguise) if self._disguise else one)
            for one in exchanges
        ]
        self.answers += len(answered)
        if answered:
            _write(self._directory / _EXCHANGES / name, answered)

    def close(
        self,
        made_by: str,
        providers: list[str],
        thresholds: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> None:
        """Write what the recording says of itself; without it there is no recording."""
        head = Head(
            format=FORMAT,
            made_by=made_by,
            now=utc_text(now),
            providers=sorted(providers),
            thresholds={
                rule: {name: self._value(_plain(value)) for name, value in settings.items()}
                for rule, settings in thresholds.items()
            },
        )
        _write(self._directory / _HEAD, [msgspec.json.format(msgspec.json.encode(head))])

    def _text(self, text: str) -> str:
        return self._disguise.text(text) if self._disguise else text

    def _sentence(self, text: str) -> str:
        return self._disguise.known(text) if self._disguise else text

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any JSON-like value
        if isinstance(value, dict) and self._disguise:
            gaps = value.get("$gaps")
            found = self._disguise.value({k: v for k, v in value.items() if k != "$gaps"})
            return {**found, **({"$gaps": _gaps(gaps, self._sentence)} if gaps else {})}
        return self._disguise.value(value) if self._disguise else value

    def _scope(self, scope: Scope) -> str:
        return str(Scope(scope.provider, self._text(scope.boundary)))


def _gaps(gaps: Mapping[str, Mapping[str, Any]], sentence: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        fact: {key: sentence(said) if key == "reason" else said for key, said in gap.items()}
        for fact, gap in gaps.items()
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - a threshold
    return json.loads(msgspec.json.encode(value))


def _write(path: Path, lines: list[bytes]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.writelines(line + b"\n" for line in lines)


def read(directory: Path) -> Recording:
    """A recording from its directory.

    Raises:
        UsageError: there is none, it is of another format, or a file of it is broken.
    """
    try:
        head = msgspec.json.decode((directory / _HEAD).read_bytes(), type=Head)
    except FileNotFoundError as error:
        msg = f"{directory} holds no recording. Next: soc2-pac doctor --record DIR"
        raise UsageError(msg) from error
    except msgspec.DecodeError as error:
        msg = f"{directory / _HEAD} is broken: {error}"
        raise UsageError(msg) from error
    if head.format != FORMAT:
        msg = f"{directory} is a recording of format {head.format}, and this version reads {FORMAT}"
        raise UsageError(msg)
    recording = Recording(head)
    for path in sorted((directory / _COLLECTIONS).glob("*.jsonl")):
        try:
            first, *rest = path.read_bytes().splitlines()
            said = msgspec.json.decode(first, type=Collected)
            kept = [msgspec.json.decode(line, type=Kept) for line in rest]
        except (ValueError, msgspec.DecodeError) as error:
            msg = f"{path} is broken: {error}"
            raise UsageError(msg) from error
        recording.collections.append((said, kept))
    return recording
