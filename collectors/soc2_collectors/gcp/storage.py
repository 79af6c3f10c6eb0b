"""Cloud Storage: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.storage import Bucket
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(Bucket, calls=_CALLS, per="organization", cost=_COST)
def buckets(gcp: Gcp) -> Iterator[Document]:
    """Buckets."""
    for asset in gcp.assets("storage.googleapis.com/Bucket"):
        yield document(asset)
