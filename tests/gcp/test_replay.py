"""What Google really answered: as assets of the inventory, and over HTTP again, to every view and rule."""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.gcp import GcpEmulator
from soc2_demo.gcp_company import acme_robotics
from soc2_demo.gcp_words import PRODUCTION, ancestors
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS

from .conftest import METHODS, Source
from .walk import CALLS, KINDS, REGISTRY, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.fetch import UnitResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = RECORDINGS / "gcp" / "c7n-flights"
IAM_POLICY = "an allow policy"
_COMPUTE = {
    "addresses": "Address",
    "backendServices": "BackendService",
    "disks": "Disk",
    "firewalls": "Firewall",
    "forwardingRules": "ForwardingRule",
    "images": "Image",
    "instances": "Instance",
    "networks": "Network",
    "routers": "Router",
    "routes": "Route",
    "securityPolicies": "SecurityPolicy",
    "snapshots": "Snapshot",
    "sslCertificates": "SslCertificate",
    "sslPolicies": "SslPolicy",
    "subnetworks": "Subnetwork",
    "targetHttpProxies": "TargetHttpProxy",
    "targetHttpsProxies": "TargetHttpsProxy",
    "targetSslProxies": "TargetSslProxy",
    "urlMaps": "UrlMap",
}
_P, _L = "-projects-[^-]+", "-locations-.+?"
RESOURCES: list[tuple[str, str, str]] = [
    # What was asked, the records' key in a listing (empty: one resource), and the inventory's asset type.
    (r"get-storage-v1-b", "items", "storage.googleapis.com/Bucket"),
    (r"get-storage-v1-b-(?!.*-iam$).+", "", "storage.googleapis.com/Bucket"),
    *(
        (
            rf"get-compute-v1{_P}-(global|(regions|zones)-.loc.)-{n}",
            "items",
            f"compute.googleapis.com/{t}",
        )
        for n, t in _COMPUTE.items()
    ),
    *(
        (rf"get-compute-v1{_P}-aggregated-{n}", f"items.*.{n}", f"compute.googleapis.com/{t}")
        for n, t in _COMPUTE.items()
    ),
    *(
        (
            rf"get-compute-v1{_P}-(global|(regions|zones)-.loc.)-{n}-(?!.*-get(IamPolicy|Effective)).+",
            "",
            f"compute.googleapis.com/{t}",
        )
        for n, t in _COMPUTE.items()
    ),
    (rf"get-compute-v1{_P}", "", "compute.googleapis.com/Project"),
    (rf"get-sql-v1beta4{_P}-instances", "items", "sqladmin.googleapis.com/Instance"),
    (
        rf"get-sql-v1beta4{_P}-instances-(?!.*-(backupRuns|sslCerts|users))[\w-]+",
        "",
        "sqladmin.googleapis.com/Instance",
    ),
    (rf"get-bigquery-v2{_P}-datasets-\w+", "", "bigquery.googleapis.com/Dataset"),
    (rf"get-bigquery-v2{_P}-datasets-\w+-tables-.+", "", "bigquery.googleapis.com/Table"),
    (rf"get-dns-v1beta2{_P}-managedZones", "managedZones", "dns.googleapis.com/ManagedZone"),
    (rf"get-dns-v1beta2{_P}-managedZones-[\w-]+", "", "dns.googleapis.com/ManagedZone"),
    (rf"get-dns-v1beta2{_P}-policies", "policies", "dns.googleapis.com/Policy"),
    (rf"get-dns-v1beta2{_P}-policies-.+", "", "dns.googleapis.com/Policy"),
    (rf"get-v1{_P}-secrets", "secrets", "secretmanager.googleapis.com/Secret"),
    (rf"get-v1{_P}-secrets-.+", "", "secretmanager.googleapis.com/Secret"),
    (rf"get-v1{_P}-topics", "topics", "pubsub.googleapis.com/Topic"),
    (rf"get-v1{_P}-serviceAccounts", "accounts", "iam.googleapis.com/ServiceAccount"),
    (rf"get-v1{_P}-serviceAccounts-[^-].*\.com", "", "iam.googleapis.com/ServiceAccount"),
    (rf"get-v1{_P}-serviceAccounts-.+-keys", "keys", "iam.googleapis.com/ServiceAccountKey"),
    (rf"get-v1{_P}-serviceAccounts-.+-keys-\d+", "", "iam.googleapis.com/ServiceAccountKey"),
    (rf"get-v1{_P}-roles-.+", "", "iam.googleapis.com/Role"),
    (rf"get-v2{_P}-sinks", "sinks", "logging.googleapis.com/LogSink"),
    (rf"get-v2{_P}-sinks-.+", "", "logging.googleapis.com/LogSink"),
    (rf"get-v2{_P}-metrics", "metrics", "logging.googleapis.com/LogMetric"),
    (rf"get-v2{_P}-metrics-.+", "", "logging.googleapis.com/LogMetric"),
    (rf"get-v3{_P}-alertPolicies", "alertPolicies", "monitoring.googleapis.com/AlertPolicy"),
    (rf"get-v1{_P}{_L}-keyRings", "keyRings", "cloudkms.googleapis.com/KeyRing"),
    (rf"get-v1{_P}{_L}-keyRings-.+-cryptoKeys", "cryptoKeys", "cloudkms.googleapis.com/CryptoKey"),
    (rf"get-v1{_P}{_L}-functions", "functions", "cloudfunctions.googleapis.com/CloudFunction"),
    (rf"get-v1{_P}-locations-.loc.-clusters", "clusters", "container.googleapis.com/Cluster"),
    (rf"get-v1{_P}-locations----?clusters", "clusters", "container.googleapis.com/Cluster"),
    (
        rf"get-v1{_P}-locations-.loc.-clusters-[\w-]+-nodePools",
        "nodePools",
        "container.googleapis.com/NodePool",
    ),
    (rf"get-v1{_P}-regions-.loc.-clusters", "clusters", "dataproc.googleapis.com/Cluster"),
    (rf"get-v1{_P}{_L}-repositories", "repositories", "artifactregistry.googleapis.com/Repository"),
    (rf"get-v2{_P}-locations-global-keys", "keys", "apikeys.googleapis.com/Key"),
    (rf"get-v2{_P}-locations-global-keys-.+", "", "apikeys.googleapis.com/Key"),
    (rf"get-v1{_P}-locations----?services", "items", "run.googleapis.com/Service"),
    (rf"get-v1{_P}-services", "services", "serviceusage.googleapis.com/Service"),
    (r"get-v1-projects", "projects", "cloudresourcemanager.googleapis.com/Project"),
    (r"get-v2-folders", "folders", "cloudresourcemanager.googleapis.com/Folder"),
    (r"get-v1-organizations-.id.", "", "cloudresourcemanager.googleapis.com/Organization"),
    (r"(get|post)-.+-getIamPolicy|get-storage-v1-b-.+-iam", "", IAM_POLICY),
]

TROUBLE: dict[str, str] = {
    # Of 2018: buckets had no iamConfiguration then.
    "get-storage-v1-b.200.2#0": "required field `iamConfiguration`",
}
"""Recordings that lack what Google answers -> what is said of them, and not judged."""


@dataclass(frozen=True)
class Recording:
    """An answer, and what was asked."""

    name: str
    asked: str
    status: int
    body: dict[str, Any]


def _recorded() -> Iterator[Recording]:
    if not FOLDER.is_dir():
        return
    lines = (FOLDER / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        asked, status, _, file, *_ = line.split("\t")
        said = json.loads((FOLDER / file).read_text(encoding="utf-8"))
        if isinstance(said["body"], dict):
            yield Recording(file.removesuffix(".json"), asked, int(status), said["body"])


RECORDED = {recording.name: recording for recording in _recorded()}


# -- as assets of the inventory ---------------------------------------------------------------------------


@functools.cache
def _kinds_by_type() -> dict[str, list[str]]:
    """Asset type (or IAM_POLICY) -> kinds whose collectors ask the inventory for it."""
    found: dict[str, list[str]] = {}
    emulator = GcpEmulator(acme_robotics())
    with emulator as url:
        for kind in KINDS:
            emulator.requests.clear()
            seen = _own_types(look(Source(emulator, url), kind))
            for _, path in emulator.requests:
                if "contentType=IAM_POLICY" in path:
                    found.setdefault(IAM_POLICY, []).append(kind)
                if "contentType=RESOURCE" in path:
                    for one in map(urllib.parse.unquote, re.findall(r"assetTypes=([^&]+)", path)):
                        if any(re.fullmatch(one, own) for own in seen):
                            found.setdefault(one, []).append(kind)
    return found


def _own_types(result: UnitResult) -> set[str]:
    """Asset types of the documents: a kind may ask for others, to complete them."""
    records = result.spool.records() if result.spool else ()
    return {str(json.loads(record.body).get("assetType")) for record in records}


def _kinds_of(asset_type: str) -> list[str]:
    """Kinds that take a type; what they ask for may be an expression."""
    asked = _kinds_by_type()
    if asset_type == IAM_POLICY:
        return asked.get(asset_type, [])
    return sorted(
        {kind for one, kinds in asked.items() for kind in kinds if re.fullmatch(one, asset_type)}
    )


def _assets() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name -> (asset type, asset), of every recording that is a resource of the inventory."""
    made: dict[str, tuple[str, dict[str, Any]]] = {}
    for recording in RECORDED.values():
        if recording.status != 200:
            continue
        for pattern, key, asset_type in RESOURCES:
            if re.fullmatch(pattern, recording.asked):
                for number, one in enumerate(_inside(recording.body, key)):
                    name = f"{recording.name}#{number}"
                    made[name] = (asset_type, _asset(asset_type, name, one))
                break
    return made


def _inside(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    if not key:
        return [body]
    first, _, inner = key.partition(".*.")
    if inner:
        return [one for place in body.get(first, {}).values() for one in place.get(inner, ())]
    found = body.get(first)
    return list(found) if isinstance(found, list) else []  # of all regions, recorded for one


def _asset(asset_type: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    policy = asset_type == IAM_POLICY
    found: dict[str, Any] = {
        "name": f"//recorded.googleapis.com/{name}",
        "assetType": "recorded.googleapis.com/Thing" if policy else asset_type,
        "ancestors": ancestors(PRODUCTION),
        "updateTime": "2026-01-01T00:00:00Z",
    }
    if policy:
        found["iamPolicy"] = data
    else:
        found["resource"] = {"version": "v1", "data": data, "location": "global"}
    return found


ASSETS = _assets()


@pytest.mark.parametrize("asset_type", sorted({asset_type for asset_type, _ in ASSETS.values()}))
def test_recorded_resources_in_the_inventory(gcp: Source, asset_type: str) -> None:
    recorded = {name: asset for name, (sort, asset) in ASSETS.items() if sort == asset_type}
    told: dict[str, str] = {}
    for kind in _kinds_of(asset_type):
        gcp.emulator.state = acme_robotics()
        before = look(gcp, kind)
        gcp.emulator.state.assets += recorded.values()
        result = look(gcp, kind)
        assert result.status is S.COMPLETE, f"{kind}: {result.reason}"
        if KINDS[kind].calls == (
            "cloudasset.assets.list",
        ):  # else they stand inside other documents
            assert result.count == before.count + len(recorded), kind
        for uid, said in _judged(kind, result):
            told[uid.rpartition("/")[2]] = said
    unknown = {name: said for name, said in told.items() if name not in TROUBLE}
    assert not unknown
    assert all(TROUBLE[name] in said for name, said in told.items())


def _judged(kind: str, result: UnitResult) -> Iterator[tuple[str, str]]:
    """(uid, why) of documents that cannot be read; every rule of the kind judges the others."""
    rules = [rule for rule in REGISTRY.rules.values() if rule.kind == kind and not rule.joins]
    for record in result.spool.records() if result.spool else ():
        try:
            view(KINDS[kind].resource, record.body)
        except FactUnavailable as error:
            yield record.uid, str(error)
            continue
        for rule in rules:
            verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
            assert verdict.status is not Status.ERROR, f"{rule.id}: {verdict.message}"


# -- over HTTP again -------------------------------------------------------------------------------------


@functools.cache
def _methods() -> dict[str, tuple[list[str], frozenset[str]]]:
    """Declared call -> (its paths in the versions that there are, the keys of its answers)."""
    return {
        call: (
            [said["path"] for said in METHODS[call].values()],
            frozenset(key for said in METHODS[call].values() for key in said["answers"]),
        )
        for call in CALLS
        if call in METHODS
    }


def _calls_of(recording: Recording) -> dict[str, str]:
    """Declared calls that a recording answers -> an expression for their requests."""
    asked = re.sub(r"^(get|post)-", "", recording.asked)
    api, _, rest = re.sub(r"(^|-)v\d\w*-", "\0", asked, count=1).partition("\0")
    found: dict[str, str] = {}
    for call, (paths, keys) in _methods().items():
        if api and not call.startswith(api):
            continue
        if recording.status == 200 and not recording.body.keys() <= keys:
            continue
        for path in paths:
            for form in _forms(call, re.sub(r"^v\d\w*/", "", path)):
                parts = re.sub(r"{[^}]+}", "\0", form)
                flat = re.escape(re.sub(r"[/:]", "-", parts)).replace("\0", ".+?")
                if re.fullmatch(flat, rest):
                    found[call] = re.escape(parts).replace("\0", "[^?]+?") + r"(\?|$)"
    return found


def _forms(call: str, path: str) -> list[str]:
    if not re.fullmatch(r"{[^}]+}", path):
        return [path]
    # The whole path is a name: that of a resource of this sort, iam.roles.get say, at any level.
    sort, method = call.split(".")[-2:]
    if method != "get":  # getAccessApprovalSettings
        return [f"{{parent}}/{method[3].lower()}{method[4:]}"]
    return [f"{sort}/{{id}}", f"{{parent}}/{sort}/{{id}}"]


SERVED = {name: calls for name, one in RECORDED.items() if (calls := _calls_of(one))}


@pytest.mark.parametrize("name", SERVED)
def test_a_recording_replayed(gcp: Source, name: str) -> None:
    recording = RECORDED[name]
    body = {key: value for key, value in recording.body.items() if key != "nextPageToken"}
    told: list[str] = []
    for call, pattern in SERVED[name].items():
        for kind in [kind for kind, one in KINDS.items() if call in one.calls]:
            gcp.emulator.faults.clear()
            gcp.emulator.faults.add(pattern, status=recording.status, body=json.dumps(body))
            result = look(gcp, kind)
            if recording.status == 200:
                if (result.status, result.gaps) != (S.COMPLETE, 0):
                    told.append(f"{kind}: {result.reason or f'{result.gaps} gaps'}")
                    continue
                told += [f"{kind}: {said}" for _, said in _judged(kind, result)]
            else:
                list(_judged(kind, result))
    assert bool(told) == (name in TROUBLE), told
    assert all(TROUBLE[name] in one for one in told)


def test_recordings_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    assert len(RECORDED) > 300
    assert len(ASSETS) > 300
    assert TROUBLE.keys() <= ASSETS.keys() | RECORDED.keys()
