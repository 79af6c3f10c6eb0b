"""Documents whose text left the store: archived into a file, or erased because somebody asked for it."""

from __future__ import annotations

from typing import Literal

from soc2_pac.acts import Body

REMOVED = "evidence.removed"
"""Texts of documents left the store; the subject is ``archived`` or ``erased``."""


class Removed(Body, frozen=True):
    """The body of :data:`REMOVED`. The file of an archive is the act's attachment."""

    how: Literal["archived", "erased"]
    reason: str
    owner: str
    """The person who answers for it."""
    count: int
    """Documents."""
    size: int
    """Bytes of their texts."""
    root: str
    """SHA-256 over their digests in order, each followed by a line feed."""
    before: str | None = None
    """Of an archive: no document was current at this instant (UTC) or later."""
    resource: str | None = None
    """Of an erasure: the id of the resource whose documents they were."""
