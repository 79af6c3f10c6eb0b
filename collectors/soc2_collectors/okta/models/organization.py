"""The org, its settings, and its brands.

Source: Okta Management API, "Org Setting", "Okta Application Settings", "Brands", "Custom Pages".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

CLASSIC = "v1"


_PIPELINE = (
    "only v1 is the Classic Engine; with any other word the policies and authenticators are read"
)


class WellKnown(msgspec.Struct, frozen=True):
    """``GET /.well-known/okta-organization``."""

    may_lack: ClassVar[Mapping[str, str]] = {"pipeline": _PIPELINE}
    any_value: ClassVar[Mapping[str, str]] = {"pipeline": _PIPELINE}

    pipeline: str
    """``idx``: Identity Engine; ``v1``: Classic Engine."""


class SupportAccess(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether Okta's support may act as an administrator (``GET /api/v1/org/privacy/oktaSupport``)."""

    support: str
    """``ENABLED`` or ``DISABLED``."""
    expiration: datetime | None = None
    """When a grant ends; ``None``: none is given, or it has no end."""


class SupportCase(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A case of Okta's support (``GET /api/v1/org/privacy/oktaSupport/cases``)."""

    case_number: str | None = None
    subject: str | None = None
    impersonation: Impersonation | None = None
    self_assigned: SelfAssigned | None = None

    may_lack: ClassVar[Mapping[str, str]] = {
        "selfAssigned": "only of a case that Okta's support opened by itself (Org Support Settings API)",
    }

    @property
    def called(self) -> str:
        """Its number, or else its subject."""
        return f"case {self.case_number or self.subject or 'without a number'}"


class Impersonation(msgspec.Struct, frozen=True):
    """Whether support may sign in as an administrator for a case."""

    status: str | None = None
    """``ENABLED``, ``DISABLED``, ``REQUESTED`` or ``NOT_REQUESTED``."""
    expiration: datetime | None = None


class SelfAssigned(msgspec.Struct, frozen=True):
    """Whether support may reach the org for a case that its own staff opened."""

    status: str | None = None
    """``APPROVED``, ``REQUESTED`` or ``NOT_REQUIRED``."""


class AdminConsole(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Sessions of the Admin Console (``GET /api/v1/first-party-app-settings/{appName}``), in minutes."""

    session_idle_timeout_minutes: int
    session_max_lifetime_minutes: int


class Organization(Resource, frozen=True, kw_only=True, rename="camel"):
    """The org and settings that it has once (``GET /api/v1/org``)."""

    kind = "okta.organization"

    id: str
    status: str | None = None
    subdomain: str | None = None
    company_name: str | None = None
    well_known: WellKnown = fact("okta-organization")
    support: SupportAccess = fact("oktaSupport")
    support_cases: list[SupportCase] = fact("cases")
    """Those that this identity may see; since cases can be granted access one by one, each is asked."""
    admin_console: AdminConsole = fact("admin-console")

    @property
    def classic(self) -> bool:
        """Whether it runs on the Classic Engine, which has no app sign-in policies and no authenticators."""
        return self.well_known.pipeline == CLASSIC


class SignInPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sign-in page that was changed (``GET /api/v1/brands/{brandId}/pages/sign-in/customized``)."""

    page_content: str | None = None
    """HTML; ``None`` where nothing but labels of the sign-in widget were changed."""


class Brand(Resource, frozen=True, kw_only=True, rename="camel"):
    """A brand: pages of a domain (``GET /api/v1/brands``)."""

    kind = "okta.brand"

    id: str
    name: str | None = None
    is_default: bool | None = None
    sign_in_page: SignInPage | None = fact("customized")
    """``None``: Okta's own page."""
