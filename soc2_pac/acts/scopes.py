"""Scopes that are no longer ours: closed accounts, sold products, sources that were taken out of the configuration."""

from __future__ import annotations

from soc2_pac.acts import Body

RETIRED = "scope.retired"
"""Scopes ended; the subject is what was named: a source or a scope."""


class Retired(Body, frozen=True):
    """The body of :data:`RETIRED`."""

    reason: str
    owner: str
    """The person who answers for it."""
    scopes: tuple[str, ...]
    """Every scope that ended, sorted."""
    upto: int
    """The last collection before: a later one in a scope shows that it is ours again."""
