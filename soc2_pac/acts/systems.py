"""Systems in which people have access, by the configuration: an access review is expected of each."""

from __future__ import annotations

import msgspec


class ReviewedSystem(msgspec.Struct, frozen=True):
    """A system that a source collects, or that ``[reviews] systems`` names."""

    name: str
    """``github:acme``, ``aws:111122223333``; a provider alone where nothing of its source was collected yet."""
    called: tuple[str, ...]
    """What a review or an attestation may call it, in lower case: its name, its account, its provider."""
    source: str
    """Of the configuration; empty: it stands in ``[reviews] systems`` alone."""
