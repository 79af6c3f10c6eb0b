"""How roles of the directory are given, and whether anybody looks at them again."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from soc2_collectors.azure.models.entra import Tenant, User
from soc2_collectors.azure.models.entra_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    AccessReview,
    RoleInstance,
    RolePolicy,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_PROGRAM = "#microsoft.graph.servicePrincipal"
_APPROVED = (PRIVILEGED[GLOBAL_ADMINISTRATOR], PRIVILEGED[PRIVILEGED_ROLE_ADMINISTRATOR])


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleInstance],
    empty=inconclusive("Graph showed no role policy: each role has one where Entra ID P2 is there"),
)
def azure_pim_jit(
    policy: RolePolicy,
    evidence: Evidence,
    *,
    emergency: tuple[str, ...] = (),
    approval: tuple[str, ...] = _APPROVED,
) -> Verdict:
    """Privileged roles are taken for hours, the highest with approval, and held for good by nobody.

    Of people and groups; ``emergency`` names accounts that may hold a role for good. ``approval`` names
    the roles whose activation somebody else must approve.

    Why: a role that is held day and night is there for whoever steals the session.
    Fix: in Privileged Identity Management, change permanent assignments to eligible ones, and demand
        approval to activate Global Administrator and Privileged Role Administrator.
    """
    role = PRIVILEGED.get(policy.role_definition_id)
    if role is None:
        return not_applicable("not one of the privileged built-in roles")
    standing = [
        one.label
        for one in evidence.account(RoleInstance)
        if one.role_definition_id == policy.role_definition_id
        and one.permanent
        and (one.principal is None or one.principal.odata_type != _PROGRAM)
        and not _named(one, emergency)
    ]
    if standing:
        return failed(f"{role} is held for good by {listed(set(standing))}")
    if role in approval and policy.approval is not True:
        if policy.approval is None:
            return inconclusive(f"the policy of {role} does not say whether approval is needed")
        return failed(f"{role} can be activated without approval")
    return passed(f"nobody holds {role} for good")


def _named(held: RoleInstance, patterns: tuple[str, ...]) -> bool:
    names = (held.label.lower(), held.principal_id.lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    needs=[AccessReview, User],
    empty=inconclusive("Graph did not show the tenant"),
)
def azure_access_reviews(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    now: datetime,
    evidence: Evidence,
    *,
    max_days: int = 93,
) -> Verdict:
    """Who holds roles, and which guests there are, is reviewed each quarter, and reviews are completed.

    A review counts that recurs at least every ``max_days`` days and of which a round was completed in that
    time. Guests are asked about where there are any.

    Why: rights pile up and guests stay, where nobody asks whether they are still needed.
    Fix: in Identity Governance, Access reviews, create recurring reviews of Microsoft Entra roles and of
        guest users, and have each round completed.
    """
    reviews = evidence.account(AccessReview)
    asked = {"roles": [one for one in reviews if one.of_roles]}
    if any(one.guest for one in evidence.account(User)):
        asked["guests"] = [one for one in reviews if one.of_guests]
    wrong, right, untils = [], [], []
    for what, found in asked.items():
        until = max((t for one in found if (t := _current(one, max_days))), default=None)
        if not found:
            wrong.append(f"no review of {what}")
        elif until is None:
            wrong.append(f"no review of {what} recurs every {max_days} days and was ever completed")
        elif until <= now:
            wrong.append(f"the last review of {what} was good until {until:%Y-%m-%d}")
        else:
            untils.append(until)
            right.append(what)
    if wrong:
        return failed("; ".join(wrong))
    return passed(f"reviewed in time: {listed(right)}", until=min(untils))


def _current(review: AccessReview, max_days: int) -> datetime | None:
    """Until when the last completed round of a recurring review counts."""
    every, last = review.every_days, review.last_done()
    if every is None or every > max_days or last is None:
        return None
    # A round that runs as long as the recurrence ends when the next one does.
    return last.end_date_time + timedelta(days=max_days)
