"""What Google really answered for a resource, as the inventory holds it: collected, viewed, judged."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS
from tests.databases import unavailable

from .walk import KINDS, look
from .workloads import NONE, judged, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Source

FOLDER = RECORDINGS / "gcp" / "c7n-flights"
COMPUTE = "compute.googleapis.com"
# (part of a recording's name, type of asset, where resources stand in the body; empty: the body is one)
SHAPES = (
    (r"compute-v1-projects-p-global-firewalls(?!-\w+-getEff)", f"{COMPUTE}/Firewall", "items"),
    (r"compute-v1-projects-p-global-networks\.", f"{COMPUTE}/Network", "items"),
    (r"compute-v1-projects-p-aggregated-subnetworks", f"{COMPUTE}/Subnetwork", "subnetworks"),
    (r"compute-v1-projects-p-regions-loc-subnetworks-", f"{COMPUTE}/Subnetwork", ""),
    (r"compute-v1-projects-p-aggregated-instances", f"{COMPUTE}/Instance", "instances"),
    (r"compute-v1-projects-p-zones-loc-instances(?!.*getEff)", f"{COMPUTE}/Instance", "items"),
    (r"compute-v1-projects-p\.", f"{COMPUTE}/Project", ""),
    (r"compute-v1-projects-p-(aggregated|zones-loc)-disks", f"{COMPUTE}/Disk", "disks"),
    (r"compute-v1-projects-p-global-images(?!.*getIam)", f"{COMPUTE}/Image", "items"),
    (r"compute-v1-projects-p-global-snapshots", f"{COMPUTE}/Snapshot", "items"),
    (r"compute-v1-projects-p-aggregated-addresses", f"{COMPUTE}/Address", "addresses"),
    (r"compute-v1-projects-p-global-addresses", f"{COMPUTE}/GlobalAddress", "items"),
    (
        r"compute-v1-projects-p-aggregated-backendServices",
        f"{COMPUTE}/BackendService",
        "backendServices",
    ),
    (r"compute-v1-projects-p-global-backendServices", f"{COMPUTE}/BackendService", "items"),
    (r"compute-v1-projects-p-global-targetHttpsProxies", f"{COMPUTE}/TargetHttpsProxy", "items"),
    (r"compute-v1-projects-p-global-targetSslProxies", f"{COMPUTE}/TargetSslProxy", "items"),
    (r"compute-v1-projects-p-global-sslPolicies", f"{COMPUTE}/SslPolicy", "items"),
    (
        r"sql-v1beta4-projects-p-instances(?!.*(backupRuns|sslCerts|users))",
        "sqladmin.googleapis.com/Instance",
        "items",
    ),
    (
        r"locations-(-|loc)-?-clusters(?!.*nodePools)",
        "container.googleapis.com/Cluster",
        "clusters",
    ),
    (r"regions-loc-clusters", "dataproc.googleapis.com/Cluster", "clusters"),
    (r"dns-v1beta2-projects-p-managedZones", "dns.googleapis.com/ManagedZone", "managedZones"),
    (r"dns-v1beta2-projects-p-policies", "dns.googleapis.com/Policy", "policies"),
    (r"v1-projects-p-locations---services", "run.googleapis.com/Service", "items"),
)
KIND_OF = {
    "Firewall": "gcp.compute.firewall",
    "Network": "gcp.compute.network",
    "Subnetwork": "gcp.compute.subnetwork",
    f"{COMPUTE}/Instance": "gcp.compute.instance",
    "Project": "gcp.compute.project",
    "Disk": "gcp.compute.disk",
    "Image": "gcp.compute.image",
    "Snapshot": "gcp.compute.snapshot",
    "Address": "gcp.compute.address",
    "GlobalAddress": "gcp.compute.address",
    "BackendService": "gcp.compute.backend_service",
    "TargetHttpsProxy": "gcp.compute.tls_proxy",
    "TargetSslProxy": "gcp.compute.tls_proxy",
    "SslPolicy": "gcp.compute.ssl_policy",
    "sqladmin.googleapis.com/Instance": "gcp.sql.instance",
    "container.googleapis.com/Cluster": "gcp.container.cluster",
    "dataproc.googleapis.com/Cluster": "gcp.dataproc.cluster",
    "ManagedZone": "gcp.dns.managed_zone",
    "dns.googleapis.com/Policy": "gcp.dns.policy",
    "Service": "gcp.run.service",
}


def _resources(body: Any, key: str) -> list[dict[str, Any]]:
    if not key:
        return [body]
    listed = body.get(key)
    if isinstance(listed, list):
        return listed
    if isinstance(body.get("items"), dict):  # aggregated, by zone or region
        return [one for part in body["items"].values() for one in part.get(key, ())]
    if isinstance(body.get("items"), list):
        return list(body["items"])
    return [] if str(body.get("kind", "")).endswith(("List", "Response")) else [body]


def _recorded() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    if not FOLDER.is_dir():
        return
    for path in sorted(FOLDER.glob("get-*.json")):
        for pattern, asset_type, key in SHAPES:
            if re.search(pattern, path.name):
                said = json.loads(path.read_text(encoding="utf-8"))
                if said["status"] == 200 and said["body"]:
                    yield path.stem, asset_type, _resources(said["body"], key)


RECORDED = list(_recorded())


def test_there_are_recordings() -> None:
    if not FOLDER.is_dir():
        unavailable("the recordings are not beside this checkout")
    assert {asset_type for _, asset_type, _ in RECORDED} == {one for _, one, _ in SHAPES}
    assert sum(len(found) for _, _, found in RECORDED) > 70


@pytest.mark.parametrize(("name", "asset_type", "found"), RECORDED, ids=[r[0] for r in RECORDED])
def test_a_recording_is_collected_and_judged(
    gcp: Source, name: str, asset_type: str, found: list[dict[str, Any]]
) -> None:
    service, _, short = asset_type.partition("/")
    kind = KIND_OF.get(asset_type) or KIND_OF[short]
    gcp.emulator.state.assets = [
        {
            "name": f"//{service}/projects/p/things/{number}",
            "assetType": asset_type,
            "ancestors": ["projects/700000000001", "organizations/429871003562"],
            "resource": {"version": "v1", "data": data},
        }
        for number, data in enumerate(found)
    ]
    result = look(gcp, kind)
    assert (result.status, result.count, result.reason) == (S.COMPLETE, len(found), "")
    bodies = records(result)
    for verdicts in judged({**NONE, kind: bodies}).values():
        assert Status.ERROR not in {verdict.status for verdict in verdicts.values()}
    for body in bodies:
        try:
            view(KINDS[kind].resource, canonical(body))
        except FactUnavailable as error:
            pytest.fail(f"{name}: {error}")
