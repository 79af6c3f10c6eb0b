"""VM Manager: vulnerabilities of machines, by what is installed on them.

Source: OS Config API v1, ``VulnerabilityReport``; Compute Engine API v1, ``Instance``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.asset import Asset
from soc2_collectors.gcp.models.values import Moment


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """Which vulnerability, and how severe."""

    cve: str = ""
    severity: str = ""


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """A package that has it, and the one that mends it."""

    available_inventory_item_id: str = ""


class Vulnerability(msgspec.Struct, frozen=True, rename="camel"):
    """``Vulnerability``."""

    details: Details = Details()
    items: list[Item] = []
    available_inventory_item_ids: list[str] = []
    create_time: Moment | None = None
    """When it was found first."""

    @property
    def mendable(self) -> bool:
        """Whether there is a package that mends it."""
        found = (one.available_inventory_item_id for one in self.items)
        return bool(self.available_inventory_item_ids) or any(found)


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """``VulnerabilityReport``. Google leaves out an empty list."""

    name: str
    vulnerabilities: list[Vulnerability] = []


class Machine(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of the instance."""

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

    instance: Machine
    report: Report | None
    """None where VM Manager has none of it."""
