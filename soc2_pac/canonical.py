"""One byte form for every document, so that the same evidence has the same digest everywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.model import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def canonical(body: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; times as UTC text, bytes as base64.

    Raises:
        ValueError: NaN, an infinity, or a type that is not JSON-like.
    """
    try:
        raw = _encode(body)
    except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
        # Lone surrogates: legal in JSON as escapes, refused by the fast encoder.
        return json.dumps(
            body,
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
            allow_nan=False,
            default=_plain,
        ).encode()
    if b"null" in raw and _not_a_number(body):
        # The fast encoder writes null for it: that is not what the provider said.
        msg = "the document holds a number that is none (NaN or infinity)"
        raise ValueError(msg)
    return raw


def _not_a_number(body: object) -> bool:
    """Whether a value holds a number that JSON cannot say."""
    left = [body]
    while left:
        value = left.pop()
        if isinstance(value, float):
            if not math.isfinite(value):
                return True
            continue
        if isinstance(value, list | tuple):
            within: Iterable[object] = value
        elif isinstance(value, Mapping):
            within = value.values()
        else:
            continue
        # Of most rows and objects, this looks at nothing but the types.
        if not _NO_NUMBERS.issuperset(map(type, within)):
            left.extend(one for one in within if type(one) not in _NO_NUMBERS)
    return False


_NO_NUMBERS = frozenset((str, int, bool, type(None)))
"""Most values are of these: they hold nothing that could be one."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    msg = f"a {type(value).__name__} has no JSON form"
    raise ValueError(msg)


_encode = msgspec.json.Encoder(order="sorted", enc_hook=_plain).encode


def digest(body: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(body).hexdigest()


def collection_root_1(pairs: Iterable[tuple[str, str]]) -> str:
    """The root of collections that were recorded in format 1: SHA-256 (hex) over the sorted pairs."""
    root = hashlib.sha256()
    for uid, document in sorted(pairs):
        root.update(f"{uid}\0{document}\n".encode())
    return root.hexdigest()
