"""How Google's APIs are asked over HTTP, from their discovery documents as ``make facts`` extracts them.

``methods.json`` holds what soc2-pac's own collectors declare. A plugin whose collectors ask further methods
hands them in, in the same form, by :func:`add`.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOLE = re.compile(r"{(\+?)(\w+)}")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without credentials."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    scopes: tuple[str, ...]
    """The read-only OAuth scopes, one of which the method takes; empty where it takes a wider one alone."""


class Method:
    """One method of an API."""

    def __init__(self, call: str, api: str, said: Mapping[str, Any]) -> None:
        self.verb: str = said["verb"]
        self.root: str = said["root"]
        self._call = call
        self._api = api
        self._path: str = said["path"]
        self._in_path: Mapping[str, str] = said["in_path"]
        self._known = frozenset({*self._in_path, *said["in_query"]})
        self._required = frozenset(said["required"])
        self._takes_body: bool = said["body"]
        self._answers = frozenset(said["answers"])
        self._scopes = tuple(said.get("scopes", ()))

    def request(self, params: Mapping[str, object], endpoint: str) -> Request:
        """The request. Raises Unexpected for parameters that the method does not have or take.

        ``endpoint``: in place of Google's hosts, each API under its name; empty: those.
        """
        given = dict(params)
        body = given.pop("body", None) if self._takes_body else None
        odd = sorted(given.keys() - self._known) or sorted(self._required - given.keys())
        if odd:
            what = f"the parameter {odd[0]}"
            raise self._wrong(what)
        filled = _HOLE.sub(
            lambda hole: self._filled(hole[1], hole[2], str(given[hole[2]])), self._path
        )
        query = [
            (name, _said(one))
            for name, value in given.items()
            if name not in self._in_path
            for one in (value if isinstance(value, list | tuple) else [value])
        ]
        base = endpoint or self.root.rstrip("/")
        if endpoint and not re.match(f"{self._api}/v[0-9]", self._path):
            base = f"{endpoint}/{self._api}"
        url = f"{base}/{filled}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        headers = {"Accept": "application/json"}
        if body is None:
            return Request(self.verb, url, headers, None, self._scopes)
        headers["Content-Type"] = "application/json"
        return Request(self.verb, url, headers, json.dumps(body), self._scopes)

    def demand(self, key: str) -> None:
        """Raises Unexpected unless answers may have the key: a misspelled one would be an empty listing."""
        if key not in self._answers:
            msg = f"answers of {self._call} have no '{key}'"
            raise Unexpected(msg, operation=self._call)

    def recognise(self, body: Mapping[str, Any]) -> None:
        """Raises Unexpected for an object that has nothing of what the method answers."""
        if body and self._answers and self._answers.isdisjoint(body):
            msg = f"{self._call} answered an object of another sort"
            raise Unexpected(msg, operation=self._call)

    def _filled(self, whole: str, name: str, value: str) -> str:
        form = self._in_path[name]
        parts = value.split("/") if whole else [value]
        if not re.fullmatch(form, value) or any(part in ("", ".", "..") for part in parts):
            what = f"{name} = '{value}'"
            raise self._wrong(what)
        return urllib.parse.quote(value, safe="/:@" if whole else ":@")

    def _wrong(self, what: str) -> Unexpected:
        msg = f"{self._call} cannot be asked so: {what} is not right"
        return Unexpected(msg, operation=self._call)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_methods: dict[tuple[str, str, str], Method] = {}


def add(said: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Know further methods: (``API.METHOD`` -> version -> what ``methods.json`` says of one)."""
    for call, versions in said.items():
        api, _, path = call.partition(".")
        for version, one in versions.items():
            _methods[api, version, path] = Method(call, api, one)


add(json.loads(Path(__file__).with_name("methods.json").read_text(encoding="utf-8")))


def method(api: str, version: str, path: str) -> Method:
    """A method by its path, ``projects.locations.list``. Raises Unexpected where it is not known."""
    found = _methods.get((api, version, path))
    if found is None:
        apis = {known[:2] for known in _methods}
        what = (
            f"no method {path} of {api} {version}"
            if (api, version) in apis
            else f"no API {api} {version}"
        )
        msg = f"soc2-pac knows {what}: see soc2_collectors.gcp.methods"
        raise Unexpected(msg, operation=f"{api}.{path}")
    return found


def roots() -> list[str]:
    """The hosts of all methods that are known."""
    return sorted({one.root for one in _methods.values()})
