"""A JSON array, one row a line, so that it can be read by a parser and by ``grep``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def write(rows: Iterable[Mapping[str, object]], stream: TextIO) -> int:
    """Stream the rows; returns how many."""
    count = 0
    for row in rows:
        stream.write(",\n " if count else "[\n ")
        stream.write(json.dumps(row, default=str, sort_keys=False))
        count += 1
    stream.write("\n]\n" if count else "[]\n")
    return count
