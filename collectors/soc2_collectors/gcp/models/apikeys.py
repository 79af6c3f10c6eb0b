"""API keys.

Source: API Keys API v2, ``Key``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.values import Moment


class Restrictions(msgspec.Struct, frozen=True, rename="camel"):
    """For what, and for whom, a key is. Google leaves out what is empty."""

    api_targets: list[Any] = []
    browser_key_restrictions: dict[str, list[Any]] | None = None
    server_key_restrictions: dict[str, list[Any]] | None = None
    android_key_restrictions: dict[str, list[Any]] | None = None
    ios_key_restrictions: dict[str, list[Any]] | None = None

    @property
    def callers(self) -> bool:
        """Whether sites, addresses or apps are named; one entry of ``*`` names all sites."""
        sorts = (
            self.browser_key_restrictions,
            self.server_key_restrictions,
            self.android_key_restrictions,
            self.ios_key_restrictions,
        )
        entries = [one for sort in sorts if sort for values in sort.values() for one in values]
        return bool(entries) and not any(one in ("*", "0.0.0.0/0", "::/0") for one in entries)


class KeyData(msgspec.Struct, frozen=True, rename="camel"):
    """``Key``; its secret part is not in it."""

    name: str
    create_time: Moment
    delete_time: str | None = None
    restrictions: Restrictions | None = None


class ApiKey(Asset, frozen=True, kw_only=True, rename="camel"):
    """An API key. The key itself as recorded, as an asset from documentation."""

    kind = "gcp.apikeys.key"
    volatile = ("updateTime", "resource.data.etag")
    secret = ("resource.data.keyString",)
    resource: Held[KeyData]

    @property
    def key(self) -> KeyData:
        """What the API says."""
        return self.resource.data
