"""Secrets leave a document before it is hashed, and leave a message before it is printed.

Two nets. A kind declares paths whose whole value is secret (user data, environment variables). Anywhere
else, patterns that can only be credentials are cut out of the text that holds them.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REDACTED = "[redacted]"

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
_DONE = re.compile(rf"\[redacted(?:: found (?:{_LABEL})(?:, (?:{_LABEL}))*)?\]")
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
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if _DONE.fullmatch(text):
        return text  # evidence that was exported and is read again
    found = sorted(_labels(text) | _labels(_decoded(text)))
    return f"[redacted: found {', '.join(found)}]" if found else REDACTED


def _labels(text: str) -> set[str]:
    return {label for label, pattern in _DECLARED.items() if pattern.search(text)}


def _decoded(text: str) -> str:
    """What base64 text says, or nothing: user data comes encoded."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return ""


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_strings(item, change) for item in value]
    return value
