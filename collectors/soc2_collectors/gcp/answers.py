"""What an answer of Google Cloud means: the one place where its errors are classified.

The status alone misleads: 403 stands for a missing permission, for an API that is switched off, for a
perimeter, and for a quota. Google tells them apart by ``reason``: in ``ErrorInfo`` of newer APIs, in
``errors[]`` of older ones. Reasons kept are stable: no request ids, no times, or an unchanged resource would
look changed at every read.

Source: Google, "Cloud APIs: Errors", "AIP-193 Errors", "Troubleshoot VPC Service Controls".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange import answer, records
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
from soc2_pac.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_REASON_CHARACTERS = 200

_OFF = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_NO_BILLING = frozenset({"BILLING_DISABLED", "billingNotEnabled", "accountDisabled"})
_RATE = frozenset(
    {
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_QUOTA_EXCEEDED",
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "quotaExceeded",
        "dailyLimitExceeded",
        "servingLimitExceeded",
    }
)
_PERIMETER = frozenset({"SECURITY_POLICY_VIOLATED", "vpcServiceControls", "VPC_SERVICE_CONTROLS"})
_CONSUMER = frozenset(
    {"USER_PROJECT_DENIED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED", "userProjectDenied"}
)
_SCOPES = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"})
_VARYING = re.compile(
    r"\s*(vpcServiceControlsUniqueIdentifier|request id|requestid|tracking id|insertId)\s*[:=]?\s*[\w.-]+\.?",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"(?:permission|Permission) '?([a-z][A-Za-z]+\.[A-Za-z]+\.[A-Za-z]+)'?"
    r"|does not have ([a-z][A-Za-z]+\.[A-Za-z]+\.[A-Za-z]+) access"
)


class Answer(answer.Answer):
    """One HTTP answer of Google Cloud."""

    def said(self) -> Said:
        """What Google says about an error."""
        body = self.error
        if isinstance(body, list) and body:  # some streaming APIs wrap it
            body = body[0]
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, str):  # the token endpoint
            return Said(error, _text(body.get("error_description")), frozenset({error}), {}, None)
        if not isinstance(error, dict):
            return Said("", "", frozenset(), {}, None)
        reasons, metadata, wait = set[str](), dict[str, str](), None
        for one in _objects(error.get("errors")):
            reasons.add(_text(one.get("reason")))
        for one in _objects(error.get("details")):
            reasons.add(_text(one.get("reason")))
            if isinstance(one.get("metadata"), dict):
                metadata |= {str(k): _text(v) for k, v in one["metadata"].items()}
            for violation in _objects(one.get("violations")):
                reasons.add(_text(violation.get("type")))
            wait = _seconds(one.get("retryDelay"), wait)
        return Said(
            _text(error.get("status")),
            _text(_VARYING.sub("", str(error.get("message") or ""))),
            frozenset(reasons - {""}),
            metadata,
            wait,
        )


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of an error's body; empty where they are missing."""

    status: str
    """``PERMISSION_DENIED``."""
    message: str
    reasons: frozenset[str]
    """``SERVICE_DISABLED``, ``forbidden``."""
    metadata: Mapping[str, str]
    """``service``, ``consumer``, ``permission``, ``resource``."""
    wait: float | None
    """Seconds until the next attempt."""

    def __str__(self) -> str:
        """``PERMISSION_DENIED: Permission 'x.y.z' denied on resource ...``."""
        name = self.status or next(iter(sorted(self.reasons)), "")
        return ": ".join(part for part in (name, self.message) if part)


def _text(value: object) -> str:
    return value[:_REASON_CHARACTERS] if isinstance(value, str) else ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _seconds(value: object, otherwise: float | None) -> float | None:
    """``3.5s`` -> 3.5."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?s", value):
        return float(value[:-1])
    return otherwise


def problem(
    answer: Answer, call: str, grant: str | None, project: str = "", *, listing: bool = False
) -> ProviderError | None:
    """The error that an answer stands for; ``None`` when there is none.

    Args:
        answer: what came.
        call: the declared call, ``cloudasset.assets.list``.
        grant: what the call needs.
        project: which is asked, where it is one.
        listing: whether a listing was asked for: that is there, or something is wrong.
    """
    if answer.status in OK:
        return None
    said = answer.said()
    if answer.status == TOO_MANY or said.reasons & _RATE or said.status == "RESOURCE_EXHAUSTED":
        return Throttled("Google's quota for these requests is used up", operation=call)
    if answer.status >= SERVER_ERROR or answer.status == TIMED_OUT:
        return Unreachable(f"Google answered {answer.status}", operation=call)
    if answer.status in ELSEWHERE:
        return Unexpected(f"{call} is redirected ({answer.status})", operation=call)
    refused = _refused(answer, said, call, grant, project)
    if refused is not None:
        return refused
    if answer.status == NOT_FOUND and not listing and (said.status or said.reasons):
        return Gone(str(said), operation=call)
    what = str(said)
    if not what:
        what = f"no JSON ({answer.sort})"
    return Unexpected(f"{call} answered {answer.status}: {what}", operation=call)


def _refused(
    answer: Answer, said: Said, call: str, grant: str | None, project: str
) -> ProviderError | None:
    """What is refused, and by whom: Google tells it by the reason, with 403 and sometimes with 400."""
    if said.reasons & _OFF:
        return _off(said, call, project)
    if said.reasons & _NO_BILLING:
        return NotEnabled(f"billing is off for {_consumer(said, project)}", operation=call)
    if said.reasons & _PERIMETER or "organization's policy" in said.message:
        return Denied(
            "a perimeter of VPC Service Controls keeps this identity out",
            operation=call,
            permission=f"an ingress rule of the perimeter that lets this identity call {call}",
        )
    if constraint := _constraint(said):
        return Denied(
            f"the organisation policy {constraint} forbids it",
            operation=call,
            permission=f"an exception of {constraint} for this",
        )
    if answer.status == UNAUTHORIZED:
        msg = f"Google does not accept the credentials ({str(said) or answer.status})"
        return CredentialsRejected(msg, operation=call)
    if answer.status != FORBIDDEN or not (said.status or said.reasons or said.message):
        return None
    if said.reasons & _CONSUMER:
        return Denied(
            f"the quota project may not be used: {said.message}",
            operation=call,
            permission="serviceusage.services.use on the quota project",
        )
    if said.reasons & _SCOPES and not _permission(said):
        return Denied(f"{said}", operation=call, permission=grant)
    return Denied(str(said), operation=call, permission=_permission(said) or grant)


def _off(said: Said, call: str, project: str) -> NotEnabled:
    service = said.metadata.get("service") or f"{call.partition('.')[0]}.googleapis.com"
    consumer = _consumer(said, project)
    number = consumer.removeprefix("projects/")
    command = f"gcloud services enable {service} --project {number or 'PROJECT'}"
    return NotEnabled(
        f"{service} is not enabled in {consumer or 'the project that is asked from'}: {command}",
        operation=call,
        permission=command,
    )


def _consumer(said: Said, project: str) -> str:
    if said.metadata.get("consumer"):
        return said.metadata["consumer"]
    if found := re.search(r"project[= ]([0-9]+|[a-z][a-z0-9-]{4,28}[a-z0-9])\b", said.message):
        return f"projects/{found[1]}"
    return f"projects/{project}" if project else ""


def _constraint(said: Said) -> str:
    for text in (*sorted(said.reasons), said.message):
        if found := re.search(r"(?:constraints|customConstraints)/[\w.]+[\w]", text):
            return found[0]
    return ""


def _permission(said: Said) -> str | None:
    """The permission that is missing, where Google names it."""
    if named := said.metadata.get("permission"):
        return named
    found = _PERMISSION.search(said.message)
    return found[1] or found[2] if found else None


def says_none(answer: Answer, meanings: Collection[int | str]) -> bool:
    """Whether the answer says, in Google's own words, that there is none.

    Args:
        answer: what came.
        meanings: statuses (404), reasons (``notFound``), or names of statuses (``NOT_FOUND``) that mean it.
    """
    if answer.status in OK or not meanings:
        return False
    said = answer.said()
    if not (said.status or said.reasons):  # a page of a proxy says nothing
        return False
    if said.reasons & (_OFF | _RATE | _PERIMETER | _NO_BILLING):
        return bool(said.reasons & {str(meaning) for meaning in meanings})
    return any(meaning in (answer.status, said.status, *said.reasons) for meaning in meanings)


def wait_asked(answer: Answer) -> float | None:
    """Seconds that Google asks to wait before the next attempt; ``None`` when it does not say."""
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    return answer.said().wait


# -- records of a listing -----------------------------------------------------------------------------------


def document(
    record: Mapping[str, Any],
    *,
    body: Callable[[str], Mapping[str, Any]] | Mapping[str, Any] | None = None,
    uid: str = "name",
    name: str | None = None,
) -> Document:
    """A record of a listing as a document; one that is malformed does not spoil the others.

    A record without a name is kept as it came, under an id that is made from it: its view cannot read it,
    so the verdicts on it are inconclusive, and on the others they are not.

    Args:
        record: what :meth:`soc2_collectors.gcp.client.Gcp.assets` or ``items`` yielded.
        body: what the document holds besides the record: a mapping, or a function of the uid that gives one.
        uid: the path of what is unique: an asset's ``name``.
        name: the path of what a person calls it; ``None``: the last part of the uid.
    """
    made = records.document(record, uid=uid, name=name or (), body=body)
    if made.name != made.uid or made.uid.startswith("malformed:"):
        return made
    called = made.uid.rstrip("/").rpartition("/")[2] or made.uid
    return Document(made.uid, called, made.body)
