"""Cloud KMS: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.kms import CryptoKey
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(CryptoKey, calls=_CALLS, per="organization", cost=_COST)
def keys(gcp: Gcp) -> Iterator[Document]:
    """Keys, without their material."""
    for asset in gcp.assets("cloudkms.googleapis.com/CryptoKey"):
        yield document(asset)
