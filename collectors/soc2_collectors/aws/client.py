"""The way to AWS: sessions, paging, retries, the read-only guard, and the meaning of every error.

boto3 is imported when a connection is made. Nothing else in this package touches it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.actions import DISCOVERY, action
from soc2_collectors.aws.answers import unreadable
from soc2_pac.config import SecretRef
from soc2_pac.errors import (
    CallRefused,
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)
from soc2_pac.model import CollectionStatus, Fact, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import boto3

    from soc2_collectors.aws.settings import AwsSettings
    from soc2_pac.hookspecs import Meter

_HOME = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""Where each partition's account-wide services answer."""

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
_GONE = ("NoSuch", "NotFound", "ResourceNotFound", "DoesNotExist")
_HTTP_OK, _HTTP_DENIED, _HTTP_TOO_MANY, _HTTP_SERVER = 200, 403, 429, 500


class AwsConnection:
    """One source. Makes boto3 sessions, by role where accounts are configured; safe to use from threads."""

    def __init__(self, settings: AwsSettings) -> None:
        """Raises ConfigError when a referenced secret is not there, CredentialsRejected for a bad profile."""
        self._settings = settings
        self._base = _session(settings)
        self._sessions: dict[str, boto3.Session] = {}
        self._regions: dict[str, list[str]] = {}
        self._own_account: str | None = None
        self.spent: Counter[str] = Counter()
        """Requests of discovery and sign-in, by IAM action."""
        self._lock = threading.RLock()

    def whoami(self) -> Identity:
        """``sts:GetCallerIdentity``."""
        said = self._discovery(self._base, _HOME[self._settings.partition]).ask(
            "sts", "get_caller_identity"
        )
        self._own_account = said["Account"]
        details = (
            {"accounts": ", ".join(self._settings.accounts)} if self._settings.accounts else {}
        )
        return Identity(said["Arn"], said["Account"], details)

    def discover(self, per: str) -> Iterator[Scope | Unread]:
        """Accounts, or accounts x regions. A region that is off is skipped and said so."""
        if per not in ("account", "region"):
            msg = f"AWS has no scopes per '{per}'"
            raise Unexpected(msg)
        for account in self._accounts():
            if per == "account":
                yield Scope("aws", account)
                continue
            try:
                enabled = self._enabled_regions(account)
            except ProviderError as error:
                denied = isinstance(error, Denied | CredentialsRejected)
                status = CollectionStatus.DENIED if denied else CollectionStatus.FAILED
                for region in self._wanted_regions() or ["?"]:
                    yield Unread(
                        Scope("aws", f"{account}/{region}"), status, str(error), error.permission
                    )
                continue
            for region in self._wanted_regions() or enabled:
                scope = Scope("aws", f"{account}/{region}")
                if region in enabled:
                    yield scope
                else:
                    reason = f"the region {region} is not enabled in account {account}"
                    yield Unread(scope, CollectionStatus.SKIPPED, reason)

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Aws:
        """What a collector takes."""
        region = scope.region or _HOME[self._settings.partition]
        return Aws(self._session_of(scope.account), self._settings, scope, region, meter, allowed)

    def _wanted_regions(self) -> list[str]:
        return [] if self._settings.regions == "all" else list(self._settings.regions)

    def _accounts(self) -> Sequence[str]:
        if self._settings.accounts:
            return self._settings.accounts
        with self._lock:
            if self._own_account is None:
                self.whoami()
            return [self._own_account or ""]

    def _enabled_regions(self, account: str) -> list[str]:
        with self._lock:
            if account not in self._regions:
                client = self._discovery(self._session_of(account), _HOME[self._settings.partition])
                said = client.ask("ec2", "describe_regions", AllRegions=False)
                self._regions[account] = sorted(region["RegionName"] for region in said["Regions"])
            return self._regions[account]

    def _discovery(self, session: boto3.Session, region: str) -> Aws:
        allowed = frozenset({*DISCOVERY, "sts:AssumeRole"})
        return Aws(
            session,
            self._settings,
            Scope("aws", "discovery"),
            region,
            _Discovery(self.spent),
            allowed,
        )

    def _session_of(self, account: str) -> boto3.Session:
        if not self._settings.role:
            return self._base
        with self._lock:
            if account not in self._sessions:
                self._sessions[account] = self._assume(account)
            return self._sessions[account]

    def _assume(self, account: str) -> boto3.Session:
        """A session whose keys renew themselves: a long run outlives one hour's credentials."""
        import boto3 as sdk  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415
        from botocore.credentials import RefreshableCredentials  # noqa: PLC0415

        settings = self._settings
        arguments: dict[str, Any] = {
            "RoleArn": f"arn:{settings.partition}:iam::{account}:role/{settings.role}",
            "RoleSessionName": "soc2-pac",
        }
        if settings.external_id is not None:
            given = settings.external_id
            arguments["ExternalId"] = given.resolve() if isinstance(given, SecretRef) else given

        def fetch() -> dict[str, str]:
            said = self._discovery(self._base, _HOME[settings.partition]).ask(
                "sts", "assume_role", **arguments
            )
            keys = said["Credentials"]
            return {
                "access_key": keys["AccessKeyId"],
                "secret_key": keys["SecretAccessKey"],
                "token": keys["SessionToken"],
                "expiry_time": keys["Expiration"].isoformat(),
            }

        session: Any = botocore.session.get_session()
        credentials = RefreshableCredentials.create_from_metadata(fetch(), fetch, "sts-assume-role")
        session._credentials = credentials  # noqa: SLF001 - botocore offers no public way to hand them in
        return sdk.Session(botocore_session=session)


class Aws:
    """AWS in one scope, for one unit of work: every call is allowed, counted and understood, or refused."""

    def __init__(
        self,
        session: boto3.Session,
        settings: AwsSettings,
        scope: Scope,
        region: str,
        meter: Meter,
        allowed: frozenset[str],
    ) -> None:
        self.scope = scope
        self.account = scope.account
        self.region = region
        self.partition = settings.partition
        self._session = session
        self._settings = settings
        self._meter = meter
        self._allowed = allowed
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        service: str,
        operation: str,
        *,
        region: str | None = None,
        **params: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """One call: the answer without its ``ResponseMetadata``. ``operation`` in boto3's snake_case.

        ``region``: where the resource is, for services that list all regions in one (S3); the scope's
        region when left out.

        Raises:
            ProviderError: classified; see :mod:`soc2_pac.errors`.
        """
        name, client = self._prepared(service, operation, region)
        try:
            answer = getattr(client, operation)(**params)
        except Exception as error:
            raise self._meaning(error, service, name) from error
        answer.pop("ResponseMetadata", None)
        return dict(answer)

    def items(self, service: str, operation: str, key: str, **params: Any) -> Iterator[Any]:  # noqa: ANN401
        """The items under ``key`` of every page, as they come. Raises ProviderError."""
        for page in self.pages(service, operation, **params):
            yield from page.get(key) or ()

    def pages(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """Every page, as it comes; the one answer where AWS knows no pages. Raises ProviderError."""
        name, client = self._prepared(service, operation)
        try:
            if not client.can_paginate(operation):
                self._meter.page()
                yield getattr(client, operation)(**params)
                return
            for page in client.get_paginator(operation).paginate(**params):
                self._meter.page()
                yield page
        except GeneratorExit:
            raise
        except Exception as error:
            raise self._meaning(error, service, name) from error

    def fact(
        self,
        service: str,
        operation: str,
        *,
        absent: Sequence[str] = (),
        key: str | None = None,
        optional: bool = False,
        region: str | None = None,
        **params: Any,  # noqa: ANN401
    ) -> Fact:
        """A call made when its answer is needed.

        ``absent``: error codes by which AWS says that there is none; the fact is ``None`` then. Where a
        code means other things as well, with a part of the message: ``AccessDeniedException~not enabled``.
        ``key``: keep one member of the answer only. An answer without it is unusable, unless AWS says
        by leaving it out that there is none: ``optional``; the fact is ``None`` then.
        ``region``: as in :meth:`ask`.
        """

        def call() -> object:
            try:
                answer = self.ask(service, operation, region=region, **params)
            except ProviderError as error:
                if _said(error.__cause__, absent):
                    return None
                raise
            if key is not None and key not in answer and not optional:
                msg = f"{needed}: the answer has no {key}"
                raise Unexpected(msg, operation=needed)
            return answer if key is None else answer.get(key)

        needed = self._action(service, operation)
        return Fact(needed, call)

    # -- guard, meter, meaning ------------------------------------------------------------------------------

    def _prepared(self, service: str, operation: str, region: str | None = None) -> tuple[str, Any]:
        client = self._client(service, region or self.region)
        return client.meta.method_to_api_mapping[operation], client

    def _action(self, service: str, operation: str) -> str:
        return action(service, self._prepared(service, operation)[0])

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401 - made at run time by boto3
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make_client(service, region)
            return self._clients[service, region]

    def _make_client(self, service: str, region: str) -> Any:  # noqa: ANN401
        from botocore.config import Config  # noqa: PLC0415

        settings = self._settings
        # boto3 obeys the variable itself; what an address of one's own needs beside it is up to us.
        endpoint = settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        config = Config(
            retries={"mode": "standard", "total_max_attempts": settings.max_attempts},
            connect_timeout=settings.timeout_seconds,
            read_timeout=settings.timeout_seconds,
            user_agent_extra="soc2-pac",
            max_pool_connections=16,
            s3={"addressing_style": "path"} if endpoint else None,
        )
        with _making_clients:  # boto3 sessions are not safe to make clients from several threads
            make: Any = self._session.client  # its overloads want the name as a literal
            client = make(service, region_name=region, endpoint_url=endpoint, config=config)
        events = client.meta.events
        # Refused before a request exists; counted at each attempt, retries included.
        events.register_first("before-parameter-build", self._guard(service))
        events.register_first("before-send", self._count(service))
        events.register_first("after-call", self._read(service))
        if service == "s3control" and endpoint:
            events.register("before-sign.s3-control", _without_account_host)
        return client

    def _guard(self, service: str) -> Any:  # noqa: ANN401
        def refuse_undeclared(model: Any, **_: Any) -> None:  # noqa: ANN401
            needed = action(service, model.name)
            if needed not in self._allowed:
                msg = f"{needed} is not among the declared calls of this collector: it was not made"
                raise CallRefused(msg, operation=needed)

        return refuse_undeclared

    def _count(self, service: str) -> Any:  # noqa: ANN401
        def count(event_name: str, **_: Any) -> None:  # noqa: ANN401
            self._meter.request(action(service, event_name.rpartition(".")[2]))

        return count

    def _read(self, service: str) -> Any:  # noqa: ANN401
        def refuse_unreadable(http_response: Any, model: Any, **_: Any) -> None:  # noqa: ANN401
            output = model.output_shape
            if http_response.status_code != _HTTP_OK or output is None or not output.members:
                return
            payload = output.serialization.get("payload")
            if payload and output.members[payload].type_name in ("string", "blob"):
                return  # a document of its own: a bucket policy
            spoken = model.service_model
            protocol = getattr(spoken, "resolved_protocol", None) or spoken.protocol
            problem = unreadable(protocol, model.name, http_response.content)
            if problem:
                needed = action(service, model.name)
                msg = f"{needed}: {problem}"
                raise Unexpected(msg, operation=needed)

        return refuse_unreadable

    def _meaning(self, error: Exception, service: str, operation: str) -> ProviderError:
        return meaning(error, action(service, operation), self.region)


_making_clients = threading.Lock()


def meaning(error: Exception, needed: str, region: str) -> ProviderError:
    """What an exception of the SDK means for the evidence. Reasons are short and do not change each time."""
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
    if isinstance(error, sdk.HTTPClientError | sdk.ConnectionError | sdk.EndpointConnectionError):
        return Unreachable(
            f"{needed}: no answer from AWS in {region}: {type(error).__name__}", operation=needed
        )
    return Unexpected(f"{needed}: {type(error).__name__}: unusable answer", operation=needed)


def _of_answer(error: Any, needed: str) -> ProviderError:  # noqa: ANN401
    code, status = _code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CREDENTIALS:
        return CredentialsRejected(
            f"{needed}: AWS does not accept the credentials: {code}", operation=needed
        )
    if code in _NOT_ENABLED:
        return NotEnabled(f"{needed}: {code}", operation=needed)
    if code in _THROTTLED or status == _HTTP_TOO_MANY:
        return Throttled(
            f"{needed}: throttled until the retries were spent: {code}", operation=needed
        )
    if code.startswith(_DENIED) or status == _HTTP_DENIED:
        return Denied(f"{needed}: {code}", operation=needed, permission=needed)
    if any(sign in code for sign in _GONE):
        return Gone(f"{needed}: {code}", operation=needed)
    if status >= _HTTP_SERVER:
        return Unreachable(
            f"{needed}: AWS answered {status} until the retries were spent", operation=needed
        )
    return Unexpected(f"{needed}: {code}", operation=needed)


def _code(error: BaseException | None) -> str:
    response = getattr(error, "response", None)
    found = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    # EC2 nests codes with a dot: Client.UnauthorizedOperation.
    return str(found).removeprefix("Client.")


def _said(error: BaseException | None, answers: Sequence[str]) -> bool:
    """Whether an error is one of those answers: ``Code``, or ``Code~part of the message``."""
    response = getattr(error, "response", None)
    message = response.get("Error", {}).get("Message", "") if isinstance(response, dict) else ""
    for answer in answers:
        code, _, part = answer.partition("~")
        if code == _code(error) and part.lower() in str(message).lower():
            return True
    return False


def _without_account_host(request: Any, **_: Any) -> None:  # noqa: ANN401
    """S3 Control puts the account id before the host, which no address of an emulator can answer."""
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415

    parts = urlsplit(request.url)
    host = parts.netloc
    first, _, rest = host.partition(".")
    if first.isdigit() and len(first) == 12 and rest:  # noqa: PLR2004 - an account id's length
        request.url = urlunsplit(parts._replace(netloc=rest))


def _session(settings: AwsSettings) -> boto3.Session:
    import boto3 as sdk  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    keys: dict[str, Any] = {}
    for name, parameter in (
        ("access_key_id", "aws_access_key_id"),
        ("secret_access_key", "aws_secret_access_key"),
        ("session_token", "aws_session_token"),
    ):
        reference = getattr(settings, name)
        if reference is not None:
            keys[parameter] = reference.resolve()
    try:
        return sdk.Session(
            profile_name=settings.profile, region_name=_HOME[settings.partition], **keys
        )
    except BotoCoreError as error:
        msg = f"the AWS profile cannot be used: {error}"
        raise CredentialsRejected(msg) from error


class _Discovery:
    """The meter of what is asked outside of any unit: counted, not bounded by a unit's time."""

    def __init__(self, spent: Counter[str]) -> None:
        self._spent = spent

    def request(self, operation: str) -> None:
        """Count."""
        self._spent[operation] += 1

    def page(self) -> None:
        """A few pages at most: regions are not paged."""
