"""How roles of the directory are given, and whether anybody looks at them again."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.entra import Tenant, User
from soc2_collectors.azure.models.entra_reviews import AccessReview
from soc2_collectors.azure.models.entra_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    RoleAssignment,
    RoleEligibility,
    RoleInstance,
    RolePolicy,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import ROLES
from soc2_rules.mechanisms.entra_reviews import Counted, counted, roles_covered
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    max_active_days: int = 366,
) -> Verdict:
    """Privileged roles are taken for hours, the highest with approval, and held for good by nobody.

    Of people and groups; ``emergency`` names accounts that may hold a role for good. For good is what has no
    end, or one later than ``max_active_days`` after its start. ``approval`` names the roles whose activation
    somebody else must approve. A group that holds a role for good counts, whoever may join it.

    Why: a role that is held day and night is there for whoever steals the session.
    Fix: in Privileged Identity Management, change permanent assignments to eligible ones, and demand
        approval to activate Global Administrator and Privileged Role Administrator.
    """
    role = PRIVILEGED.get(policy.role_definition_id.casefold())
    if role is None:
        return not_applicable("not one of the privileged built-in roles")
    here = [
        one
        for one in evidence.account(RoleInstance)
        if one.role_definition_id.casefold() == policy.role_definition_id.casefold()
        and (one.principal is None or one.principal.odata_type != _PROGRAM)
        and not _named(one, emergency)
    ]
    standing = [one for one in here if one.standing(max_active_days)]
    if standing:
        who = listed({one.label for one in standing})
        return failed(f"{role} is held for good by {who}", on=standing)
    if role in approval and policy.approval is not True:
        if policy.approval is None:
            return inconclusive(f"the policy of {role} does not say whether approval is needed")
        return failed(f"{role} can be activated without approval")
    return passed(f"nobody holds {role} for good", on=here)


def _named(held: RoleInstance, patterns: tuple[str, ...]) -> bool:
    names = (held.label.lower(), held.principal_id.lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    needs=[AccessReview, User, *ROLES],
    empty=inconclusive("Graph did not show the tenant"),
)
def azure_access_reviews(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    now: datetime,
    evidence: Evidence,
    *,
    max_days: int = 93,
) -> Verdict:
    """Who holds privileged roles, and which guests there are, is reviewed each quarter, by persons.

    A review counts that recurs at least every ``max_days`` days, whose series goes on, and whose last round
    was completed in that time, each access decided by a person or taken away. Reviews must cover each
    privileged role that a person has or may activate, Global Administrator in any case; and all guests,
    where there are any: their access to all groups, or to every Microsoft 365 group. Privileged are built-in
    roles that Microsoft calls so, and some more; roles of the tenant's own are not asked about.

    Why: rights pile up and guests stay, where nobody asks whether they are still needed.
    Fix: in Identity Governance, Access reviews, create recurring reviews of Microsoft Entra roles and of
        guest users, and have each round completed.
    """
    reviews = evidence.account(AccessReview)
    roles = counted([one for one in reviews if one.touches_roles], now, max_days)
    asked: dict[str, tuple[Counted, str]] = {"roles": (roles, "")}
    unread = Unread()
    if any(one.guest for one in unread.of(lambda: evidence.account(User))):
        guests = counted([one for one in reviews if one.touches_guests], now, max_days)
        some = guests.good and not any(one.all_guests for one, _ in guests.good)
        partial = "only guests of single groups, or who are inactive, are reviewed" if some else ""
        asked["guests"] = (guests, partial)
    wrong = [
        f"no review of {what} counts ({found.why})"
        for what, (found, _) in asked.items()
        if not found.good and not found.unsure
    ]
    bare = _bare(evidence, roles, unread)
    if roles.good and not roles.unsure and bare:
        wrong.append(f"roles without a review that counts: {bare}")
    turns = min((turn for found, _ in asked.values() for turn in found.turns), default=None)
    if wrong:
        return failed("; ".join(wrong), until=turns, on=reviews)
    unread.demand_all()
    doubts = [
        f"whether {what} are reviewed cannot be told ({found.why})"
        for what, (found, _) in asked.items()
        if not found.good
    ]
    doubts += [partial for _, partial in asked.values() if partial]
    if not doubts and bare:
        doubts.append(f"whether these roles are reviewed cannot be told: {bare} ({roles.why})")
    if doubts:
        return inconclusive("; ".join(doubts), until=turns, on=reviews)
    good = [pair for found, _ in asked.values() for pair in found.good]
    names = listed({one.display_name for one, _ in good})
    return passed(
        f"reviewed in time: {listed(asked)}; by {names}",
        until=min(until for _, until in good),
        on=[one for one, _ in good],
    )


def _bare(evidence: Evidence, reviews: Counted, unread: Unread) -> str:
    """Names of the privileged roles that people have and that no review covers; empty: none is known."""
    held: Iterable[RoleAssignment | RoleEligibility] = (
        *unread.of(lambda: evidence.account(RoleAssignment)),
        *unread.of(lambda: evidence.account(RoleEligibility)),
    )
    asked = {one.role_definition_id.casefold() for one in held if one.privileged and one.by_people}
    left = (asked | {GLOBAL_ADMINISTRATOR}) - roles_covered(one for one, _ in reviews.good)
    return listed(PRIVILEGED[role] for role in left) if left else ""
