"""What a ``[sources.NAME]`` table with ``provider = "okta"`` may say."""

from __future__ import annotations

import re
import urllib.parse

import msgspec

from soc2_pac.config import SecretRef

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_READING = re.compile(r"okta\.[A-Za-z.]+\.read")


class OktaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One org, read as a service app (OAuth 2.0, private-key JWT) or with an API token."""

    org_url: str
    """The org's address: ``https://acme.okta.com``, or its custom domain."""
    organization: str = ""
    """The host by which evidence knows the org, where ``org_url`` is another one: a custom domain that may
    change, a proxy. Empty: the host of ``org_url``."""
    client_id: str | None = None
    """Of the service app."""
    private_key: SecretRef | None = None
    """The service app's private key, PEM or JWK. RSA, or EC on a NIST curve."""
    key_id: str | None = None
    """``kid`` of the key, where the app has several and the key is PEM: a JWK names its own."""
    token: SecretRef | None = None
    """An API token (SSWS) of a Read-only Administrator, where there is no service app."""
    plugin_scopes: tuple[str, ...] = ()
    """OAuth scopes for calls of collectors that are not soc2-pac's own: ``okta.*.read``."""
    rate_limit_share: float = 0.5
    """How much of the org's rate limit for an endpoint may be used: above 0, up to 1."""
    timeout_seconds: int = 60
    """Of one exchange, the reading of its answer included."""
    max_attempts: int = 5
    """Attempts of one call, the first included, with back-off and jitter between them."""
    log_since_days: int = 90
    """The first collection of the system log goes back so many days; Okta keeps 90."""

    def __post_init__(self) -> None:
        """Raises ValueError unless there is exactly one whole way to sign in, over a line nobody reads."""
        if (self.client_id is None) != (self.private_key is None):
            msg = "client_id and private_key go together"
            raise ValueError(msg)
        if (self.token is None) == (self.client_id is None):
            msg = 'name one way to sign in: client_id with its private_key, or token = { env = "OKTA_TOKEN" }'
            raise ValueError(msg)
        _check_address(self.org_url)
        if self.organization and not _HOST.fullmatch(self.organization):
            msg = f"organization: '{self.organization}' is no host such as acme.okta.com"
            raise ValueError(msg)
        if not 0 < self.rate_limit_share <= 1:
            msg = "rate_limit_share must be above 0 and at most 1"
            raise ValueError(msg)
        if self.timeout_seconds < 1 or self.max_attempts < 1 or self.log_since_days < 1:
            msg = "timeout_seconds, max_attempts and log_since_days must be at least 1"
            raise ValueError(msg)
        writing = [scope for scope in self.plugin_scopes if not _READING.fullmatch(scope)]
        if writing:
            msg = (
                f"plugin_scopes: '{writing[0]}' is not of the form okta.*.read: soc2-pac only reads"
            )
            raise ValueError(msg)

    @property
    def host(self) -> str:
        """By which evidence knows the org: in lower case, with the port where one is given."""
        return (self.organization or urllib.parse.urlsplit(self.org_url).netloc).lower()


def _check_address(url: str) -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError:
        msg = f"org_url: '{url}' is no address"
        raise ValueError(msg) from None
    if parts.username is not None or parts.password is not None:
        msg = "org_url holds a user name: secrets are named by token or private_key"
        raise ValueError(msg)
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        msg = f"org_url: '{url}' is not of the form https://acme.okta.com"
        raise ValueError(msg)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        msg = f"org_url: '{url}' does not start with https://"
        raise ValueError(msg)
    if parts.hostname.endswith(
        ("-admin.okta.com", "-admin.oktapreview.com", "-admin.okta-emea.com")
    ):
        msg = f"org_url: '{url}' is the Admin Console: leave '-admin' out"
        raise ValueError(msg)
