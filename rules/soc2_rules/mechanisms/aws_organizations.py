"""Whether two accounts are in one organisation: what watches over one organisation says nothing of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.organizations import DelegatedAdministrator, Membership

if TYPE_CHECKING:
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence

ADMINISTRATORS: list[type[Resource]] = [Membership, DelegatedAdministrator]
"""What a rule needs that asks :func:`administrators`."""


def organization_of(account: str, evidence: Evidence) -> str | None:
    """The organisation that an account is in, empty for none; ``None`` where the account was not read.

    The rule needs :class:`Membership`. Raises EvidenceIncomplete and FactUnavailable.
    """
    found = evidence.index(Membership, "account_id", within="everywhere").get(account, ())
    if not found:
        return None
    organization = found[0].organization
    return organization.id if organization is not None else ""


def administrators(account: str, service: str, evidence: Evidence) -> list[str]:
    """The accounts where what watches over an account's whole organisation stands, by id.

    The management account, and those that administer the service (``config.amazonaws.com``) for it. A member account
    is not told what they have. Who they are is told to the management account: where that is no source, it stands for
    all of them. Empty for an account in no organisation, or of which that is not known.

    Raises EvidenceIncomplete and FactUnavailable.
    """
    known = evidence.index(Membership, "account_id", within="everywhere")
    own = known.get(account, ())
    organization = own[0].organization if own else None
    if organization is None:
        return []
    management = organization.master_account_id
    if management not in known:
        return [management]
    return sorted({management, *delegated(organization.id, service, evidence)})


def delegated(organization: str, service: str, evidence: Evidence) -> list[str]:
    """The member accounts that administer a service for an organisation, by id. Raises as above."""
    return sorted(
        one.id
        for one in evidence.everywhere(DelegatedAdministrator)
        if one.administers(service, organization)
    )
