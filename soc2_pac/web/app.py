"""Addresses and answers, and what holds for every answer: who asks, from where, and which headers go with it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from soc2_pac import clock
from soc2_pac.api import tool_version
from soc2_pac.errors import Soc2PacError, StoreError, UsageError
from soc2_pac.model import utc_text
from soc2_pac.output import csv_rows, json_rows, metrics
from soc2_pac.store import queries
from soc2_pac.web import details, lists, openapi, reports
from soc2_pac.web.access import SESSION_SECONDS
from soc2_pac.web.acting import Acting, body_of
from soc2_pac.web.lists import MOST_ROWS, ROWS, Asked, Known, Place
from soc2_pac.web.proxy import Outsider
from soc2_pac.web.render import address, environment, shown_as_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from soc2_pac.audit.bounds import Bounds
    from soc2_pac.store import Store
    from soc2_pac.web.access import Access, Session
    from soc2_pac.web.proxy import Proxy
    from soc2_pac.workspace import Workspace

COOKIE = "soc2_pac_session"
"""Of a session. A browser takes the prefix ``__Host-`` over TLS only, and this server is reached over loopback."""
HOST_COOKIE = f"__Host-{COOKIE}"
"""The same where a proxy with TLS stands in front: by one of the names that the configuration has."""
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_OPEN = frozenset({"/login", "/health"})
"""What needs no session, beside the style sheet."""
_SAFE = frozenset({"GET", "HEAD"})
_READERS = 3
"""Answers that are worked out at once: more would wait for each other, and each holds memory."""

_REPORTS = (
    {"kind": "type1", "title": "The state at an instant (Type I)",
     "says": "What held, failed and was not known then, by the rules that judged then."},
    {"kind": "type2", "title": "Operation over a period (Type II)",
     "says": "Every deviation, and every gap in what was known."},
    {"kind": "readiness", "title": "Readiness", "says": "What to do before an audit."},
)  # fmt: skip
_SAID = {
    404: "There is no such page.",
    405: "That cannot be done here.",
    413: "That is more than a form takes.",
    415: "That is no form of a page.",
}
AS_OF = "as_of"
"""The parameter of every page that shows the store as it was."""
_FOUND = 200


class Look(NamedTuple):
    """As of when the store is looked at, and by whom."""

    at: str | None = None
    """UTC text; ``None``: as it is."""
    asked: str | None = None
    """What the address says, which every link of the page says too."""
    bounds: Bounds | None = None
    """Of an auditor."""
    auditor: str | None = None
    """The id of their access."""


NOW = Look()


T = TypeVar("T")


class Pages:
    """The answers of one server."""

    def __init__(self, work: Workspace, store: Store, access: Access) -> None:
        """``store`` is open for as long as the server runs."""
        self._known = Known(work)
        self._store = store
        self._access = access
        self._readers: CapacityLimiter | None = None

    # -- lists --------------------------------------------------------------------------------------

    async def _read(self, read: Callable[[Place], T], look: Look = NOW) -> T:
        if self._readers is None:
            self._readers = CapacityLimiter(_READERS)
        return await to_thread.run_sync(self._read_now, read, look, limiter=self._readers)

    def _read_now(self, read: Callable[[Place], T], look: Look) -> T:
        with self._store.reading(strictly=True) as connection:
            return read(self._known.place(connection, look.at, look.bounds, look.auditor))

    async def listing(self, request: Request) -> Response:
        """A list as a page, as JSON, or as CSV."""
        name, _, form = request.path_params["name"].partition(".")
        listing = lists.visible(_is_auditor(request)).get(name)
        if listing is None or form not in ("", "json", "csv"):
            raise HTTPException(404)
        look = _look(request)
        asked = _asked(request, listing)
        answer = await self._read(lambda place: listing.read(place, asked), look)
        onward = ""
        if answer.after is not None:
            # The parameters' names are keywords: none is one of Python's.
            onward = address(
                request.path_params["name"],
                **{
                    **asked.filters,
                    "as_of": look.asked,
                    "limit": asked.limit,
                    "after": answer.after,
                },
            )
        if form:
            return _twin(answer, listing.columns, form, onward)
        values = {"listing": listing, "asked": asked, "answer": answer, "onward": onward}
        return self._html(request, "list.html", listing.title, values)

    async def detail(self, request: Request) -> Response:
        """One thing of a list, as a page or as JSON."""
        kind, name = request.path_params["name"], request.path_params["one"]
        reader = details.KINDS.get(kind)
        form = ""
        if name.endswith(".json"):
            name, form = name.removesuffix(".json"), "json"
        if reader is None or "\0" in name:
            raise HTTPException(404)
        look = _look(request)
        _only(request, {AS_OF})
        found = await self._read(lambda place: reader(place, name), look)
        if found is None:
            raise HTTPException(404)
        if form:
            return Response(_json(found.value), media_type="application/json")
        now = look.at or utc_text(clock.now())
        values = {
            "detail": found,
            "now": now,
            "twin": address(kind, f"{name}.json", as_of=look.asked),
        }
        return self._html(request, "detail.html", found.title, values)

    async def overview(self, request: Request) -> Response:
        """Where people begin."""
        look = _look(request)
        _only(request, {AS_OF})
        values = await self._read(details.overview, look)
        if request.url.path.endswith(".json"):
            return Response(_json(values), media_type="application/json")
        return self._html(request, "overview.html", "Overview", values)

    async def reports(self, request: Request) -> Response:
        """Which reports there are."""
        _only(request, {AS_OF})
        _look(request)
        kinds = [one for one in _REPORTS if one["kind"] != "readiness" or not _is_auditor(request)]
        values = {"kinds": kinds, "forms": list(reports.FORMS)}
        return self._html(request, "reports.html", "Reports", values)

    async def report(self, request: Request) -> Response:
        """A report as a file."""
        _only(request, {*reports.PARAMETERS, "format"})
        look = _look(request)
        asked = {
            name: value for name, value in request.query_params.items() if value and name != AS_OF
        }
        name, form = request.path_params["name"], asked.pop("format", "")
        if form:
            name = f"{name}.{form}"
        found = await self._read(lambda place: reports.made(place, name, asked), look)
        if found is None:
            raise HTTPException(404)
        content, sort = found
        # Beside our pages a report has styles and scripts of its own: it is opened as a file.
        kept = name.replace(".oscal", ".oscal.json")
        said = {"content-disposition": f'attachment; filename="{kept}"'}
        return Response(content, media_type=sort, headers=said)

    # -- signing in ---------------------------------------------------------------------------------

    async def login(self, request: Request) -> Response:
        """Exchange the link for a session; without one, say where the link is."""
        code = request.query_params.get("code")
        if code is None:
            return self._html(request, "login.html", "Sign in", {"said": ""}, 401)
        cookie = self._access.redeem(code)
        if cookie is None:
            said = "This link does not work any more: it works once, and for ten minutes."
            return self._html(request, "login.html", "Sign in", {"said": said}, 401)
        return _signed_in(request, cookie)

    async def sign_in(self, request: Request) -> Response:
        """Exchange a token for a session."""
        sent = parse_qs((await body_of(request, _MOST_BYTES)).decode("ascii", "replace"))
        token = next(iter(sent.get("token", ())), "").strip()
        cookie = await to_thread.run_sync(self._access.sign_in, token)
        if cookie is None:
            said = "This token does not work: it is none, has expired, or was revoked."
            return self._html(request, "login.html", "Sign in", {"said": said}, 401)
        return _signed_in(request, cookie)

    async def logout(self, request: Request) -> Response:
        """End the session."""
        name = _cookie_name(request)
        self._access.end(request.cookies.get(name))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(
            name, path="/", secure=name == HOST_COOKIE, httponly=True, samesite="strict"
        )
        return answer

    # -- for programs -------------------------------------------------------------------------------

    async def health(self, _request: Request) -> Response:
        """Whether the store can be read. Says nothing of what is in it."""
        await self._read(lambda place: queries.last_instant(place.connection))
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """How many findings there are now, for Prometheus."""
        look = _look(request)
        _only(request, {AS_OF})
        counted, judged = await self._read(lambda place: place.known.counted(place), look)
        text = metrics.of_store(counted, judged, tool_version())
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def openapi(self, request: Request) -> Response:
        """The description of the addresses for programs."""
        described = openapi.description(lists.visible(_is_auditor(request)))
        return Response(_json(described), media_type="application/json")

    def _html(
        self,
        request: Request,
        template: str,
        title: str,
        values: Mapping[str, object],
        status: int = 200,
    ) -> HTMLResponse:
        session = request.scope.get("soc2_session")
        look = _look(request) if status == _FOUND and session is not None else NOW
        always = {
            "title": title,
            "path": request.url.path,
            "signed_in": session is not None,
            "look": look,
            "listings": lists.visible(session is not None and session.bounds is not None),
            "role": "" if session is None else session.role,
            "proof": None if session is None else session.proof,
        }
        with shown_as_of(look.asked):
            text = environment().get_template(template).render({**always, **values})
        return HTMLResponse(text, status)

    async def error(self, request: Request, error: Exception) -> Response:
        """A page that says what is wrong, in the form that was asked for."""
        code = error.status_code if isinstance(error, HTTPException) else 400
        said = _SAID.get(code) or (error.detail if isinstance(error, HTTPException) else str(error))
        if isinstance(error, Soc2PacError) and not isinstance(error, UsageError):
            code, said = 503, str(error)
        if request.url.path.endswith((".json", ".csv")):
            return Response(_json({"error": said}), code, media_type="application/json")
        return self._html(request, "error.html", said, {"code": code}, code)


def _look(request: Request) -> Look:
    """As of when a request asks.

    Raises:
        UsageError: it names no instant, or one that has not come yet.
        HTTPException: it is outside of what an auditor may see.
    """
    said = [one for one in request.query_params.getlist(AS_OF) if one]
    if len(said) > 1:
        msg = f"{AS_OF}: there are {len(said)} of it. Write one"
        raise UsageError(msg)
    asked = said[0] if said else None
    at = lists.instant(asked, AS_OF) if asked is not None else None
    session: Session = request.scope["soc2_session"]
    if session.bounds is not None:
        at = session.bounds.instant(at, clock.now())
        if at is None:
            raise HTTPException(404)
        return Look(at, asked, session.bounds, session.token)
    if at is not None and at > utc_text(clock.now()):
        msg = f"{AS_OF}: {asked} has not come yet"
        raise UsageError(msg)
    return Look(at, asked)


def _is_auditor(request: Request) -> bool:
    session: Session = request.scope["soc2_session"]
    return session.bounds is not None


def _only(request: Request, known: set[str]) -> None:
    """A parameter that a page does not know is an error: a typing error is no filter."""
    for name in request.query_params:
        if name not in known:
            msg = f"'{name}' is no parameter of this page. It knows: {', '.join(sorted(known))}"
            raise UsageError(msg)


def _asked(request: Request, listing: lists.Listing) -> Asked:
    """What an address asks. A parameter that the list does not know is an error: a typing error is no filter."""
    known = {one.name for one in listing.filters} | {"limit", "after", AS_OF}
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            msg = f"'{name}' is no filter of this list. It knows: {', '.join(sorted(known))}"
            raise UsageError(msg)
        if name == AS_OF:
            continue
        if "\0" in value:
            msg = f"{name}: no value has a character of code 0"
            raise UsageError(msg)
        if value:
            given[name] = f"{given[name]},{value}" if name in given else value
    limit, after = given.pop("limit", str(ROWS)), given.pop("after", None)
    if not lists.is_number(limit) or not 1 <= int(limit) <= MOST_ROWS:
        msg = f"limit: '{limit}' is no number from 1 to {MOST_ROWS}"
        raise UsageError(msg)
    return Asked(given, int(limit), after)


def _twin(answer: lists.Answer, columns: tuple[str, ...], form: str, onward: str) -> Response:
    text = io.StringIO()
    if form == "json":
        json_rows.write(answer.rows, text)
    else:
        csv_rows.write(answer.rows, columns, text)
    kinds = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
    response = Response(text.getvalue(), media_type=kinds[form])
    if onward:
        response.headers["link"] = f'<{onward}>; rel="next"'
    return response


_MOST_BYTES = 4096
"""Of what the form of the sign-in page sends."""


def _cookie_name(request: Request) -> str:
    return HOST_COOKIE if request.scope["soc2_tls"] else COOKIE


def _signed_in(request: Request, cookie: str) -> Response:
    name = _cookie_name(request)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        name,
        cookie,
        max_age=SESSION_SECONDS,
        path="/",
        secure=name == HOST_COOKIE,
        httponly=True,
        samesite="strict",
    )
    return answer


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


class Guard:
    """Before every answer: is the address ours, may this browser ask, who is it. After it: the headers."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        hosts: Collection[str],
        names: Collection[str],
        proxy: Proxy | None,
    ) -> None:
        self._app = app
        self._access = access
        self._hosts = frozenset(hosts)
        self._names = frozenset(names)
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            refused = await self._refused(scope)
            await self._note(scope)
        except StoreError as error:
            refused = PlainTextResponse(f"{error}\n", 503)
        if refused is not None:
            await refused(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    async def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        scope["soc2_tls"] = host in self._names
        if host not in self._hosts and host not in self._names:
            # A page of another site whose name was made to lead here is not ours.
            return PlainTextResponse("This server is not known by that name.\n", 421)
        if scope["method"] not in _SAFE and not self._same_origin(headers):
            return PlainTextResponse("Asked from another page: refused.\n", 403)
        path = scope["path"]
        if path in _OPEN or path.startswith("/static/"):
            return None
        session = self._by_proxy(scope, headers)
        if isinstance(session, Outsider):
            return PlainTextResponse("You are in no group that may see these pages.\n", 403)
        if session is None:
            session = await to_thread.run_sync(self._session, headers, scope["soc2_tls"])
        if session is None:
            if "text/html" in headers.get("accept", "") and scope["method"] in _SAFE:
                return RedirectResponse("/login", 303)
            return PlainTextResponse(
                "Not signed in. Next: open the link that soc2-pac serve printed, or send a token.\n",
                401,
                {"www-authenticate": "Bearer"},
            )
        scope["soc2_session"] = session
        return None

    async def _note(self, scope: Scope) -> None:
        """Record what an auditor asks for. Where that fails, nothing is answered."""
        session: Session | None = scope.get("soc2_session")
        if session is not None and session.bounds is not None:
            query = scope.get("query_string", b"").decode("latin-1")
            await to_thread.run_sync(self._access.note, session, scope["path"], query)

    def _by_proxy(self, scope: Scope, headers: Headers) -> Session | Outsider | None:
        if self._proxy is None:
            return None
        peer = scope.get("client")
        return self._proxy.who(peer[0] if peer else None, headers)

    def _session(self, headers: Headers, tls: bool) -> Session | None:  # noqa: FBT001 - asked by a thread
        said = headers.get("authorization")
        if said is None:
            return self._access.session(_cookie(headers, HOST_COOKIE if tls else COOKIE))
        # Whoever sends a token is who the token says, or nobody: a session beside it does not count.
        how, _, token = said.partition(" ")
        return self._access.bearer(token.strip()) if how.lower() == "bearer" else None

    def _same_origin(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = headers.get("origin", "")
        found = urlsplit(origin).netloc
        return found in self._hosts or found in self._names


def _cookie(headers: Headers, name: str) -> str | None:
    from http.cookies import CookieError, SimpleCookie  # noqa: PLC0415

    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return jar[name].value if name in jar else None


def build(
    work: Workspace,
    store: Store,
    access: Access,
    hosts: Collection[str],
    proxy: Proxy | None = None,
) -> Starlette:
    """The application.

    Args:
        work: configuration and plugins.
        store: open for as long as the application runs. Forms, and what auditors open, are recorded.
        access: who may see it.
        hosts: names with port by which the server is reached: ``127.0.0.1:8765``. Those of the configuration are
            reached through a proxy with TLS.
        proxy: that signs people in.
    """
    pages = Pages(work, store, access)
    routes = [
        Route("/", pages.overview),
        Route("/overview.json", pages.overview),
        Route("/login", pages.login),
        Route("/login", pages.sign_in, methods=["POST"]),
        Route("/logout", pages.logout, methods=["POST"]),
        Route("/health", pages.health),
        Route("/metrics", pages.metrics),
        Route("/openapi.json", pages.openapi),
        Mount("/static", StaticFiles(packages=[("soc2_pac.web", "static")])),
        Route("/reports", pages.reports),
        Route("/reports/{name}", pages.report),
        *Acting(work, store).routes(),
        Route("/{name}", pages.listing),
        Route("/{name}/{one:path}", pages.detail),
    ]
    handlers: Mapping[Any, Any] = {HTTPException: pages.error, Soc2PacError: pages.error}
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(
                Guard, access=access, hosts=hosts, names=work.config.serve.names, proxy=proxy
            ),
            Middleware(GZipMiddleware, minimum_size=1000),
        ],
        exception_handlers=handlers,
    )
