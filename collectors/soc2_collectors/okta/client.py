"""The door to Okta: sign-in, paging, retries, the read-only guard. The SDK is imported inside functions.

Calls go through the SDK's :class:`RequestExecutor`, which gives raw bodies. The SDK's own client is not
used: importing it takes seconds, its models refuse some answers that Okta gives, and lose the page with
them. The executor's client for HTTP is replaced by one that reads answers up to a bound, follows no
redirection, and logs nothing: the SDK's own logs headers that hold the token.

The SDK is asynchronous. One thread for each connection runs its event loop; whoever asks waits.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
import urllib.parse
import urllib.request
import uuid
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import (
    MALFORMED,
    Answer,
    expired,
    problem,
    says_none,
    token_problem,
    wait_asked,
)
from soc2_collectors.okta.limits import Shares, server_time
from soc2_collectors.okta.permissions import NEEDS, grant
from soc2_pac.errors import (
    CallRefused,
    ConfigError,
    CredentialsRejected,
    Denied,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)
from soc2_pac.model import EVERYWHERE, Fact, Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence

    from aiohttp import ClientSession
    from okta.request_executor import RequestExecutor

    from soc2_collectors.okta.settings import OktaSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
"""No page of Okta comes near it; an answer beyond it is refused while it is read."""
TOKEN_CALL = "POST /oauth2/v1/token"  # noqa: S105 - a call
_ORGANIZATION = "/.well-known/okta-organization"
_ME = "/api/v1/users/me"
_PATIENCE_SECONDS = 180.0
"""How long one call may wait between its attempts, all together; and for its share of the rate limit."""
_BACK_OFF_SECONDS = 0.5
_LONGEST_BACK_OFF_SECONDS = 16.0
_CONNECTIONS = 16
"""At a time, to one org: Okta limits the requests under way of all clients of an org."""
_RENEW_SECONDS = 60.0
"""A token is renewed this long before it expires."""
_ASSERTION_SECONDS = 300
"""How long a signed assertion may be used. Okta takes up to an hour."""
_CLOCK_SECONDS = 30
"""Clocks that differ by less are taken for the same."""
_PLACEHOLDER = re.compile(r"{(\w+)}")
_NOT_FOUND = 404
_OK = range(200, 300)


class _Unmetered:
    """Stands for a meter where no unit of work is counted: ``whoami``."""

    def __init__(self, connection: OktaConnection) -> None:
        self._connection = connection

    def request(self, operation: str) -> None:
        """Count among what the connection spent."""
        self._connection.spend(operation)

    def page(self) -> None:
        """Nothing is counted."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class _Token:
    """A bearer token for one scope."""

    value: str
    until: float
    """On the monotonic clock."""


class OktaConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one org, signed in. Safe to use from threads."""

    def __init__(self, settings: OktaSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self.origin = settings.org_url.rstrip("/")
        self.shares = Shares(settings.rate_limit_share)
        self._key = _SigningKey.read(settings) if settings.private_key else None
        self._static = settings.token.resolve() if settings.token else ""
        if not self._static.isascii() or any(c.isspace() for c in self._static):
            msg = "the token holds white space or letters that no API token has"
            raise ConfigError(msg)
        self._tokens: dict[str, _Token] = {}
        self._signing_in = threading.Lock()
        self._clock_ahead = 0.0
        self._spent: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._wire = _Wire(self.origin, settings.timeout_seconds)
        weakref.finalize(self, self._wire.close)

    @property
    def scope(self) -> Scope:
        """The org, by its host."""
        return Scope("okta", self.settings.host)

    def whoami(self) -> Identity:
        """The identity behind the credentials, and the org's id.

        A service app proves itself by being given a token; it is no user, so it may not ask for itself.
        Raises CredentialsRejected, Denied, Unreachable.
        """
        calls = frozenset({f"GET {_ORGANIZATION}", f"GET {_ME}"})
        client = Okta(self, self.scope, _Unmetered(self), calls)
        if self._key is None:
            me = client.ask(_ME)
            profile = me.get("profile")
            login = profile.get("login") if isinstance(profile, dict) else None
            principal = str(login or me.get("id", ""))
            details: dict[str, str] = {}
        else:
            principal = f"service app {self.settings.client_id}"
            details = self._granted(client)
        organization = client.ask(_ORGANIZATION)
        for name in ("id", "pipeline"):
            if isinstance(organization.get(name), str):
                details[f"org_{name}"] = organization[name]
        return Identity(principal, self.settings.host, details)

    def _granted(self, client: Okta) -> dict[str, str]:
        """Which scopes the service app lacks of those that the calls of soc2-pac need."""
        scopes = sorted({need.scope for need in NEEDS.values()})
        try:
            client.signed_in(" ".join(scopes))
        except Denied:
            missing = [scope for scope in scopes if not self._has(client, scope)]
            return {"missing_scopes": ", ".join(missing)}
        return {}

    @staticmethod
    def _has(client: Okta, scope: str) -> bool:
        try:
            client.signed_in(scope)
        except Denied:
            return False
        return True

    @property
    def spent(self) -> dict[str, int]:
        """Fetching tokens, and ``whoami``: discovery makes no call."""
        with self._counting:
            return dict(self._spent)

    def spend(self, operation: str) -> None:
        """Count a request that belongs to no unit of work."""
        with self._counting:
            self._spent[operation] += 1

    def discover(self, per: str, only: Selection = EVERYWHERE) -> Iterable[Scope]:
        """The org, where it is wanted, without a call. Raises Unexpected for another sort."""
        if per != "organization":
            msg = f"Okta has no scopes of the sort '{per}': collectors of Okta run per organization"
            raise Unexpected(msg)
        return [self.scope] if only.takes(self.scope) else []

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Okta:
        """A client bound to the org of ``scope`` that makes the allowed calls only."""
        return Okta(self, scope, meter, allowed)

    # -- signing in -----------------------------------------------------------------------------------

    def get(self, url: str, authorization: str) -> Answer:
        """One HTTP GET of the org. Raises Unreachable, Unexpected."""
        headers = {"Authorization": authorization} if authorization else {}
        answer = self._wire.exchange("GET", url, headers, None)
        self._note_clock(answer)
        return answer

    def authorization(self, scopes: str) -> str:
        """The header for a call that needs ``scopes``; fetches a token where there is none that is valid.

        Raises CredentialsRejected, Denied, Throttled, Unreachable, Unexpected.
        """
        if self._key is None:
            return f"SSWS {self._static}"
        with self._signing_in:
            token = self._tokens.get(scopes)
            if token is None or time.monotonic() >= token.until:
                token = self._tokens[scopes] = self._fetch_token(scopes)
        return f"Bearer {token.value}"

    def forget(self, scopes: str, authorization: str) -> bool:
        """Drop the token of ``scopes`` if it is still this one. Whether a new one can be fetched."""
        if self._key is None:
            return False
        with self._signing_in:
            token = self._tokens.get(scopes)
            if token is not None and f"Bearer {token.value}" == authorization:
                del self._tokens[scopes]
        return True

    def _fetch_token(self, scopes: str) -> _Token:
        answer = self._ask_token(scopes)
        wrong = token_problem(answer, TOKEN_CALL, scopes)
        if isinstance(wrong, CredentialsRejected) and self._note_clock(answer):
            # The assertion was dated by this machine's clock, which the server does not share.
            answer = self._ask_token(scopes)
            wrong = token_problem(answer, TOKEN_CALL, scopes)
        if wrong is not None:
            raise wrong
        self._note_clock(answer)
        body = answer.json(TOKEN_CALL)
        value = body.get("access_token") if isinstance(body, dict) else None
        lasts = body.get("expires_in", 3600) if isinstance(body, dict) else 0
        if not isinstance(value, str) or not value or not isinstance(lasts, int | float):
            msg = "Okta answered no access token"
            raise Unexpected(msg, operation=TOKEN_CALL)
        if str(body.get("token_type", "Bearer")).lower() != "bearer":
            msg = "the service app demands proof of possession (DPoP): switch that off for this app"
            raise CredentialsRejected(msg, operation=TOKEN_CALL)
        return _Token(value, time.monotonic() + max(1.0, lasts - _RENEW_SECONDS))

    def _ask_token(self, scopes: str) -> Answer:
        assert self._key is not None  # noqa: S101 - asked for by service apps only
        url = f"{self.origin}/oauth2/v1/token"
        client_id = str(self.settings.client_id)
        form = {
            "grant_type": "client_credentials",
            "scope": scopes,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._key.assertion(
                client_id, url, time.time() + self._clock_ahead
            ),
        }
        self.spend(TOKEN_CALL)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._wire.exchange("POST", url, headers, form)

    def _note_clock(self, answer: Answer) -> bool:
        """Learn how far the server's clock is ahead of this machine's; whether that was news."""
        said = server_time(answer.headers)
        if said is None:
            return False
        ahead = said - time.time()
        ahead = ahead if abs(ahead) > _CLOCK_SECONDS else 0.0
        news = abs(ahead - self._clock_ahead) > _CLOCK_SECONDS
        if news:
            self._clock_ahead = ahead
        return news


class Okta:
    """What a collector takes: one org of Okta.

    Paths are templates as in Okta's documentation, ``/api/v1/policies/{policyId}/rules``. Their names are
    filled from the keyword arguments, and what is left of these becomes the query. ``GET`` and the template
    are the declared call.
    """

    def __init__(
        self, connection: OktaConnection, scope: Scope, meter: Meter, allowed: frozenset[str]
    ) -> None:
        self.organization = scope.account
        """The org's host."""
        self._connection = connection
        self._attempts = connection.settings.max_attempts
        self._meter = meter
        self._allowed = allowed
        self._memory: dict[object, tuple[object, ProviderError | None]] = {}
        self._remembering = threading.RLock()

    def items(
        self, path: str, *, limit: int | None = None, key: str | None = None, **params: object
    ) -> Iterator[dict[str, Any]]:
        """Every record of a listing, page by page.

        What is no object comes as ``{"$malformed": what came}``; make documents of records by
        :func:`soc2_collectors.okta.answers.document`, which takes these too.

        Args:
            path: template.
            limit: records of one page, where the listing takes that; the most that Okta allows there.
            key: where the records stand when the answer is an object (``roles``).
            params: for the template and the query.

        Raises:
            ProviderError: see :mod:`soc2_collectors.okta.answers`.
        """
        asked = self._asked(path, params if limit is None else {**params, "limit": limit})
        for page in self._pages(asked, key, ()):
            yield from page or ()

    def ask(self, path: str, **params: object) -> dict[str, Any]:
        """One object; ``{}`` where Okta says yes without a body (204). Raises ProviderError."""
        asked = self._asked(path, params)
        return _object(self._get(asked, asked.url).json(asked.call), asked.call)

    def fact(
        self, path: str, *, absent: Sequence[int | str] = (_NOT_FOUND,), **params: object
    ) -> Fact:
        """A call of its own for one part of a document: one object, or ``None`` where there is none.

        Args:
            path: template.
            absent: statuses, error codes (``E0000007``), or texts of an error or of its causes, by which
                Okta says that there is none.
            params: for the template and the query.
        """

        def read() -> object:
            asked = self._asked(path, params)
            answer = self._get(asked, asked.url, absent)
            return None if says_none(answer, absent) else answer.json(asked.call)

        return Fact(f"GET {path}", read)

    def list_fact(
        self,
        path: str,
        *,
        limit: int | None = None,
        key: str | None = None,
        absent: Sequence[int | str] = (),
        **params: object,
    ) -> Fact:
        """A listing of its own for one part of a document; ``None`` where ``absent`` says there is none."""

        def read() -> object:
            asked = self._asked(path, params if limit is None else {**params, "limit": limit})
            found: list[dict[str, Any]] = []
            for page in self._pages(asked, key, absent):
                if page is None:
                    return None
                found += page
            return found

        return Fact(f"GET {path}", read)

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

    def signed_in(self, scopes: str) -> None:
        """Have a token for ``scopes``, waiting out passing troubles. Raises ProviderError."""

        def exchange() -> tuple[Answer | None, ProviderError | None]:
            self._connection.authorization(scopes)
            return None, None

        self._attempt(TOKEN_CALL, exchange)

    # -- inside ---------------------------------------------------------------------------------------

    def _asked(self, path: str, params: Mapping[str, object]) -> _Asked:
        call = f"GET {path}"
        if call not in self._allowed:
            msg = f"the collector does not declare {call}: refused before it was sent"
            raise CallRefused(msg, operation=call)
        names = _PLACEHOLDER.findall(path)
        ids = {name: str(params[name]) for name in names}
        for name, value in ids.items():
            if value in ("", ".", ".."):
                msg = f"{call}: '{value}' is no {name}"
                raise Unexpected(msg, operation=call)
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in ids.items()}
        url = self._connection.origin + path.format(**quoted)
        query = {k: _said(v) for k, v in params.items() if k not in ids and v is not None}
        if query:
            url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        return _Asked(call, url, tuple(ids.values()))

    def _pages(
        self, asked: _Asked, key: str | None, absent: Sequence[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Okta says that there is none."""
        call, url, read = asked.call, asked.url, set[str]()
        while url:
            self._meter.page()
            read.add(url)
            answer = self._get(asked, url, absent)
            if says_none(answer, absent):
                yield None
                return
            body = answer.json(call)
            page = body.get(key) if key is not None and isinstance(body, dict) else body
            if not isinstance(page, list):
                msg = f"{call} answered no list"
                raise Unexpected(msg, operation=call)
            yield [one if isinstance(one, dict) else {MALFORMED: one} for one in page]
            url = self._next(asked, answer, body)
            if url in read:
                msg = f"{call} names a page as its next that was read before: it would never end"
                raise Unexpected(msg, operation=call)

    def _next(self, asked: _Asked, answer: Answer, body: object) -> str:
        """The next page's address, or an empty text. Raises Unexpected for another host or listing."""
        given = _linked(answer.headers.get("link", "")) or _embedded(body)
        if not given:
            return ""
        target, here = urllib.parse.urlsplit(given), urllib.parse.urlsplit(asked.url)
        if (target.scheme, target.netloc.lower()) != (here.scheme, here.netloc.lower()):
            msg = f"{asked.call} names its next page on another host ({target.netloc}): is org_url that host?"
            raise Unexpected(msg, operation=asked.call)
        if urllib.parse.unquote(target.path) != urllib.parse.unquote(here.path):
            msg = f"{asked.call} names another listing as its next page"
            raise Unexpected(msg, operation=asked.call)
        return given

    def _get(self, asked: _Asked, url: str, absent: Sequence[int | str] = ()) -> Answer:
        call = asked.call
        scopes = self._scopes(call)
        renewed = False

        def exchange() -> tuple[Answer, ProviderError | None]:
            nonlocal renewed
            authorization = self._connection.authorization(scopes) if scopes else ""
            answer = self._send(call, url, authorization)
            if expired(answer) and not renewed and self._connection.forget(scopes, authorization):
                renewed = True
                authorization = self._connection.authorization(scopes)
                self._meter.request(call)
                answer = self._send(call, url, authorization)
            if says_none(answer, absent):
                return answer, None
            return answer, problem(answer, call, grant(call), asked.ids)

        answer = self._attempt(call, exchange)
        assert answer is not None  # noqa: S101 - ``exchange`` gives one
        return answer

    def _scopes(self, call: str) -> str:
        """What the token for a call must be for; empty where the call needs no token."""
        if call == f"GET {_ORGANIZATION}":
            return ""
        need = NEEDS.get(call)
        if need is not None:
            return need.scope
        return " ".join(sorted(self._connection.settings.plugin_scopes)) or "okta.users.read"

    def _send(self, call: str, url: str, authorization: str) -> Answer:
        headers: Mapping[str, str] | None = None
        self._wait_for_share(call)
        try:
            answer = self._connection.get(url, authorization)
            headers = answer.headers
        finally:
            self._connection.shares.leave(call, headers)
        return answer

    def _wait_for_share(self, call: str) -> None:
        waited = 0.0
        while wait := self._connection.shares.enter(call):
            waited += wait
            if waited > _PATIENCE_SECONDS:
                msg = "what soc2-pac may use of the org's rate limit for this endpoint is used up"
                raise Throttled(msg, operation=call)
            self._meter.pause(wait)

    def _attempt(
        self, call: str, exchange: Callable[[], tuple[Answer | None, ProviderError | None]]
    ) -> Answer | None:
        """Attempts until there is an answer, with back-off and jitter, within the budget."""
        patience = _PATIENCE_SECONDS
        for attempt in range(1, self._attempts + 1):
            if call != TOKEN_CALL:  # the connection counts those
                self._meter.request(call)
            asked: float | None = None
            try:
                answer, wrong = exchange()
            except ProviderError as error:
                wrong = error
            else:
                if wrong is None:
                    return answer
                asked = wait_asked(answer) if answer is not None else None
            back_off = min(_LONGEST_BACK_OFF_SECONDS, _BACK_OFF_SECONDS * 2 ** (attempt - 1))
            wait = asked if asked is not None else back_off
            wait += random.uniform(0, back_off)  # noqa: S311 - jitter, no secret
            if not wrong.retryable or attempt == self._attempts or wait > patience:
                wrong.operation = wrong.operation or call
                raise wrong
            patience -= wait
            self._meter.pause(wait)
        raise AssertionError  # max_attempts is at least 1


@dataclass(frozen=True, slots=True)
class _Asked:
    """A declared call with its parameters."""

    call: str
    url: str
    ids: tuple[str, ...]
    """What fills the template."""


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(body: object, call: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        msg = f"{call} answered no object"
        raise Unexpected(msg, operation=call)
    return body


def _linked(link: str) -> str:
    """The target of ``rel="next"`` in a Link header, or an empty text."""
    for target, attributes in re.findall(r"<([^>]*)>([^<]*)", link):
        if 'rel="next"' in attributes:
            return str(target)
    return ""


def _embedded(body: object) -> str:
    """``_links.next.href`` of a page that is an object, as the IAM listings have it, or an empty text."""
    here = body
    for step in ("_links", "next", "href"):
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, str) else ""


# -- the service app's key --------------------------------------------------------------------------------


class _SigningKey:
    """What signs a service app's assertions."""

    def __init__(self, key: Any, algorithm: str, key_id: str | None) -> None:  # noqa: ANN401
        self._key = key
        self._algorithm = algorithm
        self._key_id = key_id

    @classmethod
    def read(cls, settings: OktaSettings) -> _SigningKey:
        """From PEM or JWK. Raises ConfigError, CredentialsRejected."""
        assert settings.private_key is not None  # noqa: S101 - asked for with one only
        text = settings.private_key.resolve()
        try:
            return cls(*_parsed(text, settings.key_id))
        except Exception as error:  # noqa: BLE001 - whatever a malformed key makes the libraries raise
            msg = f"the service app's private key cannot sign ({type(error).__name__}): PEM or JWK, whole?"
            raise CredentialsRejected(msg, operation=TOKEN_CALL) from None

    def assertion(self, client_id: str, audience: str, now: float) -> str:
        """A signed statement that this is the service app, for one use."""
        import jwt  # noqa: PLC0415 - Okta's SDK brings it

        issued = int(now)
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": issued,
            "exp": issued + _ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": self._key_id} if self._key_id else None
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)


def _parsed(text: str, key_id: str | None) -> tuple[Any, str, str | None]:
    """(private key, algorithm, key id)."""
    import jwt  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if text.startswith("{"):
        fields = json.loads(text)
        key = jwt.PyJWK(fields).key
        key_id = key_id or fields.get("kid")
    else:
        key = load_pem_private_key(text.encode(), password=None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key, "RS256", key_id
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key, {256: "ES256", 384: "ES384", 521: "ES512"}[key.key_size], key_id
    msg = "no private key"
    raise TypeError(msg)


# -- the wire ---------------------------------------------------------------------------------------------


class _Wire:
    """The SDK's executor on an event loop in a thread of its own, which starts with the first exchange."""

    def __init__(self, origin: str, timeout_seconds: int) -> None:
        self._origin = origin
        self._timeout_seconds = timeout_seconds
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._executor: RequestExecutor | None = None
        self._session: ClientSession | None = None

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        """One HTTP exchange. Raises Unreachable, Unexpected."""
        return self._run(self._exchange(method, url, dict(headers), form))

    def close(self) -> None:
        """End the connections and the thread. May be called by any thread, the loop's own included."""
        with self._starting:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None or loop.is_closed():
            return

        async def end() -> None:
            if self._session is not None:
                await self._session.close()
            loop.stop()

        ending = asyncio.run_coroutine_threadsafe(end(), loop)
        if threading.current_thread() is not thread:
            thread.join(timeout=5)
        del ending

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="okta", daemon=True
                )
                self._thread.start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        executor = self._executor or self._start()
        # ``oauth``: the executor adds no credentials of its own, they are in the headers.
        request, error = await executor.create_request(
            method, url, headers=headers, form=dict(form or {}), oauth=True
        )
        if error is None:
            _, details, body, error = await executor.fire_request(request)
        if error is not None:
            raise error
        answered: dict[str, str] = {}
        for name, value in details.headers.items():
            lower = name.lower()
            answered[lower] = f"{answered[lower]}, {value}" if lower in answered else value
        return Answer(details.status, answered, body)

    def _start(self) -> RequestExecutor:
        """The executor with a session that all exchanges share; called in the loop."""
        import aiohttp  # noqa: PLC0415
        from okta.cache.no_op_cache import NoOpCache  # noqa: PLC0415
        from okta.request_executor import RequestExecutor  # noqa: PLC0415

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),  # a session is nothing that a reader needs
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
        )
        client = {
            "orgUrl": self._origin,
            "authorizationMode": "PrivateKey",
            "rateLimit": {"maxRetries": 0},
            "userAgent": "soc2-pac",
        }
        self._executor = RequestExecutor({"client": client}, NoOpCache(), _http_client())
        self._executor.set_session(self._session)
        return self._executor


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _http_client() -> type:
    """The SDK's client for HTTP, made fit: bounded, without redirections, and silent."""
    import aiohttp  # noqa: PLC0415
    import yarl  # noqa: PLC0415
    from okta.http_client import HTTPClient  # noqa: PLC0415

    class Bounded(HTTPClient):  # type: ignore[misc]  # the SDK has no types
        """Sends one request; errors are values, as the executor takes them."""

        async def send_request(self, request: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
            """(info, response, body, error)."""
            try:
                async with self._session.request(
                    request["method"],
                    yarl.URL(request["url"], encoded=True),  # cursors go back as they came
                    headers={**self._default_headers, **request["headers"]},
                    data=request["form"] or None,
                    allow_redirects=False,
                    proxy=_proxy(request["url"]),
                ) as response:
                    body = bytearray()
                    async for part in response.content.iter_any():
                        body += part
                        if len(body) > LARGEST_ANSWER_BYTES:
                            most = LARGEST_ANSWER_BYTES // 1024 // 1024
                            msg = f"the answer has more than {most} MiB"
                            return None, None, None, Unexpected(msg)
                    return response.request_info, response, bytes(body), None
            except Exception as error:  # noqa: BLE001 - the caller takes errors as values
                return None, None, None, _unreachable(error, aiohttp)

    return Bounded


def _unreachable(error: Exception, aiohttp: Any) -> ProviderError:  # noqa: ANN401 - the module
    if isinstance(error, TimeoutError):
        return Unreachable("Okta did not answer in time")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Unreachable("the TLS certificate was not accepted")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return Unreachable("the answer broke off")
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return Unreachable(f"Okta could not be reached ({type(error).__name__})")
    return Unexpected(f"the exchange with Okta failed ({type(error).__name__})")


def _proxy(url: str) -> str | None:
    """The proxy of this machine's settings; the SDK would not leave out what they leave out."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
