"""Collects IAM policies: a whole organisation's by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document


@collects(IamPolicy, calls=["cloudasset.assets.list"], per="organization", cost="pages of 1000")
def policies(gcp: Gcp) -> Iterator[Document]:
    """Allow policies of every resource that has one."""
    for asset in gcp.assets(content="IAM_POLICY"):
        yield document(asset)
