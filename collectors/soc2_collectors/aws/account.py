"""Account Management: account-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.account import AlternateContacts
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(AlternateContacts, calls=["account:GetAlternateContact"], per="account", cost="3")
def alternate_contacts(aws: Aws) -> Iterator[Document]:
    """One document an account: security, billing and operations."""
    body = {
        sort: aws.fact(
            "account",
            "get_alternate_contact",
            key="AlternateContact",
            absent=["ResourceNotFoundException"],
            AlternateContactType=sort.upper(),
        )
        for sort in ("Security", "Billing", "Operations")
    }
    yield Document(aws.account, aws.account, body)
