"""Account Management: whom AWS calls when something is wrong."""

from __future__ import annotations

from soc2_collectors.aws.models.account import AlternateContacts
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:account_security_contact_information_is_registered",
        "prowler:account_maintain_different_contact_details_to_security_billing_and_operations",
        "powerpipe:account_alternate_contact_security_registered",
    ],
)
def aws_security_contact(contacts: AlternateContacts) -> Verdict:
    """The account has a security contact of its own.

    Why: AWS writes to it about leaked keys and abuse; a mail to whoever pays the bills is read on Monday.
    Fix: aws account put-alternate-contact --alternate-contact-type SECURITY with a mailbox of a team.
    """
    security = contacts.security
    if security is None:
        return failed("no security contact")
    if not security.email_address:
        return failed("the security contact has no mail address")
    same = [
        name
        for name, other in (("billing", contacts.billing), ("operations", contacts.operations))
        if other and other.email_address.lower() == security.email_address.lower()
    ]
    if same:
        return failed(f"the security contact is that of {' and '.join(same)}")
    return passed("a security contact of its own")
