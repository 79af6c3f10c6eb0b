"""What an answer of GitHub means: the one place where its errors are classified.

Reasons are stable: no request ids, no reset times, no user ids, or an unchanged resource would look
changed at every read.

Source: GitHub REST API, "Troubleshooting" and "Rate limits"; GraphQL API, "Rate limits".
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from soc2_collectors.exchange import answer
from soc2_collectors.exchange.answer import (
    ELSEWHERE,
    FORBIDDEN,
    NOT_FOUND,
    OK,
    SERVER_ERROR,
    TIMED_OUT,
    TOO_MANY,
    UNAUTHORIZED,
)
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

_SECONDARY_WAIT_SECONDS = 60.0
"""GitHub asks to wait a minute when a secondary limit comes without Retry-After."""
_SLOW = (502, 504)
_LEGAL = 451
_REASON_CHARACTERS = 160

_NOT_ENABLED = (
    "upgrade to github",
    "advanced security must be enabled",
    "code security must be enabled",
    "disabled on this",
    "disabled for this",
    "not enabled for this",
    "not available for",
    "no analysis found",
    "must be enabled for this",
)
"""Parts of messages that say that a feature is off or not in the plan."""
_OWNERS_ONLY = ("only owners", "must be an owner", "must have admin")


class TooSlow(Unreachable):
    """GitHub gave up on its own answer: a smaller page may do."""


class UnknownField(Unexpected):
    """This server's GraphQL does not have a field: it is older than the query."""

    field: str = ""


class Answer(answer.Answer):
    """One HTTP answer of GitHub."""

    where = ": is base_url the API's address?"

    def message(self) -> str:
        """What GitHub says about an error, or an empty text."""
        body = self.error
        said = body.get("message") if isinstance(body, dict) else None
        return said[:_REASON_CHARACTERS] if isinstance(said, str) else ""


def problem(answer: Answer, call: str, grant: str | None) -> ProviderError | None:
    """The error that a REST answer stands for; ``None`` when there is none.

    Args:
        answer: what came.
        call: the declared call, ``GET /orgs/{org}``.
        grant: what the call needs, where GitHub itself does not say.
    """
    if answer.status in OK:
        return _partial(answer, call)
    if answer.status in ELSEWHERE:
        msg = f"{call} is redirected ({answer.status}): the server redirects elsewhere: correct base_url"
        return Unexpected(msg, operation=call)
    said = answer.message()
    lower = said.lower()
    if answer.status == UNAUTHORIZED:
        return CredentialsRejected(
            f"GitHub does not accept the credentials ({said or UNAUTHORIZED})", operation=call
        )
    if throttled(answer):
        return Throttled(_rate_message(lower), operation=call)
    if answer.status >= SERVER_ERROR or answer.status == TIMED_OUT:
        return (TooSlow if answer.status in _SLOW else Unreachable)(
            f"GitHub answered {answer.status}", operation=call
        )
    if answer.headers.get("x-github-sso", "").startswith("required"):
        return _sso(call)
    if any(part in lower for part in _NOT_ENABLED):
        return NotEnabled(said, operation=call)
    if answer.status == NOT_FOUND and lower == "branch not found":
        return Gone(said, operation=call)
    hidden = answer.status in (FORBIDDEN, NOT_FOUND, _LEGAL) and said
    if hidden or any(part in lower for part in _OWNERS_ONLY):
        why = (
            "; GitHub also hides what the identity may not read"
            if answer.status == NOT_FOUND
            else ""
        )
        reason = f"{answer.status} {said}{why}"
        return Denied(reason, operation=call, permission=_permission(answer, grant))
    what = said or f"no JSON ({answer.sort})"
    return Unexpected(f"{call} answered {answer.status}: {what}", operation=call)


def graphql_problem(body: object, call: str, grant: str | None) -> ProviderError | None:
    """The error that a GraphQL answer stands for. One error spoils the page: its data is partial."""
    if not isinstance(body, dict):
        return Unexpected(f"{call} answered no object", operation=call)
    errors = body.get("errors")
    if not errors:
        return (
            None
            if isinstance(body.get("data"), dict)
            else Unexpected(f"{call} has no data", operation=call)
        )
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    said = str(first.get("message", ""))[:_REASON_CHARACTERS]
    sort = first.get("type", "")
    extensions = first.get("extensions")
    if isinstance(extensions, dict) and extensions.get("saml_failure"):
        return _sso(call)
    if isinstance(extensions, dict) and extensions.get("code") == "undefinedField":
        unknown = UnknownField(f"{call}: this server is too old: {said}", operation=call)
        unknown.field = str(extensions.get("fieldName", ""))
        return unknown
    if sort in ("RATE_LIMITED", "RATE_LIMIT"):
        return Throttled(_rate_message("primary"), operation=call)
    if sort in ("FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"):
        return Denied(f"{sort}: {said}", operation=call, permission=grant)
    if sort in (
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
        "INTERNAL",
        "RESOURCE_LIMITS_EXCEEDED",
    ) or said.startswith("Something went wrong"):
        return TooSlow("GitHub's GraphQL did not answer in its time", operation=call)
    return Unexpected(f"{call}: {sort or 'error'}: {said}", operation=call)


class Hidden(NamedTuple):
    """A record of a page, or a part of one, that the identity may not read."""

    place: int
    field: str | None
    """``None``: the record itself is null."""
    said: str


def hidden_parts(body: object, path: str) -> list[Hidden] | None:
    """What a page of a connection lacks since the identity may not read it.

    A null goes up to the next part that may be null: an error about a field may leave out the whole record.
    ``None`` where an error says anything else.

    Args:
        body: a GraphQL answer.
        path: from ``data`` to the connection: ``organization.repositories``.
    """
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(errors, list):
        return None
    connection: Any = body.get("data")
    for step in path.split("."):
        connection = connection.get(step) if isinstance(connection, dict) else None
    if not isinstance(connection, dict):
        return None
    found = []
    for said in errors:
        error = said if isinstance(said, dict) else {}
        way = error.get("path")
        lead = path.split(".")
        if (
            error.get("type") != "FORBIDDEN"
            or not isinstance(way, list)
            or way[: len(lead)] != lead
        ):
            return None
        list_, place, *rest = [*way[len(lead) :], None, None][: max(2, len(way) - len(lead))]
        records = connection.get(list_) if list_ in ("nodes", "edges") else None
        if not isinstance(records, list) or not isinstance(place, int) or place >= len(records):
            return None
        message = str(error.get("message", ""))[:_REASON_CHARACTERS]
        record = records[place]
        if record is None or (list_ == "edges" and record.get("node") is None):
            found.append(Hidden(place, None, message))
        elif rest and list_ == "nodes" and isinstance(record, dict):
            found.append(Hidden(place, str(rest[0]), message))
        else:
            return None
    return found


def wait_asked(answer: Answer) -> float | None:
    """Seconds that GitHub asks to wait before the next attempt; ``None`` when it does not say."""
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return (
            max(0.0, float(reset) - time.time()) + 1 if reset.isdigit() else _SECONDARY_WAIT_SECONDS
        )
    if throttled(answer):
        return _SECONDARY_WAIT_SECONDS
    return None


def throttled(answer: Answer) -> bool:
    """Whether the answer says that too many requests came."""
    if answer.status == TOO_MANY:
        return True
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    limited = spent or "rate limit" in answer.message().lower()
    return answer.status == FORBIDDEN and limited


def _rate_message(lower: str) -> str:
    if "secondary" in lower:
        return "GitHub went on refusing for its secondary rate limit"
    return "GitHub's rate limit for this identity is used up"


def _partial(answer: Answer, call: str) -> ProviderError | None:
    """A listing without the organisations whose SSO was not passed is no listing."""
    return _sso(call) if answer.headers.get("x-github-sso", "").startswith("partial") else None


def _sso(call: str) -> Denied:
    return Denied(
        "the credentials are not authorised for the organisation's SAML single sign-on",
        operation=call,
        permission="SSO authorisation of the token (Settings, Developer settings, Configure SSO)",
    )


def _permission(answer: Answer, grant: str | None) -> str | None:
    fine = answer.headers.get("x-accepted-github-permissions", "").strip()
    scopes = answer.headers.get("x-accepted-oauth-scopes", "").strip()
    parts = [fine] if fine else []
    if scopes:
        parts.append(
            f"scope {' or '.join(s.strip() for s in scopes.split(','))} of a classic token"
        )
    return ", or ".join(parts) or grant
