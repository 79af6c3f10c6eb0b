"""API tokens: whose they are, from where they work, and how old they are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.role import Admin, Group, super_admins
from soc2_collectors.okta.models.times import days_after
from soc2_collectors.okta.models.token import ApiToken
from soc2_collectors.okta.models.user import GONE, User
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_NONE = not_applicable("the org has no API tokens")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    needs=[User, Admin, Group],
    empty=_NONE,
    known_as=["prowler:apitoken_not_super_admin"],
)
def okta_api_token_owner(
    token: ApiToken, evidence: Evidence, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """API tokens belong to active accounts with fewer rights than a super administrator's.

    ``exempt`` names tokens that may have a super administrator's rights (of a directory agent, say).

    Why: a token can do all that its owner can, without a second factor, for whoever holds it.
    Fix: make a service app with scopes in place of the token, or a token of an account with a custom
        role; then revoke this one: Security, API, Tokens.
    """
    found = evidence.index(User, "id").get(token.user_id, ())
    if not found:
        return inconclusive(f"its owner, user {token.user_id}, is not among those that were read")
    owner = found[0]
    if owner.status in GONE:
        return failed(f"it belongs to {owner.login}, who is {owner.status}")
    if token.name in exempt:
        return not_applicable(f"{token.name} is exempt")
    if owner.id in super_admins(evidence.account(Admin), evidence.account(Group)):
        return failed(f"it belongs to {owner.login}, a super administrator")
    return passed(f"it belongs to {owner.login}")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    empty=_NONE,
    known_as=["prowler:apitoken_restricted_to_network_zone"],
)
def okta_api_token_network(token: ApiToken) -> Verdict:
    """API tokens work from known network zones only.

    Why: a token that leaked is worth nothing to somebody elsewhere.
    Fix: Security, API, Tokens: edit the token, and name the zones that calls must come from.
    """
    network = token.network
    if network is None:
        return inconclusive("Okta does not say from where the token may be used")
    if network.connection == "ANYWHERE":
        return failed("it may be used from anywhere")
    if network.connection != "ZONE":
        return inconclusive(f"a restriction that is not known here: {network.connection}")
    if network.include:
        return passed(f"it may be used from {', '.join(sorted(network.include))}")
    left_out = ", ".join(sorted(network.exclude))
    return failed(f"it may be used from anywhere but {left_out or 'nowhere'}")


@rule(criteria=["CC6.1", "CC6.2"], severity=Severity.MEDIUM, empty=_NONE)
def okta_api_token_stale(
    token: ApiToken,
    now: datetime,
    *,
    max_age_days: int = 365,
    max_unused_days: int = 30,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """API tokens are in use, and replaced before they are old.

    Okta moves a token's last update with each use. ``exempt`` takes names of tokens that an agent renews by
    itself.

    Why: a token that is used never ends by itself, so whoever once copied it keeps it.
    Fix: make a new token, move the program to it, then revoke the old one; better, use a service app
        whose keys can be rotated.
    """
    if token.name in exempt:
        return not_applicable(f"{token.name} is exempt")
    used = token.last_updated or token.created
    old, idle = days_after(token.created, max_age_days), days_after(used, max_unused_days)
    if now >= old:
        return failed(
            f"made on {token.created:%Y-%m-%d}, over {max_age_days} days since {old:%Y-%m-%d}"
        )
    if now >= idle:
        return failed(
            f"last used on {used:%Y-%m-%d}, over {max_unused_days} days since {idle:%Y-%m-%d}"
        )
    return passed(
        f"made on {token.created:%Y-%m-%d}, last used on {used:%Y-%m-%d}", until=min(old, idle)
    )
