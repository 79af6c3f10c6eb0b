"""What an answer of Okta means: the one place where its errors are classified.

Okta names an error by a code; the status alone misleads (``E0000015``, "the feature", comes with 401).
Reasons are stable: no error ids, no times, or an unchanged resource would look changed at every read.

Source: Okta, "Okta API error codes"; RFC 6749 and 6750 for the token endpoint and for bearer tokens.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.limits import told
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)
from soc2_pac.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

MALFORMED = "$malformed"
"""The key under which stands what came in a listing instead of an object."""

NO_PROOF = (
    "the service app demands proof of possession (DPoP), which soc2-pac does not give: switch it off in the "
    "app's general settings"
)
_OK = range(200, 300)
_ELSEWHERE = range(300, 400)
_NO_CONTENT = 204
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TIMED_OUT = 408
_TOO_MANY = 429
_SERVER_ERROR = 500
_REASON_CHARACTERS = 160

_REJECTED = ("E0000004", "E0000005", "E0000011")
"""Authentication failed, invalid session, invalid token."""
_DENIED = "E0000006"
_GONE = "E0000007"
_FEATURE = "E0000015"
_THROTTLED = "E0000047"
_OFF = ("is not enabled", "not enabled for", "feature is disabled")
"""Parts of messages that say that the org does not have a feature."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; several of one name are joined by commas."""
    body: bytes

    def json(self, call: str) -> Any:  # noqa: ANN401 - any JSON value
        """The body; ``{}`` where the answer has none (204). Raises Unexpected."""
        if self.status == _NO_CONTENT:
            return {}
        kind = self.headers.get("content-type", "application/json")
        if "json" not in kind:
            msg = f"{call} answered {kind.partition(';')[0]} instead of JSON: is org_url the org's address?"
            raise Unexpected(msg, operation=call)
        try:
            return json.loads(self.body)
        except ValueError as error:
            msg = f"{call} answered malformed JSON"
            raise Unexpected(msg, operation=call) from error

    def said(self) -> Said:
        """What Okta says about an error."""
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Said("", "", ())
        causes = body.get("errorCauses")
        return Said(
            _text(body.get("errorCode", body.get("error"))),
            _text(body.get("errorSummary", body.get("error_description"))),
            tuple(
                _text(cause.get("errorSummary"))
                for cause in (causes if isinstance(causes, list) else ())
                if isinstance(cause, dict)
            ),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of an error's body; empty where they are missing."""

    code: str
    summary: str
    causes: tuple[str, ...]

    def __str__(self) -> str:
        """``E0000001 Api validation failed: feature (Provisioning is not supported.)``."""
        cause = f" ({self.causes[0]})" if self.causes else ""
        return f"{self.code} {self.summary}".strip() + cause


def _text(value: object) -> str:
    return value[:_REASON_CHARACTERS] if isinstance(value, str) else ""


def problem(
    answer: Answer, call: str, grant: str | None, ids: Sequence[str] = ()
) -> ProviderError | None:
    """The error that an answer stands for; ``None`` when there is none.

    Args:
        answer: what came.
        call: the declared call, ``GET /api/v1/users``.
        grant: what the call needs.
        ids: what fills the call's template: a resource that has gone is one of these.
    """
    if answer.status in _OK:
        return None
    said = answer.said()
    if said.code == _THROTTLED or answer.status == _TOO_MANY:
        return Throttled(_rate_message(answer), operation=call)
    if answer.status >= _SERVER_ERROR or answer.status == _TIMED_OUT:
        return Unreachable(f"Okta answered {answer.status}", operation=call)
    if said.code == _FEATURE or any(part in said.summary.lower() for part in _OFF):
        why = "Okta says so where the org lacks a feature, and where the role does not reach it"
        return NotEnabled(f"{said}; {why}", operation=call, permission=grant)
    if said.code in _REJECTED or (answer.status == _UNAUTHORIZED and said.code != _DENIED):
        return CredentialsRejected(
            f"Okta does not accept the credentials ({str(said) or answer.status})", operation=call
        )
    if said.code == _DENIED or _lacks_scope(answer):
        return Denied(f"{answer.status} {said}".strip(), operation=call, permission=grant)
    if said.code == _GONE and any(one in said.summary for one in ids if one):
        return Gone(str(said), operation=call)
    if answer.status == _FORBIDDEN and said.code:
        return Denied(f"{answer.status} {said}", operation=call, permission=grant)
    if answer.status in _ELSEWHERE:
        msg = f"{call} is redirected ({answer.status}): is org_url the org's address?"
        return Unexpected(msg, operation=call)
    what = (
        str(said) or f"no JSON ({answer.headers.get('content-type', 'no type').partition(';')[0]})"
    )
    return Unexpected(f"{call} answered {answer.status}: {what}", operation=call)


def token_problem(answer: Answer, call: str, scope: str) -> ProviderError | None:
    """The error that an answer of the token endpoint stands for; ``None`` when there is none."""
    if answer.status in _OK:
        return None
    said = answer.said()
    if said.code in ("invalid_scope", "access_denied", "consent_required"):
        return Denied(
            f"the service app was not granted the scope {scope} ({said.code})",
            operation=call,
            permission=f"{scope} (Okta API scopes of the service app)",
        )
    if "dpop" in said.code:
        return CredentialsRejected(NO_PROOF, operation=call)
    general = problem(answer, call, None)
    if isinstance(general, Throttled):
        later = Throttled(str(general), operation=call)
        later.wait = wait_asked(answer)
        return later
    if isinstance(general, Unreachable):
        return general
    if said.code:
        msg = f"Okta does not accept the service app's key ({said})"
        return CredentialsRejected(msg, operation=call)
    return general


def says_none(answer: Answer, meanings: Collection[int | str]) -> bool:
    """Whether the answer says, in Okta's own words, that there is none.

    Args:
        answer: what came.
        meanings: statuses, error codes, or texts of an error or its causes, that mean it.
    """
    if answer.status in _OK:
        return False
    said = answer.said()
    if not said.code:  # a page of a proxy says nothing about the org
        return False
    return any(
        meaning in (answer.status, said.code, said.summary, *said.causes) for meaning in meanings
    )


def wait_asked(answer: Answer) -> float | None:
    """Seconds that Okta asks to wait before the next attempt; ``None`` when it does not say."""
    if answer.status != _TOO_MANY:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    limit = told(answer.headers)
    return None if limit is None or limit.concurrent else limit.wait


def expired(answer: Answer) -> bool:
    """Whether a bearer token is not, or no longer, accepted."""
    if answer.status != _UNAUTHORIZED:
        return False
    code = answer.said().code
    return code == "E0000011" or "invalid_token" in answer.headers.get("www-authenticate", "")


def _lacks_scope(answer: Answer) -> bool:
    return answer.status == _FORBIDDEN and "insufficient_scope" in answer.headers.get(
        "www-authenticate", ""
    )


def _rate_message(answer: Answer) -> str:
    limit = told(answer.headers)
    if limit is not None and limit.concurrent:
        return "Okta went on refusing for the org's limit of requests at the same time"
    return "the org's rate limit for this endpoint is used up"


# -- records of a listing ---------------------------------------------------------------------------------


def document(
    record: Mapping[str, Any],
    *,
    name: str | Sequence[str],
    body: Callable[[str], Mapping[str, Any]] | Mapping[str, Any] | None = None,
    uid: str = "id",
) -> Document:
    """A record of a listing as a document; one that is malformed does not spoil the others.

    A record without an id is kept as it came, under an id that is made from it: its view cannot read it,
    so the verdicts on it are inconclusive, and on the others they are not.

    Args:
        record: what :meth:`soc2_collectors.okta.client.Okta.items` yielded.
        name: the path of the name in the record, ``profile.login``; or several, the first that is there.
        body: what the document holds besides the record: a mapping, or a function of the record's id that
            gives one, where the id is needed for further calls.
        uid: the path of the record's id.
    """
    key = _follow(record, uid)
    if MALFORMED in record or not isinstance(key, str) or not key:
        raw = json.dumps(record, sort_keys=True).encode()
        made = f"malformed:{hashlib.sha256(raw).hexdigest()[:16]}"
        return Document(made, made, dict(record))
    paths = (name,) if isinstance(name, str) else name
    names = (said for path in paths if isinstance(said := _follow(record, path), str) and said)
    further = body(key) if callable(body) else body or {}
    return Document(key, next(names, key), {**record, **further})


def _follow(record: Mapping[str, Any], path: str) -> object:
    here: Any = record
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here
