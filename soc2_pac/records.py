"""What a collection leaves, as the store takes it: values that neither collecting nor the store owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from soc2_pac.model import CollectionStatus, Scope


@dataclass(frozen=True, slots=True)
class Record:
    """One document as collected: redacted, canonical, hashed."""

    uid: str
    name: str
    digest: str
    """SHA-256 (hex) of ``body``."""
    body: bytes
    """Canonical JSON."""
    observed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """What a look at a population says of itself."""

    instant: str
    """Dotted path to the event's instant in the documents."""
    cursor: str | None
    """Canonical JSON for the next look. ``None`` of a look that is not complete: the earlier one holds."""
    parameters: str
    """Canonical JSON: what was asked."""
    total: int | None
    """The provider's own count of what was asked."""


@dataclass(frozen=True, slots=True)
class Look:
    """One attempt to list one kind in one scope, as the store takes it."""

    source: str
    scope: Scope
    kind: str
    status: CollectionStatus
    reason: str
    permission: str | None
    requests: int
    pages: int
    gaps: int
    """How many facts of single resources could not be read."""
    root: str
    """Over the sorted (uid, digest) pairs of ``records``; see :func:`soc2_pac.merkle.collection_root`."""
    asked: tuple[str, ...]
    """The calls that the collector declares."""
    read: Mapping[str, int]
    """The calls that were made, with how often."""
    started: datetime
    finished: datetime
    version: str
    """The collector's."""
    records: Iterable[Record]
    """Each uid once. Read once, in order."""
    population: Population | None = None
    """Of a kind whose documents are events: such a look adds, and ends nothing."""


def storable(text: str) -> str:
    """Text as both databases can keep it: NUL and lone surrogates become visible escapes."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
