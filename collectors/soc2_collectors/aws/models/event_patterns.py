"""Whether a rule of EventBridge sees an event: its JSON patterns, evaluated.

The grammar is that of the event patterns in the EventBridge user guide, as far as strings go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

_MISSING = object()


def sees(pattern: str, event: Mapping[str, Any]) -> bool:
    """Whether the pattern matches. One that is no JSON, or uses what is not known here, does not."""
    try:
        parsed: Any = json.loads(pattern)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and bool(parsed) and _object(parsed, event)


def _object(pattern: Mapping[str, Any], event: Any) -> bool:  # noqa: ANN401
    for key, wanted in pattern.items():
        if key == "$or":
            if not isinstance(wanted, list) or not any(
                isinstance(part, dict) and _object(part, event) for part in wanted
            ):
                return False
            continue
        value = event.get(key, _MISSING) if isinstance(event, Mapping) else _MISSING
        if isinstance(wanted, dict):
            if not _object(wanted, {} if value is _MISSING else value):
                return False
        elif not isinstance(wanted, list) or not any(_one(item, value) for item in wanted):
            return False
    return True


def _one(wanted: Any, value: Any) -> bool:  # noqa: ANN401
    if not isinstance(wanted, dict):
        return value is not _MISSING and value == wanted
    if len(wanted) != 1:
        return False
    ((sort, operand),) = wanted.items()
    if sort == "exists":
        return (value is not _MISSING) is bool(operand)
    if not isinstance(value, str):
        return False
    if sort == "anything-but":
        excluded = operand if isinstance(operand, list) else [operand]
        if any(isinstance(item, dict) for item in excluded):
            return not any(_one(item, value) for item in excluded)
        return value not in excluded
    if not isinstance(operand, str):
        return False
    if sort == "prefix":
        return value.startswith(operand)
    if sort == "suffix":
        return value.endswith(operand)
    if sort == "equals-ignore-case":
        return value.lower() == operand.lower()
    return sort == "wildcard" and fnmatchcase(
        value, operand.replace("[", "[[]").replace("?", "[?]")
    )
