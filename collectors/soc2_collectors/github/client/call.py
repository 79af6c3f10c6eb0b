"""What a collector takes: REST and GraphQL pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange import address
from soc2_collectors.exchange.answer import ELSEWHERE, NOT_FOUND
from soc2_collectors.exchange.caller import Caller
from soc2_collectors.exchange.pages import each_page, linked, records
from soc2_collectors.exchange.records import MALFORMED
from soc2_collectors.github.answers import (
    Answer,
    Hidden,
    TooSlow,
    UnknownField,
    graphql_problem,
    hidden_parts,
    problem,
    wait_asked,
)
from soc2_collectors.github.permissions import grant
from soc2_collectors.github.queries import LOST, WHY, Query, only_reads
from soc2_pac.errors import CallRefused, Denied, NotEnabled, ProviderError, Unexpected
from soc2_pac.model import CollectionStatus, Fact, Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from soc2_collectors.github.client.door import Door
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

PAGE = 100
"""Items of one page, the most that GitHub gives."""
_SMALLEST_PAGE = 10
_REDIRECTIONS = 3
_PLACEHOLDER = re.compile(r"{(\w+)}")


class Github(Caller):
    """What a collector takes: GitHub in one organisation.

    Paths are templates as in GitHub's documentation, ``/repos/{owner}/{repo}/environments``. ``{org}`` and
    ``{owner}`` are the organisation; other names are filled from the keyword arguments, and what is left
    of these becomes the query. ``GET`` and the template are the declared call.
    """

    def __init__(self, door: Door, scope: Scope, meter: Meter, allowed: frozenset[str]) -> None:
        super().__init__(meter, allowed, door.settings.max_attempts)
        self.organization = scope.account
        self.since_days = door.settings.pull_requests_since_days
        self.production_branches = door.settings.production_branches
        self.enterprise = door.settings.enterprise
        self._door = door

    # -- REST -----------------------------------------------------------------------------------------

    def items(
        self, path: str, *, key: str | None = None, **params: object
    ) -> Iterator[dict[str, Any]]:
        """Every item of a listing, page by page.

        Args:
            path: template.
            key: where the items stand when the answer is an object (``environments``).
            params: for the template and the query.

        Raises:
            ProviderError: see :mod:`soc2_collectors.github.answers`.
        """
        call = self.declared(f"GET {path}")
        lost = 0

        def page_at(url: str) -> tuple[list[dict[str, Any]], str]:
            answer = self._get(call, url)
            page = records(answer.json(call), key, call)
            given = linked(answer.headers.get("link", ""))
            return page, address.following(given, self._door.base, call)

        self.meter.page()
        first = self._url(path, {"per_page": PAGE, **params})
        for page in each_page(self.meter, call, first, page_at):
            found = [item for item in page if MALFORMED not in item]
            lost += len(page) - len(found)
            yield from found
        if lost:
            msg = f"{call} answered {lost} record(s) that are no objects"
            raise Unexpected(msg, operation=call)

    def ask(self, path: str, **params: object) -> dict[str, Any]:
        """One object. Raises ProviderError."""
        return self.ask_with_headers(path, **params)[0]

    def ask_with_headers(
        self, path: str, **params: object
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """One object and the headers that came with it. Raises ProviderError."""
        call = f"GET {path}"
        answer = self._get(call, self._url(path, params))
        return answer.object(call), answer.headers

    def fact(
        self,
        path: str,
        *,
        absent: Sequence[int | str] = (NOT_FOUND,),
        plan_may_lack: bool = False,
        says_yes: bool = False,
        **params: object,
    ) -> Fact:
        """A call of its own for one part of a document.

        Args:
            path: template.
            absent: statuses, or messages of a 404, by which GitHub says that there is none. Where GitHub
                also answers 404 to hide what may not be read, name the message: ``Branch not protected``.
            plan_may_lack: whether "not in your plan" says that there is none.
            says_yes: whether an answer without a body (204) is one: the value is then ``{}``.
            params: for the template and the query.
        """
        call = f"GET {path}"

        def read() -> object:
            try:
                answer = self._get(call, self._url(path, params), absent)
            except NotEnabled:
                if plan_may_lack:
                    return None
                raise
            if _absent(answer, absent):
                return None
            return {} if says_yes and answer.empty else answer.json(call)

        return Fact(call, read)

    def list_fact(self, path: str, *, key: str | None = None, **params: object) -> Fact:
        """A listing of its own for one part of a document."""
        return Fact(f"GET {path}", lambda: list(self.items(path, key=key, **params)))

    # -- GraphQL --------------------------------------------------------------------------------------

    def graphql(
        self,
        query: Query,
        variables: Mapping[str, object],
        path: str,
        *,
        absent: str | None = None,
        after: str | None = None,
        size: int = PAGE,
        gaps: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Every edge, or else every node, of a connection, page by page; see :meth:`connections`.

        Args:
            query: what to ask.
            variables: without ``first`` and ``after``.
            path: from ``data`` to the connection: ``organization.membersWithRole``.
            absent: the part of ``path`` that is null when there is nothing to list (``repository.ref``).
            size: items of the first page.
            after: the cursor of a page that is known already.
            gaps: whether a part of a node that the identity may not read is a :class:`Gap` in that node; it
                ends the listing otherwise.

        Raises:
            ProviderError: see :mod:`soc2_collectors.github.answers`.
        """
        lost, why = 0, ""
        for connection in self.connections(
            query, variables, path, absent=absent, after=after, size=size, gaps=gaps
        ):
            yield from connection["edges"] if "edges" in connection else connection["nodes"]
            lost += connection[LOST]
            why = why or connection[WHY]
        # After all the others: one record that GitHub does not show costs that one.
        if why:
            raise Denied(why, operation=query.call, permission=grant(query.call))
        if lost:
            msg = f"{query.call} answered {lost} record(s) as null"
            raise Unexpected(msg, operation=query.call)

    def connections(
        self,
        query: Query,
        variables: Mapping[str, object],
        path: str,
        *,
        absent: str | None = None,
        after: str | None = None,
        size: int = PAGE,
        gaps: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Every page of a connection with its counts, without the records that are null.

        Under ``LOST`` (of :mod:`soc2_collectors.github.queries`) stands how many of those there were, under
        ``WHY`` what GitHub says of it. The document takes ``$first`` and ``$after``. GitHub answers 502 when
        a page takes it longer than ten seconds: the page is then halved. ``size``: of the first page;
        ``gaps``: as in :meth:`graphql`.

        Raises:
            ProviderError: see :mod:`soc2_collectors.github.answers`.
        """
        while True:
            self.meter.page()
            try:
                page_of = {**variables, "first": size, "after": after}
                data = self.query(query, page_of, path=path, gaps=gaps)
            except TooSlow:
                if size <= _SMALLEST_PAGE:
                    raise
                size = max(_SMALLEST_PAGE, size // 2)
                continue
            if absent is not None and _lead(data, absent) is None:
                parent = absent.rpartition(".")[0]
                _follow(data, parent, query.call)
                return
            connection = _follow(data, path, query.call)
            key = "edges" if "edges" in connection else "nodes"
            page, info = connection.get(key), connection.get("pageInfo")
            if not isinstance(page, list) or not isinstance(info, dict):
                msg = f"{query.call}: {path} is no connection"
                raise Unexpected(msg, operation=query.call)
            records = [
                one for one in page if isinstance(one, dict) and one.get("node", one) is not None
            ]
            lost = len(page) - len(records)
            yield {**connection, key: records, LOST: lost, WHY: data.get(WHY, "")}
            if not info.get("hasNextPage"):
                return
            if not info.get("endCursor") or info["endCursor"] == after:
                msg = f"{query.call} gives the same cursor again: the listing would never end"
                raise Unexpected(msg, operation=query.call)
            after = info["endCursor"]

    def query(
        self,
        query: Query,
        variables: Mapping[str, object],
        *,
        path: str | None = None,
        gaps: bool = False,
    ) -> dict[str, Any]:
        """The ``data`` of one GraphQL query.

        Args:
            query: what to ask.
            variables: of the query.
            path: of a connection whose records may be null where the identity may not read them; what GitHub
                says of it stands under ``WHY``.
            gaps: whether they hold a Gap where it may not read a part of them.

        Raises:
            CallRefused: the document is no query. ProviderError: see :mod:`soc2_collectors.github.answers`.
        """
        call = query.call
        self.declared(call)
        if not only_reads(query.document):
            msg = f"{call} is not a query: soc2-pac only reads"
            raise CallRefused(msg, operation=call)
        lacking = self._door.lacking
        while True:
            try:
                return self._queried(query, query.without(lacking), variables, path, gaps=gaps)
            except UnknownField as error:
                if error.field not in query.optional or error.field in lacking:
                    raise
                lacking.add(error.field)

    def _queried(
        self,
        query: Query,
        text: str,
        variables: Mapping[str, object],
        path: str | None,
        *,
        gaps: bool,
    ) -> dict[str, Any]:
        call = query.call
        document = {
            "query": text,
            "variables": dict(variables),
            "operationName": query.name,
        }

        def hidden(body: object) -> list[Hidden]:
            """What may be missing; nothing where GitHub says something else, which is then an error."""
            found = (hidden_parts(body, path) if path is not None else None) or []
            return found if gaps or all(one.field is None for one in found) else []

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._door.query(call, document, self.meter)
            wrong = problem(answer, call, grant(call))
            if wrong is None:
                body = answer.json(call)
                if not hidden(body):
                    wrong = graphql_problem(body, call, grant(call))
            return answer, wrong

        body = self.attempted(call, exchange, wait_asked).json(call)
        data: dict[str, Any] = body["data"]
        for one in hidden(body):
            if one.field is None or path is None:
                data.setdefault(WHY, f"FORBIDDEN: {one.said}")
                continue
            gap = Gap(CollectionStatus.DENIED, call, f"FORBIDDEN: {one.said}", grant(call))
            _follow(data, path, call)["nodes"][one.place][one.field] = gap
        return data

    # -- inside ---------------------------------------------------------------------------------------

    def _url(self, path: str, params: Mapping[str, object]) -> str:
        names = set(_PLACEHOLDER.findall(path))
        given = {"org": self.organization, "owner": self.organization, **params}
        quoted = {name: urllib.parse.quote(str(given[name]), safe="") for name in names}
        query = {k: v for k, v in params.items() if k not in names}
        url = self._door.base + path.format(**quoted)
        return f"{url}?{urllib.parse.urlencode(query)}" if query else url

    def _get(self, call: str, url: str, absent: Sequence[int | str] = ()) -> Answer:
        self.declared(call)

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._door.get(call, url, self.meter)
            for _ in range(_REDIRECTIONS):  # GitHub answers so for what was renamed
                there = answer.headers.get("location")
                if answer.status not in ELSEWHERE or not there:
                    break
                self.meter.request(call)
                there = address.following(there, self._door.base, call)
                answer = self._door.get(call, there, self.meter)
            return answer, None if _absent(answer, absent) else problem(answer, call, grant(call))

        return self.attempted(call, exchange, wait_asked)


def _absent(answer: Answer, absent: Sequence[int | str]) -> bool:
    return answer.status in absent or (answer.status == NOT_FOUND and answer.message() in absent)


def _lead(data: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    here: Any = data
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here


def _follow(data: Mapping[str, Any], path: str, call: str) -> dict[str, Any]:
    here = _lead(data, path)
    if not isinstance(here, dict):
        msg = f"{call}: the answer has no {path}"
        raise Unexpected(msg, operation=call)
    return here
