"""What an answer of Azure or Microsoft Graph means: the one place where their errors are classified.

Both write errors as ``{"error": {"code", "message"}}``; the code tells more than the status. Reasons are
stable: no correlation ids, no times, or an unchanged resource would look changed at every read.

Source: Microsoft, "Common Azure Resource Manager errors", "Microsoft Graph error responses and resource
types", "Guidance for throttled requests in Azure Resource Graph".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.permissions import licence
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
from soc2_collectors.exchange.records import MALFORMED
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
    from datetime import datetime

_REASON_CHARACTERS = 240

_THROTTLED = ("toomanyrequests", "ratelimiting", "throttledrequest", "activitylimitreached")
_NO_LICENCE = (
    "authentication_requestfromnonpremiumtenantorb2ctenant",
    "aadpremiumlicenserequired",
)
_LICENCE_WORDS = re.compile(
    r"premium licen[sc]e|(needs|requires?|does(n't| not) have).{0,60}licen[sc]e", re.IGNORECASE
)
_SUBSCRIPTION_OFF = (
    "subscriptionnotfound",
    "disabledsubscription",
    "readonlydisabledsubscription",
    "subscriptiondisabled",
    "subscriptionstateinvalid",
)
_UNREGISTERED = ("missingsubscriptionregistration", "subscriptionnotregistered")
_SAYS_NOTHING_OF_IT = (
    *_SUBSCRIPTION_OFF,
    *_UNREGISTERED,
    "noregisteredproviderfound",  # a version that this cloud does not have
    "invalidsubscriptionid",
    "invalidresourcetype",
    "invalidresourcenamespace",
    "resourcegroupnotfound",
    "parentresourcenotfound",
    "invalidauthenticationtokentenant",
)
"""Codes that come with 404 and do not say that what was asked for is not there."""

_NOISE = re.compile(
    r"(?i)\b(correlation|tracking|trace|(client[- ]?)?request|activity)[- ]?id\b['\":=\s]*[0-9a-f-]{8,}"
    r"|\btimestamp\b['\":=\s]*\S+|\d{4}-\d\d-\d\dT[\d:.]+Z?"
)


class Row(dict[str, Any]):
    """A row of Resource Graph that another unit of work read, a while ago."""

    read_at: datetime | None = None
    """When it was asked for: the document is as of then."""


class Answer(answer.Answer):
    """One HTTP answer of Azure or Microsoft Graph."""

    def said(self) -> Said:
        """What an error's body says."""
        body = self.error
        inner = body.get("error", body) if isinstance(body, dict) else None
        if isinstance(inner, str):  # as the token endpoint writes it
            inner = {"code": inner, "message": body.get("error_description", "")}
        if not isinstance(inner, dict):
            return Said("", "")
        return Said(_text(inner.get("code", inner.get("Code"))), _text(inner.get("message")))


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of an error's body; empty where they are missing."""

    code: str
    message: str

    def __str__(self) -> str:
        """``AuthorizationFailed: The client ... does not have authorization``."""
        return ": ".join(part for part in (self.code, self.message) if part)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join(_NOISE.sub("", value).split())[:_REASON_CHARACTERS].rstrip(" ,;:")


def problem(
    answer: Answer, call: str, grant: str | None, ids: Sequence[str] = ()
) -> ProviderError | None:
    """The error that an answer stands for; ``None`` when there is none.

    Args:
        answer: what came.
        call: the declared call.
        grant: what the call needs.
        ids: as messages name what fills the call's template: a resource that has gone is one of these.
    """
    if answer.status in OK:
        return None
    said = answer.said()
    code = said.code.lower()
    if answer.status == TOO_MANY or code in _THROTTLED:
        return Throttled("Azure went on refusing for its rate limit", operation=call)
    if answer.status >= SERVER_ERROR or answer.status == TIMED_OUT:
        return Unreachable(f"Azure answered {answer.status}", operation=call)
    return (
        _switched_off(said, call, answer.status)
        or _refused(answer.status, said, call, grant)
        or _other(answer, said, call, ids)
    )


def _switched_off(said: Said, call: str, status: int) -> ProviderError | None:
    code = said.code.lower()
    if code in _NO_LICENCE or (status != NOT_FOUND and _LICENCE_WORDS.search(said.message)):
        why = f"the tenant lacks the licence {licence(call, said.message)} that this needs ({said.code})"
        return NotEnabled(why, operation=call)
    if code in _SUBSCRIPTION_OFF:
        return NotEnabled(f"the subscription cannot be read: {said}", operation=call)
    if code in _UNREGISTERED:
        namespace = re.findall(r"/providers/([^/]+)", call)
        command = f"; az provider register --namespace {namespace[-1]}" if namespace else ""
        msg = f"the resource provider is not registered in this subscription ({said.code}){command}"
        return NotEnabled(msg, operation=call)
    return None


def _refused(status: int, said: Said, call: str, grant: str | None) -> ProviderError | None:
    if status == UNAUTHORIZED:
        return CredentialsRejected(
            f"Azure does not accept the credentials ({said.code or status})", operation=call
        )
    if status == FORBIDDEN and said.code:
        return Denied(f"{status} {said}", operation=call, permission=grant)
    return None


def _other(answer: Answer, said: Said, call: str, ids: Sequence[str]) -> ProviderError:
    if names(answer, ids):
        return Gone(str(said), operation=call)
    if answer.status in ELSEWHERE:
        msg = f"{call} is redirected ({answer.status}): is this the address of Azure?"
        return Unexpected(msg, operation=call)
    what = str(said) or f"no error of Azure's ({answer.sort})"
    return Unexpected(f"{call} answered {answer.status}: {what}", operation=call)


def names(answer: Answer, ids: Sequence[str]) -> bool:
    """Whether the answer says that one of these is not there."""
    if answer.status != NOT_FOUND:
        return False
    message = answer.said().message.lower()
    return any(one.lower() in message for one in ids)


def says_none(answer: Answer, meanings: Collection[int | str]) -> bool:
    """Whether the answer says, in Azure's own words, that there is none.

    Args:
        answer: what came.
        meanings: statuses or error codes that mean it.
    """
    if answer.status in OK:
        return False
    code = answer.said().code
    if not code:  # a page of a proxy says nothing
        return False
    if code in meanings:
        return True
    return answer.status in meanings and code.lower() not in _SAYS_NOTHING_OF_IT


def wait_asked(answer: Answer, now: float) -> float | None:
    """Seconds that Azure asks to wait before the next attempt; ``None`` when it does not say."""
    after = answer.headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit():
        return float(after)
    if after:
        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - now)
        except ValueError:
            return None
    return quota_wait(answer) if answer.status == TOO_MANY else None


def quota_wait(answer: Answer) -> float | None:
    """Seconds until Resource Graph's quota is there again, where the answer says that it is used up."""
    left = answer.headers.get("x-ms-user-quota-remaining", "").strip()
    found = re.fullmatch(
        r"(\d+):(\d\d):(\d\d)(?:\.\d+)?",
        answer.headers.get("x-ms-user-quota-resets-after", "").strip(),
    )
    if left != "0" or found is None:
        return None
    hours, minutes, seconds = (int(part) for part in found.groups())
    return hours * 3600.0 + minutes * 60.0 + seconds


# -- records of a listing ---------------------------------------------------------------------------------


def document(
    record: Mapping[str, Any],
    *,
    name: str | Sequence[str] = "name",
    body: Callable[[str], Mapping[str, Any]] | Mapping[str, Any] | None = None,
    uid: str = "id",
) -> Document:
    """A record of a listing as a document; one that is malformed does not spoil the others.

    Ids of Azure's resources are told apart without regard to case, and Azure's own answers differ in it
    (``resourceGroups``, ``resourcegroups``): as the id of a document they are in lower case. A record
    without an id is kept as it came, under an id that is made from it: its view cannot read it, so the
    verdicts on it are inconclusive, and on the others they are not.

    Args:
        record: what a listing yielded.
        name: the path of the name in the record; or several, the first that is there.
        body: what the document holds besides the record: a mapping, or a function of the record's id, as it
            came, that gives one, where the id is needed for further calls.
        uid: the path of the record's id.
    """
    made = records.document(record, uid=uid, name=name, body=body)
    unique = made.uid.lower() if made.uid.startswith("/") else made.uid
    read_at = record.read_at if isinstance(record, Row) and MALFORMED not in record else None
    return Document(unique, made.name, made.body, read_at)
