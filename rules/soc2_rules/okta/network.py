"""From where people come, and which sites may call Okta."""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from soc2_collectors.okta.models.network import (
    ANONYMIZERS,
    NOT_TOR,
    TOR,
    NetworkZone,
    ThreatInsight,
    TrustedOrigin,
)
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import SignOnPolicy, effective
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_ORG = inconclusive("Okta did not show the org")


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.HIGH,
    empty=inconclusive("Okta did not show the settings of ThreatInsight"),
)
def okta_threatinsight_block(settings: ThreatInsight, *, max_exempt_zones: int = 1) -> Verdict:
    """ThreatInsight blocks suspicious addresses and leaves out few zones.

    Why: addresses that try stolen passwords elsewhere try them here too; blocking costs nobody
        anything.
    Fix: Security, General, Okta ThreatInsight: "Log and enforce security based on threat level", and
        exempt the company's own exits only.
    """
    if settings.action != "block":
        return failed(f"the action is {settings.action}: suspicious addresses get in")
    exempt = len(settings.exclude_zones)
    if exempt > max_exempt_zones:
        return failed(
            f"blocks, but {exempt} zones are exempt, {max_exempt_zones} at most are expected"
        )
    return passed(f"blocks suspicious addresses; exempt zones: {exempt}")


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
    is bound to places or networks as well, or that leaves services of this sort out, does not count.

    Why: attackers come through anonymizers, and nobody of the company needs one to sign in.
    Fix: Security, Networks: activate DefaultEnhancedDynamicZone, or add an enhanced dynamic zone that
        blocks all anonymizers.
    """
    blocking = [z for z in evidence.account(NetworkZone) if z.active and z.usage == "BLOCKLIST"]
    covered = set().union(*(zone.anonymizers for zone in blocking))
    if {TOR, NOT_TOR} <= covered:
        covered.add(ANONYMIZERS)
    if ANONYMIZERS in covered:
        covered |= {TOR, NOT_TOR}
    names = listed(zone.name for zone in blocking if zone.anonymizers)
    if expected in covered:
        return passed(f"blocked by {names}")
    return failed(
        f"no active blocklist zone of {organization.id} covers {expected}; some of it: {names}"
    )


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[NetworkZone, SignOnPolicy],
    known_as=["prowler:signon_global_session_policy_network_zone_enforced"],
    empty=_NO_ORG,
)
def okta_network_zones_defined(organization: Organization, evidence: Evidence) -> Verdict:
    """Network zones are defined, and a global session policy looks at them.

    Why: without them a sign-in from the office is judged like one from anywhere in the world.
    Fix: Security, Networks: describe the company's networks; Security, Global Session Policy: bind a
        rule to a zone, or refuse what comes from outside of them.
    """
    shown = evidence.account(NetworkZone)
    usable = (z for z in shown if z.active and z.usage == "POLICY" and z.holds_addresses)
    zones = {zone.id: zone.name for zone in usable}
    if not zones:
        return failed(
            f"no active zone of {organization.id} that policies may name holds an address"
        )
    used = {
        zone
        for policy in evidence.account(SignOnPolicy)
        if policy.active
        for one in effective(policy.rules)
        for zone in one.zones
    }
    named = [name for key, name in zones.items() if key in used]
    if named:
        return passed(f"a global session policy looks at {listed(named)}")
    strange = used - {zone.id for zone in shown}
    if strange:
        return inconclusive(f"policies look at zones that Okta does not list: {listed(strange)}")
    return failed(f"no global session policy looks at a zone; there are {listed(zones.values())}")


@rule(criteria=["CC6.6", "CC6.7"], severity=Severity.MEDIUM)
def okta_trusted_origins(
    origin: TrustedOrigin,
    *,
    schemes: tuple[str, ...] = ("https",),
    known_hosts: tuple[str, ...] = (),
) -> Verdict:
    """Trusted origins use HTTPS, and are known.

    ``known_hosts`` are patterns such as ``*.acme.example``; empty: hosts are not judged. ``schemes`` may
    admit those of mobile frameworks.

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
    if known_hosts and not any(fnmatchcase(host, pattern.lower()) for pattern in known_hosts):
        return failed(f"{origin.origin} ({uses}) is not among the known hosts")
    return passed(f"{origin.origin} ({uses})")
