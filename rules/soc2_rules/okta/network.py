"""From where people come, and which sites may call Okta."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from soc2_collectors.okta.models.network import (
    ALL_ZONES,
    ANONYMIZERS,
    NOT_TOR,
    TOR,
    NetworkZone,
    ThreatInsight,
    TrustedOrigin,
    held,
)
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import SignOnPolicy, certain
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread
from soc2_rules.mechanisms.okta_policies import in_force

_NO_ORG = inconclusive("Okta did not show the org")


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.HIGH,
    needs=[NetworkZone],
    empty=inconclusive("Okta did not show the settings of ThreatInsight"),
)
def okta_threatinsight_block(
    settings: ThreatInsight, evidence: Evidence, *, max_exempt_zones: int = 1
) -> Verdict:
    """ThreatInsight blocks suspicious addresses and leaves out few zones of known addresses.

    The zone of addresses that Okta lets past every blocklist counts as left out where it holds any.

    Why: addresses that try stolen passwords elsewhere try them here too; blocking costs nobody
        anything.
    Fix: Security, General, Okta ThreatInsight: "Log and enforce security based on threat level", and
        exempt the company's own exits only.
    """
    if settings.action != "block":
        return failed(f"the action is {settings.action}: suspicious addresses get in")
    chosen = set(settings.exclude_zones)
    if len(chosen) > max_exempt_zones:
        return failed(
            f"blocks, but {len(chosen)} zones are exempt, {max_exempt_zones} at most are expected"
        )
    zones = [
        zone
        for zone in evidence.account(NetworkZone)
        if zone.status != "INACTIVE" and (zone.id in chosen or (zone.exempt and zone.sources))
    ]
    names = listed(zone.name for zone in zones)
    if held(zones).is_open():
        return failed(f"blocks, but the zones that are exempt hold the internet: {names}", on=zones)
    lost = chosen - {zone.id for zone in evidence.account(NetworkZone)}
    if lost:
        return inconclusive(f"exempt zones that Okta does not list: {listed(lost)}")
    unclear = [zone.name for zone in zones if zone.narrows is None or zone.type != "IP"]
    if unclear:
        return inconclusive(
            f"which addresses these exempt zones hold is not known: {listed(unclear)}"
        )
    return passed(f"blocks suspicious addresses; exempt zones: {names or 'none'}", on=zones)


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[NetworkZone],
    known_as=["prowler:network_zone_block_anonymized_proxies"],
    empty=_NO_ORG,
)
def okta_block_anonymizers(
    organization: Organization, evidence: Evidence, *, expected: str = ANONYMIZERS
) -> Verdict:
    """A blocklist zone covers anonymizing proxies.

    ``expected``: ``ALL_ANONYMIZERS``, or ``ANONYMIZER_TOR`` where other proxies are admitted. A zone that
    is bound to places or networks as well, or that leaves any service out, does not count. The zone of
    addresses that Okta lets past every blocklist must not hold the internet.

    Why: attackers come through anonymizers, and nobody of the company needs one to sign in.
    Fix: Security, Networks: activate DefaultEnhancedDynamicZone, or add an enhanced dynamic zone that
        blocks all anonymizers.
    """
    shown = evidence.account(NetworkZone)
    blocking = [zone for zone in shown if zone.active and zone.usage == "BLOCKLIST"]
    covered = set().union(*(zone.anonymizers for zone in blocking))
    if {TOR, NOT_TOR} <= covered:
        covered.add(ANONYMIZERS)
    if ANONYMIZERS in covered:
        covered |= {TOR, NOT_TOR}
    counted = [zone for zone in blocking if zone.anonymizers]
    names = listed(zone.name for zone in counted)
    if expected not in covered:
        return failed(
            f"no active blocklist zone of {organization.id} covers {expected}; some of it: {names}"
        )
    exempt = [zone for zone in shown if zone.exempt and zone.status != "INACTIVE"]
    opened = held(exempt).is_open()
    if opened:
        past = listed(zone.name for zone in exempt)
        return failed(f"blocked by {names}, and the internet is let past it by {past}", on=exempt)
    if opened is None:
        return inconclusive("which addresses are let past the blocklist is not known")
    return passed(f"blocked by {names}", on=counted)


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[NetworkZone, SignOnPolicy, Group],
    known_as=["prowler:signon_global_session_policy_network_zone_enforced"],
    empty=_NO_ORG,
)
def okta_network_zones_defined(organization: Organization, evidence: Evidence) -> Verdict:
    """Network zones are defined, and a global session policy asks for them.

    Zones count that are active and hold some addresses, and not the internet; rules that are active and
    not hidden behind one that always matches; policies that none for the same people hides.

    Why: without them a sign-in from the office is judged like one from anywhere in the world.
    Fix: Security, Networks: describe the company's networks; Security, Global Session Policy: bind a
        rule to a zone, or refuse what comes from outside of them.
    """
    unread = Unread()
    shown = unread.of(lambda: evidence.account(NetworkZone))
    zones = {zone.id: zone for zone in shown if zone.for_policies and zone.narrows is not False}
    if not zones and not unread:
        return failed(
            f"no active zone of {organization.id} that policies may name holds a part of the internet"
        )
    used = {
        key
        for policy in in_force(evidence, SignOnPolicy)
        for one in certain(policy.rules)
        for key in one.zones
    }
    if not used and unread:
        return failed("no global session policy asks for a zone")
    unread.demand_all()
    if ALL_ZONES in used:
        used |= set(zones)
    named = [zone for key, zone in zones.items() if key in used]
    good = [zone for zone in named if zone.narrows]
    if good:
        return passed(f"a global session policy asks for {listed(z.name for z in good)}", on=good)
    strange = used - {zone.id for zone in shown} - {ALL_ZONES}
    if strange:
        return inconclusive(f"policies ask for zones that Okta does not list: {listed(strange)}")
    if named:
        names = listed(zone.name for zone in named)
        return inconclusive(f"which addresses these zones hold is not known: {names}")
    names = listed(zone.name for zone in zones.values())
    return failed(f"no global session policy asks for a zone; there are {names}")


@rule(criteria=["CC6.6", "CC6.7"], severity=Severity.MEDIUM)
def okta_trusted_origins(
    origin: TrustedOrigin,
    *,
    schemes: tuple[str, ...] = ("https",),
    known_hosts: tuple[str, ...] = (),
) -> Verdict:
    """Trusted origins use HTTPS, and are known where hosts are named.

    ``known_hosts`` are patterns such as ``*.acme.example``. Where it is empty an origin that stands for many
    hosts is open, for others may own some of them (``*.github.io``); one that stands for every host of a
    top-level domain fails. ``schemes`` may admit those of mobile frameworks.

    Why: whatever runs on a trusted origin acts in Okta for the person whose browser shows it.
    Fix: Security, API, Trusted Origins: switch off what is not needed, and change http to https.
    """
    if origin.status == "INACTIVE":
        return not_applicable("the origin is inactive")
    try:
        parts = urlsplit(origin.origin)
        host = parts.hostname or ""
    except ValueError:
        return inconclusive("the origin is not a URL")
    uses = listed(scope.type for scope in origin.scopes)
    if parts.scheme not in schemes:
        return failed(f"{origin.origin} ({uses}) is not {' or '.join(schemes)}")
    if not host:
        return inconclusive(f"{origin.origin} names no host")
    if "*" in host.rpartition(".")[2] or re.fullmatch(r"[^.]*\*[^.]*\.[^.]*", host):
        return failed(f"{origin.origin} ({uses}) stands for hosts of anybody")
    if known_hosts and not any(fnmatchcase(host, pattern.lower()) for pattern in known_hosts):
        return failed(f"{origin.origin} ({uses}) is not among the known hosts")
    if "*" in host and not known_hosts:
        return inconclusive(
            f"{origin.origin} ({uses}) stands for many hosts; which are known is not configured"
        )
    known = "a known host" if known_hosts else "which hosts are known is not configured"
    return passed(f"{origin.origin} ({uses}): {known}")
