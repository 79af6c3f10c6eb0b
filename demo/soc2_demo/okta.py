"""Okta of an emulated company on loopback: pages by Link header, rate limits, tokens of service apps.

It answers from an :class:`Org`, a plain table of answers in Okta's shapes, and makes faults on demand.
Nothing here is used outside the demo and the tests.
"""

from __future__ import annotations

import re
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.permissions import NEEDS
from soc2_demo.http import OK, Handler, Raw, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from soc2_demo.http import Fault

LARGEST_PAGE = 200
WINDOW_SECONDS = 60
_READING = re.compile(r"okta\.[A-Za-z.]+\.read")
_CODES = {
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    405: ("E0000022", "The endpoint does not support the provided HTTP method"),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    500: ("E0000009", "Internal Server Error"),
}
_OPEN = "/.well-known/okta-organization"
_TOKEN = "/oauth2/v1/token"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, as a value in :attr:`Org.answers`."""

    status: int
    code: str = ""
    """Empty: what Okta says with that status."""
    summary: str = ""
    causes: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """As Okta writes errors."""
        code, summary = _CODES.get(self.status, ("E0000001", "Api validation failed"))
        return {
            "errorCode": self.code or code,
            "errorSummary": self.summary or summary,
            "errorLink": self.code or code,
            "errorId": "oaeEmulatedErrorId",
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }


@dataclass
class Org:
    """What the emulator knows of one org."""

    answers: dict[str, Any]
    """Path to what Okta says: an object, a list (paged by Link header), a :class:`Refusal`, a :class:`Raw`,
    or, for one listing inside an object that names its next page in ``_links``, an object with the one list;
    or a function of path and query that gives one of these.

    A path may be a template (``/api/v1/users/{userId}/factors``) that stands for every path that is not there
    by itself, and may have a query (``?type=PASSWORD``) where a part of that matters."""
    token: str = "demo-token-that-opens-nothing"  # noqa: S105 - it opens nothing
    """The API token that is accepted."""
    apps: dict[str, str] = field(default_factory=dict)
    """Service apps: client id to public key in PEM."""
    granted: set[str] | None = None
    """The scopes that service apps were granted; ``None``: every one that reads."""
    rate_limit: int = 600
    """Requests of a minute to one endpoint."""


class OktaEmulator(Server):
    """A company's Okta on a free port of 127.0.0.1."""

    def __init__(self, state: Org, now: Callable[[], float] = time.time) -> None:
        """Serve ``state``; changes made to it are seen at once. ``now``: the server's own clock."""
        super().__init__(_Handler, "okta-emulator")
        self.state = state
        self.now = now
        self.tokens: dict[str, set[str]] = {}
        """Bearer tokens that are valid, with their scopes. Empty it, and all have expired."""
        self.assertions: list[dict[str, Any]] = []
        """Claims of the assertions that were accepted."""
        self.used: Counter[tuple[int, str]] = Counter()
        """Requests by window and endpoint."""


class _Handler(Handler):
    emulator: OktaEmulator

    def get(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query).items()}
        path = urllib.parse.unquote(parts.path)
        self.emulator.requests.append(("GET", self.path))
        fault = self.emulator.faults.take(self.path)
        call = _call(parts.path)
        headers, allowed = self._limits(call or path)
        refusal = None if allowed else Refusal(429)
        refusal = refusal or self._refused(path, call)
        found = refusal or _lookup(self.emulator.state.answers, path, query)
        if isinstance(found, Raw):
            self._answer(found.status, [*headers, *found.headers], found.body, fault)
            return
        if isinstance(found, Refusal):
            if found.status == 401:  # noqa: PLR2004 - HTTP
                headers.append(("WWW-Authenticate", 'Bearer error="invalid_token"'))
            self._answer(found.status, headers, found.body(), fault)
            return
        body, links = _page(found, query, f"http://{self.headers['Host']}{parts.path}")
        self._answer(OK, [*headers, *links], body, fault)

    def post(self) -> None:
        form = {k: v[-1] for k, v in urllib.parse.parse_qs(self.posted().decode()).items()}
        self.emulator.requests.append(("POST", self.path))
        fault = self.emulator.faults.take(self.path)
        if self.path != _TOKEN:
            self._answer(405, [], Refusal(405).body(), fault)
            return
        wrong = _wrong(self.emulator, form, f"http://{self.headers['Host']}{_TOKEN}")
        if wrong:
            error, description = wrong
            status = 401 if error == "invalid_client" else 400
            self._answer(status, [], {"error": error, "error_description": description}, fault)
            return
        token = f"emulated-bearer-{len(self.emulator.assertions)}"
        self.emulator.tokens[token] = set(form["scope"].split())
        said = {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": token,
            "scope": form["scope"],
        }
        self._answer(OK, [], said, fault)

    def _limits(self, bucket: str) -> tuple[list[tuple[str, str]], bool]:
        """The rate-limit headers, and whether this request is within the limit."""
        limit, now = self.emulator.state.rate_limit, self.emulator.now()
        window = int(now // WINDOW_SECONDS)
        self.emulator.used[window, bucket] += 1
        left = limit - self.emulator.used[window, bucket]
        headers = [
            ("X-Rate-Limit-Limit", str(limit)),
            ("X-Rate-Limit-Remaining", str(max(0, left))),
            ("X-Rate-Limit-Reset", str((window + 1) * WINDOW_SECONDS)),
        ]
        return headers, left >= 0

    def _refused(self, path: str, call: str) -> Refusal | None:
        """What the credentials are refused with, if they are."""
        if path == _OPEN:
            return None
        sort, _, secret = self.headers.get("Authorization", "").partition(" ")
        if sort == "SSWS":
            return None if secret == self.emulator.state.token else Refusal(401)
        scopes = self.emulator.tokens.get(secret) if sort == "Bearer" else None
        if scopes is None:
            return Refusal(401)
        need = NEEDS.get(call)
        if path == "/api/v1/users/me" or (need is not None and need.scope not in scopes):
            return Refusal(403)
        return None

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: object, fault: Fault | None
    ) -> None:
        said = [
            ("Date", formatdate(self.emulator.now(), usegmt=True)),
            ("X-Okta-Request-Id", f"emulated-{len(self.emulator.requests)}"),
            *headers,
        ]
        self.answer(status, said, body, fault, lambda code: Refusal(code).body())


def _call(path: str) -> str:
    """The declared call that a path belongs to; the one with the fewest placeholders."""
    found = [call for call in NEEDS if _fills(call.removeprefix("GET "), path)]
    return min(found, key=lambda call: call.count("{"), default="")


def _lookup(answers: Mapping[str, Any], path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The answer whose path is this and of whose query the most is in the request's."""
    best, most = None, (-1, 0)
    for key, answer in answers.items():
        its_path, _, its_query = key.partition("?")
        wanted = dict(urllib.parse.parse_qsl(its_query))
        if not wanted.items() <= query.items():
            continue
        fits = (len(wanted), -its_path.count("{"))
        if fits > most and (its_path == path or ("{" in its_path and _fills(its_path, path))):
            best, most = answer, fits
    if most[0] < 0:
        last = path.rpartition("/")[2]
        return Refusal(404, summary=f"Not found: Resource not found: {last} (Emulated)")
    return best(path, query) if callable(best) else best


def _fills(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) is not None


def _page(
    found: object, query: Mapping[str, str], address: str
) -> tuple[Any, list[tuple[str, str]]]:
    """One page of an answer, and its Link headers."""
    if isinstance(found, list):
        page, after = _cut(found, query)
        links = [("Link", f'<{address}?{urllib.parse.urlencode(query)}>; rel="self"')]
        if after:
            links.append(("Link", f'<{_following(address, query, after)}>; rel="next"'))
        return page, links
    if isinstance(found, dict) and "_links" in found:
        lists = [k for k, v in found.items() if isinstance(v, list)]
        if len(lists) == 1:
            page, after = _cut(found[lists[0]], query)
            following = {"next": {"href": _following(address, query, after)}} if after else {}
            return {**found, lists[0]: page, "_links": {**found["_links"], **following}}, []
    return found, []


def _cut(items: Sequence[Any], query: Mapping[str, str]) -> tuple[list[Any], str]:
    after = query.get("after", "")
    start = int(after) if after.isdigit() else 0  # a cursor that a test made up starts anew
    end = start + min(int(query.get("limit", LARGEST_PAGE)), LARGEST_PAGE)
    return list(items[start:end]), str(end) if end < len(items) else ""


def _following(address: str, query: Mapping[str, str], after: str) -> str:
    return f"{address}?{urllib.parse.urlencode({**query, 'after': after})}"


# -- the token endpoint -----------------------------------------------------------------------------------


def _wrong(
    emulator: OktaEmulator, form: Mapping[str, str], audience: str
) -> tuple[str, str] | None:
    """(error, description) of a request for a token, if there is something wrong with it."""
    import jwt  # noqa: PLC0415 - the extra brings it

    if form.get("grant_type") != "client_credentials":
        return "unsupported_grant_type", "The grant type is not supported."
    if not form.get("client_assertion_type", "").endswith(":jwt-bearer"):
        return "invalid_client", "The client_assertion_type is invalid."
    assertion = form.get("client_assertion", "")
    now = emulator.now()
    try:
        claimed = jwt.decode(assertion, options={"verify_signature": False})
        claims = jwt.decode(
            assertion,
            emulator.state.apps[claimed["sub"]],
            algorithms=["RS256", "ES256", "ES384", "ES512"],
            audience=audience,
            issuer=claimed["sub"],
            # Told by the emulator's clock below.
            options={
                "require": ["aud", "exp", "iat", "iss", "jti", "sub"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, KeyError):
        return "invalid_client", "The client_assertion token is not valid."
    if claims["exp"] <= now:
        return "invalid_client", "The client_assertion token is expired."
    if claims["exp"] > now + 3600 or claims["iat"] > now + 300:
        return "invalid_client", "The client_assertion token is dated too far in the future."
    if any(claims["jti"] == known["jti"] for known in emulator.assertions):
        return "invalid_client", "The client_assertion token has already been used."
    scopes, granted = form.get("scope", "").split(), emulator.state.granted
    if not scopes or not all(_READING.fullmatch(s) for s in scopes):
        return "invalid_scope", "The emulator gives scopes that only read."
    if granted is not None and not granted.issuperset(scopes):
        return "invalid_scope", "One or more scopes are not configured for the client."
    emulator.assertions.append(claims)
    return None
