"""Administrators: who they are, how they got their roles, and whether they are still there."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.app import OPENID_CONNECT, App
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.role import (
    CUSTOM,
    ROLE_TYPES,
    SUPER_ADMIN,
    Admin,
    Group,
    super_admins,
)
from soc2_collectors.okta.models.times import days_after
from soc2_collectors.okta.models.user import GONE, NO_SECOND_FACTOR, WAITS, User
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread

_SERVICE = ("svc-*", "svc.*", "svc_*", "service-*", "sa-*", "*-svc@*", "*-bot@*")
"""Forms of logins that belong to no person."""
_NOBODY = inconclusive("Okta shows no administrators to this identity, and every org has some")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.HIGH, empty=_NOBODY)
def okta_admin_inactive(
    admin: Admin, now: datetime, *, max_idle_days: int = 45, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Users with administrator roles sign in, and none of them is suspended or deactivated.

    Those who have a role by a group count as well.
    Whether a person is still with the company, by the word of the HR roster, is asked of every account by
    rules of its own. ``exempt`` takes logins or patterns (a break-glass account that is sealed).

    Why: an administrator's account that nobody watches is the best one to take.
    Fix: Security, Administrators: take the roles away, then deactivate the user if the person left.
    """
    roles = sorted({role.name for role in admin.held})
    if not roles:
        return not_applicable("holds no role that is in force")
    user = admin.user
    said = f"{user.login} ({', '.join(roles)})"
    if user.named_in(exempt):
        return not_applicable(f"{user.login} is exempt")
    if user.status in GONE:
        return failed(f"{said} is {user.status} since {user.since:%Y-%m-%d} and keeps the roles")
    if not user.known_status:
        return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
    last = user.last_seen
    due = days_after(last, max_idle_days)
    seen = "signed in last" if last == user.last_login else "never signed in since"
    if now < due:
        return passed(f"{said} {seen} on {last:%Y-%m-%d}", until=due)
    return failed(
        f"{said} {seen} on {last:%Y-%m-%d}, over {max_idle_days} days since {due:%Y-%m-%d}"
    )


@rule(criteria=["CC6.3"], severity=Severity.CRITICAL, needs=[Admin, Group, User])
def okta_super_admin_count(
    organization: Organization,
    evidence: Evidence,
    *,
    min_admins: int = 2,
    max_admins: int = 5,
    service_accounts: tuple[str, ...] = _SERVICE,
    not_counted: tuple[str, ...] = NO_SECOND_FACTOR,
) -> Verdict:
    """A few users are super administrators, each with a second factor, none named like a service account.

    Those who are it by a group count as well, and those who were never activated count against the most.
    ``service_accounts`` takes logins or patterns; ``not_counted`` names types of factors that are no second
    one. Apps are asked by okta-service-app-super-admin.

    Why: with one super administrator the org is lost with an account; each further one can turn off
        every control.
    Fix: Security, Administrators: leave between two and five people in the role, and give the others
        the roles that they need.
    """
    unread = Unread()
    strong = super_admins(
        unread.of(lambda: evidence.account(Admin)), unread.of(lambda: evidence.account(Group))
    )
    users = evidence.index(User, "id")
    people = sorted((users[one][0] for one in strong.ids if one in users), key=lambda u: u.login)
    active = [user for user in people if user.signs_in]
    waiting = [user for user in people if user.status in WAITS]
    org = organization.company_name or organization.subdomain or organization.id
    said = (
        f"{org} has {len(active)} super administrators ({', '.join(user.login for user in active)})"
    )
    if waiting:
        said += f", and {', '.join(user.login for user in waiting)} once activated"
    wrong = []
    complete = not unread and not strong.hidden and strong.ids <= set(users)
    few = complete and len(active) < min_admins
    if strong.ids and (few or len(active) + len(waiting) > max_admins):
        wrong.append(f"{min_admins} to {max_admins} are expected")
    programs = [user.login for user in active if user.named_in(service_accounts)]
    if programs:
        wrong.append(f"not people: {', '.join(programs)}")
    bare = [u.login for u in active if "factors" not in u.gaps and u.lacks_factor(not_counted)]
    if bare:
        wrong.append(f"without a second factor: {', '.join(bare)}")
    if wrong:
        return failed(f"{said}; {'; '.join(wrong)}", on=people)
    unread.demand_all()
    strong.whole()
    if not strong.ids:
        return inconclusive("Okta shows no super administrator, and every org has one")
    unknown = sorted(strong.ids - set(users))
    if unknown:
        return inconclusive(f"users {', '.join(unknown)} are not among those that were read")
    odd = [user.login for user in people if not user.known_status]
    if odd:
        return inconclusive(f"these have a status that is not known here: {', '.join(odd)}")
    unclear = [user.login for user in active if not user.has_factor(not_counted)]
    if unclear:
        return inconclusive(f"these have factors that are not known here: {', '.join(unclear)}")
    return passed(f"{said}, each with a second factor", on=people)


@rule(criteria=["CC6.3"], severity=Severity.HIGH, empty=_NOBODY)
def okta_admin_role_least_privilege(
    admin: Admin,
    *,
    service_accounts: tuple[str, ...] = _SERVICE,
    given_directly: tuple[str, ...] = (SUPER_ADMIN,),
) -> Verdict:
    """Standard roles below super administrator come by a group; no service account is super administrator.

    Custom roles may be given to a person: their set of resources says how far they reach. The types in
    ``given_directly`` may be given to a person as well. ``service_accounts`` takes logins or patterns.

    Why: a role that was given to one person stays when the job changes; a group is reviewed. A
        program that can do everything needs only its secret to leak.
    Fix: Security, Administrators: assign the role to a group or a custom role with a resource set
        instead, and give service accounts the least that they need.
    """
    roles = admin.held
    if not roles:
        return not_applicable("holds no role that is in force")
    login = admin.user.login
    if admin.is_super and admin.user.named_in(service_accounts):
        return failed(f"{login} is a service account and super administrator")
    allowed = (CUSTOM, *given_directly)
    direct = {r.name for r in roles if r.assignment_type == "USER" and r.type not in allowed}
    if direct:
        return failed(f"{login} holds {', '.join(sorted(direct))} directly, by no group")
    if any(role.assignment_type not in ("USER", "GROUP") for role in roles):
        return inconclusive(f"Okta does not say how {login} came by every role")
    said = sorted({f"{role.name} ({'group' if role.by_group else 'directly'})" for role in roles})
    return passed(f"{login} holds {', '.join(said)}")


@rule(criteria=["CC6.3"], severity=Severity.HIGH)
def okta_service_app_super_admin(app: App, *, exempt: tuple[str, ...] = ()) -> Verdict:
    """No service app is super administrator.

    Why: whoever has the app's key owns every account of the company; the scopes that it was granted
        are the only limit left.
    Fix: Applications, the app, Admin roles: give it a custom role, or a standard one that reads only.
    """
    if not app.active:
        return not_applicable(f"{app.called} is {app.status}")
    if app.sign_on_mode == OPENID_CONNECT and app.application_type is None and not app.of_okta:
        return inconclusive(f"Okta does not say what sort of app {app.called} is")
    if not app.service:
        return not_applicable(f"{app.called} is no service app")
    if app.named_in(exempt):
        return not_applicable(f"{app.called} is exempt")
    roles = sorted({role.type for role in app.client_roles if role.status != "INACTIVE"})
    if SUPER_ADMIN in roles:
        return failed(f"{app.called} is super administrator")
    unknown = set(roles) - ROLE_TYPES
    if unknown:
        return inconclusive(f"{app.called} holds roles that are not known here: {listed(unknown)}")
    return passed(f"{app.called} holds {', '.join(roles) or 'no role'}")
