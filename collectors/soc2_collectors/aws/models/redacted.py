"""What redaction left of values that are secret: environment variables, user data.

A view declares such paths as ``secret``; the value is replaced before the document is hashed, by a marker
that says what was recognised in it. Rules read the marker, never the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = "[redacted: a reference]"
_FOUND = re.compile(r"\[redacted: found (.+)\]")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What redaction left of a secret value: whether there was one, and what was recognised in it."""

    there: bool
    """Not where the value only names what is kept elsewhere."""
    labels: str
    """``aws-access-key-id, private-key``; empty where nothing looked like a credential."""
    readable: bool = True
    """Whether the value was redacted as it should be; anything else is not looked at."""


def recognised(value: str | None) -> Recognised:
    """Read the marker that redaction puts in place of a secret value."""
    if not value or value == _REFERENCE:
        return Recognised(there=False, labels="")
    if value == "[redacted]":
        return Recognised(there=True, labels="")
    found = _FOUND.fullmatch(value)
    return Recognised(there=True, labels=found[1] if found else "", readable=found is not None)


def credentials_among(values: Mapping[str, str | None]) -> tuple[dict[str, str], list[str]]:
    """(name -> what its value looks like, names whose value was not redacted), both sorted by name.

    The second must be empty before anyone may say that there is no credential: what was not redacted was
    not looked at.
    """
    seen = {name: recognised(value) for name, value in sorted(values.items())}
    found = {name: item.labels for name, item in seen.items() if item.labels}
    return found, [name for name, item in seen.items() if not item.readable]
