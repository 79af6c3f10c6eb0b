"""Samples of a population: a draw that anybody can repeat, or the events that an auditor names.

The draw uses no generator of random numbers: events are ordered by the SHA-256 of ``SEED:UID`` (UTF-8, in
hexadecimal; of equal ones the scope decides), and the first N are the sample. A spreadsheet or ``sha256sum`` comes to
the same, and a larger sample by the same seed holds every smaller one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_pac.audit.given import opened
from soc2_pac.errors import UsageError
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from soc2_pac.audit.populations import Event, Population

ALGORITHM = "sha256(SEED:UID) ascending, first SIZE (soc2-pac sample 1)"
"""Printed with every draw. Another way of drawing gets another name."""
CHOSEN = "chosen by name (--ids)"
_ALL = 5
_FIVE = 50
_TENTH = 250
_MOST = 25
_NAMED = 10
_MOST_BYTES = 16 * 1024 * 1024


class Suggestion(NamedTuple):
    """A size by common practice."""

    size: int
    why: str


def suggested(count: int) -> Suggestion:
    """What auditors commonly test of so many events. No standard demands it; the auditor decides."""
    if count <= _ALL:
        return Suggestion(count, f"all: there are {_ALL} or fewer")
    if count <= _FIVE:
        return Suggestion(_ALL, f"{_ALL} of {_ALL + 1} to {_FIVE}")
    if count <= _TENTH:
        return Suggestion(-(-count // 10), f"a tenth of {_FIVE + 1} to {_TENTH}, rounded up")
    return Suggestion(_MOST, f"{_MOST} of more than {_TENTH}")


def drawn(found: Population, size: int, seed: str) -> Population:
    """The sample of a seed, in the order of the draw.

    Raises:
        UsageError: the size is below 1, or the seed empty.
    """
    if size < 1:
        msg = f"--size: {size} is no size of a sample: 1 or more"
        raise UsageError(msg)
    if not seed:
        msg = "--seed: name a seed, any text; the same one draws the same sample again"
        raise UsageError(msg)
    order = sorted(found.events, key=lambda event: (_rank(seed, event), event.scope))
    said = {"algorithm": ALGORITHM, "seed": seed, "asked": size}
    return _sample(found, order[:size], said)


def chosen(found: Population, ids: Sequence[str]) -> Population:
    """The events that somebody names by uid or name, in that order.

    Raises:
        UsageError: one is unknown, or fits several events, by name; nothing is named; one is named twice.
    """
    by_uid: dict[str, list[Event]] = {}
    by_name: dict[str, list[Event]] = {}
    for event in found.events:
        by_uid.setdefault(event.uid, []).append(event)
        by_name.setdefault(event.name, []).append(event)
    picked: list[Event] = []
    unknown: list[str] = []
    for one in ids:
        fits = by_uid.get(one) or by_name.get(one) or []
        if len(fits) > 1:
            msg = f"--ids: '{one}' fits {len(fits)} events. Next: name one by its uid"
            raise UsageError(msg)
        if not fits:
            unknown.append(one)
        elif fits[0] in picked:
            msg = f"--ids: '{one}' is named twice"
            raise UsageError(msg)
        else:
            picked.append(fits[0])
    if unknown:
        hint = nearest(unknown[0], [*by_uid, *by_name])
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        listed = ", ".join(unknown[:_NAMED])
        msg = f"--ids: not in the population of the period: {listed}{more}.{hint}"
        raise UsageError(msg)
    if not picked:
        msg = "--ids: the file names no event: one uid a line"
        raise UsageError(msg)
    return _sample(found, picked, {"algorithm": CHOSEN, "seed": None, "asked": len(picked)})


def read_ids(path: Path) -> list[str]:
    """One uid or name a line; empty lines and lines that begin with ``#`` are left out.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        source, _ = opened(path)
        with source as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            msg = f"{path} is larger than {_MOST_BYTES // 1024**2} MiB: no list of events is"
            raise UsageError(msg)
        text = content.decode("utf-8-sig")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is no text in UTF-8"
        raise UsageError(msg) from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _sample(found: Population, picked: Iterable[Event], said: dict[str, Any]) -> Population:
    events = list(picked)
    header = {
        **found.header,
        "sample": {
            **said,
            "size": len(events),
            "population_count": len(found.events),
            "population_digest": found.header["digest"],
        },
    }
    return found.with_events(events, header)


def _rank(seed: str, event: Event) -> str:
    return hashlib.sha256(f"{seed}:{event.uid}".encode("utf-8", "surrogatepass")).hexdigest()
