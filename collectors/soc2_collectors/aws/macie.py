"""Macie: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.macie import Session
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_OFF = ["AccessDeniedException~macie is not enabled"]
"""How Macie says so: by the code of a denial."""


@collects(
    Session,
    calls=[
        "macie2:GetMacieSession",
        "macie2:GetAutomatedDiscoveryConfiguration",
        "macie2:GetClassificationScope",
        "macie2:ListMembers",
        "macie2:ListAutomatedDiscoveryAccounts",
    ],
    per="region",
    cost="5, and 2 in the administrator's account",
)
def session(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    discovery = aws.fact("macie2", "get_automated_discovery_configuration", absent=_OFF)
    body = {
        "GetMacieSession": aws.fact("macie2", "get_macie_session", absent=_OFF),
        "GetAutomatedDiscoveryConfiguration": discovery,
        "GetClassificationScope": _scope(aws, discovery),
        "ListAutomatedDiscoveryAccounts": _own_state(aws, discovery),
    }
    yield Document(aws.region, aws.region, body)


def _scope(aws: Aws, discovery: Fact) -> Fact:
    """Which buckets are left out; ``None`` where nothing is looked for."""

    def call() -> object:
        found: Any = discovery.call()
        number = (found or {}).get("classificationScopeId")
        if number is None:
            return None
        return aws.ask("macie2", "get_classification_scope", id=number)

    return Fact("macie2:GetClassificationScope", call)


def _own_state(aws: Aws, discovery: Fact) -> Fact:
    """Whether discovery is on for this account, where its configuration is that of an organisation."""

    def call() -> object:
        if discovery.call() is None:
            return None
        if next(iter(aws.items("macie2", "list_members", "members")), None) is None:
            return None
        operation = "list_automated_discovery_accounts"
        return list(aws.items("macie2", operation, "items", accountIds=[aws.account]))

    return Fact("macie2:ListAutomatedDiscoveryAccounts", call)
