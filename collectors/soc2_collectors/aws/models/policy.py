"""Reading policy documents: AWS's grammar of statements, and what one statement speaks of.

The shapes are those of AWS's policy grammar: every element may be one value or a list, actions match without
regard to case, and ``*`` and ``?`` are wildcards. What is no policy is refused, never read as one that says
nothing. Whom statements let in is the question of :mod:`trust`, what they grant to whoever has them is that of
:mod:`rights`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from soc2_collectors.aws.models.conditions import Condition, condition, glob
from soc2_pac.errors import FactUnavailable

_EVERYTHING = re.compile(r"\*+|arn(:[\w*-]*)?:\*+|arn:[^:]*:\*+:\*+:\*+:\*+")
"""Resources that stand for all: ``*``, ``arn:aws:*``."""
_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
ANYTHING = "~" * 40
"""An action that nobody has named: whatever holds it holds all of its service; ``A*`` and ``*Bucket`` do not."""
_ARN_PARTS = 6


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
    all_but: tuple[tuple[str, str], ...]
    """Those whom ``NotPrincipal`` names."""
    not_principals: bool
    """Whether it names everyone but some."""
    conditions: tuple[Condition, ...]
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out of it already; it says nothing of its own."""

    def covers(self, action: str) -> bool:
        """Whether the action is among those of the statement, wildcards and ``NotAction`` considered."""
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)

    def reaches(self, arn: str) -> bool:
        """Whether an ARN is among the resources of the statement, whose case matters."""
        if self.not_resources:
            return not any(glob(p).match(arn) for p in self.not_resources)
        return any(glob(p).match(arn) for p in self.resources)

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
        return self.not_principals or any(value == "*" for _, value in self.principals)

    @property
    def public(self) -> bool:
        """Whether it lets everyone in, whatever the rest of its policy denies."""
        from soc2_collectors.aws.models.trust import open_to_everyone  # noqa: PLC0415 - it builds on this

        return bool(open_to_everyone([self]))

    @property
    def told(self) -> str:
        """Its actions as a message names them: ``s3:GetObject``, ``everything but iam:*``."""
        if self.not_actions:
            return f"everything but {', '.join(self.not_actions)}"
        return ", ".join(self.actions)

    @property
    def parts(self) -> list[Statement]:
        """One statement for each action on each resource; together they say the same."""
        actions: list[tuple[str, ...]] = [(one,) for one in self.actions]
        resources: list[tuple[str, ...]] = [(one,) for one in self.resources]
        return [
            replace(self, actions=action, resources=resource, memo={})
            for action in actions or [()]
            for resource in resources or [()]
        ]

    def takes_back(self, other: Statement) -> bool:
        """Whether its actions and resources hold all of another's, leaving principals and conditions aside."""
        return _holds_all(
            (self.actions, self.not_actions), (other.actions, other.not_actions), fold=True
        ) and (
            _holds_all(
                (self.resources, self.not_resources),
                (other.resources, other.not_resources),
                fold=False,
            )
        )


def _holds_all(
    mine: tuple[tuple[str, ...], tuple[str, ...]],
    theirs: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    fold: bool,
) -> bool:
    (patterns, but), (wanted, all_but) = mine, theirs
    if but and all_but:
        return all(any(subsumes(left, one, fold=fold) for left in all_but) for one in but)
    if but:
        return not any(_overlap(left, one, fold=fold) for left in but for one in wanted)
    if all_but:
        return any(not set(pattern) - {"*"} for pattern in patterns)
    return all(any(subsumes(p, one, fold=fold) for p in patterns) for one in wanted)


def subsumes(pattern: str, other: str, *, fold: bool) -> bool:
    """Whether a pattern matches whatever another one matches."""
    if fold:
        pattern, other = pattern.lower(), other.lower()
    if "?" in pattern and "*" in other:
        return pattern == other
    return glob(pattern).match(other) is not None


def _overlap(pattern: str, other: str, *, fold: bool) -> bool:
    """Whether something may match both patterns. What a policy variable stands for may be anything."""
    if "${" in pattern + other:
        return True
    if fold:
        pattern, other = pattern.lower(), other.lower()
    if not _WILDCARD.search(other):
        return glob(pattern).match(other) is not None
    mine, theirs = (_WILDCARD.split(text, maxsplit=1)[0] for text in (pattern, other))
    if mine == pattern:
        return glob(other).match(pattern) is not None
    return mine.startswith(theirs) or theirs.startswith(mine)


def statements(document: object, *, granting: bool = False) -> list[Statement]:
    """The statements of a policy document, given as an object or as JSON text; none where there is no policy.

    ``None`` says that the provider said that there is none. An empty text does not.

    Args:
        document: the policy.
        granting: it is the policy of an identity, which names resources in every statement.

    Raises:
        FactUnavailable: it is not a policy document, so nobody knows what it allows.
    """
    if document is None:
        return []
    try:
        found = list(_read(document)) if isinstance(document, str) else _statements(document)
        if granting:
            _demand_resources(found)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        msg = f"a policy document is not as expected: {type(error).__name__}: {error}"
        raise FactUnavailable(msg) from error
    return found


def _demand_resources(found: list[Statement]) -> None:
    if not found:
        msg = "no statements, and IAM takes no such policy"
        raise ValueError(msg)
    if not all(one.resources or one.not_resources for one in found):
        msg = "a statement without resources"
        raise ValueError(msg)


@lru_cache(maxsize=1024)
def _read(text: str) -> tuple[Statement, ...]:
    return tuple(_statements(json.loads(text)))


def _statements(document: Any) -> list[Statement]:  # noqa: ANN401 - parsed JSON
    listed = document["Statement"]
    return [_statement(item) for item in (listed if isinstance(listed, list) else [listed])]


def _statement(item: dict[str, Any]) -> Statement:
    if unknown := set(item) - _ELEMENTS:
        msg = f"a statement with {', '.join(sorted(map(str, unknown)))}"
        raise ValueError(msg)
    if item["Effect"] not in ("Allow", "Deny"):
        msg = f"the effect {item['Effect']}"
        raise ValueError(msg)
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if one in item and other in item:
            msg = f"a statement with {one} and {other}"
            raise ValueError(msg)
    actions, not_actions = _many(item.get("Action")), _many(item.get("NotAction"))
    resources, not_resources = _many(item.get("Resource")), _many(item.get("NotResource"))
    if not all(actions + not_actions) or not actions + not_actions:
        msg = "a statement without actions"
        raise ValueError(msg)
    if not all(resources + not_resources):
        msg = "a resource without a name"
        raise ValueError(msg)
    return Statement(
        allow=item["Effect"] == "Allow",
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=_principals(item.get("Principal", {})),
        all_but=_principals(item.get("NotPrincipal", {})),
        not_principals="NotPrincipal" in item,
        conditions=tuple(
            condition(operator, key, _many(values))
            for operator, keys in (item.get("Condition") or {}).items()
            for key, values in keys.items()
        ),
    )


def _principals(principal: object) -> tuple[tuple[str, str], ...]:
    if principal == "*":
        return (("*", "*"),)
    if not isinstance(principal, dict):
        msg = f"the principal {principal}"
        raise TypeError(msg)
    return tuple((kind, value) for kind, values in principal.items() for value in _many(values))


def _many(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(_text(item) for item in listed)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        msg = f"{type(value).__name__} in place of text"
        raise TypeError(msg)
    return value


@lru_cache(maxsize=65536)
def matches(pattern: str, action: str) -> bool:
    """Whether an action is one that a pattern stands for, letter case aside."""
    pattern, action = pattern.lower(), action.lower()
    literal = _WILDCARD.split(pattern, maxsplit=1)[0]
    if len(literal) == len(pattern):
        return pattern == action
    return action.startswith(literal) and glob(pattern).match(action) is not None


_WILDCARD = re.compile(r"[*?]")
"""To compare what stands before it first saves most patterns from being compiled."""


def account_of(arn: str) -> str:
    """The account that an ARN names, or nothing where it is left out or a wildcard."""
    parts = arn.split(":")
    return parts[4] if len(parts) >= _ARN_PARTS and parts[4].isdigit() else ""


def partition_of(arn: str) -> str:
    """``aws``, ``aws-cn``, ``aws-us-gov``, ...; ``aws`` where it is no ARN."""
    parts = arn.split(":")
    return parts[1] if len(parts) >= _ARN_PARTS and parts[0] == "arn" and parts[1] else "aws"
