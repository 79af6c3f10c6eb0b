"""The OpenAPI description of what programs may ask, made of the lists themselves."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from soc2_pac import plugins
from soc2_pac.web import details, reports
from soc2_pac.web.lists import MOST_ROWS, ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.web.lists import Listing

_AS_OF = {
    "name": "as_of",
    "in": "query",
    "schema": {"type": "string"},
    "description": "An instant, 2026-03-31T12:00:00Z: the store as it was then",
}
_ROWS = {"type": "array", "items": {"type": "object"}}


def description(listings: Mapping[str, Listing]) -> dict[str, Any]:
    """OpenAPI 3.1: every list that somebody may open and everything in it, as JSON and CSV."""
    paths: dict[str, Any] = {
        "/overview.json": {
            "get": _get("The overview", {"type": "object"}, "application/json", [_AS_OF])
        }
    }
    for listing in listings.values():
        parameters = [
            _parameter(one.name, {"type": "string"}, _takes(one.choices) or one.hint)
            for one in listing.filters
        ]
        parameters += [
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": ROWS}, "Rows"),
            _AS_OF,
            _parameter("after", {"type": "string"}, "Where the page before ended: the header Link names it"),
        ]  # fmt: skip
        for form, media, schema in (
            ("json", "application/json", _ROWS), ("csv", "text/csv", {"type": "string"}),
        ):  # fmt: skip
            path = f"/{listing.name}.{form}"
            paths[path] = {"get": _get(listing.title, schema, media, parameters, listing.says)}
    for kind in details.KINDS:
        one = {"name": "one", "in": "path", "required": True, "schema": {"type": "string"}}
        said = _get(
            f"One of {listings[kind].title.lower()}",
            {"type": "object"},
            "application/json",
            [one, _AS_OF],
        )
        said["responses"]["404"] = {"description": "There is none."}
        paths[f"/{kind}/{{one}}.json"] = {"get": said}
    for kind in reports.KINDS if "tokens" in listings else reports.KINDS[:2]:
        parameters = [
            _parameter(
                "criteria", {"type": "string"}, "Criteria or series: CC6,CC7.1. Default: all."
            )
        ]
        if kind == "type2":
            over = _parameter("period", {"type": "string"}, "2026-01-01..2026-06-30, both days.")
            parameters.append({**over, "required": True})
        if kind != "readiness":
            parameters.append(_AS_OF)
        for form, media in reports.FORMS.items():
            said = _get("A report", {}, media.partition(";")[0], parameters)
            said["responses"]["404"] = {"description": "There is none."}
            paths[f"/reports/{kind}.{form}"] = {"get": said}
    return {
        "openapi": "3.1.0",
        "info": {"title": "soc2-pac", "version": version(plugins.DISTRIBUTION)},
        "paths": paths,
    }


def _takes(choices: tuple[str, ...]) -> str:
    return f"One or several, separated by commas: {', '.join(choices)}" if choices else ""


def _parameter(name: str, schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": says}


def _get(
    title: str, schema: dict[str, Any], media: str, parameters: list[dict[str, Any]], says: str = ""
) -> dict[str, Any]:
    return {
        "summary": title,
        "description": says,
        "parameters": parameters,
        "responses": {
            "200": {"description": "What there is.", "content": {media: {"schema": schema}}},
            "400": {
                "description": "A filter that the list does not know, or a value that it does not take."
            },
            "401": {"description": "Not signed in."},
        },
    }
