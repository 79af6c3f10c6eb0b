"""Settings that the org has once."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

from soc2_collectors.okta.models.organization import Brand, Organization
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_NO_ORG = inconclusive("Okta did not show the org")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["prowler:application_admin_console_session_idle_timeout_15min"],
    empty=_NO_ORG,
)
def okta_admin_session_idle(
    organization: Organization, *, max_idle_minutes: int = 15, max_lifetime_hours: int = 12
) -> Verdict:
    """Sessions of the Admin Console end soon, used or not.

    Whether they are bound to the address or network that they began in is a setting that Okta's API does
    not show. 15 minutes and 12 hours are Okta's own defaults.

    Why: who takes over an administrator's session needs neither password nor factor.
    Fix: Applications, Okta Admin Console, Sign On: set idle time and lifetime; Security, General:
        bind administrators' sessions to IP and ASN.
    """
    console = organization.admin_console
    said = (
        f"unused after {console.session_idle_timeout_minutes} minutes,"
        f" at the latest after {console.session_max_lifetime_minutes}"
    )
    wrong = []
    if console.session_idle_timeout_minutes > max_idle_minutes:
        wrong.append(f"{max_idle_minutes} minutes unused")
    if console.session_max_lifetime_minutes > 60 * max_lifetime_hours:
        wrong.append(f"{60 * max_lifetime_hours} minutes in all")
    if wrong:
        return failed(f"sessions end {said}; {' and '.join(wrong)} are expected")
    return passed(f"sessions end {said}")


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, empty=_NO_ORG)
def okta_support_access_off(
    organization: Organization, now: datetime, *, max_days: int = 2
) -> Verdict:
    """Okta's support has no access to the org, or not for long.

    ``max_days``: how far ahead the end of a grant may lie.

    Why: support staff act with the rights of an administrator, and theirs have been stolen before.
    Fix: Settings, Account, Give Access to Okta Support: revoke the grant when the case is done.
    """
    access = organization.support
    if access.support == "DISABLED":
        return passed("support has no access")
    if access.support != "ENABLED":
        return inconclusive(f"support access is '{access.support}'")
    end = access.expiration
    if end is None or end.tzinfo is None:
        return failed("support has access, and no end is set")
    try:
        near = end - timedelta(days=max_days)
    except OverflowError:
        return inconclusive("the end of the grant is no date to reckon with")
    if now < near:
        return failed(f"support has access until {end:%Y-%m-%d %H:%M} UTC", until=near)
    return passed(f"support has access until {end:%Y-%m-%d %H:%M} UTC")


@rule(
    criteria=["CC6.1"],
    severity=Severity.INFO,
    known_as=["prowler:signon_dod_warning_banner_configured"],
)
def okta_login_banner(brand: Brand, *, required: tuple[str, ...] = ()) -> Verdict:
    """The sign-in page shows the notice that is required.

    ``required`` texts must all stand on the page, whatever its markup; where none is set no notice is
    required of you, and nothing is judged.

    Why: some laws and contracts ask that people are told whose system this is before they sign in.
    Fix: Customizations, Brands, Pages, Sign-in page: put the text into the page.
    """
    if not required:
        return not_applicable("no notice is required by the configuration")
    page = brand.sign_in_page
    if page is None:
        return failed("the page is Okta's own, without a notice")
    text = _plain(page.page_content)
    missing = [wanted for wanted in required if _plain(wanted) not in text]
    if missing:
        return failed(f"not on the page: {'; '.join(missing)}")
    return passed("the notice stands on the page")


def _plain(markup: str) -> str:
    bare = re.sub(r"<!--.*?-->|<[^>]*>", " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(bare).casefold().split())
