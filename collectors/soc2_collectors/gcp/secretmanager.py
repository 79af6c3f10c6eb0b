"""Secret Manager: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.secretmanager import Secret
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(Secret, calls=_CALLS, per="organization", cost=_COST)
def secrets(gcp: Gcp) -> Iterator[Document]:
    """Secrets, without what is in them."""
    for asset in gcp.assets("secretmanager.googleapis.com/Secret"):
        yield document(asset)
