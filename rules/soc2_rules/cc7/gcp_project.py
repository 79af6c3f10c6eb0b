"""Google Cloud: whom Google calls, and which APIs are on that nobody needs."""

from __future__ import annotations

from soc2_collectors.gcp.models.project import EssentialContacts, Service
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule
from soc2_pac.text import listed


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_organization_essential_contacts_configured",
        "powerpipe:organization_essential_contacts_configured",
    ],
)
def gcp_essential_contacts(whom: EssentialContacts) -> Verdict:
    """Google has a contact for security, whose address is confirmed.

    A contact for all categories counts.

    Why: Google writes to it about leaked keys and abuse; without one it writes to whoever is owner.
    Fix: gcloud essential-contacts create --email TEAM@COMPANY --notification-categories security
        --organization ORGANIZATION.
    """
    contacts = whom.contacts
    security = [
        c for c in contacts if {"SECURITY", "ALL"} & {*c.notification_category_subscriptions}
    ]
    if not security:
        return failed(f"none of {len(contacts)} contacts is for security")
    valid = [c.email for c in security if c.validation_state != "INVALID"]
    if not valid:
        return failed("the address of the security contact is not valid")
    return passed(f"security contacts: {listed(valid)}")


@rule(criteria=["CC7.1"], severity=Severity.LOW, known_as=["prowler:gemini_api_disabled"])
def gcp_unneeded_apis(
    service: Service,
    *,
    unwanted: tuple[str, ...] = ("generativelanguage.googleapis.com",),
    allowed: tuple[str, ...] = (),
) -> Verdict:
    """APIs that nobody agreed to are off.

    ``unwanted`` takes names or patterns. With ``allowed`` everything that it does not name is unwanted, too.

    Why: each API is a way to do something with the project, and one that nobody uses nobody watches.
    Fix: gcloud services disable API --project PROJECT.
    """
    if not service.enabled:
        return not_applicable(f"{service.api} is off")
    if matches(service.api, unwanted):
        return failed(f"{service.api} is on, and it is not wanted")
    if allowed and not matches(service.api, allowed):
        return failed(f"{service.api} is on, and it is not on the list of what is allowed")
    return passed(f"{service.api} may be on")
