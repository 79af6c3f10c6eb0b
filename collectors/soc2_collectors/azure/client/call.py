"""What a collector takes: tables, paths, pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

import re
import time
import urllib.parse
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from soc2_collectors.azure.answers import names, problem, says_none, wait_asked
from soc2_collectors.azure.client.door import RESOURCES, Asked
from soc2_collectors.azure.client.queries import call_of
from soc2_collectors.azure.permissions import grant
from soc2_collectors.exchange import address
from soc2_collectors.exchange.answer import NOT_FOUND
from soc2_collectors.exchange.caller import Caller
from soc2_collectors.exchange.pages import each_page, records
from soc2_pac.errors import CallRefused, ProviderError, Unexpected
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from soc2_collectors.azure.answers import Answer
    from soc2_collectors.azure.client.door import Door
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

_PLACEHOLDER = re.compile(r"{(\w+)}")
_WHOLE = ("scope", "resourceUri", "resourceId")
"""Placeholders that a whole id fills, slashes included."""
_WHOLE_ID = re.compile(r"/?[^/?#\s%]+(/[^/?#\s%]+)*")
_ODATA = ("select", "filter", "expand", "top", "orderby", "count", "search")
_LARGEST_PAGE = 999
_GRAPH_API_VERSION = "2022-10-01"


class Tables(Protocol):
    """The tables that the units of a connection share."""

    def rows(self, azure: Azure, query: str) -> Iterator[dict[str, Any]]:
        """The rows of the client's subscription. Raises ProviderError."""


class Azure(Caller):
    """What a collector takes: one tenant, or one of its subscriptions.

    Paths are templates as in Microsoft's documentation; ``GET`` (``GRAPH GET`` for Microsoft Graph) and the
    template are the declared call. Their names are filled

    - ``{subscriptionId}`` (also written ``{subscription}``) from the scope,
    - ``{scope}``, ``{resourceUri}`` and ``{resourceId}`` by a whole id, from the keyword of that name,
    - all of them from an id that begins as the template does, given as ``of``:
      ``azure.fact(".../storageAccounts/{accountName}/blobServices/default", of=account["id"], ...)``,
    - others from the keyword arguments.

    What is left of the keywords becomes the query; ``select``, ``filter``, ``expand``, ``top``, ``orderby``,
    ``count`` and ``search`` are written with their ``$``.
    """

    patience = 300.0

    def __init__(
        self,
        door: Door,
        scope: Scope,
        meter: Meter,
        allowed: frozenset[str],
        tables: Tables | None = None,
    ) -> None:
        """``tables``: from where rows of Resource Graph come; where there are none, no query is taken."""
        super().__init__(meter, allowed, door.settings.max_attempts)
        self.tenant = scope.account
        """The tenant's id."""
        self.subscription = scope.region or ""
        """The subscription's id; empty where the scope is the tenant."""
        self._door = door
        self._tables = tables

    # -- Resource Graph -------------------------------------------------------------------------------

    def graph_query(self, table_query: str) -> Iterator[dict[str, Any]]:
        """Every row of a query in this subscription, by pages of 1000 that all subscriptions share.

        ``resources | where type =~ 'microsoft.storage/storageaccounts'``: the declared call is
        ``RESOURCEGRAPH microsoft.storage/storageaccounts``; of a query that names no type first, the table:
        ``RESOURCEGRAPH resources``. Each row is a resource with an ``id``; see
        :mod:`soc2_collectors.azure.client.sharing`. What is no object comes as ``{"$malformed": what came}``.

        Raises:
            CallRefused: not declared, or not to be read by whole pages.
            ProviderError: see :mod:`soc2_collectors.azure.answers`.
        """
        call = self.declared(call_of(table_query))
        if not self.subscription or self._tables is None:
            msg = f"{call}: Resource Graph is read per subscription, and this collector runs per tenant"
            raise CallRefused(msg, operation=call)
        return self._tables.rows(self, table_query)

    def page_of(self, call: str, body: Mapping[str, object]) -> dict[str, Any]:
        """One page of Resource Graph; for :mod:`soc2_collectors.azure.client.tables`."""
        origin = self._door.settings.arm
        url = f"{origin}{RESOURCES}?api-version={_GRAPH_API_VERSION}"
        self.meter.page()
        asked = Asked(self.declared(call), url, origin, (), body)
        return self._get(asked, url).object(call)

    # -- Azure Resource Manager -----------------------------------------------------------------------

    def items(
        self,
        path: str,
        *,
        api_version: str,
        key: str = "value",
        of: str | None = None,
        absent: Sequence[int | str] = (),
        **params: object,
    ) -> Iterator[dict[str, Any]]:
        """Every record of a listing of Azure Resource Manager, page by page.

        What is no object comes as ``{"$malformed": what came}``; make documents of records by
        :func:`soc2_collectors.azure.answers.document`, which takes these too.

        Args:
            path: template.
            api_version: of the resource provider.
            key: where the records stand.
            of: an id that fills the template.
            absent: error codes by which Azure says that there can be none.
            params: for the template and the query.
        """
        asked = self._arm(path, api_version, of, params)
        self.meter.page()
        for page in self._pages(asked, key, absent):
            yield from page or ()

    def ask(
        self, path: str, *, api_version: str, of: str | None = None, **params: object
    ) -> dict[str, Any]:
        """One object of Azure Resource Manager. Raises ProviderError."""
        asked = self._arm(path, api_version, of, params)
        return self._get(asked, asked.url).object(asked.call)

    def fact(
        self,
        path: str,
        *,
        api_version: str,
        absent: Sequence[int | str] = (NOT_FOUND,),
        of: str | None = None,
        **params: object,
    ) -> Fact:
        """A call of its own for one part of a document: one object, or ``None`` where there is none.

        Args:
            path: template.
            api_version: of the resource provider.
            absent: statuses or error codes by which Azure says that there is none. A 404 that speaks of the
                subscription, the resource group or the resource provider is never taken for one.
            of: an id that fills the template.
            params: for the template and the query.
        """
        return self._fact(_call("", path), lambda: self._arm(path, api_version, of, params), absent)

    def list_fact(
        self,
        path: str,
        *,
        api_version: str,
        key: str = "value",
        absent: Sequence[int | str] = (),
        of: str | None = None,
        **params: object,
    ) -> Fact:
        """A listing of its own for one part of a document; ``None`` where ``absent`` says there is none."""
        return self._list_fact(
            _call("", path), lambda: self._arm(path, api_version, of, params), key, absent
        )

    # -- Microsoft Graph ------------------------------------------------------------------------------

    def graph_items(
        self,
        path: str,
        *,
        top: int | None = _LARGEST_PAGE,
        eventual: bool = False,
        absent: Sequence[int | str] = (),
        **params: object,
    ) -> Iterator[dict[str, Any]]:
        """Every record of a listing of Microsoft Graph v1.0, page by page.

        Args:
            path: template; one that begins with ``/beta/`` is asked for there.
            top: records of one page; ``None`` where the listing takes no ``$top``.
            eventual: an advanced query of the directory (``$search``, ``ne``, ``not``, ``endsWith``):
                ``ConsistencyLevel: eventual`` with ``$count=true``. Where Graph counts, the records must be
                as many, or the look is not complete: its indexes are behind the directory at times.
            absent: error codes by which Graph says that there can be none.
            params: for the template and the query.
        """
        asked = self._graph(path, top, eventual=eventual, params=params)
        self.meter.page()
        for page in self._pages(asked, "value", absent):
            yield from page or ()

    def graph_ask(self, path: str, **params: object) -> dict[str, Any]:
        """One object of Microsoft Graph. Raises ProviderError."""
        asked = self._graph(path, None, eventual=False, params=params)
        return self._get(asked, asked.url).object(asked.call)

    def graph_fact(
        self, path: str, *, absent: Sequence[int | str] = (NOT_FOUND,), **params: object
    ) -> Fact:
        """A call of Microsoft Graph for one part of a document: an object, or ``None``."""
        return self._fact(
            _call("GRAPH ", path),
            lambda: self._graph(path, None, eventual=False, params=params),
            absent,
        )

    def graph_list_fact(
        self,
        path: str,
        *,
        top: int | None = _LARGEST_PAGE,
        eventual: bool = False,
        absent: Sequence[int | str] = (),
        **params: object,
    ) -> Fact:
        """A listing of Microsoft Graph for one part of a document."""
        return self._list_fact(
            _call("GRAPH ", path),
            lambda: self._graph(path, top, eventual=eventual, params=params),
            "value",
            absent,
        )

    # -- inside ---------------------------------------------------------------------------------------

    def _arm(
        self, path: str, api_version: str, of: str | None, params: Mapping[str, object]
    ) -> Asked:
        call = self.declared(_call("", path))
        query = {"api-version": api_version, **params}
        return self._asked(call, self._door.settings.arm, "", of, query)

    def _graph(
        self,
        path: str,
        top: int | None,
        *,
        eventual: bool,
        params: Mapping[str, object],
    ) -> Asked:
        call = self.declared(_call("GRAPH ", path))
        query = dict(params) if top is None else {"$top": top, **params}
        if eventual:
            query["$count"] = True
        version = "" if path.startswith("/beta/") else "/v1.0"
        asked = self._asked(call, self._door.settings.graph, version, None, query)
        headers = {"ConsistencyLevel": "eventual"} if eventual else {}
        return replace(asked, headers=headers)

    def _asked(
        self, call: str, origin: str, version: str, of: str | None, params: Mapping[str, object]
    ) -> Asked:
        path = call.partition("GET ")[2]
        given = dict(params)
        if of is not None:
            given.update(_filled(path, of, call))
        if self.subscription:
            given.setdefault("subscriptionId", self.subscription)
        holes = _PLACEHOLDER.findall(path)
        missing = [name for name in holes if name not in given]
        if missing:
            msg = f"{call}: nothing fills {{{missing[0]}}}"
            raise Unexpected(msg, operation=call)
        quoted = {name: _quoted(call, name, str(given[name])) for name in holes}
        url = origin + version + path.format(**quoted)
        query = {
            f"${k}" if k in _ODATA else k: _said(v)
            for k, v in given.items()
            if k not in quoted and k != "subscriptionId" and v is not None
        }
        if query:
            url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="$,")
        return Asked(call, url, origin, _named(call, path, given), part=not path.endswith("}"))

    def _fact(self, call: str, ask: Callable[[], Asked], absent: Sequence[int | str]) -> Fact:
        def read() -> object:
            asked = ask()
            answer = self._get(asked, asked.url, absent)
            if says_none(answer, absent):
                return None
            return answer.object(asked.call)

        return Fact(call, read)

    def _list_fact(
        self, call: str, ask: Callable[[], Asked], key: str, absent: Sequence[int | str]
    ) -> Fact:
        def read() -> object:
            found: list[dict[str, Any]] = []
            for page in self._pages(ask(), key, absent):
                if page is None:
                    return None
                found += page
            return found

        return Fact(call, read)

    def _pages(
        self, asked: Asked, key: str, absent: Sequence[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Azure says that there is none."""
        call = asked.call
        count, total = 0, None

        def page_at(url: str) -> tuple[list[dict[str, Any]] | None, str]:
            nonlocal count, total
            answer = self._get(asked, url, absent)
            if says_none(answer, absent):
                total = None
                return None, ""
            body = answer.object(call)
            page = records(body, key, call)
            count += len(page)
            total = body.get("@odata.count", total)
            given = body.get("@odata.nextLink") or body.get("nextLink")
            return page, address.following(given, asked.origin, call)

        yield from each_page(self.meter, call, asked.url, page_at)
        if isinstance(total, int) and total != count:
            msg = f"{call} counts {total} records and gave {count}"
            raise Unexpected(msg, operation=call)

    def _get(self, asked: Asked, url: str, absent: Sequence[int | str] = ()) -> Answer:
        call = asked.call

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._door.get(asked, url, self.meter)
            # A part of what has gone meanwhile is not a part that is not there.
            if says_none(answer, absent) and not (asked.part and names(answer, asked.ids)):
                return answer, None
            return answer, problem(answer, call, grant(call), asked.ids)

        return self.attempted(call, exchange, lambda answer: wait_asked(answer, time.time()))


def _named(call: str, path: str, given: Mapping[str, object]) -> tuple[str, ...]:
    """What fills a template, as messages name it.

    Azure Resource Manager writes ``'Microsoft.Sql/servers/NAME' under resource group 'GROUP'``: only what the
    path ends in counts, or a part that is not there would be taken for its whole. Microsoft Graph writes ids.
    """
    holes = [name for name in _PLACEHOLDER.findall(path) if name != "subscriptionId"]
    if call.startswith("GRAPH "):
        return tuple(f"'{given[name]}'" for name in holes)
    last = str(given[holes[-1]]).rpartition("/")[2] if holes else ""
    return (f"/{last}'",) if last else ()


def _call(prefix: str, path: str) -> str:
    return f"{prefix}GET {path.replace('{subscription}', '{subscriptionId}')}"


def _filled(path: str, number: str, call: str) -> dict[str, str]:
    """What an id gives for the placeholders of a template that begins as the id does."""
    found: dict[str, str] = {}
    segments, given = path.strip("/").split("/"), number.strip("/").split("/")
    for segment, value in zip(segments, given, strict=False):
        name = _PLACEHOLDER.fullmatch(segment)
        if name:
            found[name[1]] = value
        elif segment.lower() != value.lower():
            break
    else:
        if len(given) <= len(segments):
            return found
    msg = f"{call}: the id {number} is not of that sort"
    raise Unexpected(msg, operation=call)


def _quoted(call: str, name: str, value: str) -> str:
    if name in _WHOLE:
        if not _WHOLE_ID.fullmatch(value) or any(part in (".", "..") for part in value.split("/")):
            msg = f"{call}: '{value}' is no {name}"
            raise Unexpected(msg, operation=call)
        return urllib.parse.quote(value.strip("/"), safe="/")
    if value in ("", ".", ".."):
        msg = f"{call}: '{value}' is no {name}"
        raise Unexpected(msg, operation=call)
    return urllib.parse.quote(value, safe="")


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
