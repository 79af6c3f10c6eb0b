"""What a ``[sources.NAME]`` table with ``provider = "azure"`` may say."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from typing import Literal

import msgspec

from soc2_pac.config import SecretRef

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where a cloud of Microsoft's is reached."""

    authority: str
    """Where Entra gives tokens."""
    arm: str
    """Azure Resource Manager, which Resource Graph is a part of."""
    graph: str
    """Microsoft Graph."""


CLOUDS = {
    "public": Cloud(
        "https://login.microsoftonline.com",
        "https://management.azure.com",
        "https://graph.microsoft.com",
    ),
    "usgov": Cloud(
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "https://graph.microsoft.us",
    ),
    "china": Cloud(
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}


class AzureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tenant of Entra with its subscriptions.

    Without ``client_id`` the identity is found by azure-identity's ``DefaultAzureCredential``: its
    environment variables, a workload identity, a managed identity, or whoever signed in to the Azure CLI.
    """

    tenant: str
    """The tenant's id, a GUID: names of domains change."""
    subscriptions: Literal["all"] | tuple[str, ...] = "all"
    """Ids of subscriptions; ``all``: every one of the tenant that the identity sees. An empty list: Entra
    only."""
    cloud: Literal["public", "usgov", "china"] = "public"
    """Which of Microsoft's clouds the tenant is in."""
    client_id: str | None = None
    """Of the app registration, or of a user-assigned managed identity."""
    secret: SecretRef | None = None
    """A client secret of the app registration."""
    certificate: SecretRef | None = None
    """A certificate of the app registration with its private key, PEM."""
    federated_token: SecretRef | None = None
    """A token of another issuer that the app registration trusts: a file that a CI system or Kubernetes
    renews. It is read again for each new token."""
    managed_identity: bool = False
    """Sign in as the managed identity of the machine."""
    authority: str = ""
    """Another address of Entra than the cloud's: of a cloud that is not named here."""
    arm_endpoint: str = ""
    """Another address of Azure Resource Manager. Tokens are asked for as ``<address>/.default``: one for this
    address opens nothing elsewhere."""
    graph_endpoint: str = ""
    """Another address of Microsoft Graph, such as ``https://dod-graph.microsoft.us``; tokens likewise."""
    loopback_token: SecretRef | None = None
    """For emulators on this machine: a fixed token that takes the place of signing in. Refused unless both
    endpoints are on loopback, so that it can never be how the real Azure is read."""
    timeout_seconds: int = 60
    """Of one exchange, the reading of its answer included."""
    max_attempts: int = 5
    """Attempts of one call, the first included, with back-off and jitter between them."""

    def __post_init__(self) -> None:
        """Raises ValueError for what is no id, for ways to sign in that exclude one another, open lines."""
        wrong = [i for i in (self.tenant, *self._listed()) if not _ID.fullmatch(i)]
        if wrong:
            msg = f"'{wrong[0]}' is no id: tenant and subscriptions are named by their GUIDs"
            raise ValueError(msg)
        self._check_signing_in()
        for key in ("authority", "arm_endpoint", "graph_endpoint"):
            _check_address(key, getattr(self, key))
        if self.timeout_seconds < 1 or self.max_attempts < 1:
            msg = "timeout_seconds and max_attempts must be at least 1"
            raise ValueError(msg)

    def _check_signing_in(self) -> None:
        ways = ("secret", "certificate", "federated_token")
        named = [way for way in ways if getattr(self, way) is not None]
        if self.managed_identity:
            named.append("managed_identity")
        if self.loopback_token is not None:
            named.append("loopback_token")
        if len(named) > 1:
            msg = f"{' and '.join(named)} exclude each other: name one way to sign in"
            raise ValueError(msg)
        if any(way in ways for way in named) and self.client_id is None:
            msg = f"{named[0]} needs the client_id of its app registration"
            raise ValueError(msg)
        if self.client_id is not None and not named:
            msg = "client_id needs secret, certificate, federated_token or managed_identity"
            raise ValueError(msg)
        if self.loopback_token is not None and not (
            on_loopback(self.arm) and on_loopback(self.graph)
        ):
            msg = "loopback_token is for emulators: arm_endpoint and graph_endpoint must both be on loopback"
            raise ValueError(msg)
        if self.loopback_token is None and any(
            address.startswith("http:") for address in (self.arm, self.graph)
        ):
            msg = "endpoints on http:// take a loopback_token only: real credentials are sent over TLS"
            raise ValueError(msg)

    def _listed(self) -> tuple[str, ...]:
        return () if isinstance(self.subscriptions, str) else self.subscriptions

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """The ids of the wanted subscriptions, in lower case; ``None``: all."""
        return None if self.subscriptions == "all" else tuple(s.lower() for s in self._listed())

    @property
    def login(self) -> str:
        """The address of Entra."""
        return (self.authority or CLOUDS[self.cloud].authority).rstrip("/")

    @property
    def arm(self) -> str:
        """The address of Azure Resource Manager."""
        return (self.arm_endpoint or CLOUDS[self.cloud].arm).rstrip("/")

    @property
    def graph(self) -> str:
        """The address of Microsoft Graph."""
        return (self.graph_endpoint or CLOUDS[self.cloud].graph).rstrip("/")


def on_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    return urllib.parse.urlsplit(url).hostname in _LOOPBACK


def _check_address(key: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError:
        msg = f"{key}: '{url}' is no address"
        raise ValueError(msg) from None
    if parts.username is not None or parts.password is not None:
        msg = f"{key} holds a user name: secrets are named by references"
        raise ValueError(msg)
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        msg = f"{key}: '{url}' is not of the form https://host"
        raise ValueError(msg)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK and key != "authority"
    if parts.scheme != "https" and not plain:
        msg = f"{key}: '{url}' does not start with https://"
        raise ValueError(msg)
