"""VM Manager: vulnerabilities of machines, by what is installed on them.

Source: OS Config API v1, ``VulnerabilityReport``; Compute Engine API v1, ``Instance``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset
from soc2_collectors.gcp.models.values import Moment

_WORDS = {
    "critical": "CRITICAL",
    "high": "HIGH",
    "important": "HIGH",
    "medium": "",
    "moderate": "",
    "low": "",
    "minor": "",
    "minimal": "",
    "negligible": "",
    "unimportant": "",
    "none": "",
}
"""What distributions call severities -> CRITICAL, HIGH, or less."""
_CRITICAL_SCORE, _HIGH_SCORE = 9.0, 7.0
"""From which on CVSS 3 calls a score critical, or high."""


class Score(msgspec.Struct, frozen=True, rename="camel"):
    """CVSS 3."""

    base_score: float | None = None


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """Which vulnerability, and how severe: by the distribution's own word, and by its scores."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "cve": "only named in the message",
        "severity": "without a word the score counts; without word and scores it is not known",
        "cvssV2Score": "the word counts first, then the newer score; without all it is not known",
        "cvssV3": "the distribution's word counts first; without word and scores it is not known",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "cve": "only named in the message",
        "severity": "a word that is not known leaves it to the score; without a score it is not known",
    }

    cve: str = ""
    severity: str = ""
    cvss_v2_score: float | None = msgspec.field(default=None, name="cvssV2Score")
    cvss_v3: Score | None = msgspec.field(default=None, name="cvssV3")

    @property
    def level(self) -> str | None:
        """``CRITICAL``, ``HIGH``, empty for less; ``None``: not known."""
        word = _WORDS.get(self.severity.strip().lower())
        if word is not None:
            return word
        score = self.cvss_v3.base_score if self.cvss_v3 else None
        score = self.cvss_v2_score if score is None else score
        if score is None:
            return None
        return "CRITICAL" if score >= _CRITICAL_SCORE else "HIGH" if score >= _HIGH_SCORE else ""


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """A package that has it, and the one that fixes it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "availableInventoryItemId": "where nothing fixes it yet, none is named (VulnerabilityReport)",
        "upstreamFix": "where nothing fixes it yet, none is named (VulnerabilityReport)",
    }

    available_inventory_item_id: str = ""
    upstream_fix: str = ""


class Vulnerability(msgspec.Struct, frozen=True, rename="camel"):
    """``Vulnerability``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "items": "where nothing fixes it yet, none is named (VulnerabilityReport)",
        "availableInventoryItemIds": "where nothing fixes it yet, none is named (VulnerabilityReport)",
        "createTime": "of one that nothing fixes it is not asked; of others it is inconclusive",
        "details": "of one that nothing fixes they are not asked; of others it is inconclusive",
    }

    details: Details = Details()
    items: list[Item] = []
    available_inventory_item_ids: list[str] = []
    create_time: Moment | None = None
    """When it was found first."""

    @property
    def fixable(self) -> bool:
        """Whether there is something that fixes it."""
        found = (one.available_inventory_item_id or one.upstream_fix for one in self.items)
        return bool(self.available_inventory_item_ids) or any(found)


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """``VulnerabilityReport``. Google leaves out an empty list."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "vulnerabilities": "left out of the report of a machine that has none (VulnerabilityReport)",
    }

    name: str
    vulnerabilities: list[Vulnerability] = []


class Machine(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of the instance."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "labels": "left out where there are none (Instance); labels only take machines out",
    }

    name: str
    status: str
    labels: dict[str, str] = {}


class MachineReport(Asset, frozen=True, kw_only=True, rename="camel"):
    """A machine with its vulnerability report. Shape from documentation."""

    kind = "gcp.osconfig.machine_report"
    volatile = (
        "updateTime",
        "report.updateTime",
        "report.vulnerabilities.*.updateTime",
    )

    may_lack: ClassVar[Mapping[str, str]] = {
        "outdated": "the collector writes it where a report is old, and leaves it out where it is not",
    }

    instance: Machine
    report: Report | None
    """None where VM Manager has none of it."""
    outdated: str = ""
    """The day of a report that is too old to say how the machine is; empty: it is not."""
