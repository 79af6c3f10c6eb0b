"""BigQuery: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.bigquery import Dataset
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(Dataset, calls=_CALLS, per="organization", cost=_COST)
def datasets(gcp: Gcp) -> Iterator[Document]:
    """Datasets."""
    for asset in gcp.assets("bigquery.googleapis.com/Dataset"):
        yield document(asset)
