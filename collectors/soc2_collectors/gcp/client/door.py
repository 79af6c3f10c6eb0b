"""One identity, signed in: its tokens, and one exchange."""

from __future__ import annotations

import re
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.answer import UNAUTHORIZED
from soc2_collectors.exchange.outside import Spending
from soc2_collectors.exchange.session import mount, session
from soc2_collectors.exchange.wire import Wire
from soc2_collectors.gcp import methods
from soc2_collectors.gcp.answers import Answer
from soc2_collectors.gcp.client.identity import credentials, delegated
from soc2_pac.errors import CredentialsRejected, NotEnabled, ProviderError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_collectors.gcp.methods import Method, Request
    from soc2_collectors.gcp.settings import GcpSettings
    from soc2_pac.hookspecs import Meter

TOKEN_CALL = "oauth2.token"  # noqa: S105 - a call
READING_POSTS = frozenset(
    {
        "getAncestry",
        "getEffectiveOrgPolicy",
        "getIamPolicy",
        "getOrgPolicy",
        "listOrgPolicies",
    }
)
"""Methods that read although they are sent by POST, of any API."""
READING_POST_CALLS = {"logging.entries.list": "entries:list"}
"""Calls that read although they are sent by POST, and how their paths end."""
_POSTS = (
    f"/.*(:({'|'.join(sorted(READING_POSTS))})"
    f"|/({'|'.join(map(re.escape, READING_POST_CALLS.values()))}))"
)
_RESOURCE_MANAGER = "https://cloudresourcemanager.googleapis.com"
_DIRECTORY = "auth/admin."


class Door(Spending):
    """Sends requests in the identity's name. Safe to use from threads."""

    def __init__(self, settings: GcpSettings) -> None:
        """Find the credentials; make no call. Raises ConfigError, CredentialsRejected."""
        super().__init__()
        self.settings = settings
        self.endpoint = settings.endpoint.rstrip("/")
        """In place of Google's hosts; empty: those."""
        self.credentials: Any = credentials(settings)
        homes = [self.endpoint] if self.endpoint else [*methods.roots(), _RESOURCE_MANAGER]
        self._wire = Wire("Google", settings.timeout_seconds, homes, Answer, posts=_POSTS)
        self._sign_in = Wire("Google", settings.timeout_seconds, None, Answer)
        self._delegated: dict[tuple[str, ...], Any] = {}
        self._signing_in = threading.Lock()
        self._token_ends = 0.0
        """When the exchange must end that asks for a token; one is asked for at a time."""

    def exchange(self, call: str, request: Request, meter: Meter) -> Answer:
        """One request in the identity's name; a token that is no longer accepted is renewed once.

        Raises ProviderError.
        """
        found = self._identity(request)
        answer = self._sent(call, request, found, meter)
        if answer.status == UNAUTHORIZED and not self.settings.endpoint:
            self._signed(found.refresh, meter.left())
            meter.request(TOKEN_CALL)
            answer = self._sent(call, request, found, meter)
        return answer

    def known(self, method: Method) -> None:
        """Let a method's host be asked, which a plugin may have brought late."""
        if not self.endpoint:
            self._wire.allow(method.root)

    def lend(
        self,
        made: Any,  # noqa: ANN401 - the session of google.auth
        meter: Meter,
        call: Callable[[], str],
    ) -> None:
        """Make a library that sends by itself use the one exchange, count its tokens, let nothing go twice.

        ``call``: the declared call that the library makes at this moment.
        """
        mount(made, self._wire, meter=meter, call=call)
        made._refresh_status_codes = ()  # noqa: SLF001 - a parameter that the library does not hand on
        made._auth_request = self._asks_tokens  # noqa: SLF001 - likewise

    def refused(self, error: Exception) -> ProviderError | None:
        """What an error of signing in means; ``None`` for another error."""
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

        if isinstance(error, ProviderError):
            return error
        if isinstance(error, GoogleAuthError):
            said = str(error.args[0])[:160] if error.args else type(error).__name__
            msg = f"Google gives no token for the credentials ({said})"
            return CredentialsRejected(msg, operation=TOKEN_CALL)
        return None

    def _sent(
        self,
        call: str,
        request: Request,
        found: Any,  # noqa: ANN401 - credentials
        meter: Meter,
    ) -> Answer:
        headers = {**request.headers, "User-Agent": "soc2-pac (gzip)"}
        self._signed(partial(self._sign, found, request, headers), meter.left())
        return self._wire.exchange(
            request.method, request.url, headers, request.body, meter=meter, call=call
        )

    @staticmethod
    def _sign(found: Any, request: Request, headers: dict[str, str], auth: Any) -> None:  # noqa: ANN401
        found.before_request(auth, request.method, request.url, headers)

    def _signed(self, act: Callable[[Any], None], seconds: float) -> None:
        """Do something with the credentials that may ask for a token; one thread at a time."""
        with self._signing_in:
            self._token_ends = time.monotonic() + seconds
            try:
                act(self._asks_tokens)
            except Exception as error:
                told = self.refused(error)
                if told is None:
                    msg = f"signing in to Google failed ({type(error).__name__})"
                    told = Unexpected(msg, operation=TOKEN_CALL)
                raise told from error

    def _asks_tokens(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - google.auth's interface
        import google.auth.transport.requests  # noqa: PLC0415

        self.spend(TOKEN_CALL)
        asks = session(self._sign_in, lambda: self._token_ends - time.monotonic())
        return google.auth.transport.requests.Request(asks)(*args, **kwargs)

    def _identity(self, request: Request) -> Any:  # noqa: ANN401
        """The identity; for Workspace's directory, in its administrator's name."""
        scopes = tuple(scope for scope in request.scopes if _DIRECTORY in scope)
        if not scopes or self.settings.endpoint:
            return self.credentials
        if not self.settings.workspace_admin:
            msg = "users of Workspace are read only where the settings name workspace_admin"
            raise NotEnabled(msg, permission="workspace_admin in the settings of the source")
        with self._signing_in:
            if scopes not in self._delegated:
                self._delegated[scopes] = delegated(self.settings, scopes[:1])
            return self._delegated[scopes]
