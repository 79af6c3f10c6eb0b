"""Queries of Resource Graph: which call one stands for, and which may be read by pages."""

from __future__ import annotations

import re

from soc2_pac.errors import CallRefused

_TYPE = re.compile(r"\s*(\w+)\s*\|\s*where\s+type\s*(?:=~|==)\s*['\"]([^'\"]+)['\"]")
_UNPAGED = re.compile(
    r"\b(limit|take|sample|top|join|union|externaldata|evaluate|invoke|mv-?expand|summarize|distinct)\b"
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def call_of(query: str) -> str:
    """The declared call of a query: the type that its first condition names, or else its table.

    Raises:
        CallRefused: it cannot be read by pages, reads further tables, or gives rows that are no resources.
    """
    found = _UNPAGED.search(_QUOTED.sub("''", query).lower())
    if found:
        msg = f"a query with '{found[0]}' is not read by whole pages of resources: refused"
        raise CallRefused(msg)
    typed = _TYPE.match(query)
    sort = typed[2] if typed else query.partition("|")[0].strip()
    return f"RESOURCEGRAPH {sort.lower()}"
