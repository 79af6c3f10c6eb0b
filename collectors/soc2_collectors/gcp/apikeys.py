"""API keys: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.apikeys import ApiKey
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(ApiKey, calls=_CALLS, per="organization", cost=_COST)
def keys(gcp: Gcp) -> Iterator[Document]:
    """API keys, without the part that is secret."""
    for asset in gcp.assets("apikeys.googleapis.com/Key"):
        yield document(asset, name="resource.data.displayName")
