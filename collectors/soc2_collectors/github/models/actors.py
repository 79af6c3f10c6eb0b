"""Who did something on GitHub, and the names under which agents sign commits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_pac.identity import Doer, DoerSort

if TYPE_CHECKING:
    from collections.abc import Iterable

_SORTS: dict[str, DoerSort] = {"User": "person", "EnterpriseUserAccount": "person", "Bot": "bot"}
"""GraphQL's types of actors. A ``Bot`` acts for a GitHub App; a ``Mannequin`` stands for somebody of another
server, and an ``Organization`` for nobody in particular: unknown (GraphQL, interface Actor)."""
_AGENTS = re.compile(
    r"(aider|amp|amazon q|claude|codex|copilot|cursor|devin|gemini|jules|openhands|roo|windsurf)\b.*"
    r"|.*\[bot\]",
    re.IGNORECASE | re.DOTALL,
)
"""Names that tools for writing code put into ``Co-authored-by``, and how Apps sign. A person may be called so,
and anybody may write it: shown, never trusted."""


def doer(login: str | None, typename: str, number: int | None) -> Doer:
    """An actor of GraphQL. ``login``: ``None`` for a deleted account."""
    if login is None:
        return Doer("ghost")
    sort = _SORTS.get(typename, "unknown")
    return Doer(login, sort, "" if number is None else str(number))


def logged(login: str | None, number: int | None) -> Doer:
    """An actor of an audit log or a rule suite, which say no type: only Apps' logins end in ``[bot]``."""
    if login is None:
        return Doer("ghost")
    sort: DoerSort = "bot" if login.endswith("[bot]") else "unknown"
    return Doer(login, sort, "" if number is None else str(number))


def agents(names: Iterable[str]) -> list[str]:
    """Those of the names that are names of agents, in order."""
    return [name for name in dict.fromkeys(names) if _AGENTS.fullmatch(name.strip())]
