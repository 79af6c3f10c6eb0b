"""Documents of records; one that is malformed does not spoil the others."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from soc2_pac.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MALFORMED = "$malformed"
"""The key under which stands what came in a listing instead of an object."""


def document(
    record: Mapping[str, Any],
    *,
    uid: str,
    name: str | Sequence[str] = (),
    body: Callable[[str], Mapping[str, Any]] | Mapping[str, Any] | None = None,
) -> Document:
    """A record of a listing as a document.

    A record without an id is kept as it came, under an id that is made from it: its view cannot read it,
    so the verdicts on it are inconclusive, and on the others they are not.

    Args:
        record: what a listing yielded.
        uid: the path of the record's id.
        name: the path of the name in the record, ``profile.login``; or several, the first that is there.
        body: what the document holds besides the record: a mapping, or a function of the record's id that
            gives one, where the id is needed for further calls.
    """
    key = follow(record, uid)
    if MALFORMED in record or not isinstance(key, str) or not key:
        raw = json.dumps(record, sort_keys=True).encode()
        made = f"malformed:{hashlib.sha256(raw).hexdigest()[:16]}"
        return Document(made, made, dict(record))
    paths = (name,) if isinstance(name, str) else name
    names = (said for path in paths if isinstance(said := follow(record, path), str) and said)
    further = body(key) if callable(body) else body or {}
    return Document(key, next(names, key), {**record, **further})


def follow(record: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    """What stands under a path of names, ``profile.login``; ``None`` where nothing does."""
    here: Any = record
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here
