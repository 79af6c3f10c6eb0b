"""Facts of GitHub, from its own OpenAPI description (Enterprise Cloud) and its GraphQL schema."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from npm import folder, version_of
from views import (
    Laying,
    Member,
    Shape,
    Struct,
    facts_of,
    fields_of,
    name_of,
    speaks_of_secrets,
    write_permissions,
)

from soc2_collectors.github.permissions import NEEDS
from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

NPM = ("@octokit/openapi", "@octokit/graphql-schema")
"""What is installed beside the project, by npm."""
_DEPTH = 5
_RULES = ("pull-request", "required-status-checks", "workflows", "code-scanning")
_HINTS: dict[str, tuple[str, ...]] = {
    "github.models.access:Holder": (),  # put together by the collector
    "github.models.access:Secret": ("rest.actions-secret", "rest.organization-actions-secret"),
    "github.models.change:CheckContext": ("graphql.CheckRun", "graphql.StatusContext"),
    "github.models.repository:BranchPattern": ("rest.deployment-branch-policy",),
    "github.models.repository:Collaborator": (
        "rest.collaborator",
        "graphql.RepositoryCollaboratorEdge",
    ),
    "github.models.repository:Count": ("graphql.BranchProtectionRuleConnection",),
    "github.models.ruleset:RuleParameters": tuple(
        f"rest.repository-rule-{rule}.parameters" for rule in (*_RULES, "required-deployments")
    ),
    "github.models.workflow:Blob": ("graphql.Blob",),
}
"""Structs -> the shapes that they read, where those that fit best are others."""


@functools.cache
def _rest() -> dict[str, Any]:
    path = folder("@octokit/openapi") / "generated" / "ghec.json"
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


@functools.cache
def _graphql() -> dict[str, Any]:
    content = json.loads(
        (folder("@octokit/graphql-schema") / "schema.json").read_text(encoding="utf-8")
    )
    types = content.get("data", content)["__schema"]["types"]
    return {one["name"]: one for one in types}


_INLINE: dict[str, dict[str, Any]] = {}
"""Objects that have no name of their own, by where they stand."""


def _resolved(schema: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """A schema behind its references, and what it is called."""
    while "$ref" in schema:
        name = "rest." + schema["$ref"].rpartition("/")[2]
        schema = _rest()["components"]["schemas"][name.partition(".")[2]]
    return schema, name


def _properties(schema: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Fields of an object: of all that it is made of, and of all that it may be."""
    found: dict[str, dict[str, Any]] = {}
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        inner, inner_name = _resolved(part, name)
        found |= _properties(inner, inner_name)
    own: dict[str, dict[str, Any]] = schema.get("properties", {})
    return found | own


@functools.cache
def _shape(name: str) -> Shape | None:
    source, _, inner = name.partition(".")
    if source == "graphql":
        return _graphql_shape(inner)
    schema = _INLINE.get(name) or _rest()["components"]["schemas"].get(inner)
    if schema is None:
        return None
    fields = _properties(schema, name)
    return {
        field: _member(of, f"{name}.{field}")._replace(
            secret=speaks_of_secrets(of.get("description") or "")
        )
        for field, of in fields.items()
    } or None


def _member(of: dict[str, Any], name: str) -> Member:
    schema, name = _resolved(of, name)
    null = "null or " if schema.get("nullable") or of.get("nullable") else ""
    if schema.get("type") == "array":
        held = _member(schema.get("items", {}), name)
        return Member(f"{null}list of {held.type}", held.shape)
    if "enum" in schema and schema.get("type") != "object":
        return Member(
            f"{null}enum: {'|'.join(sorted(str(one) for one in schema['enum'] if one is not None))}"
        )
    if _properties(schema, name):
        if name.partition(".")[2] not in _rest()["components"]["schemas"]:
            _INLINE[name] = schema
        return Member(f"{null}object {name}", name)
    if schema.get("type") == "object" or "additionalProperties" in schema:
        return Member(f"{null}map of any")
    if schema.get("format") in ("date-time", "date"):
        return Member(f"{null}time")
    scalars = {"boolean": "boolean", "integer": "number", "number": "number", "string": "string"}
    return Member(null + scalars.get(schema.get("type", ""), "any"))


def _graphql_shape(name: str) -> Shape | None:
    of = _graphql().get(name)
    if of is None or not of.get("fields"):
        return None
    return {field["name"]: _graphql_member(field["type"]) for field in of["fields"]}


def _graphql_member(of: dict[str, Any], null: str = "null or ") -> Member:
    if of["kind"] == "NON_NULL":
        return _graphql_member(of["ofType"], "")
    if of["kind"] == "LIST":
        held = _graphql_member(of["ofType"], "")
        return Member(f"{null}list of {held.type}", held.shape)
    if of["kind"] == "ENUM":
        values = sorted(one["name"] for one in _graphql()[of["name"]]["enumValues"])
        return Member(f"{null}enum: {'|'.join(values)}")
    if of["kind"] in ("OBJECT", "INTERFACE", "UNION"):
        return Member(f"{null}object graphql.{of['name']}", f"graphql.{of['name']}")
    scalars = {"Boolean": "boolean", "Int": "number", "Float": "number", "DateTime": "time"}
    return Member(null + scalars.get(of["name"], "string"))


def _answers(calls: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Every object in the answers of declared calls, with how deep it stands; GraphQL's types come after."""
    for call in calls:
        method, _, path = call.partition(" ")
        operation = _rest()["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue
        for content in operation["responses"].get("200", {}).get("content", {}).values():
            yield from _inside(_member(content.get("schema", {}), f"rest.{call}").shape, 0, set())
    if any(call.startswith("GRAPHQL") for call in calls):
        for name, of in _graphql().items():
            if of["kind"] == "OBJECT" and not name.startswith("__"):
                yield _DEPTH + 1, f"graphql.{name}"


def _inside(name: str | None, depth: int, seen: set[str]) -> Iterator[tuple[int, str]]:
    if name is None or depth > _DEPTH or name in seen:
        return
    seen.add(name)
    yield depth, name
    for member in (_shape(name) or {}).values():
        yield from _inside(member.shape, depth + 1, seen)


class _Hinted(Laying):
    """Lays where the hints say."""

    def lay(
        self, where: str, struct: Struct, name: str | None, only: Collection[str] | None = None
    ) -> None:
        """As the hints say, where they do."""
        hints = _HINTS.get(name_of(struct))
        if hints is None:
            super().lay(where, struct, name, only)
        for one in hints or ():
            _shape(one.rpartition(".")[0])  # notes the objects inside
            super().lay(where, struct, one, only)


def main() -> None:
    """Extract and write."""
    laying = _Hinted("github", _shape)
    for collector in plugins.load().collectors.values():
        if collector.provider != "github":
            continue
        struct, facts = collector.resource, facts_of(collector.resource)
        candidates = list(_answers(collector.calls))
        plain = fields_of(struct).keys() - facts
        nested = [name for name in plain if fields_of(struct)[name]]
        shape = laying.best(plain, candidates)
        if shape is not None:
            laying.lay(collector.kind, struct, shape, only=plain)
        for name in sorted({*facts, *(nested if shape is None else ())}):
            for inner in fields_of(struct)[name]:
                found = laying.best(fields_of(inner), candidates)
                laying.lay(f"{collector.kind} {name}", inner, found)
    names = {
        name: "read" if "read" in said.get("enum", ()) else "write"
        for name, said in _rest()["components"]["schemas"]["app-permissions"]["properties"].items()
    }
    asked = {name for need in NEEDS.values() for name in need.names}
    write_permissions(
        "github",
        f"{NPM[0]} {version_of(NPM[0])}, app-permissions; GitHub Docs, Permissions required for GitHub Apps",
        {name: names[name] for name in sorted(asked & set(names))},
    )
    laying.write(
        {
            name: f"{package} {version_of(package)}"
            for name, package in zip(("rest", "graphql"), NPM, strict=True)
        }
    )


if __name__ == "__main__":
    main()
