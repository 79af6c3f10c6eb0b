"""What reading a roster takes: files that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = {
    "READ people": "the file of people (people = ...)",
    "READ accounts": "the mapping of accounts (accounts = ...), where one is configured",
}
"""Declared call -> what must be readable. A test demands that none is missing."""


def permissions(calls: Sequence[str], form: str) -> str:
    """What must be readable for declared calls, as text.

    Raises:
        UsageError: another form.
    """
    if form != "text":
        msg = f"permissions roster cannot be written as '{form}': use text"
        raise UsageError(msg)
    lines = ["Read access, for whoever runs soc2-pac, to:"]
    lines += [f"  {FILES.get(call, call)}" for call in sorted(set(calls))]
    return "\n".join([*lines, "", "Nothing is written, and no other file is opened."])
