"""What reading the company's own acts takes: the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTS = {
    "READ controls": "controls, as they were set and retired",
    "READ attestations": "attestations, as they were added and revoked",
    "READ reviews": "access reviews and their decisions",
    "READ history": "not an act: what became of accounts from collection to collection",
    "READ systems": "not an act: which systems the configured sources collect access of",
    "READ failures": "how many failures are due when",
}
"""Declared call -> which acts it reads. A test demands that none is missing."""


def permissions(calls: Sequence[str], form: str) -> str:
    """What is read, for declared calls, as text.

    Raises:
        UsageError: another form.
    """
    if form != "text":
        msg = f"permissions company cannot be written as '{form}': use text"
        raise UsageError(msg)
    lines = ["No permission beyond the store's own. Of the acts of people in it are read:"]
    lines += [f"  {ACTS.get(call, call)}" for call in sorted(set(calls))]
    return "\n".join([*lines, "", "Nothing is written, and nobody is asked."])
