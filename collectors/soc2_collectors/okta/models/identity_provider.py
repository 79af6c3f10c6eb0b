"""Identity providers whose word the org takes for who signs in.

Source: Okta Management API, "Identity Providers".
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource

AUTO = "AUTO"


class Provisioning(msgspec.Struct, frozen=True, rename="camel"):
    """What happens with somebody whom Okta does not know yet."""

    action: str
    """``AUTO``: an account is made on the spot; ``DISABLED``: nobody gets in."""
    profile_master: bool | None = None


class AccountLink(msgspec.Struct, frozen=True):
    """How somebody from outside becomes a user who is there already."""

    action: str
    """``AUTO``: whoever matches is linked; ``DISABLED``."""
    filter: dict[str, Any] | None = None
    """Groups that linking is limited to, users that it leaves out; ``None``: anybody."""


class Subject(msgspec.Struct, frozen=True, rename="camel"):
    """How the name from outside is read."""

    filter: str | None = None
    """A regular expression that names must match; ``None``: any name."""
    match_type: str | None = None


class IdpPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """What Okta does with people who come from the provider."""

    provisioning: Provisioning | None = None
    account_link: AccountLink | None = None
    """Left out by kinds of providers that link nobody (smart cards)."""
    subject: Subject | None = None


class IdentityProvider(Resource, frozen=True, kw_only=True, rename="camel"):
    """An inbound identity provider (``GET /api/v1/idps``)."""

    kind = "okta.identity_provider"
    volatile = ("_links",)
    secret = (
        "protocol.credentials.client.client_secret",
        "protocol.credentials.client.clientSecret",
    )

    id: str
    name: str
    type: str
    """``SAML2``, ``OIDC``, ``OKTA_INTEGRATION`` (another Okta org), ``X509``, ``GOOGLE``, ``IDV_...``, ..."""
    status: str
    """``ACTIVE`` or ``INACTIVE``."""
    policy: IdpPolicy

    @property
    def verifies_identity_only(self) -> bool:
        """Whether it checks documents of people and signs nobody in."""
        return self.type.startswith("IDV_")
