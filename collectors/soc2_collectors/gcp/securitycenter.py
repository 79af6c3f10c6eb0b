"""Security Command Center: its sources, and the findings that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.securitycenter import Finding, SecurityCenter, SecurityService
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp

_SORTS = ("organizations", "folders", "projects")
_SERIOUS = 'state="ACTIVE" AND (severity="HIGH" OR severity="CRITICAL") AND NOT mute="MUTED"'


@collects(
    SecurityCenter,
    calls=[f"securitycenter.{sort}.sources.list" for sort in _SORTS],
    per="organization",
    cost="pages of 1000",
)
def sources(gcp: Gcp) -> Iterator[Document]:
    """What finds, one document for the whole scope."""
    sort = gcp.scope_name.partition("/")[0]
    found = gcp.items(
        "securitycenter", "v1", f"{sort}.sources.list", "sources", parent=gcp.scope_name
    )
    name = f"{gcp.scope_name}/sources"
    yield Document(name, gcp.scope_name, {"name": name, "sources": list(found)})


@collects(
    Finding,
    calls=[f"securitycenter.{sort}.sources.findings.list" for sort in _SORTS],
    per="organization",
    cost="pages of 1000",
)
def findings(gcp: Gcp) -> Iterator[Document]:
    """Findings that are active, of high or critical severity, and not muted."""
    sort = gcp.scope_name.partition("/")[0]
    listed = gcp.items(
        "securitycenter",
        "v1",
        f"{sort}.sources.findings.list",
        "listFindingsResults",
        parent=f"{gcp.scope_name}/sources/-",
        filter=_SERIOUS,
    )
    for one in listed:
        yield document(one, uid="finding.name", name="finding.category")


@collects(
    SecurityService, calls=["cloudasset.assets.list"], per="organization", cost="pages of 1000"
)
def services(gcp: Gcp) -> Iterator[Document]:
    """Which services find something, and where they are switched off."""
    for asset in gcp.assets("securitycentermanagement.googleapis.com/SecurityCenterService"):
        yield document(asset)
