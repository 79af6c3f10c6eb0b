"""One organisation, signed in: the token or the App's, and one exchange."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.answer import FORBIDDEN, OK, SERVER_ERROR, TOO_MANY, UNAUTHORIZED
from soc2_collectors.exchange.outside import Spending
from soc2_collectors.exchange.wire import Wire
from soc2_collectors.github.answers import Answer, throttled
from soc2_pac.errors import (
    CredentialsRejected,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_collectors.github.settings import GithubSettings
    from soc2_pac.hookspecs import Meter

TOKEN_CALL = "POST /app/installations/{installation_id}/access_tokens"  # noqa: S105 - a call
_POSTS = r".*/graphql|.*/app/installations/\d+/access_tokens"
"""A query of GraphQL, which the client makes sure of, and an App's sign-in."""
_VERSION = "2022-11-28"
_RENEW_SECONDS = 300.0
"""An App's token is renewed this long before it expires."""
_LASTS_SECONDS = 3600.0
_SIGN_IN = "App installation token"


class Door(Spending):
    """Sends requests in the identity's name. Safe to use from threads."""

    def __init__(self, settings: GithubSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError."""
        super().__init__()
        self.settings = settings
        self.base = settings.base_url.rstrip("/")
        self.lacking: set[str] = set()
        """Optional fields of GraphQL that this server turned out to lack."""
        self._static = settings.token.resolve() if settings.token is not None else ""
        self._key = settings.private_key.resolve() if settings.private_key is not None else ""
        self._token, self._until = "", 0.0
        self._lock = threading.Lock()
        self._wire = Wire("GitHub", settings.timeout_seconds, [self.base], Answer, posts=_POSTS)

    def get(self, call: str, url: str, meter: Meter) -> Answer:
        """One GET of a whole address. Raises ProviderError."""
        return self._sent(call, "GET", url, None, meter)

    def query(self, call: str, document: Mapping[str, object], meter: Meter) -> Answer:
        """One query of GraphQL. Raises ProviderError."""
        root = self.base.removesuffix("/v3")
        return self._sent(call, "POST", f"{root}/graphql", document, meter)

    def _sent(self, call: str, verb: str, url: str, document: object, meter: Meter) -> Answer:
        def asked(token: str) -> Answer:
            headers, body = _request(token, document)
            return self._wire.exchange(verb, url, headers, body, meter=meter, call=call)

        token = self._signed_in(meter)
        answer = asked(token)
        if answer.status == UNAUTHORIZED and self._forget(token):
            answer = asked(self._signed_in(meter))
        return answer

    # -- an App's token -------------------------------------------------------------------------------

    def _forget(self, token: str) -> bool:
        """Drop an App's token that is not accepted, unless it was fetched a moment ago."""
        if self._static:
            return False
        with self._lock:
            if self._token == token:
                self._token = ""
        return True

    def _signed_in(self, meter: Meter) -> str:
        """A token that is valid: an App's is fetched here, by one thread, and kept while it lasts."""
        if self._static:
            return self._static
        with self._lock:
            if not self._token or time.time() >= self._until - _RENEW_SECONDS:
                self._token, self._until = self._fetched(meter.left())
            return self._token

    def _fetched(self, seconds: float) -> tuple[str, float]:
        self.spend(TOKEN_CALL)
        number = urllib.parse.quote(str(self.settings.installation_id))
        url = f"{self.base}/app/installations/{number}/access_tokens"
        try:
            headers, body = _request(self._statement(), {})
            answer = self._wire.exchange("POST", url, headers, body, seconds=seconds)
            if answer.status not in OK:
                raise _refused(answer)
            said = answer.object("the App's sign-in")
        except ProviderError as error:
            error.operation = _SIGN_IN
            raise
        token = said.get("token")
        if not isinstance(token, str) or not token:
            msg = "GitHub answered no token when asked for an App's"
            raise Unexpected(msg, operation=_SIGN_IN)
        return token, _expires(said.get("expires_at"))

    def _statement(self) -> str:
        """Signed by the App's key: that this is the App."""
        from github import Auth  # noqa: PLC0415

        try:
            return Auth.AppAuth(str(self.settings.app_id), self._key).token
        except Exception as error:  # noqa: BLE001 - whatever a malformed key makes the JWT library raise
            msg = f"the App's private key cannot sign ({type(error).__name__}): is it the PEM file?"
            raise CredentialsRejected(msg, operation=_SIGN_IN) from None


def _request(token: str, document: object) -> tuple[dict[str, str], str | None]:
    """Headers and body."""
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": _VERSION,
    }
    if document is None:
        return headers, None
    return {**headers, "Content-Type": "application/json"}, json.dumps(document)


def _expires(said: Any) -> float:  # noqa: ANN401 - any JSON value
    try:
        return datetime.fromisoformat(said).timestamp()
    except (TypeError, ValueError):
        return time.time() + _LASTS_SECONDS


def _refused(answer: Answer) -> ProviderError:
    """What a refused App token means: GitHub's own trouble says nothing of the credentials."""
    msg = f"GitHub does not give this App a token for the installation ({answer.status})"
    limited = answer.status == FORBIDDEN and throttled(answer)
    if limited or answer.status == TOO_MANY:
        return Throttled(msg)
    return Unreachable(msg) if answer.status >= SERVER_ERROR else CredentialsRejected(msg)
