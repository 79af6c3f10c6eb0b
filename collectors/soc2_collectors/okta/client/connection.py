"""One org, signed in: the identity, the tokens of a service app, and what they cost."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import NO_PROOF, token_problem
from soc2_collectors.okta.client.call import ME, ORGANIZATION, TOKEN_CALL, Okta
from soc2_collectors.okta.client.key import SigningKey
from soc2_collectors.okta.client.wire import Wire
from soc2_collectors.okta.limits import Shares, server_time
from soc2_collectors.okta.permissions import NEEDS
from soc2_pac.errors import ConfigError, CredentialsRejected, Denied, Unexpected
from soc2_pac.model import EVERYWHERE, Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.okta.answers import Answer
    from soc2_collectors.okta.settings import OktaSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

_RENEW_SECONDS = 60.0
"""A token is renewed this long before it expires."""
_CLOCK_SECONDS = 30
"""Clocks that differ by less are taken for the same."""


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
        self._key = SigningKey.read(settings) if settings.private_key else None
        self._static = settings.token.resolve() if settings.token else ""
        if not self._static.isascii() or any(c.isspace() for c in self._static):
            msg = "the token holds white space or letters that no API token has"
            raise ConfigError(msg)
        self._tokens: dict[str, _Token] = {}
        self._signing_in = threading.Lock()
        self._clock_ahead = 0.0
        self._spent: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._wire = Wire(self.origin, settings.timeout_seconds)
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
        calls = frozenset({f"GET {ORGANIZATION}", f"GET {ME}"})
        client = Okta(self, self.scope, _Unmetered(self), calls)
        if self._key is None:
            me = client.ask(ME)
            profile = me.get("profile")
            login = profile.get("login") if isinstance(profile, dict) else None
            principal = str(login or me.get("id", ""))
            details: dict[str, str] = {}
        else:
            principal = f"service app {self.settings.client_id}"
            details = self._granted(client)
        organization = client.ask(ORGANIZATION)
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
            raise CredentialsRejected(NO_PROOF, operation=TOKEN_CALL)
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
