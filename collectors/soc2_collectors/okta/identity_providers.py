"""Collects inbound identity providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.identity_provider import IdentityProvider
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_IDPS = "/api/v1/idps"
_PAGE = 200


@collects(IdentityProvider, calls=[f"GET {_IDPS}"], per="organization", cost="pages of 200")
def identity_providers(okta: Okta) -> Iterator[Document]:
    """Inbound identity providers, active or not."""
    for record in okta.items(_IDPS, limit=_PAGE):
        yield document(record, name="name")
