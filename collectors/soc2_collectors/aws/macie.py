"""Macie: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.macie import Session
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_OFF = ["AccessDeniedException~macie is not enabled"]
"""How Macie says so: by the code of a denial."""


@collects(
    Session,
    calls=["macie2:GetMacieSession", "macie2:GetAutomatedDiscoveryConfiguration"],
    per="region",
    cost="2",
)
def session(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    body = {
        "GetMacieSession": aws.fact("macie2", "get_macie_session", absent=_OFF),
        "GetAutomatedDiscoveryConfiguration": aws.fact(
            "macie2", "get_automated_discovery_configuration", absent=_OFF
        ),
    }
    yield Document(aws.region, aws.region, body)
