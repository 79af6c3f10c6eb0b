"""Questions that a machine cannot answer honestly, and why: the docs have them as a page.

An auditor may ask them all the same; the evidence then comes from people.
"""

from __future__ import annotations

from typing import NamedTuple


class Omission(NamedTuple):
    """A question without a rule."""

    question: str
    criteria: tuple[str, ...]
    reason: str


OMITTED: dict[str, Omission] = {}
"""By the id that the rule would have."""

PARTS: dict[str, str] = {}
"""A peer's check -> why the rule that answers its question leaves this part out."""
