"""Tokens: azure-identity's credentials, and what a token says of itself."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import Answer
from soc2_collectors.exchange.session import session
from soc2_collectors.exchange.wire import Wire
from soc2_pac.errors import ConfigError, CredentialsRejected, ProviderError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_collectors.azure.settings import AzureSettings

TOKEN_CALL = "POST /oauth2/v2.0/token"  # noqa: S105 - a call
_ASK_SECONDS = 60.0
_RENEW_SECONDS = 300.0
"""A token is renewed this long before it expires."""


class SignedIn:
    """The tokens of one identity, one for each address. Safe to use from threads."""

    def __init__(self, settings: AzureSettings, spend: Callable[[str], None]) -> None:
        """Fetch the secrets; ask for no token. Raises ConfigError, CredentialsRejected."""
        self._tenant = settings.tenant.lower()
        self._spend = spend
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._static = settings.loopback_token.resolve() if settings.loopback_token else ""
        if not self._static.isascii() or any(c.isspace() for c in self._static):
            msg = "loopback_token holds white space or letters that no token has"
            raise ConfigError(msg)
        self._ends = 0.0
        """When the exchange must end that asks for a token; one is asked for at a time."""
        self._credential = (
            None if self._static else _credential(settings, self._transport(settings))
        )
        # Whoever signed in to the Azure CLI may have done so in another tenant.
        found = settings.client_id is None and not settings.managed_identity
        self._of_tenant = {"tenant_id": settings.tenant} if found else {}

    def token(self, address: str, seconds: float = _ASK_SECONDS) -> str:
        """A token for an address, within so many seconds. Raises CredentialsRejected, Unreachable."""
        if self._credential is None:
            return self._static
        with self._lock:
            value, until = self._tokens.get(address, ("", 0.0))
            if time.time() >= until - _RENEW_SECONDS:
                self._ends = time.monotonic() + seconds
                value, until = self._ask(f"{address}/.default")
                self._tokens[address] = (value, until)
            return value

    def _transport(self, settings: AzureSettings) -> Any:  # noqa: ANN401 - of the SDK
        """The one exchange, as azure-identity asks by it."""
        from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415

        # What goes wrong is told by errors; without a handler its log would go to standard error, too.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        wire = Wire("Entra", settings.timeout_seconds, None, Answer)
        asks = session(wire, lambda: self._ends - time.monotonic())
        return RequestsTransport(session=asks, session_owner=False, use_env_settings=False)

    def forget(self, address: str, token: str) -> bool:
        """Drop a token that is not accepted. Whether another can be asked for."""
        if self._credential is None:
            return False
        with self._lock:
            if self._tokens.get(address, ("", 0.0))[0] == token:
                del self._tokens[address]
        return True

    def _ask(self, scope: str) -> tuple[str, float]:
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415

        self._spend(TOKEN_CALL)
        try:
            given = self._credential.get_token(scope, **self._of_tenant)  # type: ignore[union-attr]
        except ProviderError as error:
            error.operation = TOKEN_CALL
            raise
        except ClientAuthenticationError as error:  # CredentialUnavailableError is one of these
            raise _rejected(error) from None
        except AzureError as error:
            msg = f"Entra could not be reached ({type(error).__name__})"
            raise Unreachable(msg, operation=TOKEN_CALL) from None
        except Exception as error:  # noqa: BLE001 - whatever a malformed key or answer makes libraries raise
            msg = f"no token could be had ({type(error).__name__})"
            raise CredentialsRejected(msg, operation=TOKEN_CALL) from None
        issued_by = str(claims(given.token).get("tid", self._tenant)).lower()
        if issued_by != self._tenant:
            msg = f"the credentials belong to the tenant {issued_by}, and the settings name {self._tenant}"
            raise CredentialsRejected(msg, operation=TOKEN_CALL)
        return given.token, float(given.expires_on)


def claims(token: str) -> dict[str, Any]:
    """What a token says of itself, unproved; empty where it cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - head, claims, signature
        return {}
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return said if isinstance(said, dict) else {}


def _rejected(error: Exception) -> ProviderError:
    """Entra names what is wrong by a code: AADSTS7000215."""
    code = re.search(r"AADSTS\d+", str(error))
    status = getattr(error, "status_code", None)
    if code is None and status is None:  # nothing was asked, or nobody of a chain could ask
        msg = (
            "no credentials were found: sign in with the Azure CLI, run as a managed identity, or name "
            "client_id with secret, certificate or federated_token"
        )
        return CredentialsRejected(msg, operation=TOKEN_CALL)
    if code is None and isinstance(status, int) and status >= 500:  # noqa: PLR2004 - HTTP
        return Unreachable(f"Entra answered {status}", operation=TOKEN_CALL)
    named = code[0] if code else type(error).__name__
    return CredentialsRejected(
        f"Entra does not accept the credentials ({named})", operation=TOKEN_CALL
    )


def _credential(settings: AzureSettings, transport: Any) -> Any:  # noqa: ANN401 - of the SDK
    """Raises ConfigError, CredentialsRejected."""
    import azure.identity as sdk  # noqa: PLC0415

    tenant, client = settings.tenant, str(settings.client_id)
    authority = urllib.parse.urlsplit(settings.login).netloc
    if settings.secret is not None:
        return sdk.ClientSecretCredential(
            tenant, client, settings.secret.resolve(), authority=authority, transport=transport
        )
    if settings.certificate is not None:
        pem = settings.certificate.resolve().encode()
        try:
            return sdk.CertificateCredential(
                tenant, client, certificate_data=pem, authority=authority, transport=transport
            )
        except Exception as error:  # noqa: BLE001 - whatever a malformed certificate makes the libraries raise
            msg = f"the certificate cannot sign ({type(error).__name__}): PEM, with its private key, whole?"
            raise CredentialsRejected(msg, operation=TOKEN_CALL) from None
    if settings.federated_token is not None:
        settings.federated_token.resolve()  # its absence is told at once
        return sdk.ClientAssertionCredential(
            tenant,
            client,
            settings.federated_token.resolve,
            authority=authority,
            transport=transport,
        )
    if settings.managed_identity:
        return sdk.ManagedIdentityCredential(client_id=settings.client_id, transport=transport)
    return sdk.DefaultAzureCredential(
        authority=authority,
        transport=transport,
        exclude_interactive_browser_credential=True,
        additionally_allowed_tenants=[tenant],
    )
