"""What a collector takes: paths, pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

import re
import threading
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.attempts import PATIENCE_SECONDS, attempted
from soc2_collectors.okta.answers import MALFORMED, expired, problem, says_none, wait_asked
from soc2_collectors.okta.permissions import NEEDS, OPEN, grant
from soc2_pac.errors import CallRefused, ProviderError, Throttled, Unexpected
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from soc2_collectors.okta.answers import Answer
    from soc2_collectors.okta.client.connection import OktaConnection
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

TOKEN_CALL = "POST /oauth2/v1/token"  # noqa: S105 - a call
ORGANIZATION = "/.well-known/okta-organization"
ME = "/api/v1/users/me"
_PLACEHOLDER = re.compile(r"{(\w+)}")
_NOT_FOUND = 404


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
        self.log_since_days = connection.settings.log_since_days
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
        self._meter.page()
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

        def exchange() -> tuple[None, ProviderError | None]:
            self._connection.authorization(scopes)
            return None, None

        # The connection counts its own requests.
        attempted(self._meter, self._attempts, TOKEN_CALL, exchange, lambda _: None, counted=False)

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
        # What is asked for by a name (``appName``) is a setting: that it is missing says nothing of the rest.
        return _Asked(call, url, tuple(value for name, value in ids.items() if "Id" in name))

    def _pages(
        self, asked: _Asked, key: str | None, absent: Sequence[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Okta says that there is none."""
        call, url, read = asked.call, asked.url, set[str]()
        while url:
            if (
                read
            ):  # the listings of thousands of resources have a first page each: those are no pages
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

        return attempted(self._meter, self._attempts, call, exchange, wait_asked)

    def _scopes(self, call: str) -> str:
        """What the token for a call must be for; empty where the call needs no token."""
        if call in OPEN:
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
            if waited > PATIENCE_SECONDS:
                msg = "what soc2-pac may use of the org's rate limit for this endpoint is used up"
                raise Throttled(msg, operation=call)
            self._meter.pause(wait)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A declared call with its parameters."""

    call: str
    url: str
    ids: tuple[str, ...]
    """Of the resources that fill the template."""


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
