"""Google Workspace and Cloud Identity: the accounts of people."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.values import days_after
from soc2_collectors.gcp.models.workspace import WorkspaceCustomer, WorkspaceUser
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NOBODY = inconclusive("Google shows no user to this identity, and every customer has one")
_NO_CUSTOMER = inconclusive("Google does not show the customer account")


@rule(criteria=["CC6.1", "CC6.6"], severity=Severity.CRITICAL, empty=_NOBODY)
def gcp_workspace_2sv_enforced(user: WorkspaceUser, *, exempt: tuple[str, ...] = ()) -> Verdict:
    """Everybody's account has 2-step verification, and it is enforced.

    Which methods count as a second step the directory does not say: that administrators have security keys
    is shown by the policy in the Admin console. ``exempt`` takes addresses or patterns.

    Why: a password alone is guessed, phished or reused.
    Fix: Admin console, Security, Authentication, 2-step verification: enforcement on, and for administrators
        only security keys.
    """
    who = f"{user.primary_email}{', a super administrator,' if user.is_admin else ''}"
    if not user.signs_in:
        return not_applicable(f"{user.primary_email} cannot sign in")
    if user.named_in(exempt):
        return not_applicable(f"{user.primary_email} is exempt")
    if user.is_enforced_in_2_sv is None or user.is_enrolled_in_2_sv is None:
        return inconclusive(f"Google does not say whether {user.primary_email} has a second step")
    if not user.is_enrolled_in_2_sv:
        return failed(f"{who} has no second step")
    if not user.is_enforced_in_2_sv:
        return failed(f"{who} has a second step that is not enforced")
    return passed(f"{who} has a second step, and it is enforced")


@rule(criteria=["CC6.2"], severity=Severity.HIGH, empty=_NOBODY)
def gcp_workspace_inactive_users(
    user: WorkspaceUser, now: datetime, *, max_idle_days: int = 90, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Accounts of Workspace that nobody uses are suspended.

    Whether a person is still with the company, by the word of the HR roster, is asked by rules of its own.
    ``exempt`` takes addresses or patterns.

    Why: a forgotten account is missed by nobody when somebody else uses it, often that of a person
        who has left.
    Fix: Admin console, Directory, Users: suspend the user.
    """
    if not user.signs_in:
        return not_applicable(f"{user.primary_email} cannot sign in")
    if user.named_in(exempt):
        return not_applicable(f"{user.primary_email} is exempt")
    last = user.last_seen
    due = days_after(last, max_idle_days)
    said = "signed in last" if user.signed_in else "never signed in since it was made"
    told = f"{user.primary_email} {said} on {last:%Y-%m-%d}"
    if now < due:
        return passed(told, until=due)
    return failed(f"{told}, over {max_idle_days} days since {due:%Y-%m-%d}")


@rule(criteria=["CC6.3"], severity=Severity.HIGH, needs=[WorkspaceUser], empty=_NO_CUSTOMER)
def gcp_workspace_superadmin_count(
    customer: WorkspaceCustomer,
    evidence: Evidence,
    *,
    min_admins: int = 2,
    max_admins: int = 4,
    separate: tuple[str, ...] = (),
) -> Verdict:
    """Workspace has a few super administrators, each account for that work alone.

    ``separate`` takes patterns (``admin-*@acme.example``) for accounts that do only admin work; without it
    only their number is judged.

    Why: with one super administrator the company is lost with an account; each further one can read
        everybody's mail.
    Fix: Admin console, Account, Admin roles: leave between two and four in Super Admin, each of them an
        account beside the person's own.
    """
    users = evidence.here(WorkspaceUser)
    admins = sorted(u.primary_email for u in users if u.is_admin and u.signs_in)
    if not admins:
        return inconclusive("Google shows no super administrator, and every customer has one")
    said = f"{customer.customer_domain} has {len(admins)} super administrators ({listed(admins)})"
    wrong = []
    if not min_admins <= len(admins) <= max_admins:
        wrong.append(f"{min_admins} to {max_admins} are expected")
    daily = [
        u.primary_email for u in users if u.primary_email in admins and not u.named_in(separate)
    ]
    if separate and daily:
        wrong.append(f"not accounts for admin work alone: {listed(daily)}")
    return failed(f"{said}; {'; '.join(wrong)}") if wrong else passed(said)
