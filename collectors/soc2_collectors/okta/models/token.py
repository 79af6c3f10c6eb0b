"""API tokens.

Source: Okta Management API, "API Tokens". A token has the rights of the user who made it and can do no
less; it ends 30 days after its last use; it is refused while its user is not active.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.okta.models.times import Moment
from soc2_pac.resources import Resource


class TokenNetwork(msgspec.Struct, frozen=True):
    """From where a token may be used."""

    connection: str
    """``ANYWHERE`` or ``ZONE``."""
    include: list[str] | None = None
    """Ids of network zones, or ``ALL_ZONES``; ``None``: none."""
    exclude: list[str] | None = None


class ApiToken(Resource, frozen=True, kw_only=True, rename="camel"):
    """An API token without its value, which Okta shows once (``GET /api/v1/api-tokens``)."""

    kind = "okta.api_token"
    may_lack: ClassVar[Mapping[str, str]] = {
        "lastUpdated": "without it the token counts as unused since it was made",
        "expiresAt": "without it the token counts as one that does not end",
    }
    volatile = ("_links", "_link")

    id: str
    name: str
    user_id: str
    """Of the user whose rights it has."""
    created: Moment
    client_name: str | None = None
    last_updated: Moment | None = None
    """Each use moves it, and ``expires_at`` with it."""
    expires_at: Moment | None = None
    network: TokenNetwork | None = None
