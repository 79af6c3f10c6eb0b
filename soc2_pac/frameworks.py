"""Other frameworks that findings are grouped by: ids and our own words. ISO's text is not shipped.

ISO/IEC 27001:2022 has 93 controls in its Annex A. Each says here which criteria of SOC 2 it overlaps with. A
criterion is wide, so words of a rule's id choose among the controls of its criteria: ``mfa`` leads to secure
authentication, ``kms`` to cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FRAMEWORKS = ("soc2", "iso27001")


@dataclass(frozen=True, slots=True)
class AnnexControl:
    """A control of Annex A."""

    id: str
    """``A.8.5``."""
    title: str
    """What it asks for, in our words."""
    criteria: tuple[str, ...] = ()
    """Criteria that overlap with it."""
    words: tuple[str, ...] = ()
    """Parts of the ids of rules that are about it; without any, no rule shows it and people do."""


def _one(number: str, title: str, criteria: str = "", words: str = "") -> AnnexControl:
    return AnnexControl(f"A.{number}", title, tuple(criteria.split()), tuple(words.split()))


_ANNEX_A = (
    _one("5.1", "Policies for information security are approved and known", "CC5.3 CC2.2"),
    _one("5.2", "Duties and responsibilities are assigned", "CC1.3"),
    _one("5.3", "Conflicting duties are separated", "CC6.3 CC8.1 CC5.1",
         "approvals separation bypass self author admin administrators codeowners reviews protected"),
    _one("5.4", "Management has everyone keep to the policies", "CC1.1 CC1.2 CC1.5", "board"),
    _one("5.5", "Contacts with authorities are kept", "CC2.3"),
    _one("5.6", "Contacts with groups of specialists are kept", "CC2.3",
         "contact contacts"),
    _one("5.7", "Threats are followed and analysed", "CC3.2 CC7.2 CC7.3",
         "guardduty defender threatinsight threat detection detective scc inspector macie"),
    _one("5.8", "Projects take information security into account", "CC3.4 CC8.1"),
    _one("5.9", "An inventory of information and assets is kept", "CC6.1",
         "inventory config recorder asset tags tagged labels owner owned cmdb"),
    _one("5.10", "Acceptable use is laid down", "CC1.1 CC2.2"),
    _one("5.11", "Assets come back when people leave", "CC6.4 CC6.5"),
    _one("5.12", "Information is classified", "C1.1 CC3.2", "macie classification classified"),
    _one("5.13", "Information is labelled", "C1.1"),
    _one("5.14", "Information is protected when it is transferred", "CC6.7",
         "tls ssl https transit sharing shared share link external"),
    _one("5.15", "Access to information and assets is controlled by rules", "CC6.1 CC6.3 CC6.6",
         "public access policy policies world anonymous exposure open acl acls ubla wildcards escalation entra "
         "deputy cross profile"),
    _one("5.16", "Identities are managed from first to last", "CC6.1 CC6.2",
         "users user roster identity members guests deprovisioned inactive match accounts federated scim"),
    _one("5.17", "Passwords, keys and other secrets are managed", "CC6.1",
         "password passwords key keys secret secrets token tokens credentials credential rotation pat certificate"),
    _one("5.18", "Access rights are granted, reviewed and taken away", "CC6.2 CC6.3",
         "access review reviews roles role admin admins privileged grants permissions deprovisioned leavers members"),
    _one("5.19", "Risks of suppliers are managed", "CC9.2", "vendor"),
    _one("5.20", "Agreements with suppliers cover information security", "CC9.2"),
    _one("5.21", "Risks in the supply chain of technology are managed", "CC9.2 CC6.8 CC7.1",
         "actions pinned dependabot dependencies image images registry ecr supply workflow apps oauth"),
    _one("5.22", "Services of suppliers are watched and reviewed", "CC9.2 CC4.1 CC6.4 CC6.5", "vendor csp"),
    _one("5.23", "Use of cloud services is governed", "CC6.1 CC6.6 CC9.2",
         "org organization organisation scp guardrails account region regions landing subscription"),
    _one("5.24", "The handling of incidents is planned", "CC7.3 CC7.4", "incident response contact"),
    _one("5.25", "Events are assessed and decided on", "CC7.3", "overdue findings failures due triage alerts"),
    _one("5.26", "Incidents are responded to", "CC7.4", "incident overdue findings failures due"),
    _one("5.27", "Incidents are learned from", "CC7.4 CC7.5", "incident"),
    _one("5.28", "Evidence is collected and kept", "CC7.3 CC7.4",
         "trail log logs audit retention validation immutable"),
    _one("5.29", "Information stays secure during a disruption", "A1.2 A1.3"),
    _one("5.30", "Technology is ready for continuity", "A1.2 A1.3 CC9.1",
         "multi zone zones replica replication redundancy failover pitr backup restore"),
    _one("5.31", "Legal, regulatory and contractual duties are known", "CC2.3 CC3.1"),
    _one("5.32", "Intellectual property is respected", "CC1.1"),
    _one("5.33", "Records are protected", "C1.1 C1.2 CC6.1 CC7.2",
         "retention lock immutable immutability versioning delete deletion"),
    _one("5.34", "Personal data is protected", "P1.1 P4.1 P6.1"),
    _one("5.35", "Information security is reviewed independently", "CC4.1"),
    _one("5.36", "Policies, rules and standards are kept", "CC4.1 CC5.3 CC7.1",
         "control policy compliance standard standards baseline"),
    _one("5.37", "Procedures of operation are written down", "CC5.3"),
    _one("6.1", "People are screened before they start", "CC1.4", "background screening"),
    _one("6.2", "Terms of employment name duties of security", "CC1.1"),
    _one("6.3", "People are made aware, and trained", "CC1.4 CC2.2", "training"),
    _one("6.4", "Violations have consequences", "CC1.5"),
    _one("6.5", "Duties after employment are enforced", "CC6.2 CC1.1", "deprovisioned leavers"),
    _one("6.6", "Confidentiality is agreed on", "CC1.1 C1.1"),
    _one("6.7", "Remote work is protected", "CC6.6 CC6.7", "vpn device bastion iap session"),
    _one("6.8", "People report events", "CC2.2 CC7.3"),
    _one("7.1", "Physical perimeters are set", "CC6.4"),
    _one("7.2", "Physical entry is controlled", "CC6.4"),
    _one("7.3", "Offices, rooms and facilities are secured", "CC6.4"),
    _one("7.4", "Premises are watched", "CC6.4"),
    _one("7.5", "Physical and natural threats are met", "A1.2 CC6.4"),
    _one("7.6", "Work in secure areas has rules", "CC6.4"),
    _one("7.7", "Desks and screens are clear", "CC6.4"),
    _one("7.8", "Equipment is placed safely", "CC6.4"),
    _one("7.9", "Assets outside of the premises are protected", "CC6.4 CC6.7"),
    _one("7.10", "Media are managed from purchase to disposal", "CC6.5 CC6.7"),
    _one("7.11", "Supporting utilities do not interrupt work", "A1.2"),
    _one("7.12", "Cables are protected", "CC6.4"),
    _one("7.13", "Equipment is maintained", "A1.2"),
    _one("7.14", "Equipment is cleared before it is disposed of or used again", "CC6.5"),
    _one("8.1", "Devices of users are protected", "CC6.7 CC6.8", "device devices endpoint endpoints workspaces"),
    _one("8.2", "Privileged access is limited and managed", "CC6.1 CC6.2 CC6.3",
         "admin admins administrators root privileged owner owners global super superadmin pim"),
    _one("8.3", "Access to information is limited", "CC6.1 CC6.3 CC6.6",
         "public access private anonymous share shared sharing policy policies acl guests external visibility"),
    _one("8.4", "Access to source code is managed", "CC6.1 CC8.1",
         "repo repos repository repositories forks visibility collaborators deploy codecommit"),
    _one("8.5", "Authentication is secure", "CC6.1 CC6.6",
         "mfa 2fa 2sv sso saml signon authenticators password conditional session legacy factor phishing oidc"),
    _one("8.6", "Capacity is watched and adjusted", "A1.1", "autoscaling capacity quota limits"),
    _one("8.7", "Malware is kept out and found", "CC6.8",
         "malware antimalware defender guardduty endpoint safe attachments"),
    _one("8.8", "Technical weaknesses are found and closed", "CC7.1 CC6.8",
         "vuln vulns vulnerability vulnerabilities patch patches patching scan scanning dependabot inspector version "
         "versions upgrade upgrades runtime eol supported updates"),
    _one("8.9", "Configurations are set, documented and watched", "CC7.1 CC6.1 CC6.8",
         "config configuration imdsv2 metadata baseline hardening recorder drift settings shielded default"),
    _one("8.10", "Information that is not needed is deleted", "C1.2 CC6.5", "lifecycle disposal orphan retention"),
    _one("8.11", "Data is masked", "C1.1", "masking masked"),
    _one("8.12", "Leaks of data are prevented", "CC6.7 CC6.1",
         "dlp secret secrets push protection macie public exfiltration perimeter egress"),
    _one("8.13", "Backups are made and tested", "A1.2 A1.3 CC7.4 CC7.5 CC9.1",
         "backup backups backed restore snapshot snapshots pitr versioning recovery recoverable resilience "
         "replication vault"),
    _one("8.14", "Processing facilities are redundant", "A1.2",
         "multi zone zones replica replication redundancy redundant failover"),
    _one("8.15", "Events are logged, and logs protected", "CC7.2 CC7.3",
         "log logs logging trail cloudtrail audit auditing diagnostic flow"),
    _one("8.16", "Activities are monitored", "CC7.2 CC7.3",
         "alarm alarms alert alerts monitor monitoring metric guardduty defender detection notify "
         "notifications sentinel securityhub dlq"),
    _one("8.17", "Clocks are synchronised", "CC7.2"),
    _one("8.18", "Utilities that override controls are limited", "CC6.1 CC6.8", "serial ssm exec debug"),
    _one("8.19", "Software is installed under control", "CC6.8", "image images signed binary allowed apps"),
    _one("8.20", "Networks are secured", "CC6.6 CC6.1",
         "network vpc vnet sg nsg nacl fw firewall firewalls subnet peering endpoint endpoints flow ddos ip igw "
         "tgw eip locations reachable"),
    _one("8.21", "Network services are secured", "CC6.6 CC6.7",
         "waf lb alb elb cdn cloudfront armor gateway apigw dns dnssec tls"),
    _one("8.22", "Networks are separated", "CC6.1 CC6.6",
         "vpc vnet subnet private isolated segment perimeter default sg nsg fw"),
    _one("8.23", "Access to outside websites is filtered", "CC6.6 CC6.8", "egress proxy dns"),
    _one("8.24", "Cryptography is used by rules", "CC6.1 CC6.7",
         "encrypted encryption kms cmk cmek tde key keys tls ssl https certificate certificates certs expiry acm "
         "cipher rotation kv protocol"),
    _one("8.25", "Development follows secure rules from first to last", "CC8.1",
         "branch protected ruleset rulesets pr pull checks codeowners workflow"),
    _one("8.26", "Applications have requirements of security", "CC8.1 CC6.6", "waf"),
    _one("8.27", "Systems are designed by principles of security", "CC8.1 CC5.2"),
    _one("8.28", "Code is written securely", "CC8.1 CC7.1", "code scanning codeql secret signed commits"),
    _one("8.29", "Security is tested in development and acceptance", "CC8.1 CC7.1",
         "checks scanning tests penetration code"),
    _one("8.30", "Outsourced development is directed and watched", "CC9.2 CC8.1"),
    _one("8.31", "Development, test and production are separate", "CC8.1 CC6.1",
         "environment environments production deploy nonprod"),
    _one("8.32", "Changes are managed", "CC8.1",
         "pr pull change changes branch approvals reviews merge merged checks deploy deployment "
         "ruleset protected bypass"),
    _one("8.33", "Test data is chosen and protected", "CC8.1 C1.1"),
    _one("8.34", "Audits of systems do not disturb them", "CC4.1"),
)  # fmt: skip

ANNEX_A: Mapping[str, AnnexControl] = MappingProxyType({one.id: one for one in _ANNEX_A})
"""Id -> control, in the order of the standard."""

_WIDEST = MappingProxyType(
    {
        "CC6.1": "A.5.15", "CC6.2": "A.5.18", "CC6.3": "A.5.18", "CC6.6": "A.8.20", "CC6.7": "A.5.14", "CC6.8": "A.8.7",
        "CC7.1": "A.8.9", "CC7.2": "A.8.16", "CC7.3": "A.5.25", "CC7.4": "A.5.26", "CC7.5": "A.5.27", "CC8.1": "A.8.32",
    }
)  # fmt: skip
"""Where a rule goes of whose id no word says more."""


def annex_a(rule: str, criteria: Iterable[str]) -> tuple[str, ...]:
    """The controls of Annex A that a rule is evidence for, in the order of the standard.

    Args:
        rule: its id, ``aws-console-user-mfa``.
        criteria: that it is mapped to.
    """
    wanted = set(criteria)
    words = set(rule.split("-"))
    found = [
        one.id
        for one in _ANNEX_A
        if wanted.intersection(one.criteria) and words.intersection(one.words)
    ]
    if not found:
        widest = {_WIDEST[name] for name in wanted if name in _WIDEST}
        found = [one.id for one in _ANNEX_A if one.id in widest]
    if not found:
        found = [one.id for one in _ANNEX_A if wanted.intersection(one.criteria)][:1]
    return tuple(found)
