"""Small helps for messages that people read."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(wrong: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"``, or an empty text when nothing is near."""
    found = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{found[0]}'?" if found else ""


def says_something(text: str) -> bool:
    """Whether a text holds a letter or a digit of any script: blanks, dots and invisible characters say nothing."""
    return any(character.isalnum() for character in text)


def listed(names: Iterable[str]) -> str:
    """``a, b, c`` in order, or ``none``."""
    return ", ".join(sorted(names)) or "none"
