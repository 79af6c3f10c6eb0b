"""One org, signed in: the tokens of a service app, the share of the rate limit, and one exchange."""

from __future__ import annotations

import threading
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_collectors.exchange.outside import Spending
from soc2_collectors.exchange.wire import Wire
from soc2_collectors.okta.answers import NO_PROOF, Answer, expired, token_problem
from soc2_collectors.okta.client.key import TOKEN_CALL, SigningKey
from soc2_collectors.okta.limits import Shares, server_time
from soc2_pac.errors import ConfigError, CredentialsRejected, Unexpected

if TYPE_CHECKING:
    from soc2_collectors.okta.settings import OktaSettings
    from soc2_pac.hookspecs import Meter

_TOKEN = "/oauth2/v1/token"  # noqa: S105 - a path
_RENEW_SECONDS = 60.0
"""A token is renewed this long before it expires."""
_CLOCK_SECONDS = 30
"""Clocks that differ by less are taken for the same."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A bearer token for one scope."""

    value: str
    until: float
    """On the monotonic clock."""


class Door(Spending):
    """Sends requests in the identity's name. Safe to use from threads."""

    def __init__(self, settings: OktaSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        super().__init__()
        self.settings = settings
        self.origin = settings.org_url.rstrip("/")
        self.shares = Shares(settings.rate_limit_share)
        self.has_key = settings.private_key is not None
        """Whether the identity is a service app."""
        self._key = SigningKey.read(settings) if self.has_key else None
        self._static = settings.token.resolve() if settings.token else ""
        if not self._static.isascii() or any(c.isspace() for c in self._static):
            msg = "the token holds white space or letters that no API token has"
            raise ConfigError(msg)
        self._tokens: dict[str, _Token] = {}
        self._signing_in = threading.Lock()
        self._clock_ahead = 0.0
        self._wire = Wire("Okta", settings.timeout_seconds, [self.origin], Answer, posts=_TOKEN)

    def get(self, call: str, url: str, scopes: str, meter: Meter) -> Answer:
        """One GET of the org; a token that is no longer accepted is renewed once. Raises ProviderError."""
        authorization = self.authorization(scopes, meter) if scopes else ""
        answer = self._sent(call, url, authorization, meter)
        if scopes and expired(answer) and self._forget(scopes, authorization):
            authorization = self.authorization(scopes, meter)
            meter.request(call)
            answer = self._sent(call, url, authorization, meter)
        return answer

    def _sent(self, call: str, url: str, authorization: str, meter: Meter) -> Answer:
        headers = {"Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        answered = None
        self.shares.wait(call, meter)
        try:
            answer = self._wire.exchange("GET", url, headers, meter=meter, call=call)
            answered = answer.headers
        finally:
            self.shares.leave(call, answered)
        self._note_clock(answer)
        return answer

    def authorization(self, scopes: str, meter: Meter) -> str:
        """The header for a call that needs ``scopes``; fetches a token where there is none that is valid.

        Raises CredentialsRejected, Denied, Throttled, Unreachable, Unexpected.
        """
        if self._key is None:
            return f"SSWS {self._static}"
        with self._signing_in:
            token = self._tokens.get(scopes)
            if token is None or time.monotonic() >= token.until:
                token = self._tokens[scopes] = self._fetch_token(scopes, meter)
        return f"Bearer {token.value}"

    def _forget(self, scopes: str, authorization: str) -> bool:
        """Drop the token of ``scopes`` if it is still this one. Whether a new one can be fetched."""
        if self._key is None:
            return False
        with self._signing_in:
            token = self._tokens.get(scopes)
            if token is not None and f"Bearer {token.value}" == authorization:
                del self._tokens[scopes]
        return True

    def _fetch_token(self, scopes: str, meter: Meter) -> _Token:
        answer = self._ask_token(scopes, meter)
        wrong = token_problem(answer, TOKEN_CALL, scopes)
        if isinstance(wrong, CredentialsRejected) and self._note_clock(answer):
            # The assertion was dated by this machine's clock, which the server does not share.
            answer = self._ask_token(scopes, meter)
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
            raise CredentialsRejected(NO_PROOF, operation=TOKEN_CALL)
        return _Token(value, time.monotonic() + max(1.0, lasts - _RENEW_SECONDS))

    def _ask_token(self, scopes: str, meter: Meter) -> Answer:
        assert self._key is not None  # noqa: S101 - asked for by service apps only
        url = self.origin + _TOKEN
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
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._wire.exchange(
            "POST", url, headers, urllib.parse.urlencode(form), seconds=meter.left()
        )

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
