"""What a collector takes: assets, pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from soc2_collectors.attempts import attempted
from soc2_collectors.gcp.answers import MALFORMED, problem, says_none, wait_asked
from soc2_collectors.gcp.permissions import grant
from soc2_pac.errors import CallRefused, ProviderError, Unexpected, Unreachable
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from soc2_collectors.gcp.answers import Answer
    from soc2_collectors.gcp.client.connection import GcpConnection
    from soc2_collectors.gcp.client.discovery import Method
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

LARGEST_ASSET_PAGE = 1000
_NOT_FOUND = 404
_READING_POSTS = frozenset(
    {
        "getAncestry",
        "getEffectiveOrgPolicy",
        "getIamPolicy",
        "getOrgPolicy",
        "listOrgPolicies",
    }
)
"""Methods that read although they are sent by POST, of any API."""
_READING_POST_CALLS = frozenset({"logging.entries.list"})
"""Calls that read although they are sent by POST."""
_LEFT_OUT = (
    "unreachable",
    "unreachables",
    "unreachableLocations",
    "failedLocations",
    "missingZones",
)
"""Under which a listing says which places it could not ask."""


class Gcp:
    """What a collector takes: one organisation, folder or project of Google Cloud.

    Calls are named as in Google's discovery documents: the API, its version, and the method's path,
    ``("sqladmin", "v1", "instances.list")``. API and method are the declared call:
    ``sqladmin.instances.list``.
    """

    def __init__(
        self, connection: GcpConnection, scope: Scope, meter: Meter, allowed: frozenset[str]
    ) -> None:
        whole = "/" in scope.boundary
        self.scope_name = scope.boundary if whole else f"projects/{scope.boundary}"
        """``organizations/123``, ``folders/45``, ``projects/acme-prod``."""
        self.project = "" if whole else scope.boundary
        """The project's id, in the scope of a project; otherwise empty."""
        self.organization = scope.boundary if scope.boundary.startswith("organizations/") else ""
        """``organizations/123``, in the scope of an organisation; otherwise empty."""
        self._connection = connection
        self._meter = meter
        self._allowed = allowed
        self._memory: dict[object, tuple[object, ProviderError | None]] = {}
        self._remembering = threading.RLock()

    def assets(
        self, asset_type: str | Sequence[str] = (), content: str = "RESOURCE"
    ) -> Iterator[dict[str, Any]]:
        """Assets of the scope as Cloud Asset Inventory gives them, by pages of 1000.

        What is no object comes as ``{"$malformed": what came}``; make documents by
        :func:`soc2_collectors.gcp.answers.document`, which takes these too.

        Args:
            asset_type: one type, ``compute.googleapis.com/Instance``, or several; empty: all that there are.
            content: ``RESOURCE``, ``IAM_POLICY``, or ``ACCESS_POLICY``, which an organisation alone has.

        Raises:
            ProviderError: see :mod:`soc2_collectors.gcp.answers`.
        """
        types = [asset_type] if isinstance(asset_type, str) else list(asset_type)
        params: dict[str, object] = {"parent": self.scope_name, "contentType": content}
        if types:
            params["assetTypes"] = types
        params["pageSize"] = LARGEST_ASSET_PAGE
        asked = self._asked("cloudasset", "v1", "assets.list", params)
        need = grant(asked.call, content)
        self._meter.page()
        for page in self._pages(asked, "assets", need, ()):
            yield from _emptied(page)

    def items(
        self, api: str, version: str, method: str, key: str, **params: object
    ) -> Iterator[dict[str, Any]]:
        """Every record of a listing of another API, page by page.

        Pages are as large as the API makes them by itself: name ``pageSize`` or ``maxResults``. A listing
        that names places which it could not ask is partial: its records come, and then Unreachable is raised.

        Args:
            api: ``sqladmin``.
            version: ``v1``.
            method: ``instances.list``.
            key: where the records stand; ``items.*.instances`` where they stand under each zone or region.
            params: the method's own parameters.

        Raises:
            ProviderError: see :mod:`soc2_collectors.gcp.answers`.
        """
        asked = self._asked(api, version, method, params)
        self._meter.page()
        for page in self._pages(asked, key, grant(asked.call), ()):
            yield from _emptied(page)

    def ask(self, api: str, version: str, method: str, **params: object) -> dict[str, Any]:
        """One object. Raises ProviderError."""
        asked = self._asked(api, version, method, params)
        return asked.known(self._send(asked, {}, grant(asked.call), (), listing=False))

    def fact(
        self,
        api: str,
        version: str,
        method: str,
        *,
        absent: Collection[int | str] = (_NOT_FOUND,),
        key: str | None = None,
        **params: object,
    ) -> Fact:
        """A call of its own for one part of a document: one object, or ``None`` where there is none.

        Args:
            api: ``storage``.
            version: ``v1``.
            method: ``buckets.getIamPolicy``.
            absent: statuses, names of statuses or reasons by which Google says that there is none.
            key: the part of the answer that is wanted; ``None`` when the answer leaves it out.
            params: the method's own parameters.
        """

        def read() -> object:
            asked = self._asked(api, version, method, params)
            answer = self._send(asked, {}, grant(asked.call), absent, listing=False)
            if says_none(answer, absent):
                return None
            body = asked.known(answer)
            return body if key is None else body.get(key)

        return Fact(f"{api}.{method}", read)

    def list_fact(
        self,
        api: str,
        version: str,
        method: str,
        key: str,
        *,
        absent: Collection[int | str] = (),
        **params: object,
    ) -> Fact:
        """A listing of its own for one part of a document; ``None`` where ``absent`` says there is none."""

        def read() -> object:
            asked = self._asked(api, version, method, params)
            found: list[dict[str, Any]] = []
            for page in self._pages(asked, key, grant(asked.call), absent):
                if page is None:
                    return None
                found += page
            return found

        return Fact(f"{api}.{method}", read)

    def once(self, key: object, ask: Callable[[], object]) -> Any:  # noqa: ANN401 - what ``ask`` gives
        """What ``ask`` gave, or raised, the first time: several documents share one call."""
        with self._remembering:
            if key not in self._memory:
                try:
                    self._memory[key] = (ask(), None)
                except ProviderError as error:
                    self._memory[key] = (None, error)
            value, raised = self._memory[key]
        if raised is not None:
            raise raised
        return value

    # -- inside ---------------------------------------------------------------------------------------

    def _asked(self, api: str, version: str, method: str, params: Mapping[str, object]) -> _Asked:
        call = f"{api}.{method}"
        if call not in self._allowed:
            msg = f"the collector does not declare {call}: refused before it was sent"
            raise CallRefused(msg, operation=call)
        found = self._connection.discovery.method(api, version, method)
        last = method.rpartition(".")[2]
        reads = found.http_method == "GET" or (
            found.http_method == "POST" and (last in _READING_POSTS or call in _READING_POST_CALLS)
        )
        if not reads:
            msg = (
                f"{call} is sent by {found.http_method}, and may write: refused before it was sent"
            )
            raise CallRefused(msg, operation=call)
        return _Asked(call, found, params)

    def _pages(
        self, asked: _Asked, key: str, need: str | None, absent: Collection[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Google says that there is none."""
        asked.method.demand(key.partition(".")[0], asked.call)
        seen, unasked = set[str](), set[str]()
        more: dict[str, object] = {}
        while True:
            if (
                seen
            ):  # the listings of thousands of resources have a first page each: those are no pages
                self._meter.page()
            answer = self._send(asked, more, need, absent, listing=True)
            if says_none(answer, absent):
                yield None
                return
            body = asked.known(answer)
            page = _records(body, key, asked.call)
            unasked |= _unasked(body)
            token = body.get("nextPageToken")
            del (
                answer,
                body,
            )  # the page alone is held while it is read, and nothing while the next comes
            yield page
            del page
            if not token:
                break
            if not isinstance(token, str) or token in seen:
                msg = f"{asked.call} names a page as its next that was read before: it would never end"
                raise Unexpected(msg, operation=asked.call)
            seen.add(token)
            more = asked.following(more, token)
        if unasked:
            named = ", ".join(sorted(unasked)[:5])
            msg = f"some places did not answer, and what is there is not listed: {named}"
            raise Unreachable(msg, operation=asked.call)

    def _send(
        self,
        asked: _Asked,
        more: Mapping[str, object],
        need: str | None,
        absent: Collection[int | str],
        *,
        listing: bool,
    ) -> Answer:
        request = asked.method.request(asked.call, {**asked.params, **more})

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._connection.exchange(request, self._meter)
            if says_none(answer, absent):
                return answer, None
            return answer, problem(answer, asked.call, need, self.project, listing=listing)

        attempts = self._connection.settings.max_attempts
        return attempted(self._meter, attempts, asked.call, exchange, wait_asked)


class _Asked:
    """A declared call with its parameters."""

    def __init__(self, call: str, method: Method, params: Mapping[str, object]) -> None:
        self.call = call
        self.method = method
        self.params = {name: value for name, value in params.items() if value is not None}

    def known(self, answer: Answer) -> dict[str, Any]:
        """The body, if it is what the method answers. Raises Unexpected."""
        body = answer.object(self.call)
        self.method.recognise(body, self.call)
        return body

    def following(self, more: Mapping[str, object], token: str) -> dict[str, object]:
        """The parameters of the next page; a POST has its token in the body."""
        if self.method.http_method == "POST":
            body = self.params.get("body")
            return {
                **more,
                "body": {**(body if isinstance(body, dict) else {}), "pageToken": token},
            }
        return {**more, "pageToken": token}


def _records(body: Mapping[str, Any], key: str, call: str) -> list[dict[str, Any]]:
    """The records of a page; Google leaves out an empty list, and never says ``null`` in its place."""
    first, star, inner = key.partition(".*.")
    if first not in body:
        return []
    found = body[first]
    if star:
        if not isinstance(found, dict) or not all(isinstance(p, dict) for p in found.values()):
            msg = f"{call} answered no places under {first}"
            raise Unexpected(msg, operation=call)
        return [one for place in found.values() for one in _records(place, inner, call)]
    if not isinstance(found, list):
        msg = f"{call} answered no list under {first}"
        raise Unexpected(msg, operation=call)
    return [one if isinstance(one, dict) else {MALFORMED: one} for one in found]


def _unasked(body: Mapping[str, Any]) -> set[str]:
    """Places that a listing could not ask."""
    found = {str(one) for name in _LEFT_OUT for one in _list(body.get(name))}
    places = body.get("items")
    if isinstance(places, dict):
        for name, place in places.items():
            warning = place.get("warning") if isinstance(place, dict) else None
            if isinstance(warning, dict) and warning.get("code") == "UNREACHABLE":
                found.add(name)
    return found


def _emptied(page: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The records of a page, none of which is held longer than it is looked at."""
    if page is not None:
        page.reverse()
        while page:
            yield page.pop()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
