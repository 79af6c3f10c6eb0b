"""The door to GitHub: paging, retries, the read-only guard. PyGithub is imported inside functions only.

Calls go through PyGithub's :class:`Requester`, whose sign-in, token refresh, TLS and connections they
use, by its ``requestJson``: its next door up, ``requestJsonAndCheck``, adds a ``url`` to answers that the
provider did not say, and breaks on error bodies that are lists.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from soc2_collectors.attempts import attempted
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
from soc2_pac.errors import (
    CallRefused,
    CredentialsRejected,
    Denied,
    NotEnabled,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)
from soc2_pac.model import EVERYWHERE, CollectionStatus, Fact, Gap, Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from github.Auth import Auth
    from github.Requester import Requester

    from soc2_collectors.github.settings import GithubSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

PAGE = 100
"""Items of one page, the most that GitHub gives."""
_SMALLEST_PAGE = 10
_PLACEHOLDER = re.compile(r"{(\w+)}")
_VERSION = "2022-11-28"
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_ERROR = 500


class _Unmetered:
    """Stands for a meter where no unit of work is counted: ``whoami``."""

    def request(self, operation: str) -> None:
        """Nothing is counted."""

    def page(self) -> None:
        """Nothing is counted."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class GithubConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one organisation, signed in. Safe to use from threads."""

    def __init__(self, settings: GithubSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError."""
        self.settings = settings
        self._auth = _auth(settings)
        self._signing_in = threading.Lock()
        self._idle: queue.LifoQueue[Requester] = queue.LifoQueue()
        self.lacking: set[str] = set()
        """Optional fields of GraphQL that this server turned out to lack."""

    @property
    def scope(self) -> Scope:
        """The organisation; logins do not depend on case, so the scope is in lower case."""
        return Scope("github", self.settings.organization.lower())

    def whoami(self) -> Identity:
        """The identity behind the credentials, and which scopes a classic token has.

        An App's identity is proved by reading its organisation: an installation may not ask ``GET /user``.
        Raises CredentialsRejected, Denied, Unreachable.
        """
        path = "/user" if self.settings.token else "/orgs/{org}"
        client = Github(self, self.scope, _Unmetered(), frozenset({f"GET {path}"}))
        body, headers = client.ask_with_headers(path)
        details = {"base_url": self.settings.base_url}
        if self.settings.token is None:
            principal = f"app {self.settings.app_id}, installation {self.settings.installation_id}"
        else:
            principal = str(body.get("login", ""))
            if "x-oauth-scopes" in headers:
                details["scopes"] = headers["x-oauth-scopes"]
        return Identity(principal, self.settings.organization, details)

    @property
    def spent(self) -> dict[str, int]:
        """Discovery makes no call."""
        return {}

    def discover(self, per: str, only: Selection = EVERYWHERE) -> Iterable[Scope]:
        """The organisation, where it is wanted, without a call. Raises Unexpected for another sort."""
        if per != "organization":
            msg = f"GitHub has no scopes of the sort '{per}': collectors of GitHub run per organization"
            raise Unexpected(msg)
        return [self.scope] if only.takes(self.scope) else []

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Github:
        """A client bound to the organisation of ``scope`` that makes the allowed calls only."""
        return Github(self, scope, meter, allowed)

    def send(
        self,
        verb: str,
        url: str,
        parameters: Mapping[str, object],
        document: Mapping[str, object] | None,
    ) -> Answer:
        """One HTTP exchange. Raises CredentialsRejected, Unreachable, Unexpected."""
        with self._requester() as requester:
            target = requester.graphql_url if document is not None else url
            return _exchange(requester, verb, target, dict(parameters), document)

    @contextlib.contextmanager
    def _requester(self) -> Iterator[Requester]:
        """A requester of one's own: PyGithub's keeps the request under way on a shared object."""
        try:
            requester = self._idle.get_nowait()
        except queue.Empty:
            requester = self._new_requester()
        try:
            self._sign_in()
            yield requester
        finally:
            self._idle.put(requester)

    def _new_requester(self) -> Requester:
        import github  # noqa: PLC0415

        with self._signing_in:  # a requester binds an App's sign-in to itself
            return github.Github(
                auth=self._auth,
                base_url=self.settings.base_url,
                timeout=self.settings.timeout_seconds,
                user_agent="soc2-pac",
                per_page=PAGE,
                retry=None,
                seconds_between_requests=0,
                # PyGithub takes every POST for a write and spaces those a second apart: ours are queries.
                seconds_between_writes=0,
                api_version=_VERSION,
            ).requester

    def _sign_in(self) -> None:
        """Have a token that is valid: an App's is fetched here, by one thread, and kept while it lasts."""
        if self.settings.token is not None:
            return
        import github  # noqa: PLC0415
        import requests  # noqa: PLC0415

        with self._signing_in:
            try:
                _ = self._auth.token
            except github.GithubException as error:
                msg = f"GitHub does not give this App a token for the installation ({error.status})"
                limited = isinstance(error, github.RateLimitExceededException)
                kind = _refused_sign_in(error.status, limited=limited)
                raise kind(msg, operation="App installation token") from None
            except json.JSONDecodeError:
                msg = "GitHub answered malformed JSON when asked for an App token"
                raise Unexpected(msg, operation="App installation token") from None
            except requests.RequestException as error:
                msg = f"no answer when asking for an App token ({type(error).__name__})"
                raise Unreachable(msg, operation="App installation token") from None
            except Exception as error:  # noqa: BLE001 - whatever a malformed key makes the JWT library raise
                msg = f"the App's private key cannot sign ({type(error).__name__}): is it the PEM file?"
                raise CredentialsRejected(msg, operation="App installation token") from None


class Github:
    """What a collector takes: GitHub in one organisation.

    Paths are templates as in GitHub's documentation, ``/repos/{owner}/{repo}/environments``. ``{org}`` and
    ``{owner}`` are the organisation; other names are filled from the keyword arguments, and what is left
    of these becomes the query. ``GET`` and the template are the declared call.
    """

    def __init__(
        self, connection: GithubConnection, scope: Scope, meter: Meter, allowed: frozenset[str]
    ) -> None:
        self.organization = scope.account
        self.since_days = connection.settings.pull_requests_since_days
        self.production_branches = connection.settings.production_branches
        self.enterprise = connection.settings.enterprise
        self._connection = connection
        self._attempts = connection.settings.max_attempts
        self._meter = meter
        self._allowed = allowed
        self._memory: dict[object, tuple[object, ProviderError | None]] = {}
        self._remembering = threading.RLock()

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
        call = f"GET {path}"
        url, query = self._url(path, {"per_page": PAGE, **params})
        lost = 0
        while url:
            self._meter.page()
            answer = self._get(call, url, query)
            body = answer.json(call)
            page = body.get(key) if key is not None and isinstance(body, dict) else body
            if not isinstance(page, list):
                msg = f"{call} answered no list of objects"
                raise Unexpected(msg, operation=call)
            records = [item for item in page if isinstance(item, dict)]
            lost += len(page) - len(records)
            yield from records
            following = self._following(answer.headers.get("link", ""), call)
            if following == url:
                msg = f"{call} names a page as its own next page: the listing would never end"
                raise Unexpected(msg, operation=call)
            url, query = following, {}
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
        answer = self._get(call, *self._url(path, params))
        body = answer.json(call)
        if not isinstance(body, dict) or not answer.text:
            msg = f"{call} answered no object"
            raise Unexpected(msg, operation=call)
        return body, answer.headers

    def fact(
        self,
        path: str,
        *,
        absent: Sequence[int | str] = (_NOT_FOUND,),
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
                answer = self._get(call, *self._url(path, params), absent=absent)
            except NotEnabled:
                if plan_may_lack:
                    return None
                raise
            if _absent(answer, absent):
                return None
            if not answer.text and not says_yes:
                msg = f"{call} answered {answer.status} without a body"
                raise Unexpected(msg, operation=call)
            return answer.json(call)

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
            self._meter.page()
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
        self._guard(call)
        if not only_reads(query.document):
            msg = f"{call} is not a query: soc2-pac only reads"
            raise CallRefused(msg, operation=call)
        lacking = self._connection.lacking
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
            answer = self._connection.send("POST", "", {}, document)
            wrong = problem(answer, call, grant(call))
            if wrong is None:
                body = answer.json(call)
                if not hidden(body):
                    wrong = graphql_problem(body, call, grant(call))
            return answer, wrong

        body = attempted(self._meter, self._attempts, call, exchange, wait_asked).json(call)
        data: dict[str, Any] = body["data"]
        for one in hidden(body):
            if one.field is None or path is None:
                data.setdefault(WHY, f"FORBIDDEN: {one.said}")
                continue
            gap = Gap(CollectionStatus.DENIED, call, f"FORBIDDEN: {one.said}", grant(call))
            _follow(data, path, call)["nodes"][one.place][one.field] = gap
        return data

    # -- what is asked once ---------------------------------------------------------------------------

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

    def _url(self, path: str, params: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        names = set(_PLACEHOLDER.findall(path))
        given = {"org": self.organization, "owner": self.organization, **params}
        quoted = {name: urllib.parse.quote(str(given[name]), safe="") for name in names}
        return path.format(**quoted), {k: v for k, v in params.items() if k not in names}

    def _following(self, link: str, call: str) -> str:
        """The next page that a Link header names, at the host that was configured; an empty text for none."""
        url = _next(link)
        try:
            there = urllib.parse.urlsplit(url)
        except ValueError:
            there = urllib.parse.urlsplit("//elsewhere")
        home = urllib.parse.urlsplit(self._connection.settings.base_url)
        relative = not there.scheme and not there.netloc and url.startswith("/")
        if url and not relative and (there.scheme, there.netloc) != (home.scheme, home.netloc):
            msg = f"{call} names a next page that is not at {home.netloc}"
            raise Unexpected(msg, operation=call)
        return url

    def _guard(self, call: str) -> None:
        if call not in self._allowed:
            msg = f"the collector does not declare {call}: refused before it was sent"
            raise CallRefused(msg, operation=call)

    def _get(
        self, call: str, url: str, query: Mapping[str, object], absent: Sequence[int | str] = ()
    ) -> Answer:
        self._guard(call)

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._connection.send("GET", url, query, None)
            return answer, None if _absent(answer, absent) else problem(answer, call, grant(call))

        return attempted(self._meter, self._attempts, call, exchange, wait_asked)


def _auth(settings: GithubSettings) -> Auth:
    from github import Auth  # noqa: PLC0415

    if settings.token is not None:
        return Auth.Token(settings.token.resolve())
    # GithubSettings makes sure that all three are there.
    assert settings.private_key is not None  # noqa: S101
    assert settings.installation_id is not None  # noqa: S101
    app = Auth.AppAuth(str(settings.app_id), settings.private_key.resolve())
    return Auth.AppInstallationAuth(app, settings.installation_id)


def _refused_sign_in(status: int, *, limited: bool) -> type[ProviderError]:
    """What a refused App token means: GitHub's own trouble says nothing of the credentials."""
    if limited or status == _TOO_MANY:
        return Throttled
    return Unreachable if status >= _SERVER_ERROR else CredentialsRejected


def _exchange(
    requester: Requester,
    verb: str,
    url: str,
    parameters: dict[str, Any],
    document: Mapping[str, object] | None,
) -> Answer:
    import requests  # noqa: PLC0415

    headers = {"Accept": "application/vnd.github+json"}
    try:
        status, answered, text = requester.requestJson(verb, url, parameters, headers, document)
    except requests.exceptions.ChunkedEncodingError:
        msg = "the answer broke off"
        raise Unreachable(msg) from None
    except requests.exceptions.SSLError:
        msg = "the TLS certificate was not accepted"
        raise Unreachable(msg) from None
    except requests.exceptions.Timeout:
        msg = "GitHub did not answer in time"
        raise Unreachable(msg) from None
    except requests.RequestException as error:
        msg = f"GitHub could not be reached ({type(error).__name__})"
        raise Unreachable(msg) from None
    except RuntimeError as error:  # PyGithub: a redirection to another host or scheme
        msg = "the server redirects elsewhere: correct base_url"
        raise Unexpected(msg) from error
    return Answer(status, {name.lower(): value for name, value in answered.items()}, text)


def _absent(answer: Answer, absent: Sequence[int | str]) -> bool:
    return answer.status in absent or (answer.status == _NOT_FOUND and answer.message() in absent)


def _next(link: str) -> str:
    """The URL of ``rel="next"`` in a Link header, or an empty text."""
    for part in link.split(","):
        target, _, attributes = part.partition(";")
        if 'rel="next"' in attributes:
            return target.strip().strip("<>")
    return ""


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
