"""Facts of Azure and Entra, from the models of Azure's management packages and Microsoft Graph's own typings.

Resource Graph shows most resources as the API of their service does, in other letter case at times.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import sys
from importlib.metadata import distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import azure.mgmt
from npm import folder, version_of
from views import Laying, Member, Shape, facts_of, fields_of, name_of, write_permissions

from soc2_collectors.azure.permissions import GRAPH, GRAPH_NEEDS, permissions
from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from views import Struct

_PACKAGES = (
    "authorization", "compute", "containerregistry", "containerservice", "cosmosdb", "frontdoor", "keyvault",
    "monitor", "mysqlflexibleservers", "network", "postgresqlflexibleservers", "recoveryservices",
    "recoveryservicesbackup", "redis", "resource", "security", "sql", "storage", "subscription", "web",
)  # fmt: skip
NEEDS = (
    "azure-mgmt-authorization", "azure-mgmt-compute", "azure-mgmt-containerregistry",
    "azure-mgmt-containerservice", "azure-mgmt-cosmosdb", "azure-mgmt-frontdoor", "azure-mgmt-keyvault",
    "azure-mgmt-monitor", "azure-mgmt-mysqlflexibleservers", "azure-mgmt-network",
    "azure-mgmt-postgresqlflexibleservers", "azure-mgmt-recoveryservices", "azure-mgmt-recoveryservicesbackup",
    "azure-mgmt-redis", "azure-mgmt-resource", "azure-mgmt-security", "azure-mgmt-sql", "azure-mgmt-storage",
    "azure-mgmt-resource-locks", "azure-mgmt-resource-policy", "azure-mgmt-subscription", "azure-mgmt-web",
)  # fmt: skip
NPM = ("@microsoft/microsoft-graph-types",)
_SCALARS = {
    "str": "string",
    "bool": "boolean",
    "int": "number",
    "float": "number",
    "datetime": "time",
}
_OLD_SCALARS = {
    "str": "string", "bool": "boolean", "int": "number", "long": "number", "float": "number",
    "iso-8601": "time", "rfc-1123": "time", "duration": "string", "object": "any", "{object}": "map of any",
    "{str}": "map of string",
}  # fmt: skip


class Package:
    """The models of one management package: class -> JSON field -> member."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.enums: dict[str, list[str]] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        for home in azure.mgmt.__path__:
            for path in sorted((Path(home) / name).rglob("models/_*.py")):
                for node in ast.parse(path.read_text(encoding="utf-8")).body:
                    if not isinstance(node, ast.ClassDef):
                        continue
                    if "enum" in path.name:
                        self.enums.setdefault(node.name, _values(node))
                    else:
                        self.classes[node.name] = node

    @functools.cache  # noqa: B019 - there is one of each package
    def shape(self, name: str) -> Shape | None:
        """The fields of a class, ``Class`` or ``Class.properties`` for what older models flatten."""
        name, _, inside = name.partition(".")
        node = self.classes.get(name)
        if node is None:
            return None
        found: dict[str, Member] = {}
        for base in node.bases:
            found |= self.shape(ast.unparse(base).rpartition(".")[2]) or {}
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call):
                found |= self._field(statement)
            elif (
                isinstance(statement, ast.Assign)
                and ast.unparse(statement.targets[0]) == "_attribute_map"
            ):
                found |= self._mapped(name, ast.literal_eval(statement.value))
        if inside:
            start = f"{inside}."
            return {
                k.removeprefix(start): m for k, m in found.items() if k.startswith(start)
            } or None
        nested = {key.partition(".")[0] for key in found if "." in key}
        plain = {key: member for key, member in found.items() if "." not in key}
        return plain | {
            one: Member(f"object {self.name}.{name}.{one}", f"{self.name}.{name}.{one}")
            for one in nested
        }

    def _field(self, statement: ast.AnnAssign) -> dict[str, Member]:
        call = statement.value
        if not isinstance(call, ast.Call) or ast.unparse(call.func) not in (
            "rest_field",
            "rest_discriminator",
        ):
            return {}
        renamed = next((ast.literal_eval(k.value) for k in call.keywords if k.arg == "name"), None)
        return {renamed or ast.unparse(statement.target): self._annotated(statement.annotation)}

    def _annotated(self, of: ast.expr) -> Member:
        text = ast.unparse(of).replace('"', "").replace("'", "")
        while match := re.fullmatch(r"Optional\[(.*)\]", text):
            text = match.group(1)
        if match := re.fullmatch(r"[Ll]ist\[(.*)\]", text):
            held = self._annotated(ast.parse(match.group(1), mode="eval").body)
            return Member(f"list of {held.type}", held.shape)
        if re.fullmatch(r"[Dd]ict\[.*\]", text):
            return Member("map of any")
        known = [
            one
            for one in re.findall(r"_models\.(\w+)", text)
            if one in self.classes or one in self.enums
        ]
        for one in known:
            if one in self.enums:
                return Member("enum: " + "|".join(self.enums[one]))
            return Member(f"object {self.name}.{one}", f"{self.name}.{one}")
        return Member(_SCALARS.get(text.rpartition(".")[2], "string" if "str" in text else "any"))

    def _mapped(self, owner: str, attributes: dict[str, dict[str, str]]) -> dict[str, Member]:
        known = self._documented(owner)
        return {
            entry["key"].replace("\\.", "·"): self._old(entry["type"], known.get(attribute))
            for attribute, entry in attributes.items()
        }

    def _old(self, of: str, enumeration: str | None) -> Member:
        if of.startswith("[") and of.endswith("]"):
            held = self._old(of[1:-1], enumeration)
            return Member(f"list of {held.type}", held.shape)
        if of.startswith("{") and of.endswith("}") and of not in _OLD_SCALARS:
            held = self._old(of[1:-1], None)
            return Member(f"map of {held.type}", held.shape)
        if of in self.classes:
            return Member(f"object {self.name}.{of}", f"{self.name}.{of}")
        if enumeration in self.enums:
            return Member("enum: " + "|".join(self.enums[str(enumeration)]))
        return Member(_OLD_SCALARS.get(of, "string"))

    def _documented(self, owner: str) -> dict[str, str]:
        """Attribute -> enumeration, as the class's own docstring types it."""
        text = ast.get_docstring(self.classes[owner]) or ""
        return dict(re.findall(r":vartype (\w+): str or ~[\w.]+\.(\w+)", text))


def _values(node: ast.ClassDef) -> list[str]:
    found = [
        ast.literal_eval(one.value)
        for one in node.body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
    ]
    return sorted(str(value) for value in found)


@functools.cache
def _package(name: str) -> Package:
    return Package(name)


# -- Microsoft Graph ------------------------------------------------------------------------------------------


@functools.cache
def _graph() -> tuple[dict[str, tuple[str, str]], dict[str, list[str]]]:
    """(interface -> (what it extends, its body), enumeration -> values)."""
    path = folder(NPM[0]) / "microsoft-graph.d.ts"
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    interfaces = {
        name: (base or "", body)
        for name, base, body in re.findall(
            r"export interface (\w+)(?: extends (\w+))?\s*\{([^{}]*)\}", text
        )
    }
    enums = {
        name: sorted(re.findall(r'"([^"]+)"', body))
        for name, body in re.findall(r"export type (\w+)\s*=(.*?);", text, re.DOTALL)
    }
    return interfaces, enums


@functools.cache
def _graph_shape(name: str) -> Shape | None:
    interfaces, _ = _graph()
    if name not in interfaces:
        return None
    base, body = interfaces[name]
    found = dict(_graph_shape(base) or {}) if base else {}
    for field, of in re.findall(r"^\s*(\w+)\??:\s*([^;]+);", body, re.MULTILINE):
        found[field] = _graph_member(" ".join(of.split()))
    return found


def _graph_member(of: str) -> Member:
    if match := re.fullmatch(r"NullableOption<(.*)>", of):
        held = _graph_member(match.group(1))
        return Member(f"null or {held.type}", held.shape)
    if of.endswith("[]"):
        held = _graph_member(of[:-2].strip("()"))
        return Member(f"list of {held.type}", held.shape)
    interfaces, enums = _graph()
    if of in interfaces:
        return Member(f"object graph.{of}", f"graph.{of}")
    if enums.get(of):
        return Member("enum: " + "|".join(enums[of]))
    return Member(of if of in ("string", "boolean", "number") else "any")


# -- both -----------------------------------------------------------------------------------------------------


def _shape(name: str) -> Shape | None:
    source, _, inner = name.partition(".")
    return _graph_shape(inner) if source == "graph" else _package(source).shape(inner)


def _candidates(kind: str, calls: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The classes of the packages that a kind's calls name; of Graph for what is asked there."""
    words = " ".join(calls).lower().replace(".", "")
    asked = [p for p in _PACKAGES if f"microsoft{_PROVIDERS.get(p, p)}/" in words]
    if any(call.startswith("GRAPH ") for call in calls):
        for name in _graph()[0]:
            yield 0, f"graph.{name}"
    for package in asked or (() if kind.startswith("azure.entra") else _PACKAGES):
        for name in _package(package).classes:
            if not name.endswith(
                ("Update", "Parameters", "Patch", "ForUpdate", "CreateParameters")
            ):
                yield 1, f"{package}.{name}"


_PROVIDERS = {
    "cosmosdb": "documentdb", "frontdoor": "network", "monitor": "insights", "redis": "cache",
    "mysqlflexibleservers": "dbformysql", "postgresqlflexibleservers": "dbforpostgresql",
    "recoveryservicesbackup": "recoveryservices", "resource": "resources",
}  # fmt: skip
"""Where a package is not called as its resource provider."""


_HINTS: dict[str, str | None] = {
    "authorization:Lock": "resource.ManagementLockObject",
    "authorization:PolicyAssignment": "resource.PolicyAssignment",
    "authorization:PolicyExemption": None,
    "authorization:ResourceGroup": "resource.ResourceGroup",
    "authorization:RoleEligibility": "authorization.RoleEligibilityScheduleInstance",
    "compute:PatchAssessment": None,
    "entra:Registration": "graph.UserRegistrationDetails",
    "entra:Tenant": "graph.Organization",
    "entra_access:GroupInfo": "graph.Group",
    "entra_access:NamedLocation": "graph.IpNamedLocation",
    "entra_access:PolicyGroup": None,
    "entra_access:SecurityDefaults": "graph.IdentitySecurityDefaultsEnforcementPolicy",
    "entra_access:SubscriptionGroup": None,
    "entra_reviews:Query": "graph.AccessReviewInactiveUsersQueryScope",
    "entra_roles:GroupEligibility": "graph.PrivilegedAccessGroupEligibilityScheduleInstance",
    "entra_roles:RoleEligibility": "graph.UnifiedRoleEligibilityScheduleInstance",
    "monitor:ActivityLogSetting": None,
    "arm:Diagnostic": None,
    "network:BastionHost": "network.BastionHost",
    "perimeter:Association": "storage.NetworkSecurityPerimeterConfiguration",
    "network:WafPolicy": "network.WebApplicationFirewallPolicy",
    "recovery:BackupPolicy": None,
    "recovery:ProtectedItem": None,
    "recovery:RecoveryVault": "recoveryservices.Vault",
    "recovery:RestoreJob": None,
    "security:Assessment": "security.SecurityAssessmentResponse",
    "security:DefenderSetting": "security.DataExportSettings",
    "sql:AlertPolicy": "sql.ServerSecurityAlertPolicy",
    "sql:SqlDatabase": "sql.Database",
    "sql:TransparentEncryption": "sql.LogicalDatabaseTransparentDataEncryption",
}
"""Where the fields alone lead astray: the class that a view reads; ``None``: no package has it.

What Resource Graph keeps of assessments of updates, and of backups, is of no class; diagnostic settings are of
a package of their own that is not published for this language.
"""


def _lay(
    laying: Laying, where: str, struct: Struct, fields: set[str], candidates: list[tuple[int, str]]
) -> None:
    """Properties say more of what an object is than the envelope that all share."""
    hint = name_of(struct).removeprefix("azure.models.")
    if hint in _HINTS:
        if _HINTS[hint] is not None:
            laying.lay(where, struct, _HINTS[hint], only=fields)
        return
    inner = [one for name in ("properties",) if name in fields for one in fields_of(struct)[name]]
    best: tuple[int, str | None] = (-1, None)
    for distance, name in candidates:
        shape = _shape(name)
        if shape is None or not fields & shape.keys():
            continue
        score = len(fields & shape.keys())
        held = shape.get("properties")
        properties = _shape(held.shape) if held is not None and held.shape else None
        score += 3 * sum(len(fields_of(one).keys() & (properties or {}).keys()) for one in inner)
        score = 10 * score - distance
        if score > best[0]:
            best = (score, name)
    laying.lay(where, struct, best[1], only=fields)


def main() -> None:
    """Extract and write."""
    laying = Laying("azure", _shape)
    for collector in plugins.load().collectors.values():
        if collector.provider != "azure":
            continue
        struct, facts = collector.resource, facts_of(collector.resource)
        candidates = list(_candidates(collector.kind, collector.calls))
        if plain := set(fields_of(struct)) - facts:
            _lay(laying, collector.kind, struct, plain, candidates)
        for name in sorted(facts):
            for inner in fields_of(struct)[name]:
                _lay(laying, f"{collector.kind} {name}", inner, set(fields_of(inner)), candidates)
    sources = {p: f"azure-mgmt-{p} {version(f'azure-mgmt-{p}')}" for p in _PACKAGES if _has(p)}
    laying.write({**sources, "graph": f"{NPM[0]} {version_of(NPM[0])}"})
    lists = [os.environ.get(name, "") for name in ("AZURE_OPERATIONS", "GRAPH_PERMISSIONS")]
    if not all(lists):
        print(
            "permissions are kept as they are: AZURE_OPERATIONS names no answer of 'az provider operation "
            "list', or GRAPH_PERMISSIONS no permissions.json of Microsoft Graph",
            file=sys.stderr,
        )
        return
    operations, graph = (json.loads(Path(one).read_text(encoding="utf-8")) for one in lists)
    known = _actions(operations) | _authorising(graph["permissions"])
    write_permissions(
        "azure", "az provider operation list; Microsoft Graph permissions", known,
        calls=_calls(graph["permissions"]),
    )  # fmt: skip


def _actions(operations: Any) -> dict[str, str]:
    """Of the actions that we ask for those that are published, as Azure writes them."""
    calls = {
        c
        for one in plugins.load().collectors.values()
        if one.provider == "azure"
        for c in one.calls
    }
    asked = json.loads(permissions(sorted(calls), "json"))["role"]["Actions"]
    names: dict[str, str] = {}

    def look(at: Any) -> None:
        for inner in at.values() if isinstance(at, dict) else at if isinstance(at, list) else ():
            look(inner)
        if (
            isinstance(at, dict)
            and isinstance(at.get("name"), str)
            and at.get("isDataAction") is False
        ):
            names[at["name"].casefold()] = at["name"]

    look(operations)
    return {names[one.casefold()]: "read" for one in asked if one.casefold() in names}


def _authorising(published: dict[str, Any]) -> dict[str, str]:
    """Of the permissions that we ask for those that an application can have."""
    asked = {need for needs in GRAPH_NEEDS.values() for need in needs}
    return {
        one: "read" for one in asked if "Application" in published.get(one, {}).get("schemes", ())
    }


def _calls(published: dict[str, Any]) -> dict[str, list[str]]:
    """Each call of Graph, and the application permissions that authorise it and only read."""

    def plain(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{id}", path).casefold()

    found: dict[str, list[str]] = {}
    for call in GRAPH_NEEDS:
        path = plain(call.removeprefix(GRAPH))
        found[call] = sorted(
            name
            for name, one in published.items()
            if "Write" not in name
            and any(
                "GET" in part["methods"]
                and "Application" in part["schemeKeys"]
                and path in map(plain, part["paths"])
                for part in one["pathSets"]
            )
        )
    return found


def _has(package: str) -> bool:
    wanted: Any = f"azure-mgmt-{package}"
    return any(one.metadata["Name"] == wanted for one in distributions())


if __name__ == "__main__":
    main()
