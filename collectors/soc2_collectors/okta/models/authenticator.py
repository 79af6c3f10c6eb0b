"""Authenticators: with what people may prove who they are.

Source: Okta Management API, "Authenticators"; Identity Engine only.
"""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class MethodState(msgspec.Struct, frozen=True):
    """A method (``GET /api/v1/authenticators/{authenticatorId}/methods``)."""

    type: str
    """``sms``, ``voice``, ``webauthn``, ``signed_nonce`` (FastPass), ``push``, ``totp``, ..."""
    status: str


class ChannelBinding(msgspec.Struct, frozen=True):
    """Whether somebody must type a number that the sign-in page shows."""

    style: str | None = None
    """``NUMBER_CHALLENGE``."""
    required: str | None = None
    """``ALWAYS``, ``HIGH_RISK_ONLY`` or ``NEVER``."""


class Compliance(msgspec.Struct, frozen=True):
    """Which cryptography devices must have."""

    fips: str | None = None
    """``REQUIRED``: only devices with FIPS 140-2 validated cryptography enrol."""


class AuthenticatorSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings; which there are depends on the authenticator."""

    allowed_for: str | None = None
    """``any``, ``sso``, ``recovery`` or ``none``: what it may be used for."""
    user_verification: str | None = None
    """``REQUIRED``, ``PREFERRED`` or ``DISCOURAGED``, of Okta Verify."""
    channel_binding: ChannelBinding | None = None
    compliance: Compliance | None = None


class Authenticator(Resource, frozen=True, kw_only=True, rename="camel"):
    """An authenticator of the org (``GET /api/v1/authenticators``)."""

    kind = "okta.authenticator"
    secret = ("provider.configuration.secretKey", "provider.configuration.sharedSecret")

    id: str
    key: str
    """``okta_verify``, ``webauthn``, ``phone_number``, ``okta_email``, ``security_question``, ..."""
    name: str
    status: str
    settings: AuthenticatorSettings | None = None
    methods: list[MethodState] | MethodState = fact("methods")

    @property
    def active(self) -> bool:
        """Whether it can be used; a status that is not known counts."""
        return self.status != "INACTIVE"

    @property
    def active_methods(self) -> set[str]:
        """Types of the methods that are on; a status that is not known counts."""
        return {one.type.lower() for one in self._methods if one.status != "INACTIVE"}

    @property
    def certain_methods(self) -> set[str]:
        """Types of the methods of which Okta says that they are on."""
        return {one.type.lower() for one in self._methods if one.status == "ACTIVE"}

    @property
    def pushes(self) -> bool:
        """Whether it may send push prompts: it does, unless Okta says that the method is off."""
        return {one.status for one in self._methods if one.type.lower() == "push"} != {"INACTIVE"}

    @property
    def _methods(self) -> list[MethodState]:
        # Some of Okta's own examples hold the one object where the description has a list.
        return self.methods if isinstance(self.methods, list) else [self.methods]
