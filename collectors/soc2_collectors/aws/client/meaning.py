"""What each answer of AWS means for the evidence. Every error is classified here and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.actions import grants
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    NotOffered,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DENIED = (
    "AccessDenied",
    "UnauthorizedOperation",
    "AuthorizationError",
    "NotAuthorized",
    "Forbidden",
)
_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "InvalidToken",
    "TokenRefreshRequired",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "RequestThrottled",
    "RequestThrottledException",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
}
_NOT_ENABLED = {
    "OptInRequired",
    "SubscriptionRequiredException",
    "RegionDisabledException",
    "InvalidRegionException",
    "UnsupportedOperation",
    "AWSOrganizationsNotInUseException",
}
_GONE = ("nosuch", "notfound", "doesnotexist", "nonexist")
_TRANSIENT = ("RequestTimeout", "ServiceUnavailable", "InternalServer", "InternalFailure")
"""How codes begin that may be better later, whatever the status: 400 comes with some."""
_NAMED = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+)")
"""Where a denial says which action was missing: it is not always the one that was asked for."""
_HTTP_DENIED, _HTTP_TOO_MANY, _HTTP_SERVER = 403, 429, 500


def meaning(
    error: Exception, needed: str, region: str, *, offered: Callable[[], bool] = lambda: True
) -> ProviderError:
    """What an exception of the SDK means for the evidence. Reasons are short and do not change each time.

    ``offered``: whether the SDK knows an address of the service in the region; where it does not and nobody
    answers, the region simply lacks the service.
    """
    from botocore import exceptions as sdk  # noqa: PLC0415

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, sdk.ClientError):
        return _of_answer(error, needed)
    if isinstance(
        error, sdk.NoCredentialsError | sdk.PartialCredentialsError | sdk.CredentialRetrievalError
    ):
        return CredentialsRejected(
            f"no usable AWS credentials: {type(error).__name__}", operation=needed
        )
    if isinstance(
        error, sdk.TokenRetrievalError | sdk.SSOTokenLoadError | sdk.UnauthorizedSSOTokenError
    ):
        return CredentialsRejected(
            "the SSO session is not valid. Next: aws sso login", operation=needed
        )
    if isinstance(error, sdk.EndpointConnectionError) and not offered():
        return NotOffered(f"{needed}: AWS does not offer the service in {region}", operation=needed)
    if isinstance(error, sdk.HTTPClientError | sdk.ConnectionError | sdk.EndpointConnectionError):
        return Unreachable(
            f"{needed}: no answer from AWS in {region}: {type(error).__name__}", operation=needed
        )
    return Unexpected(f"{needed}: {type(error).__name__}: unusable answer", operation=needed)


def _of_answer(error: Any, needed: str) -> ProviderError:  # noqa: ANN401
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CREDENTIALS:
        return CredentialsRejected(
            f"{needed}: AWS does not accept the credentials: {code}", operation=needed
        )
    if code in _NOT_ENABLED:
        return NotEnabled(f"{needed}: {code}", operation=needed)
    if throttles(code, status):
        return Throttled(
            f"{needed}: throttled until the retries were spent: {code}", operation=needed
        )
    if code.startswith(_DENIED) or status == _HTTP_DENIED:
        return Denied(f"{needed}: {code}", operation=needed, permission=_lacking(error, needed))
    if status >= _HTTP_SERVER or code.startswith(_TRANSIENT):
        answered = code if status < _HTTP_SERVER else status
        return Unreachable(
            f"{needed}: AWS answered {answered} until the retries were spent", operation=needed
        )
    if any(sign in code.lower() for sign in _GONE):
        return Gone(f"{needed}: {code}", operation=needed)
    return Unexpected(f"{needed}: {code}", operation=needed)


def _lacking(error: Any, needed: str) -> str:  # noqa: ANN401
    """The action to grant: the one that AWS names, or the first that the call needs."""
    found = _NAMED.search(str(error.response.get("Error", {}).get("Message", "")))
    return found[1] if found else grants(needed)[0]


def throttles(code: str, status: int) -> bool:
    """Whether an answer says that too many requests came."""
    return code in _THROTTLED or status == _HTTP_TOO_MANY


def code_of(error: BaseException | None) -> str:
    """AWS's error code; empty where there is none."""
    response = getattr(error, "response", None)
    found = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    # EC2 nests codes with a dot: Client.UnauthorizedOperation.
    return str(found).removeprefix("Client.")


def said(error: BaseException | None, answers: Sequence[str]) -> bool:
    """Whether an error is one of those answers: ``Code``, or ``Code~part of the message``."""
    response = getattr(error, "response", None)
    message = response.get("Error", {}).get("Message", "") if isinstance(response, dict) else ""
    for answer in answers:
        code, _, part = answer.partition("~")
        if code == code_of(error) and part.lower() in str(message).lower():
            return True
    return False
