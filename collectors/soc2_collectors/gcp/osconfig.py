"""VM Manager: what is known of each machine's vulnerabilities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.osconfig import MachineReport
from soc2_pac import clock
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_NAMED = ("name", "assetType", "ancestors")
_KEPT = ("id", "name", "status", "zone", "labels")
_FRESH = timedelta(days=14)
"""VM Manager looks at a machine several times a day; so old a report is of one that it does not reach."""


@collects(
    MachineReport,
    calls=[
        "cloudasset.assets.list",
        "osconfig.projects.locations.instances.vulnerabilityReports.list",
    ],
    per="project",
    cost="pages of 1000 + pages of 100 a zone",
)
def machine_reports(gcp: Gcp) -> Iterator[Document]:
    """Machines of a project, each with its report; of the machine itself only what names it."""
    known: dict[str, dict[str, Any]] = {}
    for asset in gcp.assets("compute.googleapis.com/Instance"):
        resource = asset.get("resource")
        data = resource.get("data") if isinstance(resource, dict) else None
        zone = _zone(asset, data)
        if not isinstance(data, dict) or not zone:
            yield document(asset)
            continue
        if zone not in known:
            known[zone] = _reports(gcp, zone)
        named: dict[str, Any] = {key: asset[key] for key in _NAMED if key in asset}
        named["instance"] = {key: data[key] for key in _KEPT if key in data}
        report = known[zone].get(str(data.get("id")))
        named["report"] = report
        # When a report was made changes every day, and says nothing until it stops changing.
        if outdated := _outdated(report, clock.now()):
            named["outdated"] = outdated
        yield document(named)


def _outdated(report: Mapping[str, Any] | None, now: datetime) -> str:
    """The day of a report that is older than it should be; empty otherwise."""
    said = report.get("updateTime") if report is not None else None
    try:
        made = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return str(said)
    if made is None:
        return "a day that is not said" if report is not None else ""
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    return f"{made:%Y-%m-%d}" if now - made > _FRESH else ""


def _zone(asset: Mapping[str, Any], data: object) -> str:
    """``europe-west1-b``; empty where the asset is not as expected."""
    said = data.get("zone") if isinstance(data, dict) else None
    own = said.rpartition("/")[2] if isinstance(said, str) else ""
    return own or str(asset.get("name")).partition("/zones/")[2].partition("/")[0]


def _reports(gcp: Gcp, zone: str) -> dict[str, Any]:
    """Reports of a zone by the id of the instance."""
    found = gcp.items(
        "osconfig",
        "v1",
        "projects.locations.instances.vulnerabilityReports.list",
        "vulnerabilityReports",
        parent=f"{gcp.scope_name}/locations/{zone}/instances/-",
    )
    return {_instance(str(report.get("name"))): report for report in found}


def _instance(name: str) -> str:
    """``projects/1/locations/z/instances/77/vulnerabilityReport`` -> 77."""
    return name.partition("/instances/")[2].partition("/")[0]
