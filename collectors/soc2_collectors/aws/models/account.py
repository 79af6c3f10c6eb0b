"""Views of Account Management: whom AWS calls."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An alternate contact."""

    name: str = ""
    email_address: str = ""
    phone_number: str = ""


class AlternateContacts(Resource, frozen=True, kw_only=True, rename="pascal"):
    """The account's alternate contacts, ``None`` where there is none (``GetAlternateContact``)."""

    kind = "aws.account.alternate_contacts"
    secret = ("Security.PhoneNumber", "Billing.PhoneNumber", "Operations.PhoneNumber")
    security: Contact | None = fact("Security")
    billing: Contact | None = fact("Billing")
    operations: Contact | None = fact("Operations")
