"""What the emulated GitHub knows of one organisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, as a value in :attr:`Company.rest`."""

    status: int
    message: str = ""
    """Empty: no body, as with 204."""


@dataclass
class Company:
    """What the emulator knows of one organisation."""

    login: str
    rest: dict[str, Any]
    """Path (``/orgs/acme-robotics``; with ``?filter=2fa_disabled`` where that matters) to what GitHub says:
    an object, a list (paged), an object with ``total_count`` and one list (paged), or a Refusal."""
    members: list[dict[str, Any]] = field(default_factory=list)
    """Edges of GraphQL's ``membersWithRole``."""
    mails: dict[str, list[str]] = field(default_factory=dict)
    """Login -> addresses in the organisation's verified domains."""
    pull_requests: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Repository name to merged pull requests."""
    commits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Repository name to commits of the default branch; ``name:branch`` for those of another one."""
    saml: dict[str, Any] | None = None
    external_identities: list[dict[str, Any]] = field(default_factory=list)
    repositories: list[dict[str, Any]] = field(default_factory=list)
    """Nodes of GraphQL's ``repositories`` with all that some query asks; most connections are lists here."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What GraphQL says of the organisation itself."""
    idle: set[str] = field(default_factory=set)
    """Logins of members who contributed nothing."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """Repositories and the fields of theirs that GraphQL does not show to the token that asks."""
    lacks: set[str] = field(default_factory=set)
    """Fields of GraphQL that this server is too old for."""
    scopes: str = "read:org, repo, admin:org"
    """Of the token that asks."""
