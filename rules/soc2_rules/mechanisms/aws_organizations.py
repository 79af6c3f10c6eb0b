"""Whether two accounts are in one organisation: what watches over one organisation says nothing of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.organizations import Membership

if TYPE_CHECKING:
    from soc2_pac.rules import Evidence


def organization_of(account: str, evidence: Evidence) -> str | None:
    """The organisation that an account is in, empty for none; ``None`` where the account was not read.

    The rule needs :class:`Membership`. Raises EvidenceIncomplete and FactUnavailable.
    """
    found = evidence.index(Membership, "account_id", within="everywhere").get(account, ())
    if not found:
        return None
    organization = found[0].organization
    return organization.id if organization is not None else ""
