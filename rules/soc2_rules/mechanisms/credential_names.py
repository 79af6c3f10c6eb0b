"""Which names of variables say that the value is a credential: one list for every place that holds variables."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN",
    "*PASSWORD",
    "*PASSWD",
    "*PASSPHRASE",
    "*_PASS",
    "*_PWD",
    "*_PAT",
    "*SECRET",
    "*SECRET_KEY",
    "*SECRET_KEY_BASE",
    "*SECRETKEY",
    "*SECRET_ACCESS_KEY",
    "*SECRETACCESSKEY",
    "*TOKEN",
    "*API_KEY",
    "*APIKEY",
    "*ACCESS_KEY",
    "*ACCOUNT_KEY",
    "*ENCRYPTION_KEY",
    "*MASTER_KEY",
    "*SIGNING_KEY",
    "*PRIVATE_KEY",
    "*PRIVATEKEY",
    "*LICENSE_KEY",
    "*CONNECTION_STRING",
    "*CONNECTIONSTRING",
)
"""Patterns, in any case, ``_`` for any of ``_ - . /``. What only ends like one goes into the rule's own
list of allowed names."""


_SEPARATORS = str.maketrans("-./", "___")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins within ``dbPassword`` and ``tokenTTLSeconds``."""


def sounds_like_credential(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches one of the patterns, whatever their case and what separates their words.

    Words are separated by ``_ - . /``, or by capital letters: ``secretArn`` matches ``*_arn``.
    """
    said = {text.upper().translate(_SEPARATORS) for text in (name, _HUMPS.sub("_", name))}
    return any(
        fnmatchcase(text, pattern.upper().translate(_SEPARATORS))
        for pattern in patterns
        for text in said
    )
