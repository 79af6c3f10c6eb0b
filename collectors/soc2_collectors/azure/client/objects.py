"""Blobs of Azure: put if absent, and read by parts.

``If-None-Match: *`` lets a Put Blob succeed only where nothing has the name; otherwise it answers 409
BlobAlreadyExists (https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-error-codes).
"""

from __future__ import annotations

import urllib.parse
from types import MappingProxyType
from typing import TYPE_CHECKING

from soc2_collectors.azure.client.signing import SignedIn
from soc2_collectors.exchange.keeping import KeepingWire, Objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_collectors.azure.objects import BlobSettings
    from soc2_collectors.exchange.answer import Answer

_AUDIENCE = "https://storage.azure.com"
"""Whom tokens are for, in every cloud."""
_VERSION = "2021-12-02"
"""Since 2019-12-12 a blob of 5,000 MiB goes in one request."""
_TAKEN = {409: "BlobAlreadyExists", 412: "ConditionNotMet"}
_ROLE = "Storage Blob Data Contributor on the container"


class Container:
    """:class:`soc2_collectors.exchange.keeping.Store`: a container, and who may write there."""

    name = "Azure Blob Storage"
    put_only_new: Mapping[str, str] = MappingProxyType(
        {"If-None-Match": "*", "x-ms-blob-type": "BlockBlob"}
    )
    needs: Mapping[str, str] = MappingProxyType({"PUT": _ROLE, "GET": _ROLE})

    def __init__(self, url: str, settings: BlobSettings) -> None:
        """``url``: account, container and prefix. Raises CredentialsRejected, ConfigError."""
        path = urllib.parse.urlsplit(url).path
        self.base = f"{settings.endpoint.rstrip('/')}{path}" if settings.endpoint else url
        self._signed_in = SignedIn(settings.signing_in(), lambda _: None)

    def headers(self) -> dict[str, str]:
        """The token. Raises CredentialsRejected, Unreachable."""
        return {
            "Authorization": f"Bearer {self._signed_in.token(_AUDIENCE)}",
            "x-ms-version": _VERSION,
        }

    def taken(self, answer: Answer) -> bool:
        """Whether something has the name."""
        said = answer.headers.get("x-ms-error-code")
        return answer.status in _TAKEN and said == _TAKEN[answer.status]


def objects(url: str, settings: BlobSettings) -> Objects:
    """The blobs below an account, container and prefix. Raises CredentialsRejected, ConfigError."""
    container = Container(url, settings)
    wire = KeepingWire("Azure Blob Storage", settings.timeout_seconds, container.base)
    return Objects(container, wire)
