"""Facts of Google Cloud, from the discovery documents that google-api-python-client ships.

Cloud Asset Inventory shows most resources as their own API does; where it does not (letter case, numbers as
text), no document says so.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import googleapiclient
from views import Laying, Member, Shape, fields_of, name_of, speaks_of_secrets, write_permissions

from soc2_collectors.gcp import permissions
from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from views import Struct

    from soc2_pac.resources import Collector

NEEDS = ("google-api-python-client",)
"""What is installed beside the project."""
DATASET = "IAM_DATASET"
"""The variable that names a checkout of https://github.com/iann0036/iam-dataset: what Google publishes of roles
and of the permissions of calls, of which there is no package."""
_ONLY_READING = re.compile(r"(viewer|reader|browser|auditor)$", re.IGNORECASE)
"""How Google calls roles that change nothing."""
_DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
_ALWAYS = ("cloudasset", "cloudresourcemanager")
"""What any view may hold a part of."""
_APIS = {
    "cloudidentity": "cloudidentity",
    "directory": "admin.directory",
    "workspace": "admin.directory",
}
"""Words in a module that name an API which is not asked by a host name."""
_HINTS = {
    "gcp.models.audit:AuditLog": None,
    "gcp.models.balancing:ArmorData": "compute.SecurityPolicy",
    "gcp.models.balancing:ProxyData": "compute.TargetHttpsProxy",
    "gcp.models.container:BinauthzData": "binaryauthorization.Policy",
    "gcp.models.delivery:TriggerData": "cloudbuild.BuildTrigger",
    "gcp.models.monitoring:SnoozeData": "monitoring.Snooze",
    "gcp.models.network:FirewallPolicyData": "compute.FirewallPolicy",
    "gcp.models.osconfig:Machine": "compute.Instance",
    "gcp.models.osconfig:Report": "osconfig.VulnerabilityReport",
    "gcp.models.project:ApprovalSettings": "accessapproval.AccessApprovalSettings",
    "gcp.models.project:Contact": "essentialcontacts.GoogleCloudEssentialcontactsV1Contact",
    "gcp.models.project:ServiceData": "serviceusage.GoogleApiServiceusageV1Service",
    "gcp.models.roles:Definition": "iam.Role",
    "gcp.models.securitycenter:FindingData": "securitycenter.Finding",
    "gcp.models.securitycenter:Source": "securitycenter.Source",
    "gcp.models.securitycenter:ServiceData": None,
    "gcp.models.service_accounts:Activity": "policyanalyzer.GoogleCloudPolicyanalyzerV1Activity",
    "gcp.models.service_accounts:KeyData": "iam.ServiceAccountKey",
    "gcp.models.service_accounts:ProviderData": "iam.WorkloadIdentityPoolProvider",
    "gcp.models.service_accounts:ServiceAccountData": "iam.ServiceAccount",
    "gcp.models.serverless:ServiceData": "run.Service",
    "gcp.models.sql:RunData": "sqladmin.BackupRun",
    "gcp.models.workspace:WorkspaceCustomer": "admin_directory.Customer",
    "gcp.models.workspace:WorkspaceUser": "admin_directory.User",
}
"""Views whose shape is not found by their fields; None: no discovery document has it."""
_ASSETS = frozenset({"gcp.models.service_accounts:ServiceAccountKey"})
"""Assets within assets: laid by their own collector."""
_BARE = frozenset({"gcp.models.compute:Image", "gcp.models.compute:Snapshot"})
"""Views of the envelope alone, which is ours."""
_FILES = {
    "admin.directory": "admin.directory_v1.json",
    "cloudbuild": "cloudbuild.v1.json",
    "iam": "iam.v1.json",
    "osconfig": "osconfig.v1.json",
    "run": "run.v1.json",
    "securitycenter": "securitycenter.v1.json",
}
"""Versions that the inventory or our calls use, where there is a newer one."""
_SCALARS = {"boolean": "boolean", "integer": "number", "number": "number", "any": "any"}


@functools.cache
def _document(service: str) -> dict[str, Any]:
    """The schemas of the newest stable version of an API, by ``service.Schema``."""
    pattern = _FILES.get(service, f"{service}.*v*.json")
    files = sorted(_DOCUMENTS.glob(pattern), key=lambda path: _age(path.name))
    if not files:
        return {}
    content = json.loads(files[-1].read_text(encoding="utf-8"))
    return {f"{_plain(service)}.{name}": schema for name, schema in content["schemas"].items()}


def _age(name: str) -> tuple[bool, tuple[int, ...]]:
    """Stable before preview, then the higher version."""
    digits = re.findall(r"v(\d+)(?:\.|beta|alpha|$|_)", name)
    return not re.search(r"alpha|beta|eap", name), tuple(int(digit) for digit in digits)


def _plain(service: str) -> str:
    return service.replace(".", "_")


def _schema(name: str) -> dict[str, Any] | None:
    service = name.partition(".")[0].replace("_", ".")
    return _document(service).get(name)


def _shape(name: str) -> Shape | None:
    """A schema or an object within one, ``service.Schema.property``."""
    service, schema, *way = name.split(".")
    found = _schema(f"{service}.{schema}")
    for step in way:
        found = _objects((found or {}).get("properties", {}).get(step))
    if found is None or "properties" not in found:
        return None
    return {
        field: Member(
            _type(service, f"{name}.{field}", of),
            _held(service, f"{name}.{field}", of),
            speaks_of_secrets(of.get("description", "")),
        )
        for field, of in found["properties"].items()
    }


def _objects(of: Any) -> Any:
    """What a list or a map of objects holds."""
    while of is not None and ("items" in of or "additionalProperties" in of):
        of = of.get("items") or of.get("additionalProperties")
    return of


def _held(service: str, name: str, of: dict[str, Any]) -> str | None:
    inner = _objects(of)
    if "$ref" in inner:
        return f"{service}.{inner['$ref']}"
    return name if "properties" in inner else None


def _type(service: str, name: str, of: dict[str, Any]) -> str:
    if "$ref" in of:
        return f"object {service}.{of['$ref']}"
    if of.get("type") == "array":
        return f"list of {_type(service, name, of['items'])}"
    if "additionalProperties" in of:
        return f"map of {_type(service, name, of['additionalProperties'])}"
    if "properties" in of:
        return f"object {name}"
    if "enum" in of:
        return "enum: " + "|".join(sorted(of["enum"]))
    if of.get("format") in ("google-datetime", "date-time", "google-duration"):
        return "time"
    if of.get("format") in ("int64", "uint64", "int32", "uint32"):
        return "number"
    return _SCALARS.get(of.get("type", ""), "string")


def _services(collector: Collector) -> list[str]:
    """The APIs whose objects a collector yields, by the hosts that it names."""
    text = inspect.getsource(collector.function)
    hosts = re.findall(r"([a-z]+)\.googleapis\.com/", text)
    module = inspect.getsource(sys.modules[collector.function.__module__])
    hosts += re.findall(r"([a-z]+)\.googleapis\.com", module) if not hosts else []
    hosts += [api for word, api in _APIS.items() if word in module.lower()]
    return list(dict.fromkeys([*hosts, *_ALWAYS]))


def _candidates(services: list[str]) -> Iterator[tuple[int, str]]:
    for distance, service in enumerate(services):
        for name in _document(service):
            yield distance, name


def _put(laying: Laying, where: str, struct: Struct, services: list[str]) -> None:
    """Lay a view over what a hint names, else over the schema with most of its fields."""
    if name_of(struct) in _HINTS:
        if (hint := _HINTS[name_of(struct)]) is not None:
            laying.lay(where, struct, hint)
        return
    laying.lay(where, struct, laying.best(fields_of(struct), _candidates(services)))


def _lay(laying: Laying, where: str, struct: Struct, services: list[str]) -> None:
    """The envelope of an asset is ours; what it holds is laid over schemas."""
    if name_of(struct) in _HINTS:
        _put(laying, where, struct, services)
        return
    for name, inner in fields_of(struct).items():
        for one in inner:
            if name_of(one) == "gcp.models.asset:Held":
                for data in fields_of(one)["data"]:
                    _put(laying, f"{where} {name} data", data, services)
            elif name_of(one) not in _ASSETS:
                _put(laying, f"{where} {name}", one, services)
    if not any(fields_of(struct).values()) and name_of(struct) not in _BARE:
        _put(laying, where, struct, services)


METHODS = Path(__file__).resolve().parents[2] / "collectors/soc2_collectors/gcp/methods.json"
"""How each declared call is asked over HTTP: the client reads it."""


def methods(calls: Iterable[str]) -> dict[str, dict[str, Any]]:
    """(call -> version -> how it is asked and what it answers), of the versions that are no previews."""
    found: dict[str, dict[str, Any]] = {}
    for call in sorted(calls):
        api, _, method = call.partition(".")
        for path in sorted(_DOCUMENTS.glob(f"{api}.*.json")):
            version = path.name.removeprefix(f"{api}.").removesuffix(".json")
            if re.fullmatch(r"(directory_)?v\d+", version):
                said = _method(json.loads(path.read_text(encoding="utf-8")), method)
                if said is not None:
                    found.setdefault(call, {})[version] = said
        if call not in found:
            sys.exit(f"no discovery document knows {call}")
    return found


def _method(document: Any, path: str) -> dict[str, Any] | None:
    here = document
    *groups, last = path.split(".")
    for group in groups:
        here = here.get("resources", {}).get(group, {})
    method = here.get("methods", {}).get(last)
    if method is None:
        return None
    parameters = method.get("parameters", {})
    answer = document["schemas"].get(method.get("response", {}).get("$ref"), {})
    scopes = [scope for scope in method.get("scopes", ()) if scope.endswith(".readonly")]
    return {
        "verb": method["httpMethod"],
        "root": document["rootUrl"],
        "path": document["servicePath"] + method["path"],
        "in_path": {
            name: one.get("pattern", "[^/]+")
            for name, one in sorted(parameters.items())
            if one["location"] == "path"
        },
        "in_query": sorted(n for n, one in parameters.items() if one["location"] == "query"),
        "required": sorted(name for name, one in parameters.items() if one.get("required")),
        "body": "request" in method,
        "answers": sorted(answer.get("properties", ())),
        **({"scopes": scopes} if scopes else {}),
    }


def main() -> None:
    """Extract and write."""
    calls = {
        call
        for collector in plugins.load().collectors.values()
        if collector.provider == "gcp"
        for call in collector.calls
    }
    text = json.dumps(methods(calls), indent=1, sort_keys=True)
    METHODS.write_text(f"{text}\n", encoding="utf-8")
    laying = Laying("gcp", _shape)
    for collector in plugins.load().collectors.values():
        if collector.provider == "gcp":
            _lay(laying, collector.kind, collector.resource, _services(collector))
    laying.write(f"google-api-python-client {version('google-api-python-client')}")
    if folder := os.environ.get(DATASET):
        write_permissions(
            "gcp", *_published(Path(folder) / "gcp"), calls=_calls(Path(folder) / "gcp")
        )
    else:
        print(f"permissions are kept as they are: {DATASET} names no checkout", file=sys.stderr)


def _published(folder: Path) -> tuple[str, dict[str, str]]:
    """Permissions of ours that some role of Google's holds: ``read`` where one that only reads does."""
    ours = {one for need in permissions.NEEDS.values() for one in need}
    found: dict[str, str] = {}
    for path in sorted((folder / "roles").glob("*.json")):
        held = ours & {*json.loads(path.read_text(encoding="utf-8")).get("includedPermissions", [])}
        reads = _ONLY_READING.search(path.stem) is not None
        for one in held:
            found[one] = "read" if reads or found.get(one) == "read" else f"held by {path.stem}"
    return "iann0036/iam-dataset", found


def _calls(folder: Path) -> dict[str, list[str]]:
    """Calls of ours -> the permissions that are published for them; none where nothing is."""
    apis = json.loads((folder / "map.json").read_text(encoding="utf-8"))["api"]
    known = {call: said for api in apis.values() for call, said in api.get("methods", {}).items()}
    return {
        call: sorted({one["name"] for one in known.get(call, {}).get("permissions", [])})
        for call in permissions.NEEDS
    }


if __name__ == "__main__":
    main()
