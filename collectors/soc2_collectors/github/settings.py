"""What a ``[sources.NAME]`` table with ``provider = "github"`` may say."""

from __future__ import annotations

import urllib.parse

import msgspec

from soc2_pac.config import SecretRef

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that are this machine: what is sent there leaves it by no wire."""


class GithubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One organisation, read with a token or as an installed GitHub App."""

    organization: str
    """The organisation's login, as in ``github.com/LOGIN``."""
    token: SecretRef | None = None
    """A fine-grained or classic personal access token."""
    app_id: int | None = None
    """The App's id: with ``installation_id`` and ``private_key``, in place of a token."""
    installation_id: int | None = None
    """The id of the App's installation in the organisation."""
    private_key: SecretRef | None = None
    """The App's private key in PEM."""
    enterprise: str | None = None
    """The slug of the enterprise account, ``github.com/enterprises/SLUG``, where what belongs to it is to be
    read: where the audit log is streamed to."""
    base_url: str = "https://api.github.com"
    """``https://HOST/api/v3`` for Enterprise Server; ``https://api.TENANT.ghe.com`` for data residency."""
    timeout_seconds: int = 30
    """Of one exchange, the reading of its answer included."""
    max_attempts: int = 5
    """Attempts of one call, the first included, with back-off and jitter between them."""
    pull_requests_since_days: int = 90
    """Merged pull requests and commits are read back to this many days ago; later looks go on from there."""
    production_branches: dict[str, tuple[str, ...]] = {}
    """Repository name to the branches that are production there; the default branch where it is not named."""

    def __post_init__(self) -> None:
        """Raises ValueError unless there is exactly one whole way to sign in."""
        app = (self.app_id, self.installation_id, self.private_key)
        if any(part is not None for part in app) and None in app:
            msg = "app_id, installation_id and private_key go together"
            raise ValueError(msg)
        if (self.token is None) == (self.app_id is None):
            msg = (
                'name one way to sign in: token = { env = "GITHUB_TOKEN" }, or app_id with its key'
            )
            raise ValueError(msg)
        if not self.organization or "/" in self.organization:
            msg = f"organization: '{self.organization}' is no login of an organisation"
            raise ValueError(msg)
        there = urllib.parse.urlsplit(self.base_url)
        if there.scheme != "https" and not (there.scheme == "http" and there.hostname in _HERE):
            msg = f"base_url: '{self.base_url}' does not start with https://: a token is sent there"
            raise ValueError(msg)
        if self.timeout_seconds < 1 or self.max_attempts < 1 or self.pull_requests_since_days < 1:
            msg = "timeout_seconds, max_attempts and pull_requests_since_days must be at least 1"
            raise ValueError(msg)
