"""The key of a service app, and the statements that it signs."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import CredentialsRejected

if TYPE_CHECKING:
    from soc2_collectors.okta.settings import OktaSettings

TOKEN_CALL = "POST /oauth2/v1/token"  # noqa: S105 - a call
_ASSERTION_SECONDS = 300
"""How long a signed assertion may be used. Okta takes up to an hour."""


class SigningKey:
    """What signs a service app's assertions."""

    def __init__(self, key: Any, algorithm: str, key_id: str | None) -> None:  # noqa: ANN401
        self._key = key
        self._algorithm = algorithm
        self._key_id = key_id

    @classmethod
    def read(cls, settings: OktaSettings) -> SigningKey:
        """From PEM or JWK. Raises ConfigError, CredentialsRejected."""
        assert settings.private_key is not None  # noqa: S101 - asked for with one only
        text = settings.private_key.resolve()
        try:
            return cls(*_parsed(text, settings.key_id))
        except Exception as error:  # noqa: BLE001 - whatever a malformed key makes the libraries raise
            msg = f"the service app's private key cannot sign ({type(error).__name__}): PEM or JWK, whole?"
            raise CredentialsRejected(msg, operation=TOKEN_CALL) from None

    def assertion(self, client_id: str, audience: str, now: float) -> str:
        """A signed statement that this is the service app, for one use."""
        import jwt  # noqa: PLC0415

        issued = int(now)
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": issued,
            "exp": issued + _ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": self._key_id} if self._key_id else None
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)


def _parsed(text: str, key_id: str | None) -> tuple[Any, str, str | None]:
    """(private key, algorithm, key id)."""
    import jwt  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if text.startswith("{"):
        fields = json.loads(text)
        key = jwt.PyJWK(fields).key
        key_id = key_id or fields.get("kid")
    else:
        key = load_pem_private_key(text.encode(), password=None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key, "RS256", key_id
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key, {256: "ES256", 384: "ES384", 521: "ES512"}[key.key_size], key_id
    msg = "no private key"
    raise TypeError(msg)
