"""Reading IAM policy documents: what a statement allows, to whom, under which conditions.

The shapes are those of AWS's policy grammar: every element may be one value or a list, actions match
without regard to case, and ``*`` and ``?`` are wildcards.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Any

from soc2_pac.errors import FactUnavailable

_ACCOUNT = re.compile(r"^(?:\d{12}$|arn:[^:]*:(?:iam|sts)::(\d{12}):)")
_NARROWING = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:principalorgid",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:sourceip",
    "s3:dataaccesspointaccount",
    "kms:calleraccount",
    "aws:sourceorgpaths",
)
"""Condition keys that tie a request to something that a stranger does not have."""
_POSITIVE = (
    "stringequals",
    "stringlike",
    "arnequals",
    "arnlike",
    "ipaddress",
    "stringequalsignorecase",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy."""

    allow: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    """(type, value): ``("AWS", "*")``, ``("Service", "ec2.amazonaws.com")``."""
    not_principals: bool
    """Whether it names everyone but some."""
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(operator, key, values), operator and key in small letters."""

    def covers(self, action: str) -> bool:
        """Whether the action is among those of the statement, wildcards and ``NotAction`` considered."""
        if self.not_actions:
            return not any(_matches(pattern, action) for pattern in self.not_actions)
        return any(_matches(pattern, action) for pattern in self.actions)

    @property
    def every_action(self) -> bool:
        """``*``, ``*:*``, or everything but some by ``NotAction``."""
        return bool(self.not_actions) or any(action in ("*", "*:*") for action in self.actions)

    @property
    def every_resource(self) -> bool:
        """``*``, or everything but some."""
        return bool(self.not_resources) or any(
            resource.strip("*") == "" for resource in self.resources
        )

    @property
    def anyone(self) -> bool:
        """Whether the principal is everyone, before conditions: ``*``, ``{"AWS": "*"}``, ``NotPrincipal``."""
        return self.not_principals or any(
            kind in ("AWS", "*") and value == "*" for kind, value in self.principals
        )

    @property
    def narrowed(self) -> bool:
        """Whether a condition ties requests to something that a stranger does not have."""
        return any(
            key in _NARROWING
            and operator.removeprefix("foranyvalue:").removeprefix("forallvalues:") in _POSITIVE
            and all(value.strip("*?") and value not in ("0.0.0.0/0", "::/0") for value in values)
            for operator, key, values in self.conditions
        )

    @property
    def public(self) -> bool:
        """Allows everyone, under no condition that keeps strangers out."""
        return self.allow and self.anyone and not self.narrowed

    def accounts(self) -> set[str]:
        """Ids of the accounts that AWS principals belong to."""
        found = set()
        for kind, value in self.principals:
            match = _ACCOUNT.match(value) if kind == "AWS" else None
            if match:
                found.add(match.group(1) or value)
        return found

    def condition_values(self, key: str) -> list[tuple[str, tuple[str, ...]]]:
        """(operator, values) of the conditions on a key, given in any case."""
        wanted = key.lower()
        return [(operator, values) for operator, name, values in self.conditions if name == wanted]


def statements(document: object) -> list[Statement]:
    """The statements of a policy document, given as an object or as JSON text.

    Raises:
        FactUnavailable: it is not a policy document, so nobody knows what it allows.
    """
    if document is None or document == "":
        return []
    try:
        parsed: Any = json.loads(document) if isinstance(document, str) else document
        listed = parsed.get("Statement", [])
        return [_statement(item) for item in (listed if isinstance(listed, list) else [listed])]
    except (ValueError, TypeError, AttributeError) as error:
        msg = f"a policy document is not as expected: {error}"
        raise FactUnavailable(msg) from error


def _statement(item: dict[str, Any]) -> Statement:
    principal = item.get("Principal", {})
    pairs: list[tuple[str, str]] = []
    if principal == "*":
        pairs = [("*", "*")]
    elif isinstance(principal, dict):
        pairs = [(kind, value) for kind, values in principal.items() for value in _many(values)]
    conditions = [
        (operator.lower(), key.lower(), tuple(_many(values)))
        for operator, keys in (item.get("Condition") or {}).items()
        for key, values in keys.items()
    ]
    return Statement(
        allow=item.get("Effect") == "Allow",
        actions=tuple(_many(item.get("Action"))),
        not_actions=tuple(_many(item.get("NotAction"))),
        resources=tuple(_many(item.get("Resource"))),
        not_resources=tuple(_many(item.get("NotResource"))),
        principals=tuple(pairs),
        not_principals="NotPrincipal" in item,
        conditions=tuple(conditions),
    )


def _many(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    # fnmatch would read [..] as a class; IAM has no such thing.
    return re.compile(translate(pattern.lower().replace("[", "[[]")))


def _matches(pattern: str, action: str) -> bool:
    return _pattern(pattern).match(action.lower()) is not None


def grants_everything(document: object) -> bool:
    """Whether some statement allows every action on every resource without a condition."""
    return any(
        s.allow and s.every_action and s.every_resource and not s.conditions and not s.not_actions
        for s in statements(document)
    )
