"""Logins of GitHub do not depend on case, so the lists of them in thresholds do not, either."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def among(login: str, logins: Iterable[str]) -> bool:
    """Whether a list names an account."""
    return login.lower() in {one.lower() for one in logins}


def beyond(found: Iterable[str], *lists: Collection[str]) -> list[str]:
    """The logins that no list names, sorted."""
    named = {one.lower() for logins in lists for one in logins}
    return sorted(one for one in found if one.lower() not in named)
