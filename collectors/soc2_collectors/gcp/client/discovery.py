"""Methods of Google's APIs, from the discovery documents that the SDK brings: nothing is fetched."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without credentials."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    scopes: tuple[str, ...]
    """OAuth scopes, one of which the method needs."""


class Method:
    """One method of an API."""

    def __init__(self, build: Any, document: Mapping[str, Any], answer: Mapping[str, Any]) -> None:  # noqa: ANN401 - the SDK makes it when asked
        self.http_method: str = document.get("httpMethod", "")
        self._build = build
        self._scopes = tuple(document.get("scopes", ()))
        self._answer = answer

    def request(self, call: str, params: Mapping[str, object]) -> Request:
        """The request. Raises Unexpected for parameters that the method does not have or take."""
        try:
            made = self._build(**params)
        except (TypeError, ValueError) as error:
            msg = f"{call} cannot be asked so: {error}"
            raise Unexpected(msg, operation=call) from error
        return Request(made.method, made.uri, dict(made.headers), made.body, self._scopes)

    def demand(self, key: str, call: str) -> None:
        """Raises Unexpected unless answers may have the key: a misspelled one would be an empty listing."""
        if self._answer and key not in self._answer:
            msg = f"answers of {call} have no '{key}'"
            raise Unexpected(msg, operation=call)

    def recognise(self, body: Mapping[str, Any], call: str) -> None:
        """Raises Unexpected for an object that has nothing of what the method answers."""
        if body and self._answer and not any(key in self._answer for key in body):
            msg = f"{call} answered an object of another sort"
            raise Unexpected(msg, operation=call)


class Discovery:
    """The methods of all APIs, each API read when it is first asked. Safe to use from threads."""

    def __init__(self, endpoint: str) -> None:
        """``endpoint``: in place of Google's hosts; empty: those."""
        self._endpoint = endpoint.rstrip("/")
        self._apis: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {}
        self._methods: dict[tuple[str, str, str], Method] = {}
        self._building = threading.Lock()

    def method(self, api: str, version: str, path: str) -> Method:
        """A method by its path, ``projects.locations.list``. Raises Unexpected where there is none."""
        key = (api, version, path)
        with self._building:
            if key not in self._methods:
                self._methods[key] = self._find(api, version, path)
            return self._methods[key]

    def _find(self, api: str, version: str, path: str) -> Method:
        if (api, version) not in self._apis:
            self._apis[api, version] = self._read(api, version)
        here, document = self._apis[api, version]
        described: Mapping[str, Any] = document
        *groups, last = path.split(".")
        try:
            for group in groups:
                described = described["resources"][group]
                here = getattr(here, group)()
            method = described["methods"][last]
        except (KeyError, AttributeError) as error:
            msg = f"the API {api} {version} has no method {path}"
            raise Unexpected(msg, operation=f"{api}.{path}") from error
        answer = document.get("schemas", {}).get(method.get("response", {}).get("$ref"), {})
        return Method(getattr(here, last), method, answer.get("properties", {}))

    def _read(self, api: str, version: str) -> tuple[Any, dict[str, Any]]:
        from googleapiclient.discovery import build_from_document  # noqa: PLC0415
        from googleapiclient.discovery_cache import get_static_doc  # noqa: PLC0415

        raw = get_static_doc(api, version)
        if raw is None:
            msg = f"the SDK knows no API {api} {version}"
            raise Unexpected(msg, operation=api)
        document = json.loads(raw)
        options = {"api_endpoint": self._base(api, document)}
        return build_from_document(document, http=_Unsent(), client_options=options), document

    def _base(self, api: str, document: Mapping[str, Any]) -> str:
        path = document["servicePath"]
        if not self._endpoint:
            return f"{document['rootUrl']}{path}"
        # All APIs stand behind one address there: each under its name.
        return f"{self._endpoint}/{path if path.startswith(f'{api}/') else f'{api}/{path}'}"


class _Unsent:
    """In the place of a transport: requests are built here, and sent elsewhere."""

    credentials = None

    def request(self, *_: object, **__: object) -> None:
        """Nothing is ever sent by the SDK itself."""
        raise NotImplementedError
