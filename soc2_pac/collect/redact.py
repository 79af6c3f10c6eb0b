"""Secrets leave a document before it is hashed, and leave a message before it is printed.

Three nets. A kind declares paths whose whole value is secret (user data, environment variables). Anywhere
else, a text under a name that is given to secrets only (``clientSecret``) is redacted, and what can only be a
credential is cut out of the text that holds it (:mod:`soc2_pac.collect.detect`).
"""

from __future__ import annotations

import base64
import binascii
import bz2
import email
import functools
import lzma
import re
import zlib
from typing import TYPE_CHECKING, Any

from soc2_pac.canonical import canonical
from soc2_pac.collect import detect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

REDACTED = "[redacted]"
REFERENCE = "[redacted: a reference]"
"""In place of a value that says where something is kept, and is no secret itself."""
UNREADABLE = "[redacted: not readable]"
"""In place of a value that nobody could look into: packed in a way that is not known, or too large."""
_UNPACKED_BYTES = 5_000_000
_DEEP = 5
"""How often a value is unpacked: text in base64 in a MIME part in gzip in base64."""

_HINTS = {
    "aws-access-key-id": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    "password-assignment": (
        # PGPASSWORD and db_password too; a value that is fetched ($TOKEN, $(curl ...), {{ }}, Get-SSMParameter,
        # requests.put(...)) is no secret, nor is a word that says something of one (lock_passwd: true).
        r"(?i)(?:password|passwd|secret|token|api_?key|(?:\b|_)pass)\b[\"']?\s*[:=]\s*[\"']?"
        r"(?![$`{<])(?!\(?(?-i:(?:Get|Invoke|New|Read|Import)-[A-Z][A-Za-z]+)(?:[\s()|;]|$))"
        r"(?![a-z_]\w*(?:\.\w+)+[(\[])"
        r"(?!(?:true|false|null|none|required|optional|enabled|disabled)(?:[\s\"',;)}\]]|$))"
        r"[^\s\"']{4,}"
    ),
}
"""Looked for only in values that are declared secret: elsewhere these are identifiers and prose."""
_DECLARED = {label: re.compile(pattern) for label, pattern in _HINTS.items()}

_PLACE = re.compile(
    r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w/+=.,@:*$-]+"
    r"|\{\{resolve:(?:secretsmanager|ssm|ssm-secure):[\w/+=.@:-]+\}\}"
)
"""The name of a resource of AWS, and how a template of CloudFormation names a secret."""
_DONE = re.compile(
    r"\[redacted(?:: not readable|: a reference|: found ([a-z0-9-]+(?:, [a-z0-9-]+)*))?\]"
)
"""What :func:`redact_paths` leaves behind, with labels that are known; nothing else, or a secret could hide
behind its likeness."""


def scrub(text: str) -> str:
    """A message without the credentials that it may quote."""
    return detect.cut_out(text)


# -- names that say that what they name is secret -----------------------------------------------------------

_GIVEN = (
    r"pass(?:word|wd|phrase)|pwd|secret|secret_?(?:access_?)?key|secret_?(?:text|string|value)"
    r"|(?:client|shared|consumer|webhook|app|application|signing|api)_?secret|(?:account|api|shared|encryption"
    r"|signing|private|master|license|integration|routing|service|subscription|storage|ssh_?private|raw|client"
    r"|rsa_?encrypted|decryption|validation|sas|webhook|consumer|primary|secondary)_?key"
    r"|(?:account|storage|primary|secondary)_?access_?key|private_?key_?data"
    r"|(?:auth|access|refresh|session|bearer|sas|api|security|bot|personal_access|o_?auth)_?token|token"
    r"|connection_?string|shared_?access_?signature|authorization|credentials?_?(?:json|data)"
)
"""How a name ends that is given to a secret; in small letters, words joined by ``_`` or by nothing."""
_KEYS = ("name", "key", "parameterkey", "outputkey", "parametername", "option", "header")
_VALUES = ("value", "parametervalue", "outputvalue", "defaultvalue", "stringvalue", "secretvalue")
"""A name and its value side by side: ``{"name": "DB_PASSWORD", "value": "..."}``."""
_ENDS = (
    "password", "passwd", "passphrase", "pass", "pwd", "secret", "token", "key", "text", "string", "value",
    "signature", "authorization", "json", "data",
)  # fmt: skip
"""How every such name ends: what is sought first."""
_NAMED = re.compile(
    r"(?!(?:.*_)?(?:client|continuation|next|page|pagination|sync)_token$)"  # places in a listing
    rf"(?:(?:.*[^a-z])?(?:{_GIVEN}|pass)|.*(?:password|passwd|passphrase))"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_REFERENCE = re.compile(
    r"(?:arn:|projects/|/subscriptions/|/?providers/|\{\{|\$[({A-Za-z_]|<%|@microsoft\.keyvault|secretsmanager"
    r"|ssm[:/]|vault:|https://[\w.-]+\.(?:vault\.azure\.net|secretmanager\.googleapis\.com)"
    r"|\d{4}-\d\d-\d\d(?:t|$))",
    re.IGNORECASE,
)
"""How a value begins that says where a secret is kept, or when it was changed, and is none itself."""
_STATES = frozenset(
    re.findall(
        r"\w+",
        """
        active all allow allowed always any auto automatic basic bearer body client_secret default denied deny
        disabled enabled enforced expired false generated header hidden inactive invalid jwt managed manual
        never no none null off on optional password pending plain plaintext private_key_jwt provided public
        query read required rotated scram secret secured set static string token true unknown unset valid write
        yes
        """,
    )
)
"""Words that say something of a secret."""


@functools.lru_cache(maxsize=10_000)
def _says_secret(name: str) -> bool:
    return _NAMED.fullmatch(_HUMP.sub("_", name).strip("_").lower()) is not None


def _is_kept_elsewhere(value: str) -> bool:
    return value.lower() in _STATES or _REFERENCE.match(value) is not None or _is_marker(value)


def _names_something(text: str) -> bool:
    """Whether a document, as canonical JSON in small letters, may have a secret under its name."""
    return any(f'{end}":"' in text for end in _ENDS)


def scrub_document(value: Any) -> Any:  # noqa: ANN401 - any JSON-like value
    """The document without what can only be a credential, and without what is named like one."""
    return _scrubbed(value, None)


def _scrubbed(value: Any, sorts: Sequence[detect.Sort] | None) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return detect.cut_out(value, sorts)
    if isinstance(value, list | tuple):
        return [_scrubbed(item, sorts) for item in value]
    if not isinstance(value, dict):
        return value
    own = next((v for k, v in value.items() if k.lower() in _KEYS and isinstance(v, str)), "")
    copy: dict[str, Any] = {}
    for key, item in value.items():
        named = own if own and key.lower() in _VALUES else key
        if isinstance(item, str) and item and _says_secret(named) and not _is_kept_elsewhere(item):
            copy[detect.cut_out(key, sorts)] = _redact_value(item)
        else:
            copy[detect.cut_out(key, sorts)] = _scrubbed(item, sorts)
    return copy


def kept(body: dict[str, Any], volatile: Iterable[str], secret: Iterable[str]) -> bytes:
    """A document as it is kept: canonical JSON without what is volatile or secret.

    Raises:
        ValueError, TypeError: it holds what JSON cannot say.
    """
    body = redact_paths(drop_paths(body, volatile), secret)
    raw = canonical(body)
    text = raw.decode()
    sorts = detect.possible(text)
    if sorts or _names_something(text.lower()):
        return canonical(_scrubbed(body, sorts))
    return raw


def redact_paths(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The document with the values at declared paths redacted: dotted, ``*`` for any key or index, ``**`` for any way.

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
    if head == "**":  # here, and below everything
        return _at(_below(value, path, change), rest, change)
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


def _below(value: Any, path: list[str], change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """``path`` applied to each part of a value."""
    if isinstance(value, dict):
        return {key: _at(item, path, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_at(item, path, change) for item in value]
    return value


def _redact_value(value: Any) -> Any:  # noqa: ANN401
    if value is None or value == "":
        return value
    if isinstance(value, dict):
        return {key: _redact_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    if _is_marker(data.decode("utf-8", "replace")):
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
    if isinstance(value, str) and _PLACE.fullmatch(value.strip()):
        return REFERENCE
    return REDACTED if whole else UNREADABLE


def _is_marker(text: str) -> bool:
    done = _DONE.fullmatch(text)
    return done is not None and set((done[1] or "").split(", ")) <= {
        "",
        *_DECLARED,
        *detect.labels(),
    }


_OF_A_SECRET = re.compile(
    r"arn:[a-z-]+:secretsmanager:[^:\s]*:[^:\s]*:secret:|\{\{resolve:[^{}\s]*\}\}"
)
"""How the name of a secret begins: ``secret:orders`` within it assigns nothing."""


def _labels(text: str) -> set[str]:
    named = _OF_A_SECRET.sub(" ", text)
    return detect.sorts_in(text) | {
        label for label, pattern in _DECLARED.items() if pattern.search(named)
    }


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
