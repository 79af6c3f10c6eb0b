"""What a collector takes: assets, pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.answer import NOT_FOUND
from soc2_collectors.exchange.caller import Caller
from soc2_collectors.exchange.pages import each_page, emptied, records
from soc2_collectors.gcp import methods
from soc2_collectors.gcp.answers import problem, says_none, wait_asked
from soc2_collectors.gcp.client.door import READING_POST_CALLS, READING_POSTS
from soc2_collectors.gcp.permissions import grant
from soc2_pac.errors import CallRefused, ProviderError, Unexpected, Unreachable
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from soc2_collectors.gcp.answers import Answer
    from soc2_collectors.gcp.client.door import Door
    from soc2_collectors.gcp.methods import Method
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

LARGEST_ASSET_PAGE = 1000
_ALWAYS = {"admin.users.list": "kind", "cloudasset.assets.list": "readTime"}
"""What a listing says even where there is nothing; of others Google leaves out all that is empty."""
_LEFT_OUT = (
    "unreachable",
    "unreachables",
    "unreachableLocations",
    "failedLocations",
    "missingZones",
)
"""Under which a listing says which places it could not ask."""


class Gcp(Caller):
    """What a collector takes: one organisation, folder or project of Google Cloud.

    Calls are named as in Google's discovery documents: the API, its version, and the method's path,
    ``("sqladmin", "v1", "instances.list")``. API and method are the declared call:
    ``sqladmin.instances.list``.
    """

    def __init__(self, door: Door, scope: Scope, meter: Meter, allowed: frozenset[str]) -> None:
        super().__init__(meter, allowed, door.settings.max_attempts)
        whole = "/" in scope.boundary
        self.scope_name = scope.boundary if whole else f"projects/{scope.boundary}"
        """``organizations/123``, ``folders/45``, ``projects/acme-prod``."""
        self.project = "" if whole else scope.boundary
        """The project's id, in the scope of a project; otherwise empty."""
        self.organization = scope.boundary if scope.boundary.startswith("organizations/") else ""
        """``organizations/123``, in the scope of an organisation; otherwise empty."""
        self._door = door

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
        self.meter.page()
        for page in self._pages(asked, "assets", need, ()):
            yield from emptied(page)

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
        self.meter.page()
        for page in self._pages(asked, key, grant(asked.call), ()):
            yield from emptied(page)

    def ask(self, api: str, version: str, method: str, **params: object) -> dict[str, Any]:
        """One object. Raises ProviderError."""
        asked = self._asked(api, version, method, params)
        return asked.known(self._send(asked, "", grant(asked.call), (), listing=False))

    def fact(
        self,
        api: str,
        version: str,
        method: str,
        *,
        absent: Collection[int | str] = (NOT_FOUND,),
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
            answer = self._send(asked, "", grant(asked.call), absent, listing=False)
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

    # -- inside ---------------------------------------------------------------------------------------

    def _asked(self, api: str, version: str, method: str, params: Mapping[str, object]) -> _Asked:
        call = self.declared(f"{api}.{method}")
        found = methods.method(api, version, method)
        last = method.rpartition(".")[2]
        reads = found.verb == "GET" or (
            found.verb == "POST" and (last in READING_POSTS or call in READING_POST_CALLS)
        )
        if not reads:
            msg = f"{call} is sent by {found.verb}, and may write: refused before it was sent"
            raise CallRefused(msg, operation=call)
        self._door.known(found)
        given = {name: value for name, value in params.items() if value is not None}
        return _Asked(call, found, given)

    def _pages(
        self, asked: _Asked, key: str, need: str | None, absent: Collection[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Google says that there is none."""
        asked.method.demand(key.partition(".")[0])
        unasked = set[str]()

        def page_of(token: str) -> tuple[list[dict[str, Any]] | None, str]:
            answer = self._send(asked, token, need, absent, listing=True)
            if says_none(answer, absent):
                return None, ""
            body = asked.known(answer)
            unasked.update(_unasked(body))
            following = body.get("nextPageToken") or ""
            if not isinstance(following, str):
                msg = f"{asked.call} names its next page by no text"
                raise Unexpected(msg, operation=asked.call)
            page = _records(body, key, asked.call)
            said = _ALWAYS.get(asked.call)
            if not page and said is not None and said not in body:
                msg = f"{asked.call} answered neither records nor {said}: that is no empty listing"
                raise Unexpected(msg, operation=asked.call)
            return page, following

        yield from each_page(self.meter, asked.call, "", page_of)
        if unasked:
            named = ", ".join(sorted(unasked)[:5])
            msg = f"some places did not answer, and what is there is not listed: {named}"
            raise Unreachable(msg, operation=asked.call)

    def _send(
        self,
        asked: _Asked,
        token: str,
        need: str | None,
        absent: Collection[int | str],
        *,
        listing: bool,
    ) -> Answer:
        request = asked.method.request(asked.page(token), self._door.endpoint)

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._door.exchange(asked.call, request, self.meter)
            if says_none(answer, absent):
                return answer, None
            return answer, problem(answer, asked.call, need, self.project, listing=listing)

        return self.attempted(asked.call, exchange, wait_asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A declared call with its parameters."""

    call: str
    method: Method
    params: dict[str, object]

    def known(self, answer: Answer) -> dict[str, Any]:
        """The body, if it is what the method answers. Raises Unexpected."""
        body = answer.object(self.call)
        self.method.recognise(body)
        return body

    def page(self, token: str) -> dict[str, object]:
        """The parameters of a page; a POST has its token in the body."""
        if not token:
            return self.params
        if self.method.verb == "POST":
            body = self.params.get("body")
            more = {**(body if isinstance(body, dict) else {}), "pageToken": token}
            return {**self.params, "body": more}
        return {**self.params, "pageToken": token}


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
    return records(body, first, call)


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


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
