"""Reading IAM policy documents: what a statement allows, to whom, under which conditions.

The shapes are those of AWS's policy grammar: every element may be one value or a list, actions match
without regard to case, and ``*`` and ``?`` are wildcards.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Any

from soc2_pac.errors import FactUnavailable

_ACCOUNT = re.compile(r"^(?:\d{12}$|arn:[^:]*:(?:iam|sts)::(\d{12}):)")
_ACCOUNT_KEYS = (
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:sourceowner",  # what SNS writes into the policy of every new topic
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
)
_ORGANISATION_KEYS = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
)
_ARN_KEYS = ("aws:principalarn", "aws:sourcearn")
_NETWORK_KEYS = ("aws:sourcevpc", "aws:sourcevpce", "aws:userid")
"""Condition keys that tie a request to something that a stranger does not have."""
_WIDEST_NETWORK = 8
"""A range of more addresses than a /8 keeps nobody out: two halves are the whole internet."""
EVERYONE = "everyone"
_EVERYTHING = re.compile(r"\*+|arn(:[\w*-]*)?:\*+")
"""Resources that stand for all: ``*``, ``arn:aws:*``."""
_CIRCUMSTANCES = (
    "aws:securetransport",
    "aws:currenttime",
    "aws:epochtime",
    "aws:tokenissuetime",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:vpcsourceip",
    "aws:useragent",
    "aws:referer",
    "aws:principal",
    "aws:userid",
    "aws:username",
)
"""How the names of condition keys begin that speak of the caller and the moment, not of what is done."""
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

    def reaches(self, arn: str) -> bool:
        """Whether an ARN is among the resources of the statement, whose case matters."""
        if self.not_resources:
            return not any(_pattern(p).match(arn) for p in self.not_resources)
        return any(_pattern(p).match(arn) for p in self.resources)

    @property
    def limited(self) -> bool:
        """Whether a condition says *what* may be done, rather than by whom, when, or from where.

        The right to everything stays one when it asks for TLS. MFA counts as a limit: whoever asks for it
        guards the right on purpose.
        """
        return any(not key.startswith(_CIRCUMSTANCES) for _, key, _ in self.conditions)

    @property
    def every_action(self) -> bool:
        """``*``, ``*:*``, or everything but some by ``NotAction``."""
        return bool(self.not_actions) or any(
            not set(action) - {"*", ":"} for action in self.actions
        )

    @property
    def every_resource(self) -> bool:
        """``*``, or everything but some."""
        return bool(self.not_resources) or any(
            _EVERYTHING.fullmatch(resource) for resource in self.resources
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
        return any(_keeps_strangers_out(*condition) for condition in self.conditions)

    @property
    def public(self) -> bool:
        """Allows everyone, under no condition that keeps strangers out."""
        return self.allow and self.anyone and not self.narrowed

    def trusted(self) -> set[str]:
        """Whom an allowing statement lets in: account and organisation ids, canonical users, or everyone.

        A statement for everyone under a condition names whom the condition lets in. Services and
        federated principals are not among them.
        """
        if not self.allow:
            return set()
        found = set()
        for kind, value in self.principals:
            match = _ACCOUNT.match(value) if kind == "AWS" else None
            if match:
                found.add(match.group(1) or value)
            elif kind == "CanonicalUser":
                found.add(f"canonical user {value}")
        if self.anyone:
            found |= self._let_in_by_condition() if self.narrowed else {EVERYONE}
        return found

    def _let_in_by_condition(self) -> set[str]:
        found: set[str] = set()
        for condition in self.conditions:
            _, key, values = condition
            if not _keeps_strangers_out(*condition):
                continue
            if key in _ACCOUNT_KEYS:
                found.update(values)
            elif key in _ORGANISATION_KEYS:
                found.update(value.partition("/")[0] for value in values)
            elif key in _ARN_KEYS:
                found.update(account for value in values if (account := _account_of(value)))
        return found

    def condition_values(self, key: str) -> list[tuple[str, tuple[str, ...]]]:
        """(operator, values) of the conditions on a key, given in any case."""
        wanted = key.lower()
        return [(operator, values) for operator, name, values in self.conditions if name == wanted]


def _keeps_strangers_out(operator: str, key: str, values: tuple[str, ...]) -> bool:
    """Whether every value of a condition names something that a stranger cannot have.

    ``ForAllValues:`` holds where the key is missing, and ``...IfExists`` too: neither keeps anybody out.
    """
    if operator.removeprefix("foranyvalue:") not in _POSITIVE or not values:
        return False
    if key == "aws:sourceip":
        return all(_narrow_network(value) for value in values)
    if key in _ARN_KEYS:
        return all(_account_of(value) or _names_a_resource(value) for value in values)
    if key in (*_ACCOUNT_KEYS, *_ORGANISATION_KEYS):
        return all(value and not set("*?") & set(value.partition("/")[0]) for value in values)
    return key in _NETWORK_KEYS and all(value and not set("*?") & set(value) for value in values)


def _account_of(arn: str) -> str:
    """The account that an ARN names, or nothing where it is left out or a wildcard."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else ""  # noqa: PLR2004 - an ARN's six parts


def _names_a_resource(arn: str) -> bool:
    """Whether an ARN without an account (a bucket's) names one resource by the start of its name."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[4] == "" and not parts[5].startswith(("*", "?"))  # noqa: PLR2004


def _narrow_network(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen >= _WIDEST_NETWORK
    except ValueError:
        return False


def statements(document: object) -> list[Statement]:
    """The statements of a policy document, given as an object or as JSON text.

    Raises:
        FactUnavailable: it is not a policy document, so nobody knows what it allows.
    """
    if document is None or document == "":
        return []
    try:
        parsed: Any = json.loads(document) if isinstance(document, str) else document
        listed = parsed["Statement"]
        return [_statement(item) for item in (listed if isinstance(listed, list) else [listed])]
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        msg = f"a policy document is not as expected: {type(error).__name__}: {error}"
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
    return re.compile(translate(pattern.replace("[", "[[]")))


def _matches(pattern: str, action: str) -> bool:
    return _pattern(pattern.lower()).match(action.lower()) is not None


def grants_everything(document: object) -> bool:
    """Whether some statement allows every action on every resource, under no condition that limits what."""
    return any(
        s.allow and s.every_action and s.every_resource and not s.limited and not s.not_actions
        for s in statements(document)
    )
