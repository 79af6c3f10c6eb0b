"""The Trust Services Criteria: ids and our own words. AICPA's text is copyrighted and never shipped.

Reach says how much of a criterion configuration can show: ``high``, ``medium``, ``partly``, or
``attestation`` where the evidence comes from people.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of one category."""

    id: str
    """``CC6.1``."""
    title: str
    """What it asks for, in our words."""
    reach: str
    """``high``, ``medium``, ``partly`` or ``attestation``."""

    @property
    def category(self) -> str:
        """Security, Availability, Processing Integrity, Confidentiality or Privacy."""
        return next(name for prefix, name in _CATEGORIES if self.id.startswith(prefix))

    @property
    def series(self) -> str:
        """The group that it belongs to: ``CC6`` of ``CC6.1``."""
        return self.id.partition(".")[0]


_CATEGORIES = (
    ("CC", "Security"),
    ("A", "Availability"),
    ("C", "Confidentiality"),
    ("PI", "Processing Integrity"),
    ("P", "Privacy"),
)

_TABLE = (
    Criterion("CC1.1", "Integrity and ethical values are lived and enforced", "attestation"),
    Criterion("CC1.2", "The board oversees independently of management", "attestation"),
    Criterion("CC1.3", "Structures, reporting lines and authorities are set", "attestation"),
    Criterion("CC1.4", "Competent people are attracted, developed and kept", "attestation"),
    Criterion("CC1.5", "People answer for their part in internal control", "attestation"),
    Criterion(
        "CC2.1", "Information that internal control needs is obtained and of quality", "attestation"
    ),
    Criterion(
        "CC2.2", "Objectives and duties of internal control are made known inside", "attestation"
    ),
    Criterion(
        "CC2.3", "Matters that affect internal control are communicated outside", "attestation"
    ),
    Criterion("CC3.1", "Objectives are clear enough for risks to be found", "attestation"),
    Criterion("CC3.2", "Risks to the objectives are identified and analysed", "attestation"),
    Criterion("CC3.3", "The possibility of fraud is considered", "attestation"),
    Criterion("CC3.4", "Changes that could affect internal control are assessed", "attestation"),
    Criterion(
        "CC4.1",
        "Ongoing and separate evaluations show whether controls are there and work",
        "partly",
    ),
    Criterion("CC4.2", "Deficiencies are reported in time to those who mend them", "partly"),
    Criterion("CC5.1", "Control activities that reduce risk are chosen", "attestation"),
    Criterion("CC5.2", "General controls over technology are chosen", "partly"),
    Criterion(
        "CC5.3", "Policies state what is expected and procedures carry it out", "attestation"
    ),
    Criterion("CC6.1", "Assets are known and logical access to them is limited", "high"),
    Criterion(
        "CC6.2", "Accounts are approved before issue and removed when no longer valid", "medium"
    ),
    Criterion(
        "CC6.3", "Rights follow the role, with least privilege and separated duties", "medium"
    ),
    Criterion("CC6.4", "Physical access to facilities and media is limited", "attestation"),
    Criterion(
        "CC6.5", "Hardware and media are let go only once their data cannot be read", "attestation"
    ),
    Criterion("CC6.6", "The boundary is defended against threats from outside", "high"),
    Criterion("CC6.7", "Data in motion and on removable media is limited and protected", "medium"),
    Criterion("CC6.8", "Unauthorised or malicious software is prevented or found", "medium"),
    Criterion("CC7.1", "Configuration changes and new vulnerabilities are detected", "high"),
    Criterion("CC7.2", "The system is monitored for anomalies", "high"),
    Criterion("CC7.3", "Security events are evaluated", "partly"),
    Criterion("CC7.4", "Incidents are responded to by a plan", "partly"),
    Criterion("CC7.5", "Recovery from incidents is possible and practised", "partly"),
    Criterion(
        "CC8.1", "Changes are authorised, tested, approved and deployed under control", "high"
    ),
    Criterion("CC9.1", "Risks of business disruption are reduced", "attestation"),
    Criterion("CC9.2", "Risks from vendors and partners are assessed and managed", "attestation"),
    Criterion("A1.1", "Capacity is watched and managed", "partly"),
    Criterion(
        "A1.2", "Environmental protection, backup and recovery infrastructure are run", "partly"
    ),
    Criterion("A1.3", "Recovery procedures are tested", "partly"),
    Criterion("C1.1", "Confidential information is identified and kept as agreed", "partly"),
    Criterion("C1.2", "Confidential information is disposed of as agreed", "partly"),
    Criterion(
        "PI1.1", "The data that processing needs is specified and communicated", "attestation"
    ),
    Criterion("PI1.2", "Inputs are complete and accurate", "attestation"),
    Criterion("PI1.3", "Processing is complete, accurate, timely and authorised", "attestation"),
    Criterion(
        "PI1.4", "Outputs reach whom they should, complete, accurate and in time", "attestation"
    ),
    Criterion("PI1.5", "What is stored stays complete, accurate and retrievable", "attestation"),
    Criterion("P1.1", "People are told how their personal information is handled", "attestation"),
    Criterion("P2.1", "People are offered choices and their consent is obtained", "attestation"),
    Criterion(
        "P3.1", "Personal information is collected only as needed for the objectives", "attestation"
    ),
    Criterion(
        "P3.2", "Explicit consent is obtained before collecting where it is required", "attestation"
    ),
    Criterion("P4.1", "Personal information is used only for the stated purposes", "attestation"),
    Criterion("P4.2", "Personal information is kept only as long as needed", "attestation"),
    Criterion("P4.3", "Personal information is disposed of securely", "attestation"),
    Criterion("P5.1", "People can see the personal information held about them", "attestation"),
    Criterion("P5.2", "People can have it corrected", "attestation"),
    Criterion("P6.1", "Disclosure to third parties has consent and a purpose", "attestation"),
    Criterion("P6.2", "Authorised disclosures are recorded", "attestation"),
    Criterion("P6.3", "Unauthorised disclosures are recorded", "attestation"),
    Criterion("P6.4", "Third parties commit to privacy and are assessed", "attestation"),
    Criterion("P6.5", "Third parties commit to report unauthorised disclosures", "attestation"),
    Criterion("P6.6", "Breaches are notified to those affected and to authorities", "attestation"),
    Criterion("P6.7", "People receive an account of what was held and disclosed", "attestation"),
    Criterion(
        "P7.1", "Personal information is kept accurate, complete and relevant", "attestation"
    ),
    Criterion(
        "P8.1",
        "Privacy enquiries, complaints and disputes are handled and monitored",
        "attestation",
    ),
)

CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {criterion.id: criterion for criterion in _TABLE}
)
"""Every criterion by id, in the order of the framework."""
