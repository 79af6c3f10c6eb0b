"""What an answer of Okta means: the one place where its errors are classified.

Okta names an error by a code; the status alone misleads (``E0000015``, "the feature", comes with 401).
Reasons are stable: no error ids, no times, or an unchanged resource would look changed at every read.

Source: Okta, "Okta API error codes"; RFC 6749 and 6750 for the token endpoint and for bearer tokens.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_collectors.exchange import answer, records
from soc2_collectors.exchange.answer import (
    ELSEWHERE,
    FORBIDDEN,
    OK,
    SERVER_ERROR,
    TIMED_OUT,
    TOO_MANY,
    UNAUTHORIZED,
)
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

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

NO_PROOF = (
    "the service app demands proof of possession (DPoP), which soc2-pac does not give: switch it off in the "
    "app's general settings"
)
_REASON_CHARACTERS = 160

_REJECTED = ("E0000004", "E0000005", "E0000011")
"""Authentication failed, invalid session, invalid token."""
_DENIED = "E0000006"
_GONE = "E0000007"
_FEATURE = "E0000015"
_THROTTLED = "E0000047"
_OFF = ("is not enabled", "not enabled for", "feature is disabled")
"""Parts of messages that say that the org does not have a feature."""


class Answer(answer.Answer):
    """One HTTP answer of Okta."""

    where = ": is org_url the org's address?"

    def said(self) -> Said:
        """What Okta says about an error."""
        body = self.error
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
    if answer.status in OK:
        return None
    said = answer.said()
    if said.code == _THROTTLED or answer.status == TOO_MANY:
        return Throttled(_rate_message(answer), operation=call)
    if answer.status >= SERVER_ERROR or answer.status == TIMED_OUT:
        return Unreachable(f"Okta answered {answer.status}", operation=call)
    if said.code == _FEATURE or any(part in said.summary.lower() for part in _OFF):
        why = "Okta says so where the org lacks a feature, and where the role does not reach it"
        return NotEnabled(f"{said}; {why}", operation=call, permission=grant)
    if said.code in _REJECTED or (answer.status == UNAUTHORIZED and said.code != _DENIED):
        return CredentialsRejected(
            f"Okta does not accept the credentials ({str(said) or answer.status})", operation=call
        )
    if said.code == _DENIED or _lacks_scope(answer):
        return Denied(f"{answer.status} {said}".strip(), operation=call, permission=grant)
    if said.code == _GONE and any(one in said.summary for one in ids if one):
        return Gone(str(said), operation=call)
    if answer.status == FORBIDDEN and said.code:
        return Denied(f"{answer.status} {said}", operation=call, permission=grant)
    if answer.status in ELSEWHERE:
        msg = f"{call} is redirected ({answer.status}): is org_url the org's address?"
        return Unexpected(msg, operation=call)
    what = str(said) or f"no JSON ({answer.sort})"
    return Unexpected(f"{call} answered {answer.status}: {what}", operation=call)


def token_problem(answer: Answer, call: str, scope: str) -> ProviderError | None:
    """The error that an answer of the token endpoint stands for; ``None`` when there is none."""
    if answer.status in OK:
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
    if answer.status in OK:
        return False
    said = answer.said()
    if not said.code:  # a page of a proxy says nothing about the org
        return False
    return any(
        meaning in (answer.status, said.code, said.summary, *said.causes) for meaning in meanings
    )


def wait_asked(answer: Answer) -> float | None:
    """Seconds that Okta asks to wait before the next attempt; ``None`` when it does not say."""
    if answer.status != TOO_MANY:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    limit = told(answer.headers)
    return None if limit is None or limit.concurrent else limit.wait


def expired(answer: Answer) -> bool:
    """Whether a bearer token is not, or no longer, accepted."""
    if answer.status != UNAUTHORIZED:
        return False
    code = answer.said().code
    return code == "E0000011" or "invalid_token" in answer.headers.get("www-authenticate", "")


def _lacks_scope(answer: Answer) -> bool:
    return answer.status == FORBIDDEN and "insufficient_scope" in answer.headers.get(
        "www-authenticate", ""
    )


def _rate_message(answer: Answer) -> str:
    limit = told(answer.headers)
    if limit is not None and limit.concurrent:
        return "Okta went on refusing for the org's limit of requests at the same time"
    return "the org's rate limit for this endpoint is used up"


# -- records of a listing ---------------------------------------------------------------------------------

document = functools.partial(records.document, uid="id")
"""A record as a document: see :func:`soc2_collectors.exchange.records.document`."""
