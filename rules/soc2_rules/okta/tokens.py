"""API tokens: whose they are, from where they work, and how old they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.okta.models.network import ALL_ZONES, NetworkZone, held
from soc2_collectors.okta.models.role import Admin, Group, super_admins
from soc2_collectors.okta.models.times import days_after
from soc2_collectors.okta.models.token import ApiToken
from soc2_collectors.okta.models.user import GONE, WAITS, User
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread, holding

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = not_applicable("the org has no API tokens")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    needs=[User, Admin, Group],
    empty=_NONE,
    known_as=["prowler:apitoken_not_super_admin"],
)
def okta_api_token_owner(
    token: ApiToken, now: datetime, evidence: Evidence, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """API tokens belong to active accounts with fewer rights than a super administrator's.

    ``exempt`` names tokens that may have a super administrator's rights (of a directory agent, say). One that
    ended opens nothing, and is not asked.

    Why: a token can do all that its owner can, without a second factor, for whoever holds it.
    Fix: make a service app with scopes in place of the token, or a token of an account with a custom
        role; then revoke this one: Security, API, Tokens.
    """
    if _ended(token, now):
        return not_applicable(f"it ended on {token.expires_at:%Y-%m-%d}")
    return _until_it_ends(token, lambda: _of_owner(token, evidence, exempt))


def _of_owner(token: ApiToken, evidence: Evidence, exempt: tuple[str, ...]) -> Verdict:
    """Whether the owner of a token that did not end is active, and no super administrator."""
    found = evidence.index(User, "id").get(token.user_id, ())
    if not found:
        return inconclusive(f"its owner, user {token.user_id}, is not among those that were read")
    owner = found[0]
    if owner.status in GONE | WAITS:
        return failed(f"it belongs to {owner.login}, who is {owner.status}", on=[owner])
    if not owner.known_status:
        return inconclusive(
            f"its owner {owner.login} has a status that is not known: {owner.status}"
        )
    if token.name in exempt:
        return not_applicable(f"{token.name} is exempt")
    unread = Unread()
    strong = super_admins(
        unread.of(lambda: evidence.account(Admin)), unread.of(lambda: evidence.account(Group))
    )
    if owner.id in strong.ids:
        return failed(f"it belongs to {owner.login}, a super administrator", on=[owner])
    unread.demand_all()
    strong.whole()
    if not strong.ids:
        return inconclusive("Okta shows no super administrator, and every org has one")
    return passed(f"it belongs to {owner.login}, no super administrator", on=[owner])


def _until_it_ends(token: ApiToken, judged: Callable[[], Verdict]) -> Verdict:
    """The verdict on a token that did not end: once it did, nothing is asked of it, read or unread."""
    try:
        return replace(judged(), until=token.expires_at)
    except (EvidenceIncomplete, FactUnavailable) as error:
        raise holding(error, token.expires_at) from error


def _ended(token: ApiToken, now: datetime) -> bool:
    """Whether nobody can use it any more."""
    return token.expires_at is not None and token.expires_at <= now


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[NetworkZone],
    empty=_NONE,
    known_as=["prowler:apitoken_restricted_to_network_zone"],
)
def okta_api_token_network(token: ApiToken, now: datetime, evidence: Evidence) -> Verdict:
    """API tokens work from network zones of known addresses only.

    Zones count that are active; what they hold together must be less than a tenth of the public addresses.
    Whether a dynamic zone (a country, a provider) is narrow enough is not judged. A token that ended opens
    nothing, and is not asked.

    Why: a token that leaked is worth nothing to somebody elsewhere.
    Fix: Security, API, Tokens: edit the token, and name the zones that calls must come from; Security,
        Networks: let these hold the addresses of the machines that use it.
    """
    if _ended(token, now):
        return not_applicable(f"it ended on {token.expires_at:%Y-%m-%d}")
    return _until_it_ends(token, lambda: _from_zones(token, evidence))


def _from_zones(token: ApiToken, evidence: Evidence) -> Verdict:
    """Whether a token that did not end works from zones of known addresses only."""
    network = token.network
    if network is None:
        return inconclusive("Okta does not say from where the token may be used")
    if network.connection == "ANYWHERE":
        return failed("it may be used from anywhere")
    if network.connection != "ZONE":
        return inconclusive(f"a restriction that is not known here: {network.connection}")
    if not network.include:
        left_out = ", ".join(sorted(network.exclude or ()))
        return failed(f"it may be used from anywhere but {left_out or 'nowhere'}")
    zones = {zone.id: zone for zone in evidence.account(NetworkZone)}
    named = [zones[key] for key in network.include if key in zones]
    if ALL_ZONES in network.include:
        named = [zone for zone in zones.values() if zone.for_policies]
    active = [zone for zone in named if zone.active]
    names = listed(zone.name for zone in named)
    if any(held([zone]).is_open() for zone in active) or held(active).is_open():
        return failed(f"the zones that it may be used from hold the internet: {names}", on=active)
    lost = sorted(set(network.include) - set(zones) - {ALL_ZONES})
    if lost:
        return inconclusive(f"zones that Okta does not list: {', '.join(lost)}")
    if named and all(zone.status == "INACTIVE" for zone in named):
        return failed(f"the zones that it may be used from are inactive: {names}", on=named)
    unclear = [
        zone.name
        for zone in named
        if zone.status != "INACTIVE"
        and not (zone.narrows and zone.type == "IP")
        # One that holds no address lets nobody in.
        and not (zone.active and zone.type == "IP" and not zone.sources)
    ]
    if unclear:
        return inconclusive(f"which addresses these zones hold is not known: {listed(unclear)}")
    if not held(active):
        return inconclusive(f"the zones that it may be used from hold no address: {names}")
    good = listed(zone.name for zone in active)
    return passed(f"it may be used from {good}", on=active)


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
    end = token.expires_at
    if _ended(token, now):
        return not_applicable(f"it ended on {end:%Y-%m-%d}")
    used = token.last_updated or token.created
    old, idle = days_after(token.created, max_age_days), days_after(used, max_unused_days)
    if now >= old:
        return failed(
            f"made on {token.created:%Y-%m-%d}, over {max_age_days} days since {old:%Y-%m-%d}",
            until=end,
        )
    if now >= idle:
        return failed(
            f"last used on {used:%Y-%m-%d}, over {max_unused_days} days since {idle:%Y-%m-%d}",
            until=end,
        )
    return passed(
        f"made on {token.created:%Y-%m-%d}, last used on {used:%Y-%m-%d}",
        until=min(old, idle, end or idle),
    )
