"""What the condition of an IAM binding says: until when it holds, and of which resources.

A condition that is not understood takes nothing away from a grant.

Source: Google, "IAM: Attribute reference for IAM Conditions", "Configure temporary access", "Set limits on
granting roles".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.cel import (
    MIRRORED,
    Both,
    Call,
    Compared,
    Either,
    Literal,
    Many,
    NotUnderstood,
    Path,
    Tree,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_NOW = Path("request.time")
_NODES = ("projects", "folders", "organizations")
_PLACES = ("locations", "regions", "zones")
_NUMBERED = ("serviceAccounts",)
_CHOSEN = 4
"""Characters from which on the beginning of a name leaves things that somebody named alike."""
_GRANTED = "iam.googleapis.com/modifiedGrantsByRole"


def ended(expression: str, now: datetime) -> bool:
    """Whether a condition can no longer hold: its time is over, or it says ``false``."""
    tree = _tree(expression)
    if tree is None:
        return False
    if _never(tree):
        return True
    end = _end(tree)
    return end is not None and end <= now


def end_of(expression: str) -> datetime | None:
    """The instant from which on the condition does not hold; ``None``: it has none that is understood."""
    tree = _tree(expression)
    return None if tree is None else _end(tree)


def narrows(expression: str, harmless: Callable[[str], bool] | None = None) -> bool:
    """Whether a condition leaves one named thing of what a role is granted on, or only harmless grants.

    Args:
        expression: of the condition.
        harmless: of a role that does nothing but grant: whether somebody who may grant this one gets no
            further by it. ``None``: the role does more, which a limit to what it grants leaves open.
    """
    tree = _tree(expression)
    return tree is not None and _narrow(tree, harmless)


def asks_for_end(expression: str, name: str) -> bool:
    """Whether a condition asks for no more than an end of names, which this one has.

    ``resource.name.endsWith("locations/global/buckets/audit")``, as Google writes it for sinks.
    """
    tree = _tree(expression)
    if not (
        isinstance(tree, Call) and tree.on == Path("resource.name") and tree.name == "endsWith"
    ):
        return False
    said = tree.arguments[0] if len(tree.arguments) == 1 else None
    return isinstance(said, Literal) and isinstance(said.value, str) and name.endswith(said.value)


def _narrow(tree: Tree, harmless: Callable[[str], bool] | None) -> bool:
    if isinstance(tree, Both):
        return any(_narrow(part, harmless) for part in tree.parts)
    if isinstance(tree, Either):
        return all(_narrow(part, harmless) for part in tree.parts)
    if isinstance(tree, Compared) and tree.sign == "==":
        for side, other in ((tree.left, tree.right), (tree.right, tree.left)):
            if side == Path("resource.name"):
                return _names_one(other)
        return False
    if isinstance(tree, Call) and tree.on == Path("resource.name"):
        return (
            tree.name == "startsWith"
            and len(tree.arguments) == 1
            and _names_one(*tree.arguments, beginning=True)
        )
    return harmless is not None and _limits_grants(tree, harmless)


def _names_one(tree: Tree, *, beginning: bool = False) -> bool:
    """Whether it is a project and, in it, one thing by its name: ``projects/_/buckets/orders``.

    As a ``beginning`` it must go on below the name, or be long enough that somebody chose names like it; of
    service accounts, which are called by numbers, no beginning is.
    """
    if not (isinstance(tree, Literal) and isinstance(tree.value, str)) or "*" in tree.value:
        return False
    path = re.sub(r"^//[a-z.]+/", "", tree.value)
    node, holder, *rest = [*path.split("/"), "", ""]
    if node not in _NODES or not holder:
        return False
    if rest[:1] == ["global"]:
        rest = rest[1:]
    elif rest[:1] and rest[0] in _PLACES:
        rest = rest[2:]
    sort, name, *below = [*rest, "", ""]
    if beginning and below[:1] == [""] and not path.endswith("/"):
        return bool(sort) and sort not in _NUMBERED and len(name) >= _CHOSEN
    return bool(sort and name)


def _limits_grants(tree: Tree, harmless: Callable[[str], bool]) -> bool:
    """``api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([roles])``."""
    if not (isinstance(tree, Call) and tree.name == "hasOnly" and len(tree.arguments) == 1):
        return False
    asked, (roles,) = tree.on, tree.arguments
    if not (
        isinstance(asked, Call)
        and asked.name == "getAttribute"
        and asked.on == Path("api")
        and asked.arguments[:1] == (Literal(_GRANTED),)
        and isinstance(roles, Many)
    ):
        return False
    return all(
        isinstance(one, Literal) and isinstance(one.value, str) and harmless(one.value)
        for one in roles.items
    )


def _end(tree: Tree) -> datetime | None:
    if isinstance(tree, Both):
        ends = [end for part in tree.parts if (end := _end(part)) is not None]
        return min(ends, default=None)
    if isinstance(tree, Either):
        each = [_end(part) for part in tree.parts]
        known = [end for end in each if end is not None]
        return max(known) if len(known) == len(each) else None
    if not isinstance(tree, Compared) or tree.sign not in MIRRORED:
        return None
    sign, left, right = tree.sign, tree.left, tree.right
    if right == _NOW:
        sign, left, right = MIRRORED[sign], right, left
    return _instant(right) if left == _NOW and sign in ("<", "<=") else None


def _never(tree: Tree) -> bool:
    if isinstance(tree, Both):
        return any(_never(part) for part in tree.parts)
    if isinstance(tree, Either):
        return all(_never(part) for part in tree.parts)
    return tree == Literal(value=False)


def _instant(tree: Tree) -> datetime | None:
    """``timestamp("2026-05-01T00:00:00Z")``."""
    if not (isinstance(tree, Call) and tree.name == "timestamp" and tree.on is None):
        return None
    if len(tree.arguments) != 1 or not isinstance(tree.arguments[0], Literal):
        return None
    said = tree.arguments[0].value
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else found.astimezone(UTC)


@lru_cache(maxsize=4096)
def _tree(expression: str) -> Tree | None:
    try:
        return parsed(expression)
    except NotUnderstood:
        return None
