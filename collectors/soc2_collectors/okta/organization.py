"""Collects the org with its settings, and its brands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.organization import Brand, Organization
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_ORGANIZATION = "/api/v1/org"
_WELL_KNOWN = "/.well-known/okta-organization"
_SUPPORT = "/api/v1/org/privacy/oktaSupport"
_CASES = "/api/v1/org/privacy/oktaSupport/cases"
_APP_SETTINGS = "/api/v1/first-party-app-settings/{appName}"
_ADMIN_CONSOLE = "admin-console"
_BRANDS = "/api/v1/brands"
_SIGN_IN_PAGE = "/api/v1/brands/{brandId}/pages/sign-in/customized"
_PAGE = 200


@collects(
    Organization,
    calls=[f"GET {path}" for path in (_ORGANIZATION, _WELL_KNOWN, _SUPPORT, _CASES, _APP_SETTINGS)],
    per="organization",
    cost="5",
)
def organizations(okta: Okta) -> Iterator[Document]:
    """The one org of the scope."""
    said = okta.ask(_ORGANIZATION)
    facts = {
        "okta-organization": okta.fact(_WELL_KNOWN, absent=()),
        "oktaSupport": okta.fact(_SUPPORT, absent=()),
        "cases": okta.list_fact(_CASES),
        "admin-console": okta.fact(_APP_SETTINGS, absent=(), appName=_ADMIN_CONSOLE),
    }
    yield document(said, name=("companyName", "subdomain"), body=facts)


@collects(
    Brand,
    calls=[f"GET {path}" for path in (_BRANDS, _SIGN_IN_PAGE)],
    per="organization",
    cost="pages of 200 + N",
)
def brands(okta: Okta) -> Iterator[Document]:
    """Brands with their sign-in page."""
    for brand in okta.items(_BRANDS, limit=_PAGE):
        yield document(
            brand,
            name="name",
            body=lambda uid: {"customized": okta.fact(_SIGN_IN_PAGE, brandId=uid)},
        )
