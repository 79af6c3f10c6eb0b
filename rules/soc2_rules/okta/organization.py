"""Settings that the org has once."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import NamedTuple

from soc2_collectors.okta.models.organization import Brand, Organization
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
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
    if not 0 < console.session_idle_timeout_minutes <= max_idle_minutes:
        wrong.append(f"{max_idle_minutes} minutes unused")
    if not 0 < console.session_max_lifetime_minutes <= 60 * max_lifetime_hours:
        wrong.append(f"{60 * max_lifetime_hours} minutes in all")
    if wrong:
        return failed(f"sessions end {said}; {' and '.join(wrong)} are expected")
    return passed(f"sessions end {said}")


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, empty=_NO_ORG)
def okta_support_access_off(
    organization: Organization, now: datetime, *, max_days: int = 2
) -> Verdict:
    """Okta's support has no access to the org, or not for long.

    ``max_days``: how far ahead the end of a grant may lie. The grant for the whole org is asked, and those
    for single cases. For a case that support opened by itself Okta shows that access was approved, and not
    until when.

    Why: support staff act with the rights of an administrator, and theirs have been stolen before.
    Fix: Settings, Account, Give Access to Okta Support: revoke the grant when the case is done.
    """
    access = organization.support
    org = _Grant("support", access.support, access.expiration)
    said = _granted([org], now, max_days)
    if said is not None and said.status is Status.FAIL:
        return said
    cases = [
        _Grant(
            f"support, for {case.called},",
            case.impersonation.status if case.impersonation else None,
            case.impersonation.expiration if case.impersonation else None,
        )
        for case in organization.support_cases
    ]
    cases += [
        _Grant(
            f"support, for {case.called}, which it opened itself,", case.self_assigned.status, None
        )
        for case in organization.support_cases
        if case.self_assigned is not None
    ]
    said = _granted([org, *cases], now, max_days)
    return said or passed(f"support has no access, nor for any of the {len(cases)} cases that show")


class _Grant(NamedTuple):
    """Whether support has access, to the org or for one case."""

    who: str
    status: str | None
    end: datetime | None


def _granted(grants: list[_Grant], now: datetime, max_days: int) -> Verdict | None:
    """What is to be said of access that support has; ``None``: it has none."""
    given = [one for one in grants if one.status == "ENABLED"]
    for one in given:
        if one.end is None or one.end.tzinfo is None:
            return failed(f"{one.who} has access, and no end is set")
    ends = sorted((one.end, one.who) for one in given if one.end is not None)
    said = None
    if ends:
        end, who = ends[-1]
        try:
            near = end - timedelta(days=max_days)
        except OverflowError:
            return inconclusive("the end of the grant is no date to reckon with")
        text = f"{who} has access until {end:%Y-%m-%d %H:%M} UTC"
        if now < near:
            return failed(text, until=near)
        said = passed(text)
    odd = [one for one in grants if one.status not in ("ENABLED", *_NO_ACCESS)]
    return inconclusive(f"the access of {odd[0].who} is '{odd[0].status}'") if odd else said


_NO_ACCESS = ("DISABLED", "NOT_REQUESTED", "NOT_REQUIRED", "REQUESTED")


@rule(
    criteria=["CC6.1"],
    severity=Severity.INFO,
    known_as=["prowler:signon_dod_warning_banner_configured"],
)
def okta_login_banner(brand: Brand, *, required: tuple[str, ...] = ()) -> Verdict:
    """The sign-in page holds the notice that is required.

    ``required`` texts must all stand in the page's own text, whatever its markup: not in a comment, script,
    style or template. Whether the page's styles show them is not judged. Where none is set no notice is
    required of you, and nothing is judged.

    Why: some laws and contracts ask that people are notified whose system this is before they sign in.
    Fix: Customizations, Brands, Pages, Sign-in page: put the text into the page.
    """
    if not required:
        return not_applicable("no notice is required by the configuration")
    page = brand.sign_in_page
    if page is None or page.page_content is None:
        return failed("the page is Okta's own, without a notice")
    text = _plain(page.page_content)
    missing = [wanted for wanted in required if _plain(wanted) not in text]
    if missing:
        return failed(f"not on the page: {'; '.join(missing)}")
    return passed("the notice stands on the page")


_UNSEEN = re.compile(
    r"<!--.*?(?:-->|$)|<(script|style|template|noscript|head)\b.*?(?:</\1\s*>|$)|<[^>]*>",
    re.DOTALL | re.IGNORECASE,
)


def _plain(markup: str) -> str:
    bare = _UNSEEN.sub(" ", markup)
    return " ".join(html.unescape(bare).casefold().split())
