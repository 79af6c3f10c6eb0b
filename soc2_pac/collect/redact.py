"""Secrets leave a document before it is hashed, and leave a message before it is printed.

Two nets. A kind declares paths whose whole value is secret (user data, environment variables). Anywhere
else, patterns that can only be credentials are cut out of the text that holds them.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import email
import lzma
import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REDACTED = "[redacted]"
UNREADABLE = "[redacted: not readable]"
"""In place of a value that nobody could look into: packed in a way that is not known, or too large."""
_UNPACKED_BYTES = 5_000_000
_DEEP = 5
"""How often a value is unpacked: text in base64 in a MIME part in gzip in base64."""

_PATTERNS = {
    "private-key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)",
    "github-token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
    "gitlab-token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "slack-token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "slack-webhook": r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    "google-api-key": r"\bAIza[A-Za-z0-9_-]{35}",
    "stripe-key": r"\b[sr]k_live_[A-Za-z0-9]{16,}",
    "json-web-token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "url-password": r"(?<=://)[^\s/:@\"']{1,64}:[^\s/@\"']{3,128}(?=@)",
    "aws-secret-access-key": r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+=]{40}\b",
}
"""Label -> what can only be a credential, wherever it stands."""

_HINTS = {
    "aws-access-key-id": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "password-assignment": (
        # PGPASSWORD and db_password too; a value that is fetched ($TOKEN, $(curl ...), {{ }}) is no secret.
        r"(?i)(?:password|passwd|secret|token|api_?key|(?:\b|_)pass)\b[\"']?\s*[:=]\s*[\"']?"
        r"(?![$`{<])[^\s\"']{4,}"
    ),
}
"""Looked for only in values that are declared secret: elsewhere these are identifiers and prose."""

_QUICK = re.compile(
    r"PRIVATE KEY|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|AIza|k_live_|eyJ|://[^\s/\"]+@"
    r"|(?i:secret_?(?:access_?)?key)"
)
"""One cheap pass that most documents end after."""
_FULL = {label: re.compile(pattern) for label, pattern in _PATTERNS.items()}
_DECLARED = _FULL | {label: re.compile(pattern) for label, pattern in _HINTS.items()}
_LABEL = "|".join(_DECLARED)
_DONE = re.compile(rf"\[redacted(?:: not readable|: found (?:{_LABEL})(?:, (?:{_LABEL}))*)?\]")
"""What :func:`redact_paths` leaves behind; nothing else, or a secret could hide behind its likeness."""


def scrub(text: str) -> str:
    """A message without the credentials that it may quote."""
    if not _QUICK.search(text):
        return text
    for label, pattern in _FULL.items():
        text = pattern.sub(f"[redacted {label}]", text)
    return text


def may_hold_secret(text: str) -> bool:
    """Whether a text is worth a closer look; quick."""
    return _QUICK.search(text) is not None


def scrub_document(value: Any) -> Any:  # noqa: ANN401 - any JSON-like value
    """The document with every string scrubbed."""
    return _map_strings(value, scrub)


def redact_paths(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The document with the values at declared paths (dotted; ``*`` for any key or index) redacted.

    A redacted string says what was recognised in it: ``[redacted: found github-token]``.
    """
    for path in paths:
        document = _at(document, path.split("."), _redact_value)
    return document


def drop_paths(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The document without the values at volatile paths."""
    for path in paths:
        document = _at(document, path.split("."), lambda _: _DROP)
    return document


_DROP = object()


def _at(value: Any, path: list[str], change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """A copy of ``value`` with ``change`` applied where ``path`` leads; untouched parts are shared."""
    if not path:
        return change(value)
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        keys = list(value) if head == "*" else [head] if head in value else []
        if not keys:
            return value
        copy = dict(value)
        for key in keys:
            changed = _at(copy[key], rest, change)
            if changed is _DROP:
                del copy[key]
            else:
                copy[key] = changed
        return copy
    if isinstance(value, list | tuple):
        if head == "*":
            changed_items = [_at(item, rest, change) for item in value]
            return [item for item in changed_items if item is not _DROP]
        return list(value)
    return value


def _redact_value(value: Any) -> Any:  # noqa: ANN401
    if value is None or value == "":
        return value
    if isinstance(value, dict):
        return {key: _redact_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    if _DONE.fullmatch(data.decode("utf-8", "replace")):
        return data.decode()  # evidence that was exported and is read again
    labels: set[str] = set()
    whole = True
    for text in _texts(data, _DEEP):
        if text is None:
            whole = False
        else:
            labels |= _labels(text)
    if labels:
        return f"[redacted: found {', '.join(sorted(labels))}]"
    return REDACTED if whole else UNREADABLE


def _labels(text: str) -> set[str]:
    return {label for label, pattern in _DECLARED.items() if pattern.search(text)}


# -- what a value holds ------------------------------------------------------------------------------------

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_WHITE = re.compile(rb"\s+")
_MIME = re.compile(rb"(?i)^(?:[\w-]+:[^\n]*\n)*?content-type:\s*multipart/")
_PRINTABLE = bytes([9, 10, 13, *range(32, 127)])
_LONGEST_DIGEST = 128
"""Characters: SHA-512 in hexadecimal. What is longer, and base64 of no text, hides something."""
_CLOSED = (b"PK\x03\x04", b"(\xb5/\xfd", b'\x04"M\x18', b"7z\xbc\xaf")
"""How archives begin that are not unpacked: zip, zstd, lz4, 7z."""


def _texts(data: bytes, depth: int) -> Iterator[str | None]:
    """Every text in a value, packed ones unpacked; ``None`` for a part that cannot be looked into."""
    if depth == 0 or data.startswith(_CLOSED):
        yield None
        return
    opened, whole = _unpacked(data)
    if opened is not None:
        yield from _texts(opened, depth - 1)
        if not whole:
            yield None
        return
    if not _is_text(data):
        yield None
        return
    wide = _wide(data)
    text = wide if wide is not None else data.decode("utf-8", "replace")
    yield text
    plain = text.encode("utf-8", "replace")
    if _MIME.match(plain.lstrip()):
        for part in email.message_from_bytes(plain.lstrip()).walk():
            if not part.is_multipart():
                yield from _texts(_bytes_of(part), depth - 1)
        return
    dense = _WHITE.sub(b"", plain)
    inner = _of_base64(dense)
    if inner is not None:  # all of it: user data comes so
        yield from _texts(inner, depth - 1)
        return
    if len(dense) > _LONGEST_DIGEST and _BASE64.fullmatch(dense):
        yield None
        return
    for found in _BASE64.finditer(plain):
        inner = _of_base64(found[0])
        if inner is not None:
            yield from _texts(inner, depth - 1)


def _unpacked(data: bytes) -> tuple[bytes | None, bool]:
    """(what gzip, bzip2 or xz data holds, whether that is all); (None, True) for other data."""
    opener: Any
    if data.startswith(b"\x1f\x8b"):
        opener = zlib.decompressobj(wbits=31)
    elif data.startswith(b"BZh"):
        opener = bz2.BZ2Decompressor()
    elif data.startswith(b"\xfd7zXZ\x00"):
        opener = lzma.LZMADecompressor()
    else:
        return None, True
    try:
        return opener.decompress(data, _UNPACKED_BYTES), bool(opener.eof)
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        return b"", False


def _wide(data: bytes) -> str | None:
    """The text of UTF-16 data; None for other data."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    head = data[:400]
    if head.count(0) * 4 < len(head):
        return None
    return data.decode("utf-16-le" if head[1::2].count(0) else "utf-16-be", "replace")


def _of_base64(text: bytes) -> bytes | None:
    """What base64 holds, where that is a text or packed; None for a word that only looks so."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    packed = data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", *_CLOSED))
    return data if data and (packed or _is_text(data)) else None


def _is_text(data: bytes) -> bool:
    """Whether data can be read: mostly printable ASCII, UTF-8 of any script, or UTF-16."""
    printable = len(data) - len(data.translate(None, _PRINTABLE))
    if printable * 10 >= len(data) * 8 or _wide(data) is not None:
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    unprintable = sum(not (sign.isprintable() or sign.isspace()) for sign in text)
    return unprintable * 10 <= len(text)


def _bytes_of(part: Any) -> bytes:  # noqa: ANN401 - an email.message.Message
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_strings(item, change) for item in value]
    return value
