"""What a collector takes: paths, pages, facts, and the guard that refuses what was not declared."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange import address
from soc2_collectors.exchange.answer import NOT_FOUND
from soc2_collectors.exchange.caller import Caller
from soc2_collectors.exchange.pages import each_page, linked, records
from soc2_collectors.exchange.records import follow
from soc2_collectors.okta.answers import problem, says_none, wait_asked
from soc2_collectors.okta.client.key import TOKEN_CALL
from soc2_collectors.okta.permissions import NEEDS, OPEN, grant
from soc2_pac.errors import ProviderError, Unexpected
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from soc2_collectors.okta.answers import Answer
    from soc2_collectors.okta.client.door import Door
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Scope

ORGANIZATION = "/.well-known/okta-organization"
ME = "/api/v1/users/me"
_PLACEHOLDER = re.compile(r"{(\w+)}")


class Okta(Caller):
    """What a collector takes: one org of Okta.

    Paths are templates as in Okta's documentation, ``/api/v1/policies/{policyId}/rules``. Their names are
    filled from the keyword arguments, and what is left of these becomes the query. ``GET`` and the template
    are the declared call.
    """

    def __init__(self, door: Door, scope: Scope, meter: Meter, allowed: frozenset[str]) -> None:
        super().__init__(meter, allowed, door.settings.max_attempts)
        self.organization = scope.account
        """The org's host."""
        self.log_since_days = door.settings.log_since_days
        self._door = door

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
        self.meter.page()
        for page in self._pages(asked, key, ()):
            yield from page or ()

    def ask(self, path: str, **params: object) -> dict[str, Any]:
        """One object. Raises ProviderError."""
        asked = self._asked(path, params)
        return self._get(asked, asked.url).object(asked.call)

    def fact(
        self, path: str, *, absent: Sequence[int | str] = (NOT_FOUND,), **params: object
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

    def signed_in(self, scopes: str) -> None:
        """Have a token for ``scopes``, waiting out passing troubles. Raises ProviderError."""

        def exchange() -> tuple[None, ProviderError | None]:
            self._door.authorization(scopes, self.meter)
            return None, None

        # The connection counts its own requests.
        self.attempted(TOKEN_CALL, exchange, lambda _: None, counted=False)

    # -- inside ---------------------------------------------------------------------------------------

    def _asked(self, path: str, params: Mapping[str, object]) -> _Asked:
        call = self.declared(f"GET {path}")
        names = _PLACEHOLDER.findall(path)
        ids = {name: str(params[name]) for name in names}
        for name, value in ids.items():
            if value in ("", ".", ".."):
                msg = f"{call}: '{value}' is no {name}"
                raise Unexpected(msg, operation=call)
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in ids.items()}
        url = self._door.origin + path.format(**quoted)
        query = {k: _said(v) for k, v in params.items() if k not in ids and v is not None}
        if query:
            url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        # What is asked for by a name (``appName``) is a setting: that it is missing says nothing of the rest.
        return _Asked(call, url, tuple(value for name, value in ids.items() if "Id" in name))

    def _pages(
        self, asked: _Asked, key: str | None, absent: Sequence[int | str]
    ) -> Iterator[list[dict[str, Any]] | None]:
        """The pages of a listing; one ``None`` where Okta says that there is none."""
        call = asked.call

        def page_at(url: str) -> tuple[list[dict[str, Any]] | None, str]:
            answer = self._get(asked, url, absent)
            if says_none(answer, absent):
                return None, ""
            body = answer.json(call)
            return records(body, key, call), self._next(asked, answer, body)

        yield from each_page(self.meter, call, asked.url, page_at)

    @staticmethod
    def _next(asked: _Asked, answer: Answer, body: object) -> str:
        """The next page's address, or an empty text. Raises Unexpected for another host or listing."""
        # A page that is an object names its next one itself, as the IAM listings do.
        inside = follow(body, "_links.next.href") if isinstance(body, dict) else None
        given = linked(answer.headers.get("link", "")) or inside
        url = address.following(given, asked.url, asked.call)
        target, here = urllib.parse.urlsplit(url), urllib.parse.urlsplit(asked.url)
        if url and urllib.parse.unquote(target.path) != urllib.parse.unquote(here.path):
            msg = f"{asked.call} names another listing as its next page"
            raise Unexpected(msg, operation=asked.call)
        return url

    def _get(self, asked: _Asked, url: str, absent: Sequence[int | str] = ()) -> Answer:
        call = asked.call
        scopes = self._scopes(call)

        def exchange() -> tuple[Answer, ProviderError | None]:
            answer = self._door.get(call, url, scopes, self.meter)
            if says_none(answer, absent):
                return answer, None
            return answer, problem(answer, call, grant(call), asked.ids)

        return self.attempted(call, exchange, wait_asked)

    def _scopes(self, call: str) -> str:
        """What the token for a call must be for; empty where the call needs no token."""
        if call in OPEN:
            return ""
        need = NEEDS.get(call)
        if need is not None:
            return need.scope
        return " ".join(sorted(self._door.settings.plugin_scopes)) or "okta.users.read"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A declared call with its parameters."""

    call: str
    url: str
    ids: tuple[str, ...]
    """Of the resources that fill the template."""


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
